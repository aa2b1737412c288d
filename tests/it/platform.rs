//! A stand-in for the platform: records every request byte for byte and answers with the bytes it is given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What is answered to a path.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// That status with that JSON body.
    Json(u16, Vec<u8>),
    /// Those bytes, whatever they are; then the connection is closed.
    Bytes(Vec<u8>),
    /// Nothing, ever.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: String,
    /// When its headers were there.
    pub(crate) at: Instant,
}

impl Request {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// A header's value, by its name in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (header, value) = line.split_once(':')?;
            header.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server on this machine's loopback.
#[derive(Clone)]
pub(crate) struct Platform {
    pub(crate) url: String,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    /// The same at that address.
    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let platform = Self { url, replies: Arc::default(), requests: Arc::default() };
        let serving = platform.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        platform
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(tls: TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let platform = Self { url, replies: Arc::default(), requests: Arc::default() };
        let serving = platform.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (serving, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = tls.accept(stream).await {
                        serving.serve(stream).await;
                    }
                });
            }
        });
        platform
    }

    /// Answers requests whose target begins so with that; the longest beginning counts.
    pub(crate) fn reply(&self, target: &str, reply: Reply) {
        self.replies.lock().expect("not poisoned").insert(target.to_owned(), reply);
    }

    pub(crate) fn json(&self, target: &str, body: &[u8]) {
        self.reply(target, Reply::Json(200, body.to_vec()));
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("not poisoned").clone()
    }

    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        while let Some(request) = read(&mut stream).await {
            let target = request.line().split(' ').nth(1).unwrap_or_default().to_owned();
            self.requests.lock().expect("not poisoned").push(request);
            let reply = {
                let replies = self.replies.lock().expect("not poisoned");
                let found = replies.iter().filter(|(path, _)| target.starts_with(*path));
                found.max_by_key(|(path, _)| path.len()).map(|(_, reply)| reply.clone())
            };
            match reply.unwrap_or_else(|| Reply::Json(404, br#"{"message": "Not found."}"#.to_vec())) {
                Reply::Json(status, body) => {
                    let head = format!(
                        "HTTP/1.1 {status} Whatever\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    if stream.write_all(&[head.as_bytes(), &body].concat()).await.is_err() {
                        return;
                    }
                }
                Reply::Bytes(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    return;
                }
                Reply::Silence => std::future::pending().await,
            }
        }
    }
}

/// The next request of a connection.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).expect("headers are ASCII here");
    let mut request = Request { head, body: String::new(), at: Instant::now() };
    let length: usize = request.header("content-length").map_or(0, |length| length.parse().expect("a length"));
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    request.body = String::from_utf8(bytes[head_end..].to_vec()).expect("bodies are UTF-8 here");
    Some(request)
}
