//! What holds of the reader of HTTP Basic, whatever the header: it reads what a client writes, and nothing that no client
//! would write.

use overpay_exporter::basic::Credentials;

use super::base64::base64;

/// Takes the input for a header, then for user and password that a header is made of.
pub fn check(input: &[u8]) {
    what_is_read_can_be_written_again(input);
    what_is_written_is_read(input);
}

fn what_is_read_can_be_written_again(header: &[u8]) {
    let Some(read) = Credentials::read(header) else { return };
    assert!(!read.user().contains(':'), "a colon in the user");
    let pair = format!("{}:{}", read.user(), read.expose_password());
    assert!(!pair.chars().any(char::is_control), "a control character");
    let (scheme, token) = header.split_at(5);
    assert!(scheme.eq_ignore_ascii_case(b"basic"), "another scheme");
    let written = base64(pair.as_bytes());
    assert_eq!(token.strip_prefix(b" ").map(<[u8]>::trim_ascii), Some(written.as_bytes()), "another token");
    let other = Credentials::read(header_of(read.user(), "another").as_bytes());
    assert_eq!(format!("{:?}", Some(read)), format!("{other:?}"), "what is printed depends on the password");
}

fn what_is_written_is_read(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let read = Credentials::read(header_of(user, password).as_bytes());
    if text.chars().any(char::is_control) {
        assert!(read.is_none(), "a control character is read");
    } else {
        let read = read.as_ref().map(|read| (read.user(), read.expose_password()));
        assert_eq!(read, Some((user, password)));
    }
}

fn header_of(user: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))
}
