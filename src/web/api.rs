//! The state of the queries as JSON: what the status page shows, for programs.

use crate::domain::moment::Moment;
use crate::store::{QueryState, Snapshot};

/// All queries, or those of a shop.
pub(super) fn queries(_snapshot: &Snapshot, _now: Moment, _shop: Option<&str>) -> serde_json::Value {
    serde_json::Value::Null
}

/// One query.
pub(super) fn query(_state: &QueryState, _now: Moment) -> serde_json::Value {
    serde_json::Value::Null
}
