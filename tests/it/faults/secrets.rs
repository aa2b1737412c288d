//! The marks that must not get out, and the search for them in every byte the program wrote.
//!
//! Each secret has a core of letters and digits, which no way of escaping changes; it is searched for, and so is what
//! base64 makes of it. So a secret is found in whatever form it slipped through.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::answers::Asked;

/// The id of every shop.
pub(super) const SHOP_ID: &str = "363";
pub(super) const KEY_CORE: &str = "7Qz9RkT2vW4xY8bNc3";
/// The secret key of every shop, with characters that JSON, HTML and addresses escape.
pub(super) const KEY: &str = "Mk\"<&>\\ '%+/\u{e9}-7Qz9RkT2vW4xY8bNc3";
/// The accounts of the queries that meet faults, and of their siblings.
pub(super) const ACCOUNT: &str = "40817810099910004312";
pub(super) const SIBLING_ACCOUNT: &str = "40817810099910009876";
pub(super) const PROXY_USER: &str = "relay";
const PROXY_CORE: &str = "Px5LmW8tKd3GhJ6sVb";
pub(super) const PROXY_PASSWORD: &str = "p@ss:/\"Px5LmW8tKd3GhJ6sVb";

/// The header that the platform gets.
pub(super) fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("{SHOP_ID}:{KEY}")))
}

/// The header that the proxy gets.
pub(super) fn proxy_authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("{PROXY_USER}:{PROXY_PASSWORD}")))
}

/// What was sent, in the forms in which the other side might repeat it; each time another comes first, since only the
/// beginning of an answer is logged.
pub(super) fn echo(asked: &Asked<'_>) -> Vec<String> {
    let mut forms = vec![
        KEY.to_owned(),
        asked.request.header("authorization").unwrap_or_default().to_owned(),
        percent(KEY),
        html(KEY),
        html_by_number(KEY),
        json(KEY),
        json_ascii(KEY),
        STANDARD.encode(KEY),
        URL_SAFE_NO_PAD.encode(format!("{SHOP_ID}:{KEY}")),
        ACCOUNT.to_owned(),
        grouped(ACCOUNT, " "),
        grouped(ACCOUNT, "-"),
        if asked.request.body.contains(ACCOUNT) { STANDARD.encode(ACCOUNT) } else { String::new() },
        asked.request.body.clone(),
        percent(&asked.request.body),
    ];
    forms.retain(|form| !form.is_empty());
    let first = (asked.seed + asked.nth) % forms.len();
    forms.rotate_left(first);
    forms
}

/// JSON text with the key as the one or the other library writes it.
pub(super) fn escaped_variously(text: &str, asked: &Asked<'_>) -> String {
    match (asked.seed + asked.nth) % 3 {
        0 => text.to_owned(),
        1 => text.replace(&json(KEY), &json_ascii(KEY)),
        _ => text.replace(&json(KEY), &json(KEY).replace('/', "\\/")),
    }
}

/// Percent-encoded, as in addresses.
pub(super) fn percent(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn html_by_number(text: &str) -> String {
    let encoded = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#x{:x};", u32::from(c)) };
    text.chars().map(encoded).collect()
}

/// As a JSON string, without its quotes.
pub(super) fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As a JSON string of ASCII that is safe in HTML.
fn json_ascii(text: &str) -> String {
    let encoded = |c: char| {
        if c.is_ascii_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }
    };
    text.chars().map(encoded).collect()
}

fn grouped(text: &str, separator: &str) -> String {
    let groups: Vec<&str> = (0..text.len()).step_by(4).map(|at| &text[at..(at + 4).min(text.len())]).collect();
    groups.join(separator)
}

/// A text that must not be found.
#[derive(Clone, Debug)]
struct Mark {
    what: &'static str,
    text: String,
}

/// Every mark that must not be found.
#[derive(Clone, Debug)]
pub(super) struct Marks(Vec<Mark>);

impl Marks {
    pub(super) fn new() -> Self {
        let mut marks = Vec::new();
        let account = &ACCOUNT[..12];
        for (what, core) in [("the secret key", KEY_CORE), ("the proxy's password", PROXY_CORE)] {
            // Both halves, since a secret cut in two is one given away.
            let (first, second) = core.split_at(core.len() / 2);
            marks.extend([first, second].map(|text| Mark { what, text: text.to_owned() }));
            marks.extend(base64(core).map(|text| Mark { what, text }));
        }
        let what = "an account number";
        marks
            .extend([account.to_owned(), grouped(account, " "), grouped(account, "-")].map(|text| Mark { what, text }));
        marks.extend(base64(account).map(|text| Mark { what, text }));
        Self(marks)
    }

    /// What of it is in a text, with the line it is in.
    pub(super) fn found_in(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for mark in &self.0 {
            if let Some(at) = text.find(&mark.text) {
                let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
                let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
                found.push(format!("{} as {:?} in: {}", mark.what, mark.text, &text[start..end]));
            }
        }
        found
    }
}

/// What base64 makes of the core, wherever in a text it begins, without what depends on its neighbours.
fn base64(core: &str) -> impl Iterator<Item = String> {
    (0..3).map(move |shift| {
        let encoded = STANDARD.encode([&b"xx"[..shift], core.as_bytes()].concat());
        encoded[(shift * 8).div_ceil(6)..encoded.len() - 4].to_owned()
    })
}

#[test]
fn no_byte_that_the_program_wrote_gives_a_secret_away() {
    let evidence = super::run::evidence();
    for kind in ["the log", "the metrics", "the pages", "check", "query --output table", "query --output json"] {
        assert!(evidence.searched[kind] > 100, "{kind} was searched");
    }
    assert!(evidence.searched["query --output raw"] > 10_000, "the answers are shown");
    assert!(evidence.leaks.is_empty(), "{} places:\n{}", evidence.leaks.len(), evidence.leaks.join("\n"));
}

#[test]
fn the_hosts_were_sent_the_secrets_and_sent_them_back() {
    let evidence = super::run::evidence();
    let marks = Marks::new();
    let heard = evidence.cells.iter().flat_map(|(_, heard)| heard).map(|heard| heard.text.as_str());
    let found = marks.found_in(&heard.collect::<Vec<_>>().join("\n"));
    assert!(found.len() >= 2, "{found:?}");
}

#[test]
fn a_secret_is_found_in_every_form_in_which_it_is_sent_back() {
    let marks = Marks::new();
    for (secret, core) in [(KEY, KEY_CORE), (PROXY_PASSWORD, PROXY_CORE), (ACCOUNT, ACCOUNT)] {
        let forms = [
            secret.to_owned(),
            core[..core.len() / 2].to_owned(),
            percent(secret),
            html(secret),
            html_by_number(secret),
            json(secret),
            json(&json(secret)),
            json_ascii(secret),
            STANDARD.encode(secret),
            STANDARD.encode(format!("1:{secret}")),
            STANDARD.encode(format!("22:{secret}")),
            URL_SAFE_NO_PAD.encode(format!("{SHOP_ID}:{secret}")),
        ];
        for form in forms.iter().filter(|form| form.len() > 10 || secret != ACCOUNT) {
            assert!(!marks.found_in(&format!("a line\nwith {form} in it")).is_empty(), "{form}");
        }
    }
    assert!(!marks.found_in(&grouped(ACCOUNT, " ")).is_empty());
    assert!(!marks.found_in(&grouped(ACCOUNT, "-")).is_empty());
    assert!(marks.found_in("*4312, <redacted>").is_empty());
}
