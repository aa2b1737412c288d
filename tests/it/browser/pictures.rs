//! The pictures of the page in the README: `make screenshots` takes them.

use std::path::Path;

use super::window::{WIDE, browse};
use crate::exporter::{Exporter, client};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes docs/images; `make screenshots` runs it"]
async fn the_pictures_in_the_readme_are_taken() {
    let exporter = Exporter::start(&["demo", "--web.listen-address", "127.0.0.1:0"]).await;
    let state = exporter.line_with("/simulator/state").await;
    let simulator = state.trim().rsplit(' ').next().expect("an address").trim_end_matches("/state").to_owned();
    exporter.scrape_until("all are answered", |scrape| scrape.family("overpay_account_balance").len() == 2).await;
    let client = client();
    for (path, body) in [
        ("faults", r#"[{"api": "beyag_balance", "status": 503}]"#),
        ("channels/3405/1385/EUR", r#"{"available_balance": 123456, "frozen": true}"#),
        ("channels/3405/1386/USD", r#"{"available_balance": 1534080, "active": false, "frozen": true}"#),
    ] {
        let done = client.put(format!("{simulator}/{path}")).body(body).send().await.expect("it answers");
        assert!(done.status().is_success(), "{path}: {}", done.text().await.expect("text"));
    }
    exporter.scrape_until("one has gone stale", |scrape| scrape.family("overpay_account_balance").len() == 1).await;
    browse(|window| async move {
        for (scheme, name) in [("light", "status-page.png"), ("dark", "status-page-dark.png")] {
            window.sized(WIDE, 980).await;
            window.prefers(scheme).await;
            window.open(&exporter.url("/")).await;
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images").join(name);
            std::fs::write(&file, window.picture().await).expect("it can be written");
        }
    })
    .await;
}
