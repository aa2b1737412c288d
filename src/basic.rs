//! The credentials of HTTP Basic (RFC 7617) as a server reads them: who says that they ask, and what is to prove it.
//!
//! Strict: what the RFC does not describe is no credentials. Knows nobody, and neither whom to let in nor what to
//! answer to those who are not.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

/// A user and a password. Printing them prints that the password is secret; it is wiped when dropped.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    password: SecretString,
}

impl Credentials {
    /// Reads the value of an `Authorization` header: the scheme in any case, spaces, then the base64 of user, colon and
    /// password. The first colon ends the user, so a user holds none and a password may.
    ///
    /// None for another scheme, for base64 that is not canonical and padded, for what is not UTF-8, for no colon, and for
    /// control characters, which the RFC forbids in both.
    pub fn read(header: &[u8]) -> Option<Self> {
        let space = header.iter().position(|byte| *byte == b' ')?;
        let (scheme, token) = header.split_at(space);
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return None;
        }
        let decoded = Zeroizing::new(STANDARD.decode(trimmed(token)).ok()?);
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        if user.chars().chain(password.chars()).any(char::is_control) {
            return None;
        }
        Some(Self { user: user.to_owned(), password: SecretString::from(password) })
    }

    /// Who says that they ask.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password, which is wiped wherever it is dropped.
    pub const fn password(&self) -> &SecretString {
        &self.password
    }

    /// The password: to be compared, and for nothing else.
    pub fn expose_password(&self) -> &str {
        self.password.expose_secret()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).field("password", &"<secret>").finish()
    }
}

/// The token without the spaces around it.
fn trimmed(mut token: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = token {
        token = rest;
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User and password that a header holds.
    fn read(header: &str) -> Option<(String, String)> {
        let read = Credentials::read(header.as_bytes())?;
        Some((read.user().to_owned(), read.expose_password().to_owned()))
    }

    /// The header of those bytes.
    fn header(user_and_password: impl AsRef<[u8]>) -> String {
        format!("Basic {}", STANDARD.encode(user_and_password))
    }

    fn pair(user: &str, password: &str) -> (String, String) {
        (user.to_owned(), password.to_owned())
    }

    #[test]
    fn the_example_of_the_rfc_is_read() {
        assert_eq!(read("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), Some(pair("Aladdin", "open sesame")));
    }

    #[test]
    fn the_scheme_may_be_written_in_any_case() {
        for scheme in ["basic", "BASIC", "bAsIc"] {
            assert_eq!(read(&header("a:b").replace("Basic", scheme)), Some(pair("a", "b")), "{scheme}");
        }
    }

    #[test]
    fn the_first_colon_ends_the_user_and_a_password_may_hold_others() {
        assert_eq!(read(&header("a:b:c:")), Some(pair("a", "b:c:")));
    }

    #[test]
    fn user_and_password_may_be_empty() {
        assert_eq!(read(&header(":b")), Some(pair("", "b")));
        assert_eq!(read(&header("a:")), Some(pair("a", "")));
        assert_eq!(read(&header(":")), Some(pair("", "")));
    }

    #[test]
    fn user_and_password_may_be_of_another_script() {
        assert_eq!(read(&header("магазин:ключ")), Some(pair("магазин", "ключ")));
    }

    #[test]
    fn spaces_around_the_token_are_not_of_it() {
        assert_eq!(read("Basic   YTpi  "), Some(pair("a", "b")));
    }

    #[test]
    fn spaces_of_the_password_are_of_it() {
        assert_eq!(read(&header("a: b ")), Some(pair("a", " b ")));
    }

    #[test]
    fn without_a_colon_there_are_no_credentials() {
        assert_eq!(read(&header("ab")), None);
        assert_eq!(read(&header("")), None);
    }

    #[test]
    fn another_scheme_is_none() {
        for scheme in ["Bearer", "Digest", "Basic2", "", "Basic:"] {
            assert_eq!(read(&header("a:b").replace("Basic", scheme)), None, "{scheme}");
        }
    }

    #[test]
    fn a_scheme_without_a_token_is_none() {
        for header in ["", "Basic", "Basic ", "Basic  "] {
            assert_eq!(read(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_tab_is_no_space() {
        assert_eq!(read("Basic\tYTpi"), None);
        assert_eq!(read("Basic YTpi\t"), None);
    }

    #[test]
    fn base64_that_is_not_canonical_is_none() {
        // No padding, padding in excess, bits that are left over, the alphabet of addresses, a space inside.
        for token in ["YTo", "YTpi====", "YTp=", "YTo/Pz8_", "YT pi", "YTpi,x=1"] {
            assert_eq!(read(&format!("Basic {token}")), None, "{token}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_none() {
        assert_eq!(read(&header(b"a:\xff")), None);
        assert!(Credentials::read(b"Basic YTpi\xff").is_none());
    }

    #[test]
    fn control_characters_are_none() {
        for pair in ["a\n:b", "a:b\0", "a:\u{85}"] {
            assert_eq!(read(&header(pair)), None, "{pair:?}");
        }
    }

    #[test]
    fn printed_for_debugging_the_password_is_not_shown() {
        let credentials = Credentials::read(header("363:s3cr3t").as_bytes()).unwrap();
        assert_eq!(format!("{credentials:?}"), r#"Credentials { user: "363", password: "<secret>" }"#);
    }
}
