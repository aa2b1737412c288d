//! The hosts of the matrix: each cell has one, answers well or makes its fault, and keeps what it is sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answers::{Asked, good};
use super::certificates::Certificates;
use super::row::{Api, Fault, Row, Sending};
use crate::platform::{Request, read};

/// How the hosts behave at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Healthy,
    Faulty,
    Healed,
}

/// What a host or proxy was sent: a request, or the bytes of a handshake.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) phase: Phase,
    pub(super) text: String,
}

/// What all hosts of a run share.
#[derive(Clone)]
pub(super) struct World {
    pub(super) phase: watch::Receiver<Phase>,
    pub(super) certificates: Arc<Certificates>,
    /// The address of the host that redirects lead to.
    pub(super) elsewhere: Arc<str>,
}

/// A row and an API, and the balances that belong to them.
#[derive(Clone)]
pub(super) struct Cell {
    pub(super) row: Row,
    pub(super) api: Api,
    pub(super) seed: usize,
}

impl Cell {
    /// The good balance of a gateway's query, in minor units; no other query has it.
    pub(super) fn amount(&self, gateway: u64) -> i64 {
        let seed = i64::try_from(self.seed).expect("small");
        100_000 + 1_000 * seed + i64::try_from(gateway).expect("small")
    }
}

/// The host of a cell.
#[derive(Clone)]
pub(super) struct Host {
    cell: Arc<Cell>,
    world: World,
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    faulty: Arc<AtomicUsize>,
}

impl Host {
    /// Takes a port of its own and answers there.
    pub(super) fn start(cell: Cell, world: &World) -> Self {
        // Bound for good but never listening: while nobody else listens, the port is refused and still nobody else's.
        let reserved = reusable();
        reserved.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let port = reserved.local_addr().expect("an address").port();
        let host =
            Self { cell: Arc::new(cell), world: world.clone(), port, heard: Arc::default(), faulty: Arc::default() };
        let serving = host.clone();
        tokio::spawn(async move {
            serving.listen().await;
            drop(reserved);
        });
        host
    }

    pub(super) fn url(&self) -> String {
        match self.cell.row.fault {
            // Each its own, so that none is taken for another's host.
            Fault::Unresolved => format!("https://{}.invalid", self.cell.api.name().replace('_', "-")),
            _ if self.cell.row.fault.speaks_tls() => format!("https://localhost:{}", self.port),
            _ => format!("http://127.0.0.1:{}", self.port),
        }
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }

    fn phase(&self) -> Phase {
        *self.world.phase.borrow()
    }

    fn note(&self, phase: Phase, text: String) {
        self.heard.lock().expect("not poisoned").push(Heard { phase, text });
    }

    async fn listen(&self) {
        let mut phase = self.world.phase.clone();
        let closes = matches!(self.cell.row.fault, Fault::Closed);
        loop {
            let socket = reusable();
            socket.bind(([127, 0, 0, 1], self.port).into()).expect("the port is reserved");
            let listener = socket.listen(128).expect("the port is reserved");
            let accepting = async {
                // Connections that are open when the host closes end with it.
                let mut connections = JoinSet::new();
                loop {
                    tokio::select! {
                        Ok((stream, _)) = listener.accept() => {
                            connections.spawn(self.clone().connected(stream));
                        }
                        Some(_) = connections.join_next() => {}
                    }
                }
            };
            tokio::select! {
                () = accepting => {}
                Ok(_) = phase.wait_for(|phase| closes && *phase == Phase::Faulty) => {}
            }
            drop(listener);
            if phase.wait_for(|phase| *phase == Phase::Healed).await.is_err() {
                return;
            }
        }
    }

    async fn connected(self, mut stream: TcpStream) {
        let phase = self.phase();
        if !self.cell.row.fault.speaks_tls() {
            return self.serve(stream, None).await;
        }
        let bad = match &self.cell.row.fault {
            Fault::Handshake(bytes) if phase == Phase::Faulty => {
                let mut hello = Vec::new();
                let _ = stream.read_buf(&mut hello).await;
                if let Some(bytes) = bytes {
                    let _ = stream.write_all(bytes).await;
                    let _ = stream.shutdown().await;
                }
                let _ = stream.read_to_end(&mut hello).await;
                return self.note(phase, String::from_utf8_lossy(&hello).into_owned());
            }
            Fault::Certificate(bad) if phase == Phase::Faulty => Some(*bad),
            _ => None,
        };
        if let Ok(stream) = self.world.certificates.acceptor(bad).accept(stream).await {
            self.serve(stream, Some(phase)).await;
        }
    }

    /// Answers the requests of a connection; over TLS but one, and it belongs to the phase of its handshake.
    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin, handshake: Option<Phase>) {
        while let Some(request) = read(&mut stream).await {
            let phase = handshake.unwrap_or_else(|| self.phase());
            self.note(phase, format!("{}{}", request.head, request.body));
            let (api, gateway) = (self.cell.api, gateway(&request));
            match &self.cell.row.fault {
                Fault::Answer(answer) if phase == Phase::Faulty && gateway == api.gateway() => {
                    let elsewhere = format!("{}/{}/{}", self.world.elsewhere, self.cell.row.name, api.name());
                    let asked = Asked {
                        api,
                        nth: self.faulty.fetch_add(1, Ordering::Relaxed),
                        seed: self.cell.seed,
                        amount: self.cell.amount(gateway),
                        request: &request,
                        elsewhere: &elsewhere,
                    };
                    return send(&mut stream, answer(&asked)).await;
                }
                _ => {
                    let body = good(api, gateway, self.cell.amount(gateway)).to_string();
                    let end = if handshake.is_some() { "connection: close\r\n" } else { "" };
                    let head = format!("HTTP/1.1 200 OK\r\n{end}content-length: {}\r\n\r\n", body.len());
                    if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() || handshake.is_some() {
                        let _ = stream.shutdown().await;
                        return;
                    }
                }
            }
        }
    }
}

fn reusable() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_reuseport(true).expect("Linux has it");
    socket
}

/// The gateway that a request of any API asks about.
fn gateway(request: &Request) -> u64 {
    let of = |text: &str| {
        let digits: String =
            text.trim_start_matches(['"', ':', '=']).chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let whole = format!("{}{}", request.line(), request.body);
    whole.split_once("gateway_id").and_then(|(_, rest)| of(rest)).expect("every request names its gateway")
}

async fn send(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), sending: Sending) {
    match sending {
        Sending::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Sending::Slowly(bytes) => {
            for byte in bytes {
                if stream.write_all(&[byte]).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Sending::Nothing => {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}

/// The proxy of a row's brand.
#[derive(Clone)]
pub(super) struct Proxy {
    row: Row,
    world: World,
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Proxy {
    pub(super) async fn start(row: Row, world: &World) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Self { row, world: world.clone(), port, heard: Arc::default() };
        let serving = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().connected(stream));
            }
        });
        proxy
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("not poisoned").clone()
    }

    async fn connected(self, mut stream: TcpStream) {
        let phase = *self.world.phase.borrow();
        let Some(request) = read(&mut stream).await else { return };
        self.heard.lock().expect("not poisoned").push(Heard { phase, text: request.head.clone() });
        match &self.row.fault {
            Fault::Proxy(answer) if phase == Phase::Faulty => {
                let (api, elsewhere) = (Api::GatewayBalance, "");
                let asked = Asked { api, nth: 0, seed: 0, amount: 0, request: &request, elsewhere };
                send(&mut stream, Sending::Bytes(answer(&asked))).await;
            }
            _ => {
                let port = request.line().split([' ', ':']).nth(2).and_then(|port| port.parse().ok());
                let port: u16 = port.expect("CONNECT localhost:port");
                let mut host = TcpStream::connect(("127.0.0.1", port)).await.expect("the host listens");
                let _ = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut host).await;
            }
        }
    }
}

/// A host that must never be asked: its address, and how many connections it got.
pub(super) async fn elsewhere() -> (Arc<str>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    (url.into(), connections)
}
