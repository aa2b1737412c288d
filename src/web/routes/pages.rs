//! The status page and the queries as JSON, compressed for who takes that.
//!
//! Those of many queries take too long for the threads that serve connections. One is written at a time, so that however
//! many ask, the work of others goes on.

use std::io;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderMap};
use hyper::{Response, StatusCode};
use tracing::error;

use super::super::body::Parts;
use super::super::{Site, api, page};
use super::answer::{HTML, JSON, PLAIN, YAML, packed, text};
use super::metrics::accepts_gzip;
use super::operations::parameter;
use crate::domain::moment::Moment;
use crate::gzip::compressed;

/// The page or the JSON can't be written.
#[derive(Debug, thiserror::Error)]
enum Unwritten {
    /// The page can't be laid out.
    #[error(transparent)]
    Page(#[from] askama::Error),
    /// The JSON can't be put into its format.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It can't be compressed, or what is compressed can't be read.
    #[error(transparent)]
    Compress(#[from] io::Error),
    /// The program has a fault.
    #[error("writing it panicked")]
    Panicked,
}

/// The status page. `query` is the part of the address behind the question mark.
pub(super) async fn page(site: &Arc<Site>, headers: &HeaderMap, query: Option<&str>) -> Response<Parts> {
    let query = query.map(str::to_owned);
    let write = move |site: &Site| {
        let page = page::render(site, &site.store.snapshot(), Moment::now(), query.as_deref())?;
        Ok(page.into_bytes())
    };
    let mut response = written(site, headers, HTML, write).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, page::POLICY.clone());
    response
}

/// The state of the queries.
pub(super) async fn queries(site: &Arc<Site>, headers: &HeaderMap, query: Option<&str>) -> Response<Parts> {
    let shop = parameter(query, "shop");
    let write =
        move |site: &Site| Ok(api::queries(&site.store.snapshot(), site.shard, Moment::now(), shop.as_deref())?);
    written(site, headers, JSON, write).await
}

/// The configuration in use.
pub(super) async fn configuration(site: &Arc<Site>, headers: &HeaderMap) -> Response<Parts> {
    written(site, headers, YAML, |site: &Site| Ok(site.operations.effective_configuration()?)).await
}

async fn written(
    site: &Arc<Site>,
    headers: &HeaderMap,
    kind: &'static str,
    write: impl FnOnce(&Site) -> Result<Vec<u8>, Unwritten> + Send + 'static,
) -> Response<Parts> {
    let gzip = accepts_gzip(headers);
    let of = Arc::clone(site);
    // The semaphore is never closed; should it be, the work is done all the same.
    let turn = Arc::clone(&site.pages).acquire_owned().await;
    let work = move || {
        // The turn lasts as long as the work, also where who asked has gone away.
        let _turn = turn;
        let text = write(&of)?;
        if gzip { Ok(compressed(&text)?) } else { Ok(text) }
    };
    let body = tokio::task::spawn_blocking(work).await.unwrap_or(Err(Unwritten::Panicked));
    let body = match body {
        Ok(body) => body,
        Err(error) => {
            error!(%error, "a page can't be written");
            return text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, "this can't be written; the log says why\n");
        }
    };
    packed(kind, Parts::from(Bytes::from(body)), gzip)
}
