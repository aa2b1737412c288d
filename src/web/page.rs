//! The status page: which balances are low, stale or failing, and why.

use super::Site;
use crate::build;
use crate::domain::moment::Moment;
use crate::store::Snapshot;

/// What keeps a browser from loading or running anything the page does not bring along.
pub(super) const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The page, of all shops or of one. `query` is the part of the address behind the question mark.
pub(super) fn render(site: &Site, _snapshot: &Snapshot, _now: Moment, _query: Option<&str>) -> String {
    let prefix = &site.paths.prefix;
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>overpay_exporter</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         </head>\n<body>\n<h1>overpay_exporter</h1>\n<p>Payout headroom and account balances of the beGateway platform, \
         for Prometheus.</p>\n<ul>\n<li><a href=\"{metrics}\">Metrics</a></li>\n\
         <li><a href=\"{prefix}/-/healthy\">Health</a></li>\n<li><a href=\"{prefix}/-/ready\">Readiness</a></li>\n</ul>\n\
         <p>Version {version}</p>\n</body>\n</html>\n",
        prefix = escaped(prefix),
        metrics = escaped(&site.paths.metrics()),
        version = build::DESCRIPTION,
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
