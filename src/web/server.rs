//! Listening, and serving until stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use tokio::net::TcpSocket;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Site;
use super::accept::Entrance;
use super::heartbeat::{Heartbeat, Listener};

/// How long answers under way may take once the server is to stop.
const DRAIN: Duration = Duration::from_millis(500);

/// How many connections may wait to be accepted, if the system allows it. Those beyond would try again a second later.
const BACKLOG: u32 = 4096;

/// A server that has its addresses and does not serve yet.
#[derive(Debug, Default)]
pub struct Server {
    /// Each with where its loop is asked for a sign of life.
    listeners: Vec<(TcpListener, mpsc::Receiver<Listener>)>,
    accepting: Vec<mpsc::Sender<Listener>>,
    addresses: Vec<SocketAddr>,
}

/// An address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {source}; name a free address of this machine with --web.listen-address")]
pub struct BindError {
    address: SocketAddr,
    source: io::Error,
}

impl Server {
    /// Takes the addresses. A port 0 becomes a free one.
    #[expect(clippy::unused_async, reason = "listening needs the runtime")]
    pub async fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        let mut server = Self::default();
        for &address in addresses {
            let listening = listen(address);
            let listening = listening.or_else(|error| instead(address, &error).map_or(Err(error), listen));
            listening.and_then(|listener| server.add(listener)).map_err(|source| BindError { address, source })?;
        }
        Ok(server)
    }

    /// Takes sockets that listen already and do not block.
    pub fn of(sockets: Vec<TcpListener>) -> io::Result<Self> {
        let mut server = Self::default();
        for socket in sockets {
            server.add(socket)?;
        }
        Ok(server)
    }

    fn add(&mut self, listener: TcpListener) -> io::Result<()> {
        self.addresses.push(listener.local_addr()?);
        let (accepting, asked) = mpsc::channel(1);
        self.accepting.push(accepting);
        self.listeners.push((listener, asked));
        Ok(())
    }

    /// The addresses it listens on.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Those of its addresses that others than this machine can reach.
    pub fn exposed(&self) -> impl Iterator<Item = &SocketAddr> {
        self.addresses.iter().filter(|address| !address.ip().to_canonical().is_loopback())
    }

    /// Where signs of life are asked for, once it serves that site.
    pub fn heartbeat(&self, site: &Arc<Site>) -> Heartbeat {
        Heartbeat::new(self.accepting.clone(), Arc::clone(site))
    }

    /// Serves the site until stopped, on a thread of its own: what clients do holds up nobody else, nor needs a thread to
    /// wake another. What is given tells of the end.
    pub fn start(self, site: Arc<Site>, stop: CancellationToken) -> io::Result<oneshot::Receiver<io::Result<()>>> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (ended, end) = oneshot::channel();
        thread::Builder::new().name("web".to_owned()).spawn(move || {
            let outcome = runtime.block_on(self.serve(site, stop));
            runtime.shutdown_background();
            // Who started it may be gone.
            let _ = ended.send(outcome);
        })?;
        Ok(end)
    }

    /// Serves the site until stopped; answers under way are then given a moment.
    pub async fn serve(self, site: Arc<Site>, stop: CancellationToken) -> io::Result<()> {
        let entrance = Arc::new(Entrance::new(site, stop));
        let mut accepting = JoinSet::new();
        for (listener, heartbeat) in self.listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            accepting.spawn(Arc::clone(&entrance).accept(listener, heartbeat));
        }
        // Each returns its connections when it stops accepting. They were told to stop too.
        let mut connections = accepting.join_all().await;
        let ended = async {
            for connections in &mut connections {
                while connections.join_next().await.is_some() {}
            }
        };
        if timeout(DRAIN, ended).await.is_err() {
            debug!("connections that did not end in time are dropped");
        }
        Ok(())
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // An exporter that has just ended may have connections whose end the system still looks after.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// What to listen on instead where all addresses are meant, and the system has none of the newer kind.
fn instead(address: SocketAddr, error: &io::Error) -> Option<SocketAddr> {
    let lacks_ipv6 = Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT);
    let all = address.is_ipv6() && address.ip().is_unspecified();
    (lacks_ipv6 && all).then(|| (Ipv4Addr::UNSPECIFIED, address.port()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_are_the_older_ones_where_there_are_no_others() {
        let lacks = Errno::AFNOSUPPORT.into();
        let all = "[::]:10119".parse().unwrap();
        assert_eq!(instead(all, &lacks), Some("0.0.0.0:10119".parse().unwrap()));
        assert_eq!(instead(all, &Errno::ADDRINUSE.into()), None);
        assert_eq!(instead("[::1]:10119".parse().unwrap(), &lacks), None);
        assert_eq!(instead("0.0.0.0:10119".parse().unwrap(), &lacks), None);
    }
}
