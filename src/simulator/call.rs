//! Reading requests: which endpoint is meant, who claims to ask, and for what.
//!
//! Strict as the documents are: what they give as a string is taken as nothing else. Knows no shops and no money.

use hyper::header::{AUTHORIZATION, HOST, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use super::reply::Reply;
use crate::basic::Credentials;
use crate::domain::money::Currency;
use crate::domain::query::Api;
use crate::domain::shop::SecretKey;

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// An endpoint of the three APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    ChannelBalances,
    /// The spelling without a slash at the end.
    ChannelBalancesUnslashed,
    GatewayBalance,
    AsyncBalance,
    AsyncStatus(&'a str),
    AsyncResult(&'a str),
    BeyagBalance,
}

impl<'a> Endpoint<'a> {
    /// The endpoint of a path.
    pub(super) fn of(path: &'a str) -> Option<Self> {
        match path {
            "/shop/channel_balances/" => Some(Self::ChannelBalances),
            "/shop/channel_balances" => Some(Self::ChannelBalancesUnslashed),
            "/balance" => Some(Self::GatewayBalance),
            "/async/balance" => Some(Self::AsyncBalance),
            "/beyag/balance" => Some(Self::BeyagBalance),
            _ => {
                let status = path.strip_prefix("/async/status/").map(Self::AsyncStatus);
                status.or_else(|| path.strip_prefix("/async/result/").map(Self::AsyncResult))
            }
        }
    }

    pub(super) const fn method(self) -> Method {
        match self {
            Self::GatewayBalance | Self::AsyncBalance | Self::BeyagBalance => Method::POST,
            Self::ChannelBalances | Self::ChannelBalancesUnslashed | Self::AsyncStatus(_) | Self::AsyncResult(_) => {
                Method::GET
            }
        }
    }

    pub(super) const fn api(self) -> Api {
        match self {
            Self::ChannelBalances | Self::ChannelBalancesUnslashed => Api::ChannelBalances,
            Self::GatewayBalance | Self::AsyncBalance | Self::AsyncStatus(_) | Self::AsyncResult(_) => {
                Api::GatewayBalance
            }
            Self::BeyagBalance => Api::BeyagBalance,
        }
    }
}

impl Request<'_> {
    /// The shop id and secret key of HTTP Basic.
    pub(super) fn claim(&self) -> Option<(String, SecretKey)> {
        let credentials = Credentials::read(self.headers.get(AUTHORIZATION)?.as_bytes())?;
        Some((credentials.user().to_owned(), SecretKey::from(credentials.expose_password().to_owned())))
    }

    /// The origin the client asked at, where it says.
    pub(super) fn origin(&self) -> Option<String> {
        Some(format!("http://{}", self.headers.get(HOST)?.to_str().ok()?))
    }
}

/// What is asked for, of the APIs whose balances belong to accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BalanceRequest {
    pub(super) gateway: Option<u64>,
    /// The account; an empty one is the default account.
    pub(super) account: Option<String>,
    pub(super) currency: Option<Currency>,
}

impl BalanceRequest {
    /// Reads the body of the gateway balance: wrapped, its gateway a string.
    pub(super) fn of_gateway_balance(request: &Request<'_>) -> Result<Self, Reply> {
        if request.headers.get("X-API-Version").is_none_or(|version| version != "2") {
            return Err(Reply::invalid("X-API-Version", "must be 2"));
        }
        let mut body = object(request)?;
        let Some(Value::Object(wrapped)) = body.get_mut("request") else {
            return Err(Reply::invalid("request", "must be an object"));
        };
        let gateway = match text(wrapped, "gateway_id")? {
            None => None,
            Some(id) => Some(id.parse().map_err(|_| Reply::invalid("gateway_id", "must be a string of digits"))?),
        };
        let asked = Self { gateway, account: text(wrapped, "account")?, currency: currency(wrapped)? };
        if asked == (Self { gateway: None, account: None, currency: None }) {
            return Err(Reply::invalid("request", "must have one of account, currency, gateway_id"));
        }
        Ok(asked)
    }

    /// Reads the body of the beyag balance: flat, its gateway an integer that must be there.
    pub(super) fn of_beyag_balance(request: &Request<'_>) -> Result<Self, Reply> {
        let mut body = object(request)?;
        let Some(gateway) = body.get("gateway_id").and_then(Value::as_u64) else {
            return Err(Reply::invalid("gateway_id", "must be an integer"));
        };
        Ok(Self { gateway: Some(gateway), account: text(&mut body, "account")?, currency: currency(&mut body)? })
    }

    /// The account asked for, unless it is the default one.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref().filter(|account| !account.is_empty())
    }
}

/// Which channels are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChannelsRequest {
    pub(super) gateway: u64,
    pub(super) currency: Option<Currency>,
}

impl ChannelsRequest {
    /// Reads the query string of the channel balances.
    pub(super) fn read(request: &Request<'_>) -> Result<Self, Reply> {
        let (mut gateway, mut currency) = (None, None);
        for (name, value) in url::form_urlencoded::parse(request.query.unwrap_or_default().as_bytes()) {
            match &*name {
                "gateway_id" => gateway = value.parse().ok(),
                "currency" => currency = Some(value.parse().map_err(|_| not_a_currency())?),
                _ => {}
            }
        }
        let gateway = gateway.ok_or_else(|| Reply::invalid("gateway_id", "must be an integer"))?;
        Ok(Self { gateway, currency })
    }
}

fn object(request: &Request<'_>) -> Result<Map<String, Value>, Reply> {
    serde_json::from_slice(request.body)
        .map_err(|_| Reply::message(StatusCode::BAD_REQUEST, "The body is not a JSON object."))
}

fn text(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Reply> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Reply::invalid(name, "must be a string")),
    }
}

fn currency(body: &mut Map<String, Value>) -> Result<Option<Currency>, Reply> {
    text(body, "currency")?.map(|code| code.parse().map_err(|_| not_a_currency())).transpose()
}

fn not_a_currency() -> Reply {
    Reply::invalid("currency", "must be an ISO 4217 code")
}
