//! A request as an API's file builds it, before it is authenticated and sent.

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::domain::failure::{Failure, Reason};

/// What is to be sent; credentials are added by the transport.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The whole address, parameters included.
    pub url: Url,
    /// The JSON body: a POST if there is one, else a GET.
    pub body: Option<String>,
    /// The value of `X-API-Version`, where the API wants one.
    pub api_version: Option<&'static str>,
}

impl fmt::Debug for Request {
    /// Without the body, which may hold an account number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request {{ url: {}, body: {} bytes }}", self.url, self.body.as_ref().map_or(0, String::len))
    }
}

impl Request {
    /// A GET of that path below the host's address.
    pub(super) fn get(base: &Url, path: &str) -> Self {
        Self { url: below(base, path), body: None, api_version: None }
    }

    /// A POST of that body to that path below the host's address.
    pub(super) fn post(base: &Url, path: &str, body: &impl Serialize) -> Result<Self, Failure> {
        let body = serde_json::to_string(body)
            .map_err(|_| Failure::new(Reason::Internal, "the request could not be written as JSON"))?;
        Ok(Self { url: below(base, path), body: Some(body), api_version: None })
    }
}

/// The path below the base's own, whether that ends with a slash or not.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
