//! The client that scrapes all sides alike: HTTP/1.1 over one connection that is kept.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT_ENCODING, HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A connection that asks one request after the other.
#[derive(Debug)]
pub(crate) struct Scraper {
    sender: SendRequest<Empty<Bytes>>,
    connection: JoinHandle<()>,
    host: String,
}

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// From the request to the last byte.
    pub(crate) took: Duration,
    pub(crate) length: usize,
    /// Whether it came as gzip.
    pub(crate) gzip: bool,
}

impl Scraper {
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("no connection to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // What ends the connection is told to who sends.
        let connection = tokio::spawn(async move { drop(connection.await) });
        Ok(Self { sender, connection, host: address.to_string() })
    }

    /// Asks and counts what comes.
    pub(crate) async fn get(&mut self, path: &str, gzip: bool) -> anyhow::Result<Answer> {
        self.take(path, gzip, |_| ()).await
    }

    /// Asks and keeps what comes.
    pub(crate) async fn read(&mut self, path: &str, gzip: bool) -> anyhow::Result<(Answer, Vec<u8>)> {
        let mut body = Vec::new();
        let answer = self.take(path, gzip, |data| body.extend_from_slice(data)).await?;
        ensure!(answer.status == 200, "{path} was answered with {}", answer.status);
        Ok((answer, body))
    }

    async fn take(&mut self, path: &str, gzip: bool, mut each: impl FnMut(&[u8])) -> anyhow::Result<Answer> {
        let request = Request::get(path).header(HOST, &self.host);
        let request = if gzip { request.header(ACCEPT_ENCODING, "gzip") } else { request };
        let began = Instant::now();
        let answer = self.sender.send_request(request.body(Empty::new())?).await?;
        let (head, mut body) = answer.into_parts();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            if let Some(data) = frame?.data_ref() {
                length += data.len();
                each(data);
            }
        }
        let gzip = head.headers.get("content-encoding").is_some_and(|coding| coding == "gzip");
        Ok(Answer { status: head.status.as_u16(), took: began.elapsed(), length, gzip })
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
