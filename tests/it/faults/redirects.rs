//! Rows: redirects to another host, which must hear of nothing.

use super::answers::html;
use super::row::{Row, Wait};
use super::secrets;

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, status: u16| {
        let answer = move |asked: &super::answers::Asked<'_>| {
            let location = format!("{}?key={}", asked.elsewhere, secrets::percent(secrets::KEY));
            html(asked, status, &[("location", &location)])
        };
        Row::answered(name, what, answer, "provider_error", Wait::Backoff)
    };
    vec![
        row("redirect_301", "301 Moved Permanently to another host", 301),
        row("redirect_302", "302 Found at another host", 302),
        row("redirect_307", "307 Temporary Redirect to another host", 307),
        row("redirect_308", "308 Permanent Redirect to another host", 308),
    ]
}

cells! {
    redirect_301: all;
    redirect_302: all;
    redirect_307: all;
    redirect_308: all;
}
