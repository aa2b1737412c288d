//! Channel balances: `GET {backoffice}/shop/channel_balances/`, the headroom that payout control leaves.
//!
//! This balance is the platform's own limit on payouts, not money at a bank.

use serde::Deserialize;
use url::Url;

use super::json::{self, Amount, Id, Object, Text};
use super::refusal::{self, Promised};
use super::request::Request;
use super::transport::Response;
use crate::domain::failure::{Failure, Reason};
use crate::domain::money::Currency;
use crate::domain::observation::{ReadRow, Reading};
use crate::domain::query::GatewayId;

/// The most rows taken from one answer.
const MAX_ROWS: usize = 10_000;

/// The slash before the parameters is the prose's spelling; the example's, without, is answered by a redirect.
pub(super) fn request(base: &Url, gateway: GatewayId, currency: Option<Currency>) -> Request {
    let mut request = Request::get(base, "shop/channel_balances/");
    let mut parameters = request.url.query_pairs_mut();
    parameters.append_pair("gateway_id", &gateway.to_string());
    if let Some(currency) = currency {
        parameters.append_pair("currency", currency.as_str());
    }
    drop(parameters);
    request
}

pub(super) fn read(response: &Response) -> Result<Reading, Failure> {
    refusal::success(response, Promised::Code)?;
    let body: Body<'_> = json::read_object(&response.body)?;
    let Some(Object(balances)) = body.channel_balances else {
        return Err(Failure::new(Reason::NoData, "the answer is a success without channel_balances"));
    };
    let gateway = balances.gateway_id.ok_or_else(|| json::missing("channel_balances.gateway_id"))?.into();
    let as_of = balances.as_of_date.ok_or_else(|| json::missing("channel_balances.as_of_date"))?;
    let as_of = humantime::parse_rfc3339(&as_of)
        .map_err(|_| json::malformed("`channel_balances.as_of_date` of the answer is not a time in UTC"))?;
    let rows = balances.currencies.unwrap_or_default();
    if rows.len() > MAX_ROWS {
        return Err(json::malformed(format!("the answer has more than {MAX_ROWS} rows")));
    }
    let rows = rows.into_iter().map(|Object(row)| row.read(gateway)).collect::<Result<_, _>>()?;
    Ok(Reading { as_of: Some(as_of), since: None, rows })
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    channel_balances: Option<Object<ChannelBalances<'a>>>,
}

#[derive(Deserialize)]
struct ChannelBalances<'a> {
    as_of_date: Option<String>,
    gateway_id: Option<Id>,
    #[serde(borrow)]
    currencies: Option<Vec<Object<Row<'a>>>>,
}

#[derive(Deserialize)]
struct Row<'a> {
    channel_id: Option<Id>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    /// The parameter table's spelling, with a Cyrillic у (U+0443).
    #[serde(borrow, rename = "currenc\u{443}")]
    currency_cyrillic: Option<Text<'a>>,
    available_balance: Option<Amount>,
    active: Option<bool>,
}

impl Row<'_> {
    fn read(self, gateway: GatewayId) -> Result<ReadRow, Failure> {
        const FIELD: &str = "channel_balances.currencies[].currency";
        let ascii = json::currency(self.currency.as_ref(), FIELD)?;
        let cyrillic = json::currency(self.currency_cyrillic.as_ref(), FIELD)?;
        if ascii.is_some() && cyrillic.is_some() && ascii != cyrillic {
            return Err(json::malformed(format!("`{FIELD}` of the answer stands there twice, with two currencies")));
        }
        Ok(ReadRow {
            gateway,
            channel: self.channel_id.map(Into::into),
            account: None,
            currency: ascii.or(cyrillic),
            amount: self.available_balance.ok_or_else(json::no_amount)?.into(),
            active: self.active,
            details: Vec::new(),
        })
    }
}
