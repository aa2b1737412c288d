//! A road to the simulator that can be blocked, as a host whose service or whose network is gone.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Whether requests get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    /// Nobody listens; connections that were there are closed.
    Refusing,
    /// Connections are taken and nothing is ever answered.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Road {
    pub(crate) url: String,
    state: watch::Sender<State>,
}

impl Road {
    /// A road to that address.
    pub(crate) async fn to(simulator: SocketAddr) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let road = Arc::new(Self { url: format!("http://{address}"), state: watch::channel(State::Open).0 });
        tokio::spawn(Arc::clone(&road).run(listener, simulator));
        road
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    async fn run(self: Arc<Self>, listener: TcpListener, simulator: SocketAddr) {
        let address = listener.local_addr().expect("an address");
        let mut listener = Some(listener);
        let mut state = self.state.subscribe();
        loop {
            let now = *state.borrow_and_update();
            if now == State::Refusing {
                listener = None;
                state.changed().await.expect("the road is there");
                continue;
            }
            // The port was this process's a moment ago; another may have taken it for a connection of its own.
            let listening = match listener.take() {
                Some(listening) => listening,
                None => loop {
                    if let Ok(listening) = TcpListener::bind(address).await {
                        break listening;
                    }
                    tokio::task::yield_now().await;
                },
            };
            // Dropping the set closes its connections.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    _ = state.changed() => break,
                    Some(_) = connections.join_next() => {}
                    Ok((stream, _)) = listening.accept() => {
                        connections.spawn(carry(stream, simulator, now));
                    }
                }
            }
            listener = Some(listening);
        }
    }
}

async fn carry(mut stream: TcpStream, simulator: SocketAddr, state: State) {
    if state == State::Silent {
        return std::future::pending().await;
    }
    if let Ok(mut onward) = TcpStream::connect(simulator).await {
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
    }
}
