//! The metrics, compressed for who takes that.

use hyper::header::{ACCEPT_ENCODING, HeaderMap};
use hyper::{Response, StatusCode};
use tracing::error;

use super::super::Site;
use super::super::body::Parts;
use super::answer::{PLAIN, packed, text};
use crate::metrics::CONTENT_TYPE;

pub(super) async fn answer(site: &Site, headers: &HeaderMap) -> Response<Parts> {
    let gzip = accepts_gzip(headers);
    let body = match site.writer.write(gzip).await {
        Ok(body) => body,
        Err(error) => {
            error!(%error, "the metrics can't be written");
            let answer = "the metrics can't be written; the log says why\n";
            return text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, answer);
        }
    };
    packed(CONTENT_TYPE, body, gzip)
}

/// Whether the client takes gzip: it names it, or everything, with a weight that is not 0.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let weights: Vec<(String, f32)> = codings
        .flat_map(|value| value.split(','))
        .map(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let parameters = parameters.trim().to_ascii_lowercase();
            let weight = parameters.strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            (name.trim().to_ascii_lowercase(), weight)
        })
        .collect();
    let weight_of = |name: &str| weights.iter().find(|(coding, _)| coding == name).map(|(_, weight)| *weight);
    weight_of("gzip").or_else(|| weight_of("*")).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests;
