//! The rim of the simulator: sockets, the clock, and answers sent whole, late, in part or not at all.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::Request;
use super::reply::{Delivery, Outcome, Reply};
use super::scenario::Scenario;
use super::world::{Moment, World};

/// The largest body taken of a request.
const MAX_REQUEST_BODY: usize = 1024 * 1024;

/// How many connections may wait to be accepted: as many as the system allows at most, unless it is set up otherwise. An
/// exporter that starts opens as many as its limit says at once, and one that found no room would be a second late.
const BACKLOG: u32 = 4096;

/// How long accepting rests when the system has no room for another connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// A simulator bound to its address. Its time has begun.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    local_addr: SocketAddr,
    platform: Arc<Platform>,
}

impl Simulator {
    /// Binds to an address and begins the scenario. Port 0 takes a free port.
    pub fn bind(scenario: Scenario, listen: SocketAddr) -> io::Result<Self> {
        let socket = if listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A simulator that has just ended may have connections whose end the system still looks after.
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        let listener = socket.listen(BACKLOG)?;
        let local_addr = listener.local_addr()?;
        let platform = Platform { began: Instant::now(), world: Mutex::new(World::new(scenario)) };
        Ok(Self { listener, local_addr, platform: Arc::new(platform) })
    }

    /// The address it is bound to.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Answers until stopped; open connections are closed then.
    pub async fn run(self, stop: CancellationToken) {
        let connections = TaskTracker::new();
        // Dropping this future stops its connections too.
        let stop = stop.child_token();
        let _stopped_at_the_end = stop.clone().drop_guard();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let connection = serve(stream, Arc::clone(&self.platform));
                    let stop = stop.clone();
                    connections.spawn(async move { stop.run_until_cancelled(connection).await });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "simulator can't accept a connection");
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = sleep(ACCEPT_REST) => {}
                    }
                }
            }
        }
        connections.close();
        connections.wait().await;
    }
}

/// Whether accepting failed for that connection alone, so that the next may be taken at once.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// The simulated platform and when its time began.
#[derive(Debug)]
struct Platform {
    began: Instant,
    world: Mutex<World>,
}

impl Platform {
    fn answer(&self, request: &Request<'_>) -> Outcome {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.answer(request, Moment { elapsed: self.began.elapsed(), wall: SystemTime::now() })
    }
}

async fn serve(stream: TcpStream, platform: Arc<Platform>) {
    // Answers are small and awaited; without it they would wait for each other.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| respond(Arc::clone(&platform), request));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::trace!(%error, "a connection to the simulator ended");
    }
}

/// Answers a request, or ends its connection with an error.
async fn respond(platform: Arc<Platform>, request: hyper::Request<Incoming>) -> Result<Response<Sent>, Cut> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_REQUEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let refusal = Reply::message(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
            return Ok(response(refusal, false));
        }
        Err(_) => return Err(Cut),
    };
    let Outcome { delay, delivery } = platform.answer(&Request {
        method: &head.method,
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &head.headers,
        body: &body,
    });
    if !delay.is_zero() {
        sleep(delay).await;
    }
    match delivery {
        Delivery::Whole(reply) => Ok(response(reply, false)),
        Delivery::CutInBody(reply) => Ok(response(reply, true)),
        Delivery::Cut => Err(Cut),
        Delivery::Hang => match pending::<Infallible>().await {},
    }
}

fn response(reply: Reply, cut: bool) -> Response<Sent> {
    let mut response = Response::new(Sent::new(reply.body, cut));
    *response.status_mut() = reply.status;
    response.headers_mut().insert(CONTENT_TYPE, reply.content_type);
    response.headers_mut().extend(reply.headers);
    response
}

/// The connection ends here.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault of the scenario")]
struct Cut;

/// A body that arrives whole, or promises more than arrives.
struct Sent {
    promised: u64,
    rest: Option<Bytes>,
    end: End,
}

enum End {
    Whole,
    /// What was written is sent before the connection is cut.
    Flush,
    Cut,
}

impl Sent {
    fn new(mut body: Bytes, cut: bool) -> Self {
        let promised = body.len() as u64;
        if cut {
            body.truncate(body.len() / 2);
        }
        let rest = Some(body).filter(|body| !body.is_empty());
        Self { promised, rest, end: if cut { End::Flush } else { End::Whole } }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(rest) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flush => {
                self.end = End::Cut;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Cut => Poll::Ready(Some(Err(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && matches!(self.end, End::Whole)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
