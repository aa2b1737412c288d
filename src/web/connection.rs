//! One connection: its handshake, its requests, and its end, which comes in time whatever the client does.
//!
//! Every state a connection can be in has a deadline, in `activity`; a client that dawdles loses its connection. Knows
//! nothing of paths.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use super::Site;
use super::activity::FIRST_BYTE;
use super::body::Parts;
use super::places::Place;
use super::routes::{respond, respond_when_full};
use super::stream::{UnderWay, Watched};
use super::trouble::Wrong;

/// The longest head of a request, in bytes. hyper takes a hundred headers in it.
const MAX_HEAD: u16 = 32 * 1024;
/// Requests under way at once on a connection of HTTP/2.
const MAX_STREAMS: u32 = 16;
/// Requests that a client of HTTP/2 may take back before they were looked at, or that were refused for their faults,
/// before its connection ends: nobody who scrapes does that.
const MAX_RESETS: usize = 16;
/// The largest window a client of HTTP/2 gets for bodies, which nobody reads, and the most of an answer that is put
/// aside for it.
const MAX_WINDOW: u16 = u16::MAX;
/// How often a client of HTTP/2 is asked whether it is still there, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
/// How long after connecting a client is about to ask, and is heard although the server stops: to a scraper, a connection
/// that closes unheard is a failed scrape.
const ABOUT_TO_ASK: Duration = Duration::from_millis(300);

/// How a connection is served.
pub(super) struct Service {
    pub(super) site: Arc<Site>,
    /// Whether there was no place but one of the reserve.
    pub(super) full: bool,
    /// What is wrong with the files TLS needs.
    pub(super) tls_trouble: Arc<Wrong>,
    /// Cancelled where the server stops.
    pub(super) stop: CancellationToken,
}

impl Service {
    /// Serves a client until either side has had enough.
    pub(super) async fn serve(self, stream: TcpStream, place: Place) {
        // Answers are small and awaited; without it they would wait for each other.
        let _ = stream.set_nodelay(true);
        let connected = Instant::now();
        if !self.site.configuration.uses_tls() {
            return self.converse(stream, place, connected, false).await;
        }
        let stopped = async {
            self.stop.cancelled().await;
            sleep_until(connected + ABOUT_TO_ASK).await;
        };
        let handshake = async {
            tokio::select! {
                biased;
                stream = self.shake_hands(stream) => stream,
                () = stopped => None,
                () = place.is_wanted() => None,
            }
        };
        if let Ok(Some(stream)) = timeout(FIRST_BYTE, handshake).await {
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            self.converse(stream, place, connected, http2).await;
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match self.site.configuration.tls().await {
            Ok(tls) => {
                if self.tls_trouble.is_over() {
                    info!("clients can connect again");
                }
                let shaken = TlsAcceptor::from(tls).accept(stream).await;
                shaken.inspect_err(|error| debug!(%error, "no TLS handshake")).ok()
            }
            Err(error) => {
                let problem = error.to_string();
                if self.tls_trouble.is_now(&problem) {
                    error!(problem, "no client can connect");
                }
                None
            }
        }
    }

    /// Talks HTTP with a client, whatever it is connected by.
    pub(super) async fn converse<S>(self, stream: S, place: Place, connected: Instant, http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let progress = place.progress();
        if http2 {
            progress.note(|activity, _| activity.is_http2());
        }
        let stop = self.stop.child_token();
        let asked = Notify::new();
        let service = service_fn(|request: Request<Incoming>| {
            if self.full {
                stop.cancel();
            }
            asked.notify_one();
            let under_way = UnderWay::begin(progress, !request.is_end_stream());
            let (site, full, stop) = (Arc::clone(&self.site), self.full, stop.clone());
            async move {
                let head = request.method() == Method::HEAD;
                let response = if full { respond_when_full(site, request).await } else { respond(site, request).await };
                response.map(|response| {
                    let mut response = if http2 && head { without_body(response) } else { response };
                    if stop.is_cancelled() && !http2 {
                        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    response.map(|body| under_way.answered(body, http2))
                })
            }
        });
        let builder = protocol(http2);
        let mut connection =
            pin!(builder.serve_connection(TokioIo::new(Watched::new(stream, progress.clone())), service));
        let mut overdue = pin!(progress.is_overdue());
        let mut stopping = false;
        let mut stopped = pin!(async {
            stop.cancelled().await;
            // Who has asked before has been heard.
            let _ = timeout_at(connected + ABOUT_TO_ASK, asked.notified()).await;
        });
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    return ended.unwrap_or_else(|error| debug!(%error, "connection ended"));
                }
                () = overdue.as_mut() => debug!("connection ended: the client takes too long"),
                () = place.is_wanted() => {
                    // A request may have come that nobody has looked at yet; the runtime looks before it goes on here.
                    yield_now().await;
                    if poll_fn(|context| Poll::Ready(connection.as_mut().poll(context).is_ready())).await {
                        return;
                    }
                    if place.stays() {
                        continue;
                    }
                    debug!("connection ended: others need its place");
                }
                () = stopped.as_mut(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
            }
            // Where nothing is under way, this tells the client.
            connection.as_mut().graceful_shutdown();
            let _ = poll_fn(|context| Poll::Ready(connection.as_mut().poll(context))).await;
            return;
        }
    }
}

/// HTTP/2, or HTTP/1 alone.
fn protocol(http2: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The deadlines are those of `activity`.
    builder.http1().half_close(true).max_buf_size(MAX_HEAD.into()).header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD.into())
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .initial_stream_window_size(u32::from(MAX_WINDOW))
        .initial_connection_window_size(u32::from(MAX_WINDOW))
        .max_send_buf_size(MAX_WINDOW.into())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    if http2 { builder.http2_only() } else { builder.http1_only() }
}

/// The answer to HEAD, whose body hyper leaves out of HTTP/1 only.
fn without_body(response: Response<Parts>) -> Response<Parts> {
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| Parts::default());
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}
