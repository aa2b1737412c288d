//! `health`: whether an exporter is healthy, for containers without a shell.

use std::time::Duration;

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
        .tls_certs_only([])
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
