//! What a web configuration file means, or all that is wrong with it. Reads the text alone, none of the files it names.
//!
//! No message repeats a value of the file: any may be a hash or a key in the wrong place.

mod tls;

use std::collections::BTreeMap;
use std::path::Path;

use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use secrecy::SecretString;

pub(super) use self::tls::{ClientAuth, Pem, Source, TlsSettings};
use super::WebConfigurationError;
use super::file::{File, Headers, RateLimit};
use super::limit::{Limit, duration};
use super::passwords::Users;
use crate::yaml::{self, Located, Place, Problems};

/// What a web configuration file says.
pub(super) struct Settings {
    /// TLS, where the file has it.
    pub(super) tls: Option<TlsSettings>,
    /// Whether HTTP/2 is offered to those who connect with TLS.
    pub(super) http2: bool,
    /// What is added to every answer.
    pub(super) headers: HeaderMap,
    /// Who is let in; everybody where it is empty.
    pub(super) users: Users,
    /// How many requests are let through.
    pub(super) limit: Option<Limit>,
}

impl Settings {
    /// Reads the text of a file of that name. Relative paths in it start at that folder.
    pub(super) fn read(file: &str, text: &str, folder: &Path) -> Result<Self, WebConfigurationError> {
        let File { tls_server_config, http_server_config, basic_auth_users, rate_limit } =
            yaml::read::<Option<File>>(file, text)?.unwrap_or_default();
        let mut problems = Problems::new(file);
        let http = http_server_config.unwrap_or_default();
        let http2 = http.http2.unwrap_or(true);
        let settings = Self {
            tls: tls_server_config.and_then(|tls| TlsSettings::of(tls, http2, folder, &mut problems)),
            http2,
            headers: headers(http.headers.unwrap_or_default(), &mut problems),
            users: users(basic_auth_users.unwrap_or_default(), &mut problems),
            limit: rate_limit.and_then(|given| limit(&given, &mut problems)),
        };
        Ok(problems.or(settings)?)
    }

    /// Whether everybody has to prove who they are.
    pub(super) fn authenticates(&self) -> bool {
        !self.users.is_empty() || self.tls.as_ref().is_some_and(TlsSettings::authenticates)
    }
}

fn headers(given: Headers, problems: &mut Problems) -> HeaderMap {
    let Headers {
        content_security_policy,
        x_frame_options,
        x_content_type_options,
        x_xss_protection,
        strict_transport_security,
    } = given;
    let given: [(&str, HeaderName, _, &[&str]); 5] = [
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY, content_security_policy, &[]),
        ("X-Frame-Options", X_FRAME_OPTIONS, x_frame_options, &["deny", "sameorigin"]),
        ("X-Content-Type-Options", X_CONTENT_TYPE_OPTIONS, x_content_type_options, &["nosniff"]),
        ("X-XSS-Protection", X_XSS_PROTECTION, x_xss_protection, &[]),
        ("Strict-Transport-Security", STRICT_TRANSPORT_SECURITY, strict_transport_security, &[]),
    ];
    let mut headers = HeaderMap::new();
    for (key, name, value, allowed) in given {
        let Some(Located { value, place }) = value.filter(|value| !value.is_empty()) else { continue };
        let key = format!("http_server_config.headers.{key}");
        if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
            problems.add(place, key, format!("found another word; write {}", allowed.join(" or ")));
        } else if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        } else {
            problems.add(place, key, "found a text that no header can hold; write it in one line");
        }
    }
    headers
}

fn users(given: BTreeMap<String, Located<String>>, problems: &mut Problems) -> Users {
    let mut users = Users::default();
    for (user, Located { value, place }) in given {
        if let Err(message) = users.add(user.clone(), SecretString::from(value)) {
            problems.add(place, format!("basic_auth_users.{user}"), message);
        }
    }
    users
}

fn limit(given: &RateLimit, problems: &mut Problems) -> Option<Limit> {
    let Some(interval) = &given.interval else { return None };
    let Some(time) = duration(interval) else {
        problems.add(
            interval.place,
            "rate_limit.interval",
            "this is no duration; write numbers with units, as 100ms, 1s or 1m30s, or 0 for no limit",
        );
        return None;
    };
    let burst = given.burst.as_ref().map_or(0, |burst| burst.value);
    (!time.is_zero()).then_some(Limit { interval: time, burst })
}

/// A text that is there and not empty.
fn given(text: Option<Located<String>>) -> Option<(String, Place)> {
    text.filter(|text| !text.is_empty()).map(|text| (text.value, text.place))
}

#[cfg(test)]
mod tests;
