//! Asking one query now because somebody wants to know: what came of it, or why it has to wait.

use std::time::Duration;

use super::failure::Failure;

/// What came of a poll that somebody asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// From sending to the end.
    pub duration: Duration,
}

/// Why a query is not asked though somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// The configuration has no such query.
    #[error("the configuration has no query of that name in a shop of that name")]
    Unknown,
    /// It was asked only just now.
    #[error("the query was asked less than 5 seconds before; ask again in {}", seconds(*.0))]
    JustAsked(Duration),
    /// The host has asked for fewer requests.
    #[error("the host has asked for fewer requests; ask again in {}", seconds(*.0))]
    Limited(Duration),
    /// Nobody gets through to the host, and another query probes it.
    #[error("the host can't be reached, and another query probes it; ask again in {}", seconds(*.0))]
    Unreachable(Duration),
    /// Another configuration has taken its place meanwhile, or the exporter ends.
    #[error("the configuration was replaced, or the exporter stops; ask again")]
    Dropped,
}

impl NotAsked {
    /// How long to wait before asking again, where that is known.
    pub const fn wait(self) -> Option<Duration> {
        match self {
            Self::JustAsked(wait) | Self::Limited(wait) | Self::Unreachable(wait) => Some(wait),
            Self::Unknown | Self::Dropped => None,
        }
    }
}

/// Whole seconds, the next ones.
fn seconds(wait: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(whole_seconds(wait)))
}

/// Whole seconds, and one more where there is a rest.
pub const fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + if wait.subsec_nanos() > 0 { 1 } else { 0 }
}
