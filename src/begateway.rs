//! The client of the platform: how each API is asked and how its answers are read.
//!
//! One file per API, each a pure request builder and a pure response reader; [`transport`] carries them. Only this room
//! knows the APIs' JSON field names. Knows nothing of when to ask, nor of what becomes of an answer.

mod asynchronous;
mod beyag_balance;
mod channel_balances;
mod gateway_balance;
mod json;
mod redaction;
mod refusal;
mod request;
mod retry_after;
mod transport;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;
use tracing::{Level, debug, enabled};

use self::asynchronous::Pending;
pub use self::redaction::{excerpt, redacted};
pub use self::request::Request;
use self::transport::Transport;
pub use self::transport::{ClientError, Response};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::observation::Reading;
use crate::domain::query::{Api, Ask, Query};
use crate::domain::shop::Brand;

/// Asks the platform, brand by brand, over connections that are kept.
#[derive(Clone, Debug, Default)]
pub struct Client {
    transports: HashMap<Arc<Brand>, Transport>,
    pending: Arc<Pending>,
}

impl Client {
    /// A client for those brands. Brands that `before` reached alike keep their connections, and what it has started is
    /// fetched.
    ///
    /// Fails where a brand's `ca_file` or `proxy_url` can't be used.
    pub fn new<'a>(brands: impl IntoIterator<Item = &'a Arc<Brand>>, before: &Self) -> Result<Self, ClientError> {
        let mut client = Self { transports: HashMap::new(), pending: Arc::clone(&before.pending) };
        for brand in brands {
            let transport = match before.transports.get(brand) {
                // A file named as before may hold other certificates now.
                Some(transport) if brand.ca_file.is_none() => transport.clone(),
                _ => Transport::new(brand)?,
            };
            client.transports.insert(Arc::clone(brand), transport);
        }
        Ok(client)
    }

    /// Asks once and reads the answer, all within the query's timeout.
    pub async fn ask(&self, query: &Query) -> Result<Reading, Failure> {
        let (response, since) = self.exchange_since(query).await?;
        if enabled!(Level::DEBUG) {
            let (host, status) = (query.host(), response.status);
            debug!(%query, %host, status, body = excerpt(&response, query), "answer");
        }
        let read = read(query, &response).map(|reading| Reading { since, ..reading });
        read.map_err(|failure| {
            let retry_after = retry_after::of(&response.headers, SystemTime::now());
            Failure { retry_after, ..failure }
        })
    }

    /// Asks once and gives the answer as it came, unread, within the query's timeout.
    pub async fn exchange(&self, query: &Query) -> Result<Response, Failure> {
        self.exchange_since(query).await.map(|(response, _)| response)
    }

    /// The answer, and when it was asked for, if that was before its poll.
    async fn exchange_since(&self, query: &Query) -> Result<(Response, Option<Moment>), Failure> {
        let timeout = query.pace.timeout;
        let deadline = Instant::now() + timeout;
        let exchange = async {
            let transport = self
                .transports
                .get(&query.shop.brand)
                .ok_or_else(|| Failure::new(Reason::Internal, "no connection was prepared for the query's brand"))?;
            match query.ask {
                Ask::GatewayBalance { asynchronous: true, .. } => {
                    asynchronous::exchange(transport, query, &self.pending).await
                }
                _ => transport.send(&request(query)?, &query.shop).await.map(|response| (response, None)),
            }
        };
        tokio::time::timeout_at(deadline, exchange).await.unwrap_or_else(|_| Err(self.too_late(query)))
    }

    /// The failure of a query whose timeout is over.
    fn too_late(&self, query: &Query) -> Failure {
        let timeout = humantime::format_duration(query.pace.timeout);
        if self.pending.holds(query, Moment::now()) {
            let detail = format!("no result within {timeout}; it is asked for again at the next poll");
            return Failure { pending: true, ..Failure::new(Reason::Timeout, detail) };
        }
        let advice = "if this bank is always that slow, raise the query's timeout";
        Failure::new(Reason::Timeout, format!("no whole answer within {timeout}; {advice}"))
    }
}

/// The request of a query.
pub fn request(query: &Query) -> Result<Request, Failure> {
    let api = query.ask.api();
    let base = query.shop.brand.url(api).ok_or_else(|| {
        Failure::new(Reason::Internal, format!("brand {} has no host for {api}", query.shop.brand.name))
    })?;
    match &query.ask {
        Ask::ChannelBalances { gateway, currency } => Ok(channel_balances::request(base, *gateway, *currency)),
        Ask::GatewayBalance { account, currency, gateway, asynchronous } => {
            let path = if *asynchronous { "async/balance" } else { "balance" };
            gateway_balance::request(base, path, account.as_ref(), *currency, *gateway)
        }
        Ask::BeyagBalance { gateway, account, currency } => {
            beyag_balance::request(base, *gateway, account.as_ref(), *currency)
        }
    }
}

/// Reads the answer to a query: balances, or why there are none.
pub fn read(query: &Query, response: &Response) -> Result<Reading, Failure> {
    let read = match query.ask.api() {
        Api::ChannelBalances => channel_balances::read(response),
        Api::GatewayBalance => gateway_balance::read(response, &query.details),
        Api::BeyagBalance => beyag_balance::read(response, &query.details),
    };
    read.map_err(|failure| Failure {
        status: Some(response.status),
        message: failure.message.map(|message| redaction::message(&message, query)),
        ..failure
    })
}

#[cfg(test)]
mod tests;
