//! Beyag balance: `POST {api}/beyag/balance`, what the payment method provider says of an account.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::json::{self, Amount, Id, Text};
use super::refusal::{self, Promised};
use super::request::Request;
use super::transport::Response;
use crate::domain::failure::Failure;
use crate::domain::money::Currency;
use crate::domain::observation::{ReadRow, Reading};
use crate::domain::query::{AccountNumber, GatewayId};

pub(super) fn request(
    base: &Url,
    gateway: GatewayId,
    account: Option<&AccountNumber>,
    currency: Option<Currency>,
) -> Result<Request, Failure> {
    let body = Parameters {
        gateway_id: gateway.0,
        // Not submitted, the provider answers for the default account.
        account: account.map(AccountNumber::expose).filter(|account| !account.is_empty()),
        currency: currency.as_ref().map(Currency::as_str),
    };
    Request::post(base, "beyag/balance", &body)
}

#[derive(Serialize)]
struct Parameters<'a> {
    gateway_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
}

pub(super) fn read(response: &Response, pointers: &[Arc<str>]) -> Result<Reading, Failure> {
    refusal::success(response, Promised::Status)?;
    let body: Body<'_> = json::read_object(&response.body)?;
    let amount = body.amount.ok_or_else(json::no_amount)?.into();
    let row = ReadRow {
        gateway: body.gateway_id.ok_or_else(|| json::missing("gateway_id"))?.into(),
        channel: None,
        account: json::account(body.account.as_ref()),
        currency: json::currency(body.currency.as_ref(), "currency")?,
        amount,
        active: None,
        details: json::details(body.provider_info, pointers)?,
    };
    Ok(Reading { as_of: None, since: None, rows: vec![row] })
}

#[derive(Deserialize)]
struct Body<'a> {
    gateway_id: Option<Id>,
    #[serde(borrow)]
    account: Option<Text<'a>>,
    amount: Option<Amount>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    provider_info: Option<&'a RawValue>,
}
