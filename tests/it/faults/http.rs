//! Rows: what comes is no HTTP, or too much of it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::answers::{head, http, ok, poisoned};
use super::row::{Api, Row, Sending, Wait};

/// More than is read of a body, in bytes.
const TOO_LARGE: usize = 1024 * 1024 + 1;
/// More than is read of headers.
const TOO_LARGE_HEADERS: usize = 64 * 1024 + 1;

/// A good answer with so many spaces behind it that it is too large.
fn padded(api: Api, length: usize) -> Vec<u8> {
    let mut body = poisoned(api);
    body.resize(length.max(body.len()), b' ');
    body
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory");
    encoder.finish().expect("memory")
}

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, answer: fn(Api) -> Sending| {
        let answer = move |asked: &super::answers::Asked<'_>| answer(asked.api);
        Row::answered(name, what, answer, "malformed_response", Wait::Interval)
    };
    vec![
        row("no_http", "another protocol answers", |_| Sending::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".repeat(4))),
        row("no_http_in_the_body", "a chunk of the body has no length", |api| {
            let mut bytes = head(200, &[("transfer-encoding", "chunked")]);
            bytes.extend([b"many\r\n", poisoned(api).as_slice(), b"\r\n0\r\n\r\n"].concat());
            Sending::Bytes(bytes)
        }),
        row("headers_too_large", "a good answer with 64 KiB of headers", |api| {
            Sending::Bytes(http(200, &[("x-large", &"x".repeat(TOO_LARGE_HEADERS))], &poisoned(api)))
        }),
        row("headers_too_many", "a good answer with 1,000 headers", |api| {
            Sending::Bytes(http(200, &[("x-many", "x"); 1000], &poisoned(api)))
        }),
        row("body_too_large", "a good answer with more than 1 MiB of body", |api| ok(&padded(api, TOO_LARGE))),
        {
            let bombs = Api::ALL.map(|api| compressed(&padded(api, 4 * TOO_LARGE)));
            assert!(bombs.iter().all(|bomb| bomb.len() < TOO_LARGE / 16), "small on the wire");
            let answer = move |asked: &super::answers::Asked<'_>| {
                let at = Api::ALL.iter().position(|api| *api == asked.api).expect("one of them");
                Sending::Bytes(http(200, &[("content-encoding", "gzip")], &bombs[at]))
            };
            let what = "a good answer of some KiB that unpacks to 4 MiB";
            Row::answered("gzip_bomb", what, answer, "malformed_response", Wait::Interval)
        },
        row("no_gzip", "a good answer that says it is gzip and is not", |api| {
            Sending::Bytes(http(200, &[("content-encoding", "gzip")], &poisoned(api)))
        }),
        row("gzip_cut_short", "a good answer in gzip whose end is missing", |api| {
            let body = compressed(&poisoned(api));
            Sending::Bytes(http(200, &[("content-encoding", "gzip")], &body[..body.len() - 12]))
        }),
    ]
}

cells! {
    no_http: all;
    no_http_in_the_body: all;
    headers_too_large: all;
    headers_too_many: all;
    body_too_large: all;
    gzip_bomb: all;
    no_gzip: all;
    gzip_cut_short: all;
}
