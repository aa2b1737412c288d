//! The web configuration file: TLS, who is let in, headers and limits, in the format of Prometheus' exporters.

use std::path::Path;

use hyper::HeaderMap;

/// What the web configuration file says.
#[derive(Debug, Default)]
pub struct WebConfiguration {}

/// The web configuration can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the web configuration can't be used")]
pub struct WebConfigurationError;

/// What is decided about a request before its path is looked at.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Why it is not answered, if so.
    pub(super) refused: Option<Refused>,
    /// The headers of every answer.
    pub(super) headers: HeaderMap,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "the file is not read yet")]
pub(super) enum Refused {
    /// The file can't be read any more.
    Unreadable,
    /// More requests than the limit lets through.
    TooManyRequests,
    /// Not the credentials of a user.
    Unauthenticated,
}

impl WebConfiguration {
    /// Reads the file.
    pub fn load(_path: &Path) -> Result<Self, WebConfigurationError> {
        Err(WebConfigurationError)
    }

    /// Whether connections are TLS.
    #[expect(clippy::unused_self, reason = "the file is not read yet")]
    pub fn uses_tls(&self) -> bool {
        false
    }

    /// Whether clients have to prove who they are, as the file stands now.
    #[expect(clippy::unused_self, reason = "the file is not read yet")]
    pub fn authenticates(&self) -> bool {
        false
    }

    /// The TLS of the next handshake.
    #[expect(clippy::unused_self, reason = "the file is not read yet")]
    pub(super) fn tls(&self) -> Result<std::sync::Arc<rustls::ServerConfig>, WebConfigurationError> {
        Err(WebConfigurationError)
    }

    /// What is decided about a request with those headers.
    #[expect(clippy::unused_async, clippy::unused_self, reason = "the file is not read yet")]
    pub(super) async fn judge(&self, _headers: &HeaderMap) -> Judgement {
        Judgement::default()
    }
}
