//! `health`: whether an exporter is healthy, for containers without a shell.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::Error;
use crate::cli::HealthFlags;

const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn run(flags: &HealthFlags) -> Result<(), Error> {
    let mut url = flags.url.clone();
    url.set_path(&format!("{}/-/healthy", flags.url.path().trim_end_matches('/')));
    // Credentials in the address are sent, and not shown.
    let mut shown = url.clone();
    let _ = (shown.set_username(""), shown.set_password(None));
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .tls_backend_preconfigured(tls(&url)?)
        .build()
        .map_err(|error| Error::work(&error))?;
    let response = client.get(url).send().await.map_err(|error| {
        let cause = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source()).last();
        Error::Work(format!("{shown}: no answer: {}", cause.map(ToString::to_string).unwrap_or_default()))
    })?;
    match response.status() {
        status if status.is_success() => Ok(()),
        status => Err(Error::Work(format!("{shown}: not healthy: HTTP {status}"))),
    }
}

/// Trusts the system's roots, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. For plain http none, since they take
/// long to read.
fn tls(url: &Url) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    if url.scheme() == "https" {
        // One that can't be read must not take the others with it.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::work(&error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
