//! The signals that the exporter heeds: SIGHUP reloads, SIGTERM and SIGINT end it.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, each kept from the moment this is made.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) hangup: Signal,
    pub(super) end: EndSignals,
}

/// Those that end the exporter.
#[derive(Debug)]
pub(super) struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        let end =
            EndSignals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        Ok(Self { hangup: signal(SignalKind::hangup())?, end })
    }
}

impl EndSignals {
    /// Waits for any of them.
    pub(super) async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
