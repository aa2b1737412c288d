//! Telling systemd how the exporter is: ready, reloading, alive, at its end.
//!
//! The protocol is that of `sd_notify(3)`. Without `NOTIFY_SOCKET` nobody wants to know, and nothing is sent.

use std::time::Duration;
use std::{env, io};

use sd_notify::NotifyState;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::{debug, warn};

/// How long systemd may take to take what it is told. One that stands still must hold up neither a reload nor the end.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who tells systemd, if it wants to be told.
#[derive(Clone, Copy, Debug)]
pub struct Notifier {
    wanted: bool,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As systemd has asked for it in the process's environment.
    pub fn of_process() -> Self {
        let wanted = env::var_os("NOTIFY_SOCKET").is_some();
        Self { wanted, watchdog: sd_notify::watchdog_enabled().filter(|_| wanted) }
    }

    /// Whether anybody wants to be told.
    pub const fn is_wanted(self) -> bool {
        self.wanted
    }

    /// After how long without a sign of life systemd ends the process, if it does.
    pub const fn watchdog(self) -> Option<Duration> {
        self.watchdog
    }

    /// The sockets are bound and a configuration is in use, at the start or after a reload; and the status.
    pub async fn ready(self, status: &str) {
        self.tell(format!("{}\n{}", NotifyState::Ready, NotifyState::Status(status))).await;
    }

    /// The configuration is read again, until the next `ready`.
    pub async fn reloading(self) {
        // The moment tells systemd which of several reloads this is.
        let moment = NotifyState::monotonic_usec_now().map(|moment| format!("\n{moment}")).unwrap_or_default();
        self.tell(format!("{}{moment}", NotifyState::Reloading)).await;
    }

    /// The exporter is alive.
    pub async fn alive(self) {
        self.tell(NotifyState::Watchdog.to_string()).await;
    }

    /// The line that `systemctl status` shows.
    pub async fn status(self, status: &str) {
        self.tell(NotifyState::Status(status).to_string()).await;
    }

    /// The exporter ends.
    pub async fn stopping(self) {
        self.tell(NotifyState::Stopping.to_string()).await;
    }

    async fn tell(self, message: String) {
        if !self.wanted {
            return;
        }
        debug!(told = message, "telling systemd");
        let send = move || sd_notify::notify(&[NotifyState::Custom(&message)]);
        let sent = match timeout(PATIENCE, spawn_blocking(send)).await {
            Ok(sent) => sent.unwrap_or_else(|error| Err(io::Error::other(error))),
            Err(late) => Err(late.into()),
        };
        if let Err(error) = sent {
            warn!(%error, "systemd can't be told how the exporter is");
        }
    }
}
