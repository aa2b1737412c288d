//! Why a query has no answer: the classes an operator acts on, and what is known about this one.
//!
//! Must not hold a secret, a header or a body: what stands here is shown in logs, on pages and in metrics.

use std::fmt;
use std::time::Duration;

/// The class of a failure, as the metrics contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No connection to the host: name not resolved, refused, reset, cut off.
    Connect,
    /// The host's certificate or the TLS handshake was not acceptable.
    Tls,
    /// No whole answer within the query's timeout.
    Timeout,
    /// The platform does not take the shop id and secret key.
    Unauthorized,
    /// The platform asks for fewer requests.
    RateLimited,
    /// The platform does not take the request as configured.
    BadRequest,
    /// The platform, the bank or the provider could not answer.
    ProviderError,
    /// The answer is not what the documents describe, or too large.
    MalformedResponse,
    /// A success without a balance.
    NoData,
    /// Nothing but rows in currencies whose exponent is not certain.
    UnknownCurrency,
    /// The answer is older than the one held.
    OutdatedAnswer,
    /// The answer claims a series that another answer or row claims too.
    Conflict,
    /// A fault in the exporter itself.
    Internal,
}

impl Reason {
    /// Every reason, in the order of the metrics contract.
    pub const ALL: [Self; 13] = [
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Unauthorized,
        Self::RateLimited,
        Self::BadRequest,
        Self::ProviderError,
        Self::MalformedResponse,
        Self::NoData,
        Self::UnknownCurrency,
        Self::OutdatedAnswer,
        Self::Conflict,
        Self::Internal,
    ];

    /// The value of the `reason` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::BadRequest => "bad_request",
            Self::ProviderError => "provider_error",
            Self::MalformedResponse => "malformed_response",
            Self::NoData => "no_data",
            Self::UnknownCurrency => "unknown_currency",
            Self::OutdatedAnswer => "outdated_answer",
            Self::Conflict => "conflict",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a poll brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Failure {
    /// The class, which decides how it is counted and when it is asked again.
    pub reason: Reason,
    /// What was found and, where something can be done, what to do. Safe to show.
    pub detail: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The platform's code, as `F.0100`, where the body had one.
    pub code: Option<String>,
    /// The platform's message, cut, with accounts taken out: for people setting up a query, not for logs.
    pub message: Option<String>,
    /// Rows left out of the answer because of their currency.
    pub withheld: u32,
    /// Whether the platform's own code says so: a proxy's page has a status alone.
    pub by_code: bool,
    /// How long the host asks to be left alone, where it says.
    pub retry_after: Option<Duration>,
    /// Whether the answer is being worked on, and the next poll asks for it again.
    pub pending: bool,
}

impl Failure {
    /// A failure of that class with nothing known but its description.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            status: None,
            code: None,
            message: None,
            withheld: 0,
            by_code: false,
            retry_after: None,
            pending: false,
        }
    }
}
