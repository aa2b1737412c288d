//! A row of the matrix: a fault, and what the exporter promises while it lasts.

use std::sync::Arc;
use std::time::Duration;

use super::answers::Asked;

/// One of the platform's three APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    ChannelBalances,
    GatewayBalance,
    BeyagBalance,
}

impl Api {
    pub(super) const ALL: [Self; 3] = [Self::ChannelBalances, Self::GatewayBalance, Self::BeyagBalance];

    /// The value of the `api` label.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ChannelBalances => "channel_balances",
            Self::GatewayBalance => "gateway_balance",
            Self::BeyagBalance => "beyag_balance",
        }
    }

    /// The gateway whose query meets the fault. Each API has others, since a shop's gateway takes one poll at a time.
    pub(super) const fn gateway(self) -> u64 {
        match self {
            Self::ChannelBalances => 11,
            Self::GatewayBalance => 21,
            Self::BeyagBalance => 31,
        }
    }

    /// The gateway of the sibling: a query of the same shop at the same host that meets no fault.
    pub(super) const fn sibling(self) -> u64 {
        self.gateway() + 1
    }
}

/// What is sent instead of a good answer.
pub(super) enum Sending {
    /// Those bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// Those bytes, one a second.
    Slowly(Vec<u8>),
    /// Nothing, ever.
    Nothing,
}

/// Which certificate a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    Expired,
    OfAnotherHost,
    Untrusted,
}

/// What a request that meets a fault is answered.
type Answer<T> = Arc<dyn Fn(&Asked<'_>) -> T + Send + Sync>;

/// How the fault is made.
#[derive(Clone)]
pub(super) enum Fault {
    /// Nobody listens at the host's port.
    Closed,
    /// The host's name is not resolved, from the start.
    Unresolved,
    /// The host shows that certificate.
    Certificate(Certificate),
    /// The host answers the beginning of the TLS handshake with those bytes, and the end of the connection; with none, it
    /// keeps the connection open.
    Handshake(Option<Vec<u8>>),
    /// The proxy before the host answers so to the wish for a connection.
    Proxy(Answer<Vec<u8>>),
    /// The request of one query is answered so; the host's other requests are answered well.
    Answer(Answer<Sending>),
}

impl Fault {
    /// Whether it is of the whole host, so that no other query can be answered there.
    pub(super) const fn is_of_the_host(&self) -> bool {
        !matches!(self, Self::Answer(_))
    }

    /// Whether its host speaks TLS.
    pub(super) const fn speaks_tls(&self) -> bool {
        matches!(self, Self::Certificate(_) | Self::Handshake(_) | Self::Proxy(_))
    }
}

/// When the query is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// At its interval.
    Interval,
    /// After a random time that grows with each failure in a row.
    Backoff,
    /// As backoff, but not before the answer's Retry-After has passed; at most four intervals.
    BackoffAfter(Duration),
    /// After so long, and all of the shop's queries at that host with it.
    Limited(Duration),
    /// After the interval, doubling with each failure in a row, and all of the shop's queries at that host with it.
    LimitedDoubling,
    /// After 15 minutes, or at the next reload.
    Slow,
    /// At its interval; after 15 minutes, or at the next reload, from the third refusal in a row on.
    SlowFromTheThird,
}

/// What becomes of the published balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    /// The last one while it is fresh, then none; last known stays.
    Kept,
    /// None ever: the query was never answered.
    Never,
    /// None from the first poll that meets the fault on, nor a last known one.
    Withdrawn,
    /// The last one while it is fresh, then the one answered.
    KeptThenReplaced,
    /// The answered ones go on; the row in question is left out.
    GoesOn,
}

/// What becomes of the sibling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sibling {
    /// There is none, mostly because it would meet the fault too.
    None,
    /// It goes on.
    GoesOn,
    /// It waits as long, since the shop is asked for fewer requests.
    Waits,
    /// It fails as well.
    Fails,
    /// It fails as well, and one of the two probes for both.
    Circuit,
}

/// A fault, and what is promised while it lasts.
#[derive(Clone)]
pub(super) struct Row {
    /// Its name, which is that of its tests.
    pub(super) name: &'static str,
    /// What the other side does, for people.
    pub(super) what: &'static str,
    pub(super) fault: Fault,
    /// The APIs for which it makes no sense, and why.
    pub(super) not_for: Vec<(Api, &'static str)>,
    /// The reason counted; none where it is no failure.
    pub(super) reason: Option<&'static str>,
    pub(super) wait: Wait,
    pub(super) balance: Balance,
    pub(super) sibling: Sibling,
    /// The timeout of its queries.
    pub(super) timeout: Duration,
}

/// The timeout of a query, long enough for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The timeout of a query that will meet it.
const SHORT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest wait that a run waits for.
const SOON: Duration = Duration::from_secs(9);

impl Row {
    pub(super) fn new(name: &'static str, what: &'static str, fault: Fault, reason: &'static str, wait: Wait) -> Self {
        let sibling = match wait {
            _ if fault.is_of_the_host() => Sibling::None,
            Wait::Limited(_) => Sibling::Waits,
            // Its good answers would end the limit before it doubles.
            Wait::LimitedDoubling => Sibling::None,
            _ => Sibling::GoesOn,
        };
        let balance = if matches!(fault, Fault::Unresolved) { Balance::Never } else { Balance::Kept };
        let reason = Some(reason);
        Self { name, what, fault, not_for: Vec::new(), reason, wait, balance, sibling, timeout: TIMEOUT }
    }

    /// A row whose fault is an answer to one query.
    pub(super) fn answered(
        name: &'static str,
        what: &'static str,
        answer: impl Fn(&Asked<'_>) -> Sending + Send + Sync + 'static,
        reason: &'static str,
        wait: Wait,
    ) -> Self {
        Self::new(name, what, Fault::Answer(Arc::new(answer)), reason, wait)
    }

    /// The same, with a timeout that is soon over.
    pub(super) fn soon_timed_out(self) -> Self {
        Self { timeout: SHORT_TIMEOUT, ..self }
    }

    /// The same, but not for that API.
    pub(super) fn not_for(mut self, api: Api, why: &'static str) -> Self {
        self.not_for.push((api, why));
        self
    }

    /// The same, for that API alone.
    pub(super) fn only_for(mut self, api: Api, why: &'static str) -> Self {
        self.not_for.extend(Api::ALL.into_iter().filter(|other| *other != api).map(|other| (other, why)));
        self
    }

    /// Why the row makes no sense for that API, if it makes none.
    pub(super) fn why_not(&self, api: Api) -> Option<&'static str> {
        self.not_for.iter().find(|(other, _)| *other == api).map(|(_, why)| *why)
    }

    /// Whether a second query is asked at the host.
    pub(super) fn has_sibling(&self) -> bool {
        self.sibling != Sibling::None
    }

    /// Whether the query is asked again so soon that its recovery is waited for. A reload asks the slow ones.
    pub(super) fn recovers(&self) -> bool {
        match self.wait {
            Wait::Limited(wait) | Wait::BackoffAfter(wait) => wait <= SOON,
            Wait::LimitedDoubling => false,
            _ => !matches!(self.fault, Fault::Unresolved),
        }
    }

    /// How many polls are to fail before the fault is healed.
    pub(super) fn failures_wanted(&self) -> u64 {
        match self.wait {
            Wait::Interval if self.balance == Balance::KeptThenReplaced => 1,
            Wait::Interval | Wait::Backoff | Wait::LimitedDoubling => 2,
            Wait::Limited(wait) | Wait::BackoffAfter(wait) if wait <= SOON => 2,
            Wait::Limited(_) | Wait::BackoffAfter(_) | Wait::Slow => 1,
            Wait::SlowFromTheThird => 3,
        }
    }
}
