//! Rows: the host does not prove who it is, or can't speak TLS. Nothing may be sent to it.

use super::row::{Certificate, Fault, Row, Wait};

/// The beginning of an answer in TLS 1.1: a `ServerHello` of that version that takes `TLS_RSA_WITH_AES_128_CBC_SHA`.
fn server_hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    let mut record = vec![22, 3, 2, 0, 42];
    record.extend(hello);
    record
}

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, fault| Row::new(name, what, fault, "tls", Wait::Interval);
    vec![
        row(
            "expired_certificate",
            "a certificate that has expired, by a trusted authority",
            Fault::Certificate(Certificate::Expired),
        ),
        row(
            "certificate_of_another_host",
            "a certificate for another host, by a trusted authority",
            Fault::Certificate(Certificate::OfAnotherHost),
        ),
        row(
            "untrusted_certificate",
            "a certificate by an authority that nobody trusts",
            Fault::Certificate(Certificate::Untrusted),
        ),
        row("tls_1_1", "a server that speaks TLS 1.1 at most", Fault::Handshake(Some(server_hello_of_tls_1_1()))),
        row(
            "no_tls",
            "a server that answers the handshake in plain HTTP",
            Fault::Handshake(Some(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec())),
        ),
        Row {
            reason: Some("connect"),
            wait: Wait::Backoff,
            ..row(
                "cut_in_the_handshake",
                "the connection ends within the handshake",
                Fault::Handshake(Some(Vec::new())),
            )
        },
        Row {
            reason: Some("timeout"),
            wait: Wait::Backoff,
            ..row(
                "no_handshake",
                "the connection is accepted, and the handshake never answered",
                Fault::Handshake(None),
            )
        }
        .soon_timed_out(),
    ]
}

cells! {
    expired_certificate: all;
    certificate_of_another_host: all;
    untrusted_certificate: all;
    tls_1_1: all;
    no_tls: all;
    cut_in_the_handshake: all;
    no_handshake: all;
}
