//! Rows: a whole body that is no answer.

use super::answers::{Asked, ok, page, poisoned};
use super::row::{Row, Sending, Wait};
use super::{answers, secrets};

/// Deeper than any reader should follow.
const DEPTH: usize = 100_000;

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, answer: fn(&Asked<'_>) -> Sending| {
        Row::answered(name, what, answer, "malformed_response", Wait::Interval)
    };
    vec![
        row("json_cut_short", "JSON that breaks off, with the length it says", |asked| {
            let echo = serde_json::json!({ "seen": secrets::echo(asked).join(" ") }).to_string();
            let cut = secrets::escaped_variously(&echo[..echo.len() - 2], asked);
            ok(cut.as_bytes())
        }),
        row("empty_body", "nothing, with HTTP status 200", |_| ok(b"")),
        row("html_page", "a page, with HTTP status 200", |asked| {
            Sending::Bytes(answers::http(200, &[("content-type", "text/html")], &page(asked)))
        }),
        row("a_list", "a good answer, but in a list", |asked| {
            ok(&[b"[", poisoned(asked.api).as_slice(), b"]"].concat())
        }),
        row("two_answers", "two good answers in one body", |asked| ok(&poisoned(asked.api).repeat(2))),
        row("nested_deeply", "a good answer with 100,000 lists in each other beside it", |asked| {
            let nested = format!("{{\"more\":{}{},", "[".repeat(DEPTH), "]".repeat(DEPTH));
            ok(&[nested.as_bytes(), &poisoned(asked.api)[1..]].concat())
        }),
        row("doubled_fields", "a good answer with every field twice", |asked| {
            let body = poisoned(asked.api);
            ok(&[body.strip_suffix(b"}").expect("an object"), b",", &body[1..]].concat())
        }),
        row("no_utf_8", "a good answer with bytes that are no UTF-8", |asked| {
            let mut body = poisoned(asked.api);
            let at = body.windows(3).position(|part| part == b"USD").expect("a currency");
            body[at] = 0xff;
            ok(&body)
        }),
    ]
}

cells! {
    json_cut_short: all;
    empty_body: all;
    html_page: all;
    a_list: all;
    two_answers: all;
    nested_deeply: all;
    doubled_fields: all;
    no_utf_8: all;
}
