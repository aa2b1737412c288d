//! Accepting connections: whoever comes gets a place, or a word of refusal. No error ends it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Site;
use super::connection::Service;
use super::heartbeat::Listener;
use super::places::{Place, Places};
use super::trouble::{Trouble, Wrong};

/// Connections at once, where the process may open files enough.
const MAX_CONNECTIONS: usize = 512;
/// Connections take one of so many descriptors at most. The others are for polls.
const SHARE_OF_DESCRIPTORS: u64 = 4;
/// For how many connections there is one more, for those who find no place.
const RESERVE_OF: usize = 32;
/// How long accepting pauses when the process has no descriptor or memory left for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Where connections are let in, all listeners of a server together.
pub(super) struct Entrance {
    site: Arc<Site>,
    places: Arc<Places>,
    /// For those who come while each place has a request under way.
    reserve: Arc<Places>,
    full: Trouble,
    accepting: Trouble,
    tls: Arc<Wrong>,
    stop: CancellationToken,
}

impl Entrance {
    /// An entrance to that site until stopped.
    pub(super) fn new(site: Arc<Site>, stop: CancellationToken) -> Self {
        let number = connections(getrlimit(Resource::Nofile).current);
        let reserve = Places::new((number / RESERVE_OF).max(2));
        let (full, accepting, tls) = (Trouble::default(), Trouble::default(), Arc::default());
        Self { site, places: Places::new(number), reserve, full, accepting, tls, stop }
    }

    /// Accepts connections until stopped, and gives those that have not ended.
    pub(super) async fn accept(
        self: Arc<Self>,
        listener: TcpListener,
        mut heartbeat: mpsc::Receiver<Listener>,
    ) -> JoinSet<()> {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return connections,
                Some(_) = connections.join_next() => continue,
                Some(asking) = heartbeat.recv() => {
                    // Who asked may not wait any more.
                    let _ = asking.send(());
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    if self.accepting.is_over() {
                        info!("connections are accepted again");
                    }
                    if let Some((place, full)) = self.stop.run_until_cancelled(self.place()).await.flatten() {
                        connections.spawn(self.service(full).serve(stream, place));
                    }
                }
                Err(error) if is_of_connection(&error) => debug!(%error, "connection lost before it was accepted"),
                Err(error) => {
                    if self.accepting.happens() {
                        warn!(%error, "can't accept connections for now");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// A place, and whether it is one of the reserve. None where not even that has one.
    async fn place(&self) -> Option<(Place, bool)> {
        if !self.places.are_taken() {
            if self.full.is_over() {
                info!("there is room for more connections again");
            }
        } else if self.full.happens() {
            warn!("no room for more connections; those that were unused longest are closed");
        }
        if let Some(place) = self.places.take().await {
            return Some((place, false));
        }
        let place = self.reserve.take().await;
        if place.is_none() {
            debug!("connection refused: no room");
        }
        place.map(|place| (place, true))
    }

    fn service(&self, full: bool) -> Service {
        Service { site: Arc::clone(&self.site), full, tls_trouble: Arc::clone(&self.tls), stop: self.stop.clone() }
    }
}

/// How many connections there may be in a process that may open so many files.
fn connections(descriptors: Option<u64>) -> usize {
    let share = descriptors.and_then(|number| usize::try_from(number / SHARE_OF_DESCRIPTORS).ok());
    share.unwrap_or(MAX_CONNECTIONS).clamp(2, MAX_CONNECTIONS)
}

/// Whether the error is of the connection that was to be accepted, and the next one may be fine. Linux tells network
/// errors of the new connection here too.
fn is_of_connection(error: &io::Error) -> bool {
    const OF_CONNECTION: [Errno; 10] = [
        Errno::CONNABORTED,
        Errno::CONNRESET,
        Errno::CONNREFUSED,
        Errno::INTR,
        Errno::TIMEDOUT,
        Errno::PROTO,
        Errno::NETDOWN,
        Errno::NETUNREACH,
        Errno::HOSTDOWN,
        Errno::HOSTUNREACH,
    ];
    Errno::from_io_error(error).is_some_and(|errno| OF_CONNECTION.contains(&errno))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_polls() {
        for (descriptors, number) in
            [(None, 512), (Some(1 << 20), 512), (Some(1024), 256), (Some(48), 12), (Some(4), 2)]
        {
            assert_eq!(connections(descriptors), number, "{descriptors:?}");
        }
    }

    #[test]
    fn an_error_of_one_connection_does_not_pause_the_others() {
        for errno in [Errno::CONNABORTED, Errno::PROTO, Errno::NETDOWN, Errno::HOSTUNREACH] {
            assert!(is_of_connection(&errno.into()), "{errno}");
        }
    }

    #[test]
    fn accepting_pauses_where_descriptors_or_memory_are_gone_and_where_nobody_knows() {
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::INVAL, Errno::PERM] {
            assert!(!is_of_connection(&errno.into()), "{errno}");
        }
        assert!(!is_of_connection(&io::Error::other("unknown")));
    }
}
