//! A real Prometheus scrapes over TLS.

use super::super::exporter::eventually;
use super::super::prometheus::Prometheus;
use super::client::address;
use super::paper::dns;
use super::requests::users;
use super::{Authority, TLS, Web};

/// Waits until a Prometheus with these lines of its job has scraped.
async fn scraped(web: &Web, job: &str) {
    let prometheus = Prometheus::scraping_with(&address(&web.exporter), job).await;
    eventually("a scrape", || async {
        (!prometheus.query("overpay_exporter_build_info and on(instance) up == 1").await.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn prometheus_scrapes_over_tls_with_a_password() {
    let web = Web::start(&format!("{TLS}{}", users(&[("prometheus", "of prometheus")]))).await;
    let roots = web.files.write("roots.pem", &web.authority.certificate);
    let password = web.files.write("password", "of prometheus");
    let job = format!(
        "    scheme: https\n    tls_config: {{ca_file: {}, server_name: localhost}}\n    \
         basic_auth: {{username: prometheus, password_file: {}}}\n",
        roots.display(),
        password.display()
    );
    scraped(&web, &job).await;
}

#[tokio::test]
async fn prometheus_scrapes_with_a_certificate() {
    let clients = Authority::new();
    let text = format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n  \
         client_allowed_sans: [prometheus.example]\n"
    );
    let web = Web::start_with(&text, &[("clients.crt", &clients.certificate)]).await;
    let roots = web.files.write("roots.pem", &web.authority.certificate);
    let paper = clients.client(&[dns("prometheus.example")]);
    let certificate = web.files.write("prometheus.crt", &paper.certificate);
    let key = web.files.write("prometheus.key", &paper.key);
    let job = format!(
        "    scheme: https\n    tls_config: {{ca_file: {}, server_name: localhost, cert_file: {}, key_file: {}}}\n",
        roots.display(),
        certificate.display(),
        key.display()
    );
    scraped(&web, &job).await;
}
