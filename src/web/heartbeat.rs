//! Proof that the server is alive: each loop that accepts connections answers, and the thread that writes the metrics.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Site;

/// Somebody who waits for a sign of life.
pub(super) type Listener = oneshot::Sender<()>;

/// Where signs of life of a server are asked for.
pub struct Heartbeat {
    accepting: Vec<mpsc::Sender<Listener>>,
    site: Arc<Site>,
}

impl Heartbeat {
    pub(super) const fn new(accepting: Vec<mpsc::Sender<Listener>>, site: Arc<Site>) -> Self {
        Self { accepting, site }
    }

    /// Waits for a sign of life of everything that serves, for as long as it takes. False where something has ended.
    pub async fn is_felt(&self) -> bool {
        for accepting in &self.accepting {
            let (listener, answer) = oneshot::channel();
            if accepting.send(listener).await.is_err() || answer.await.is_err() {
                return false;
            }
        }
        self.site.writer.is_alive().await
    }
}
