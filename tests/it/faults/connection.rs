//! Rows: the connection is not there, comes too slowly, or ends too early.

use super::answers::{http, poisoned};
use super::row::{Fault, Row, Sending, Sibling, Wait};

pub(super) fn rows() -> Vec<Row> {
    let cut = |name, what, cut: fn(Vec<u8>) -> Vec<u8>| {
        let answer = move |asked: &super::answers::Asked<'_>| Sending::Bytes(cut(http(200, &[], &poisoned(asked.api))));
        Row::answered(name, what, answer, "connect", Wait::Backoff)
    };
    vec![
        Row::new("connection_refused", "nobody listens at the port", Fault::Closed, "connect", Wait::Backoff),
        Row {
            sibling: Sibling::Circuit,
            ..Row::new(
                "host_gone",
                "nobody listens at the port, and two queries are asked there",
                Fault::Closed,
                "connect",
                Wait::Backoff,
            )
        },
        Row::new(
            "name_not_resolved",
            "the host's name is not resolved, since the start",
            Fault::Unresolved,
            "connect",
            Wait::Backoff,
        ),
        Row::answered(
            "never_answered",
            "the connection is accepted, the request taken, and nothing answered",
            |_| Sending::Nothing,
            "timeout",
            Wait::Backoff,
        )
        .soon_timed_out(),
        Row::answered(
            "one_byte_a_second",
            "a good answer comes at one byte a second",
            |asked| Sending::Slowly(http(200, &[], &poisoned(asked.api))),
            "timeout",
            Wait::Backoff,
        )
        .soon_timed_out(),
        cut("cut_before_the_headers", "the connection ends before the first byte of the answer", |_| Vec::new()),
        cut("cut_in_the_headers", "the connection ends within the headers", |answer| answer[..30].to_vec()),
        cut("cut_in_the_body", "the connection ends within the body", |answer| answer[..answer.len() - 20].to_vec()),
        cut("cut_between_chunks", "the connection ends before the last chunk of a chunked body", |answer| {
            let body = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
            let body = String::from_utf8_lossy(&answer[body..]).into_owned();
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len()).into_bytes()
        }),
    ]
}

cells! {
    connection_refused: all;
    host_gone: all;
    name_not_resolved: all;
    never_answered: all;
    one_byte_a_second: all;
    cut_before_the_headers: all;
    cut_in_the_headers: all;
    cut_in_the_body: all;
    cut_between_chunks: all;
}
