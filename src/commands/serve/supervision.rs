//! What systemd is told while the exporter runs: how many queries are up, and that it is alive, as long as it is.
//!
//! It is alive where the poll loop, every loop that accepts connections and the thread that writes the metrics answer. A
//! process of which one stands still looks well from outside, and publishes nothing new or nothing at all.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tracing::{error, trace};

use crate::commands::platform::Platform;
use crate::poll::Order;
use crate::store::Store;
use crate::systemd::Notifier;
use crate::web::Heartbeat;

/// How often systemd is told, at least.
const PERIOD: Duration = Duration::from_secs(2);
/// How many times it is told within the time after which systemd ends a process that tells nothing.
const SIGNS_IN_TIME: u32 = 3;

/// Who keeps systemd told.
pub(super) struct Supervision {
    pub(super) notifier: Notifier,
    pub(super) store: Arc<Store>,
    pub(super) orders: mpsc::Sender<Order<Platform>>,
    pub(super) heartbeat: Heartbeat,
}

impl Supervision {
    /// Tells systemd for as long as it is polled, if systemd wants to be told.
    pub(super) async fn run(self) {
        if !self.notifier.is_wanted() {
            return;
        }
        let watchdog = self.notifier.watchdog();
        let period = watchdog.map_or(PERIOD, |watchdog| PERIOD.min(watchdog / SIGNS_IN_TIME));
        loop {
            if let Some(watchdog) = watchdog
                && self.is_alive(watchdog / SIGNS_IN_TIME).await
            {
                self.notifier.alive().await;
            }
            // Each time: what systemd shows may be of a reload that others have told of since.
            self.notifier.status(&status(&self.store)).await;
            sleep(period).await;
        }
    }

    /// Whether everything that has to be alive says so within that time.
    async fn is_alive(&self, within: Duration) -> bool {
        let (polls, serves) =
            tokio::join!(timeout(within, self.poll_loop_answers()), timeout(within, self.heartbeat.is_felt()));
        let (polls, serves) = (polls.unwrap_or(false), serves.unwrap_or(false));
        trace!(polls, serves, "signs of life");
        if !(polls && serves) {
            error!(polls, serves, "no sign of life; if that lasts, systemd ends the exporter and starts it anew");
        }
        polls && serves
    }

    async fn poll_loop_answers(&self) -> bool {
        let (asking, answer) = oneshot::channel();
        self.orders.send(Order::Answer(asking)).await.is_ok() && answer.await.is_ok()
    }
}

/// The line that `systemctl status` shows.
pub(super) fn status(store: &Store) -> String {
    let (up, queries) = store.queries_up();
    let reload = if store.has_failed_to_reload() { "; the last reload failed" } else { "" };
    format!("{up} of {queries} queries up{reload}")
}

#[cfg(test)]
mod tests;
