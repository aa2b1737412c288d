//! What the platform answers, well and badly, as bytes.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::row::{Api, Sending};
use super::secrets;
use crate::platform::Request;

/// The amount of every answer that must not be believed, in minor units.
pub(super) const POISON: i64 = 66_666_666;
/// The channel of channel balances.
pub(super) const CHANNEL: u64 = 1385;
const HOLE: &str = "@hole@";

/// A request that meets a fault.
pub(super) struct Asked<'a> {
    pub(super) api: Api,
    /// How many requests have met the fault at this host before.
    pub(super) nth: usize,
    /// A number that differs from cell to cell.
    pub(super) seed: usize,
    /// What the query's good answers say, in minor units.
    pub(super) amount: i64,
    pub(super) request: &'a Request,
    /// The address of a host that must never be asked, with a path that names the cell.
    pub(super) elsewhere: &'a str,
}

/// A part of an answer; the APIs name them differently, and have not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Code,
    Status,
    /// The object that holds the balances.
    Balances,
    AsOf,
    Gateway,
    Rows,
    Channel,
    Account,
    Amount,
    Currency,
    Active,
}

impl Field {
    /// Where in that API's answer it is, as a JSON pointer.
    pub(super) fn of(self, api: Api) -> Option<&'static str> {
        match (api, self) {
            (Api::ChannelBalances | Api::BeyagBalance, Self::Code) => Some("/code"),
            (Api::GatewayBalance | Api::BeyagBalance, Self::Status) => Some("/status"),
            (Api::ChannelBalances, Self::Balances) => Some("/channel_balances"),
            (Api::ChannelBalances, Self::AsOf) => Some("/channel_balances/as_of_date"),
            (Api::ChannelBalances, Self::Gateway) => Some("/channel_balances/gateway_id"),
            (Api::ChannelBalances, Self::Rows) => Some("/channel_balances/currencies"),
            (Api::ChannelBalances, Self::Channel) => Some("/channel_balances/currencies/0/channel_id"),
            (Api::ChannelBalances, Self::Amount) => Some("/channel_balances/currencies/0/available_balance"),
            (Api::ChannelBalances, Self::Currency) => Some("/channel_balances/currencies/0/currency"),
            (Api::ChannelBalances, Self::Active) => Some("/channel_balances/currencies/0/active"),
            (Api::GatewayBalance, Self::Balances) => Some("/result"),
            (Api::GatewayBalance, Self::Gateway) => Some("/result/gatewayId"),
            (Api::GatewayBalance, Self::Account) => Some("/result/account"),
            (Api::GatewayBalance, Self::Amount) => Some("/result/amount"),
            (Api::GatewayBalance, Self::Currency) => Some("/result/currency"),
            (Api::BeyagBalance, Self::Gateway) => Some("/gateway_id"),
            (Api::BeyagBalance, Self::Account) => Some("/account"),
            (Api::BeyagBalance, Self::Amount) => Some("/amount"),
            (Api::BeyagBalance, Self::Currency) => Some("/currency"),
            _ => None,
        }
    }
}

/// The good answer for a gateway: so much, in minor units of USD, as of now.
pub(super) fn good(api: Api, gateway: u64, amount: i64) -> Value {
    let account = if gateway == api.sibling() { secrets::SIBLING_ACCOUNT } else { secrets::ACCOUNT };
    match api {
        Api::ChannelBalances => json!({
            "code": "S.0000", "message": "Successfully completed.",
            "channel_balances": {
                "as_of_date": at(SystemTime::now()), "gateway_id": gateway,
                "currencies": [
                    {"channel_id": CHANNEL, "currency": "USD", "available_balance": amount, "active": true},
                ],
            },
        }),
        Api::GatewayBalance => json!({
            "status": "successful",
            "result": {
                "gatewayId": gateway, "account": account, "amount": amount, "currency": "USD",
                "bankInfo": {"Account": account},
            },
        }),
        Api::BeyagBalance => json!({
            "code": "S.0000", "status": "Successful", "message": "none", "gateway_id": gateway, "account": account,
            "amount": amount, "currency": "USD", "provider_info": {"BankCode": 200},
        }),
    }
}

/// A time as `as_of_date` has it.
pub(super) fn at(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// A time as HTTP headers have it, so many seconds from now.
pub(super) fn http_date(ahead: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = SystemTime::now() + ahead;
    let days = time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() / 86_400;
    let text = humantime::format_rfc3339_seconds(time).to_string();
    let month: usize = text[5..7].parse().expect("a month");
    let weekday = DAYS[usize::try_from(days % 7).expect("small")];
    format!("{weekday}, {} {} {} {} GMT", &text[8..10], MONTHS[month - 1], &text[0..4], &text[11..19])
}

/// An answer that would be good but for one field: it is that JSON, or missing.
pub(super) fn with(api: Api, field: Field, json: Option<&str>) -> Vec<u8> {
    let pointer = field.of(api).expect("the API has the field");
    let mut answer = good(api, api.gateway(), POISON);
    let Some(json) = json else {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        answer.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
        return answer.to_string().into_bytes();
    };
    *answer.pointer_mut(pointer).expect("it is there") = HOLE.into();
    answer.to_string().replacen(&format!("\"{HOLE}\""), json, 1).into_bytes()
}

/// An answer that would be good, but is not to be believed for another reason.
pub(super) fn poisoned(api: Api) -> Vec<u8> {
    good(api, api.gateway(), POISON).to_string().into_bytes()
}

/// An HTTP answer with those headers and that body.
pub(super) fn http(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let headers = [&[("content-length", length.as_str())], headers].concat();
    [&head(status, &headers), body].concat()
}

/// The head of an HTTP answer that ends its connection.
pub(super) fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} {}\r\nconnection: close\r\n", secrets::KEY_CORE);
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// An answer with HTTP status 200 and that JSON.
pub(super) fn ok(body: &[u8]) -> Sending {
    Sending::Bytes(http(200, &[("content-type", "application/json")], body))
}

/// A page as proxies and web servers send it, which repeats what it was sent.
pub(super) fn page(asked: &Asked<'_>) -> Vec<u8> {
    format!("<html><h1>{}</h1></html>\n", secrets::echo(asked).join(" <br> ")).into_bytes()
}

/// An HTTP answer with a page and headers that repeat what was sent.
pub(super) fn html(asked: &Asked<'_>, status: u16, headers: &[(&str, &str)]) -> Sending {
    let authorization = asked.request.header("authorization").unwrap_or_default();
    let challenge = format!("Basic realm=\"{authorization}\"");
    let mut all = vec![
        ("content-type", "text/html; charset=utf-8"),
        ("www-authenticate", challenge.as_str()),
        ("x-echo", authorization),
        ("x-key", secrets::KEY),
    ];
    all.extend(headers);
    Sending::Bytes(http(status, &all, &page(asked)))
}

/// An HTTP answer with one of the platform's error bodies, whose texts repeat what was sent.
pub(super) fn error(asked: &Asked<'_>, status: u16, mut body: Value) -> Sending {
    let echo = secrets::echo(asked);
    body["message"] = echo.join(" | ").into();
    body["friendly_message"] = secrets::KEY.into();
    body["errors"] = json!({ secrets::KEY: [secrets::ACCOUNT, {"account": secrets::ACCOUNT}], "key": secrets::KEY });
    let text = secrets::escaped_variously(&body.to_string(), asked);
    Sending::Bytes(http(status, &[("content-type", "application/json"), ("x-key", secrets::KEY)], text.as_bytes()))
}
