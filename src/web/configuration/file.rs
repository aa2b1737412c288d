//! The shape of the web configuration file, key by key, as Prometheus' exporter-toolkit documents it.
//!
//! Knows what can be read, not whether it makes sense. It holds keys and hashes, so nothing of it can be printed.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::yaml::Located;

/// A web configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) tls_server_config: Option<Located<Tls>>,
    pub(super) http_server_config: Option<Http>,
    /// Hashes of passwords by user.
    pub(super) basic_auth_users: Option<BTreeMap<String, Located<String>>>,
    pub(super) rate_limit: Option<RateLimit>,
}

/// A text that may be left out, or left empty.
pub(super) type Text = Option<Located<String>>;

/// A list whose elements are judged one by one.
pub(super) type List = Option<Located<Vec<Located<String>>>>;

/// `tls_server_config`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) cert: Text,
    pub(super) cert_file: Text,
    pub(super) key: Text,
    pub(super) key_file: Text,
    pub(super) client_ca: Text,
    pub(super) client_ca_file: Text,
    pub(super) client_auth_type: Text,
    pub(super) client_allowed_sans: Option<Located<Vec<String>>>,
    pub(super) min_version: Text,
    pub(super) max_version: Text,
    pub(super) cipher_suites: List,
    pub(super) prefer_server_cipher_suites: Option<bool>,
    pub(super) curve_preferences: List,
}

/// `http_server_config`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Http {
    pub(super) http2: Option<bool>,
    pub(super) headers: Option<Headers>,
}

/// The headers that may be added to every answer.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Headers {
    #[serde(rename = "Content-Security-Policy")]
    pub(super) content_security_policy: Text,
    #[serde(rename = "X-Frame-Options")]
    pub(super) x_frame_options: Text,
    #[serde(rename = "X-Content-Type-Options")]
    pub(super) x_content_type_options: Text,
    #[serde(rename = "X-XSS-Protection")]
    pub(super) x_xss_protection: Text,
    #[serde(rename = "Strict-Transport-Security")]
    pub(super) strict_transport_security: Text,
}

/// `rate_limit`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateLimit {
    /// A duration as Go writes it.
    pub(super) interval: Text,
    pub(super) burst: Option<Located<u32>>,
}
