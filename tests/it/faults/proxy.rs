//! Rows: the brand's proxy lets nobody through. It gets its own credentials and never the shop's; the host gets neither.

use std::sync::Arc;

use super::answers::{http, page};
use super::row::{Fault, Row, Wait};

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, status: u16| {
        let answer = move |asked: &super::answers::Asked<'_>| {
            let sent = asked.request.header("proxy-authorization").unwrap_or_default().to_owned();
            let challenge = format!("Basic realm=\"{sent}\"");
            let body = [page(asked), sent.into_bytes()].concat();
            http(status, &[("proxy-authenticate", &challenge), ("content-type", "text/html")], &body)
        };
        Row::new(name, what, Fault::Proxy(Arc::new(answer)), "connect", Wait::Backoff)
    };
    vec![
        row("proxy_refuses", "the proxy answers 407 Proxy Authentication Required", 407),
        row("proxy_reaches_nobody", "the proxy answers 502 Bad Gateway", 502),
    ]
}

cells! {
    proxy_refuses: all;
    proxy_reaches_nobody: all;
}
