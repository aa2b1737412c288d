//! Gateway balance: `POST {gateway}/balance`, what the acquiring bank or provider says of an account.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use super::json::{self, Amount, Id, Text};
use super::refusal::{self, Promised};
use super::request::Request;
use super::transport::Response;
use crate::domain::failure::{Failure, Reason};
use crate::domain::money::Currency;
use crate::domain::observation::{ReadRow, Reading};
use crate::domain::query::{AccountNumber, GatewayId};

/// The version of the API that answers as documented.
const API_VERSION: &str = "2";

pub(super) fn request(
    base: &Url,
    path: &str,
    account: Option<&AccountNumber>,
    currency: Option<Currency>,
    gateway: Option<GatewayId>,
) -> Result<Request, Failure> {
    let request = Parameters {
        account: account.map(AccountNumber::expose),
        currency: currency.as_ref().map(Currency::as_str),
        // A string in this API's request, an integer in its answer.
        gateway_id: gateway.map(|gateway| gateway.to_string()),
    };
    Ok(Request { api_version: Some(API_VERSION), ..Request::post(base, path, &Envelope { request })? })
}

#[derive(Serialize)]
struct Envelope<'a> {
    request: Parameters<'a>,
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_id: Option<String>,
}

pub(super) fn read(response: &Response, pointers: &[Arc<str>]) -> Result<Reading, Failure> {
    refusal::success(response, Promised::Status)?;
    let body: Body<'_> = json::read_object(&response.body)?;
    let result = body.result.ok_or_else(|| Failure::new(Reason::NoData, "the answer is a success without a result"))?;
    // The English documents type `result` as a string: should one come, it must hold the documented object.
    let unquoted: Option<String> =
        if result.get().starts_with('"') { Some(json::read(result.get().as_bytes())?) } else { None };
    let result: BalanceResult<'_> = json::read_object(unquoted.as_deref().unwrap_or_else(|| result.get()).as_bytes())?;
    let amount = result.amount.ok_or_else(json::no_amount)?.into();
    let row = ReadRow {
        gateway: result.gateway_id.ok_or_else(|| json::missing("result.gatewayId"))?.into(),
        channel: None,
        account: json::account(result.account.as_ref()),
        currency: json::currency(result.currency.as_ref(), "result.currency")?,
        amount,
        active: None,
        details: json::details(result.bank_info, pointers)?,
    };
    Ok(Reading { as_of: None, since: None, rows: vec![row] })
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct BalanceResult<'a> {
    #[serde(rename = "gatewayId")]
    gateway_id: Option<Id>,
    #[serde(borrow)]
    account: Option<Text<'a>>,
    amount: Option<Amount>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow, rename = "bankInfo")]
    bank_info: Option<&'a RawValue>,
}
