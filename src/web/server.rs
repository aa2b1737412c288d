//! Listening, accepting and serving connections, and ending them in time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Site;
use super::routes::respond;

/// How long a connection may take to send its next request's headers: longer than from one scrape to the next, and not
/// for ever, so that port scanners do not hold connections open.
const HEADER_TIMEOUT: Duration = Duration::from_mins(2);
/// How long answers under way may take once the server is to stop.
const DRAIN: Duration = Duration::from_millis(500);
/// How long accepting pauses when the process has no descriptor or memory left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that has its addresses and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
}

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {source}; name a free address of this machine with --web.listen-address")]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

impl Server {
    /// Takes the addresses. A port 0 becomes a free one.
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let mut server = Self { listeners: Vec::new(), addresses: Vec::new() };
        for &address in addresses {
            let failed = |source| BindError { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            server.addresses.push(listener.local_addr().map_err(failed)?);
            server.listeners.push(listener);
        }
        Ok(server)
    }

    /// The addresses it listens on.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves the site until stopped; answers under way are then given a moment.
    pub async fn serve(self, site: Arc<Site>, stop: CancellationToken) {
        let graceful = Arc::new(GracefulShutdown::new());
        let mut accepting = JoinSet::new();
        for listener in self.listeners {
            accepting.spawn(accept(listener, Arc::clone(&site), Arc::clone(&graceful), stop.clone()));
        }
        // Each returns its connections when it stops accepting.
        let connections = accepting.join_all().await;
        if let Some(graceful) = Arc::into_inner(graceful)
            && tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err()
        {
            debug!("connections that did not end in time are dropped");
        }
        drop(connections);
    }
}

/// Accepts connections until stopped. No error ends it: each is of one connection, or of a moment without descriptors.
async fn accept(
    listener: TcpListener,
    site: Arc<Site>,
    graceful: Arc<GracefulShutdown>,
    stop: CancellationToken,
) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return connections,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&site), graceful.watcher()));
            }
            Err(error) if is_of_connection(&error) => debug!(%error, "connection lost before it was accepted"),
            Err(error) => {
                warn!(%error, "can't accept connections for now");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the error is of the connection that was to be accepted, and the next one may be fine.
fn is_of_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn connection(stream: TcpStream, site: Arc<Site>, watcher: Watcher) {
    let service = service_fn(move |request| respond(Arc::clone(&site), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        debug!(%error, "connection ended");
    }
}
