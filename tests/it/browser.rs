//! The status page in a real browser: what people see, whoever they are and however they look.

mod looks;
mod pictures;
mod shows;
mod window;

use super::exporter::{Exporter, Files};
use super::platform::{Platform, Reply};

/// What a name or a message may hold that would do harm as markup.
const EVIL: &str = "<script>document.title='harm'</script><img src=x onerror=\"document.title='harm'\">";

/// A platform, and an exporter whose queries are answered in as many ways as there are: of gateway 1 the channels 10
/// (healthy), 11 (low) and 12 (critical), gateway 2 refuses the credentials, gateway 3 has gone stale, gateway 4 is
/// under way for the first time, gateway 5 can't be reached.
struct Setting {
    platform: Platform,
    exporter: Exporter,
    _files: Files,
}

impl Setting {
    async fn new() -> Self {
        let platform = Platform::start().await;
        let channels = [(10, 4_541_004, "true"), (11, 1_900_000, "false"), (12, 123_456, "true")];
        platform.json(&target(1), answer(1, &channels).as_bytes());
        let refused = format!(r#"{{"message": {}}}"#, serde_json::Value::from(EVIL));
        platform.reply(&target(2), Reply::Json(401, refused.into_bytes()));
        platform.json(&target(3), answer(3, &[(30, 777_777, "true")]).as_bytes());
        platform.reply(&target(4), Reply::Silence);
        let files = Files::new(&configuration(&platform.url));
        let exporter = Exporter::serve(&files.configuration(), &[]).await;
        let setting = Self { platform, exporter, _files: files };
        setting
            .until("gateway 3 is answered", |scrape| {
                scrape.contains(r#"overpay_available_balance{shop="main",gateway="3""#)
            })
            .await;
        setting.platform.reply(&target(3), Reply::Json(503, br#"{"message": "Closed"}"#.to_vec()));
        setting
            .until("gateway 3 is stale, and all others are in their state", |scrape| {
                let failing = |gateway: u8, reason: &str| {
                    let query =
                        format!(r#"gateway="{gateway}",query="channel_balances-{gateway}-USD",reason="{reason}""#);
                    scrape.contains(&query)
                };
                !scrape.contains(r#"overpay_available_balance{shop="main",gateway="3""#)
                    && failing(2, "unauthorized")
                    && failing(3, "provider_error")
                    && failing(5, "connect")
            })
            .await;
        setting
    }

    async fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.exporter.scrape_until(what, |scrape| wanted(&scrape.0)).await;
    }

    fn url(&self) -> String {
        self.exporter.url("/")
    }
}

fn target(gateway: u8) -> String {
    format!("/shop/channel_balances/?gateway_id={gateway}")
}

/// The answer of a gateway: channels with their balances in cents, and whether payout control is on.
fn answer(gateway: u8, channels: &[(u8, i64, &str)]) -> String {
    let rows: Vec<String> = channels
        .iter()
        .map(|(channel, balance, active)| {
            format!(
                r#"{{"channel_id": {channel}, "currency": "USD", "available_balance": {balance}, "active": {active}}}"#
            )
        })
        .collect();
    let as_of = humantime::format_rfc3339_millis(std::time::SystemTime::now());
    format!(
        r#"{{"code": "S.0000", "channel_balances": {{"as_of_date": "{as_of}", "gateway_id": {gateway}, "currencies": [{}]}}}}"#,
        rows.join(", ")
    )
}

fn configuration(url: &str) -> String {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let evil = serde_json::Value::from(EVIL);
    format!(
        "poll: {{interval: 5s, timeout: 1s, stale_after: 7s}}
brands:
  sandbox: {{gateway_url: \"{url}\", api_url: \"{url}\", backoffice_url: \"{url}\"}}
  gone: {{gateway_url: \"{nobody}\", api_url: \"{nobody}\", backoffice_url: \"{nobody}\"}}
shops:
  - name: main
    brand: sandbox
    shop_id: 363
    secret_key_file: main.key
    channel_balances:
      - gateway: 1
        name: {evil}
        currencies: [USD]
        stale_after: 5m
        thresholds: {{USD: {{warning: 20000, critical: 5000}}}}
        channels: {{10: {{name: {evil}}}, 11: {{}}, 12: {{}}}}
      - {{gateway: 2, currencies: [USD]}}
      - {{gateway: 3, currencies: [USD]}}
      - {{gateway: 4, currencies: [USD], interval: 10m, timeout: 9m, stale_after: 30m}}
  - name: second
    brand: gone
    shop_id: 364
    secret_key_file: main.key
    channel_balances:
      - {{gateway: 5, currencies: [USD]}}
"
    )
}
