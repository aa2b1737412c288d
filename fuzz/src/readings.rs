//! What holds of every answer, whatever stands in it: what is read of it stands there, at the documented place, and what
//! is told of it holds neither the body nor a secret.

use overpay_exporter::begateway::{self, Response};
use overpay_exporter::domain::failure::Failure;
use overpay_exporter::domain::money::Currency;
use overpay_exporter::domain::observation::{ReadRow, Reading};
use overpay_exporter::domain::query::{AccountNumber, Api, Query};

use super::base64::base64;
use super::json::{self, Leaf, Value};

/// What no failure says unless it repeats the body.
const MARK: &str = "ZQXJ";
/// The names of fields that the documents give.
const DOCUMENTED: [&str; 24] = [
    "status",
    "code",
    "message",
    "friendly_message",
    "errors",
    "error",
    "help",
    "response",
    "result",
    "gatewayId",
    "gateway_id",
    "account",
    "amount",
    "currency",
    "currenc\u{443}",
    "bankInfo",
    "provider_info",
    "channel_balances",
    "as_of_date",
    "currencies",
    "channel_id",
    "available_balance",
    "active",
    "response_url",
];

/// Reads an answer and checks all that holds of it.
///
/// # Panics
///
/// Where something does not hold.
pub fn check(query: &Query, response: &Response) {
    match begateway::read(query, response) {
        Ok(reading) => {
            assert!((200..300).contains(&response.status), "a balance with HTTP {}", response.status);
            says_success(query.ask.api(), &response.body);
            stands_in(&reading, query, &response.body);
        }
        Err(failure) => {
            tells_nothing(&failure, &response.body);
            message_is_clean(&failure, query);
            code_stands_in(&failure, &response.body);
        }
    }
    marked_texts_are_not_told(query, response);
    keeps_secrets(query, &begateway::redacted(response, query));
    let excerpt = begateway::excerpt(response, query);
    keeps_secrets(query, &excerpt);
    is_short_line(&excerpt);
}

/// Every value of the reading stands in the body, at its documented place; and none that stands there is left out.
///
/// # Panics
///
/// Where one does not.
pub fn stands_in(reading: &Reading, query: &Query, body: &[u8]) {
    let body = Body::of(query.ask.api(), body);
    let api = query.ask.api();
    match reading.as_of {
        Some(as_of) => {
            let written = body.at("/channel_balances/as_of_date").and_then(Value::filled).unwrap_or_default();
            let read = humantime::format_rfc3339_nanos(as_of).to_string();
            // A leap second is read as the one before.
            let whole = written.replacen(":60", ":59", 1);
            assert_eq!(without_zeros(&read), without_zeros(&whole), "as_of_date {written}");
        }
        None => assert_ne!(api, Api::ChannelBalances, "channel balances without a date"),
    }
    let amounts = body.leaves.iter().filter(|leaf| is_amount(api, &leaf.pointer) && !leaf.is_null()).count();
    assert_eq!(reading.rows.len(), amounts, "rows");
    for (index, row) in reading.rows.iter().enumerate() {
        row_stands_in(row, index, query, &body);
    }
}

fn row_stands_in(row: &ReadRow, index: usize, query: &Query, body: &Body) {
    let (place, gateway, amount, details) = match query.ask.api() {
        Api::ChannelBalances => (
            format!("/channel_balances/currencies/{index}"),
            "/channel_balances/gateway_id",
            "available_balance",
            "nowhere",
        ),
        Api::GatewayBalance => ("/result".to_owned(), "/result/gatewayId", "amount", "/result/bankInfo"),
        Api::BeyagBalance => (String::new(), "/gateway_id", "amount", "/provider_info"),
    };
    let field = |name: &str| body.at(&format!("{place}/{name}"));
    let is_whole = |value: Option<&Value>, number: i128| value.is_some_and(|value| value.is_whole(number));
    assert!(is_whole(field(amount), row.amount.0.into()), "amount {} of {body:?}", row.amount.0);
    assert!(is_whole(body.at(gateway), row.gateway.0.into()), "gateway {} of {body:?}", row.gateway);
    if query.ask.api() == Api::ChannelBalances {
        match row.channel {
            Some(channel) => assert!(is_whole(field("channel_id"), channel.0.into()), "channel {channel} of {body:?}"),
            None => assert_eq!(field("channel_id"), None, "a channel that was not read"),
        }
        let active = field("active").map(|active| *active == Value::Word("true".to_owned()));
        assert_eq!(row.active, active, "active");
        assert_eq!(row.account, None, "the account of a channel");
        assert_eq!(row.details, Vec::new(), "details of a channel");
    } else {
        let account = row.account.as_ref().map(AccountNumber::expose);
        assert_eq!(account, field("account").and_then(Value::filled), "account");
        assert_eq!((row.channel, row.active), (None, None), "a channel of an account");
    }
    let currency = field("currency").and_then(Value::filled);
    let cyrillic = field("currenc\u{443}").and_then(Value::filled).filter(|_| query.ask.api() == Api::ChannelBalances);
    assert_eq!(row.currency.as_ref().map(Currency::as_str), currency.or(cyrillic), "currency");
    for (pointer, number) in &row.details {
        let place = format!("{details}{pointer}");
        let mut written = body.leaves.iter().filter(|leaf| leaf.pointer == place);
        assert!(written.any(|leaf| leaf.value.is_number(*number)), "{number} at {pointer} of {body:?}");
    }
}

/// A body by its leaves.
#[derive(Debug)]
struct Body {
    leaves: Vec<Leaf>,
}

impl Body {
    fn of(api: Api, body: &[u8]) -> Self {
        let mut leaves = json::leaves(body);
        // The documented object may come as a text that holds it.
        let quoted = leaves.iter().find(|leaf| api == Api::GatewayBalance && leaf.pointer == "/result");
        if let Some(Leaf { value: Value::Text(text), .. }) = quoted {
            let inside = json::leaves(text.as_bytes()).into_iter();
            leaves.extend(inside.map(|leaf| Leaf { pointer: format!("/result{}", leaf.pointer), ..leaf }));
        }
        Self { leaves }
    }

    /// What stands there, unless it is null. No reader takes an answer that has a documented field twice.
    fn at(&self, pointer: &str) -> Option<&Value> {
        self.leaves.iter().find(|leaf| leaf.pointer == pointer && !leaf.is_null()).map(|leaf| &leaf.value)
    }
}

impl Leaf {
    fn is_null(&self) -> bool {
        self.value == Value::Word("null".to_owned())
    }
}

/// Whether that is the place of a row's amount.
fn is_amount(api: Api, pointer: &str) -> bool {
    match api {
        Api::ChannelBalances => pointer
            .strip_prefix("/channel_balances/currencies/")
            .and_then(|rest| rest.strip_suffix("/available_balance"))
            .is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit())),
        Api::GatewayBalance => pointer == "/result/amount",
        Api::BeyagBalance => pointer == "/amount",
    }
}

fn without_zeros(time: &str) -> &str {
    let time = time.trim_end_matches('Z');
    if time.contains('.') { time.trim_end_matches('0').trim_end_matches('.') } else { time }
}

/// A balance comes with the word or code of success that its API promises, and with none of failure.
fn says_success(api: Api, body: &[u8]) {
    let body = Body::of(api, body);
    let code = body.at("/code").and_then(Value::filled);
    let status = body.at("/status").and_then(Value::filled);
    assert!(code.is_none_or(|code| code.starts_with("S.")), "a balance with code {code:?}");
    assert!(status.is_none_or(|status| status.eq_ignore_ascii_case("successful")), "a balance with status {status:?}");
    let promised = if api == Api::ChannelBalances { code } else { status };
    assert!(promised.is_some(), "a balance without the word of success");
}

/// What is told of a failure holds no number, text or name of the body that has five digits in a row: those of a status
/// and a code are fewer, those of a column only in a long body.
fn tells_nothing(failure: &Failure, body: &[u8]) {
    let told = failure.to_string();
    for leaf in json::leaves(body) {
        let names = leaf.pointer.split('/').map(str::to_owned);
        for word in names.chain(leaf.value.filled().map(str::to_owned)) {
            let mut runs = word.split(|c: char| !c.is_ascii_digit());
            // The limit of rows is a number of the reader's own.
            let is_telling = runs.any(|run| run.len() >= 5 && run != "10000");
            assert!(!is_telling || !told.contains(&word), "{word} stands in {told}");
        }
    }
}

/// The same answer with its texts and unknown names marked: no mark is told.
fn marked_texts_are_not_told(query: &Query, response: &Response) {
    let Ok(json) = serde_json::from_slice(&response.body) else { return };
    let body = marked("", json).to_string().into_bytes();
    if let Err(failure) = begateway::read(query, &Response { body, ..response.clone() }) {
        let told = failure.to_string();
        assert!(!told.contains(MARK), "{told}");
    }
}

fn marked(field: &str, value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) if !matches!(field, "status" | "code") => Value::String(format!("{MARK}{text}")),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| marked(field, value)).collect()),
        Value::Object(fields) => {
            let name = |name: String| {
                if DOCUMENTED.contains(&name.as_str()) { name } else { format!("{MARK}{name}") }
            };
            Value::Object(
                fields.into_iter().map(|(field, value)| (name(field.clone()), marked(&field, value))).collect(),
            )
        }
        other => other,
    }
}

/// The code of a failure stands in the body, and looks like one.
fn code_stands_in(failure: &Failure, body: &[u8]) {
    let Some(code) = failure.code.as_deref() else { return };
    let is_code = match code.as_bytes() {
        [b'A'..=b'Z', b'.', digits @ ..] => digits.len() == 4 && digits.iter().all(u8::is_ascii_digit),
        word => word.len() <= 32 && word.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_'),
    };
    assert!(is_code, "{code:?} is shown as a code");
    let value = Value::Text(code.to_owned());
    assert!(json::leaves(body).iter().any(|leaf| leaf.value == value), "{code} is not in the body");
}

/// A provider's message is one short line without secrets and account numbers.
fn message_is_clean(failure: &Failure, query: &Query) {
    let Some(message) = failure.message.as_deref() else { return };
    is_short_line(message);
    let numbers = ungrouped(message);
    let longest = numbers.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(longest < Some(9), "a number in {message:?}");
    keeps_secrets(query, message);
    keeps_secrets(query, &format!("{failure:?}"));
}

fn is_short_line(text: &str) {
    assert!(text.chars().count() <= 200, "a text of {} characters", text.chars().count());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// A text that people see holds neither the query's secret key nor its account number.
fn keeps_secrets(query: &Query, text: &str) {
    assert!(!text.contains(query.shop.secret_key.expose()), "the secret key stands in {text:?}");
    let basic = base64(format!("{}:{}", query.shop.shop_id, query.shop.secret_key.expose()).as_bytes());
    assert!(!text.contains(&basic), "the secret key stands in {text:?} as HTTP Basic has it");
    if let Some(account) = query.ask.account() {
        assert!(!ungrouped(text).contains(account.expose()), "the account stands in {text:?}");
    }
}

/// The text without what may group the digits of a number.
fn ungrouped(text: &str) -> String {
    let (mut out, mut gap) = (String::new(), String::new());
    for c in text.chars() {
        if c.is_ascii_digit() && gap.chars().count() <= 3 {
            gap.clear();
        }
        if c.is_whitespace() || matches!(c, '-' | '.' | '/' | '_') {
            gap.push(c);
        } else {
            out += &std::mem::take(&mut gap);
            out.push(c);
        }
    }
    out + &gap
}
