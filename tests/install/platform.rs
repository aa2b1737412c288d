//! The simulated platform on the machine's loopback: the exporter's own simulator, as a service beside it.

use crate::machine::{Machine, eventually, write};

/// Where it listens.
pub(crate) const ADDRESS: &str = "127.0.0.1:9400";
const SCENARIO: &str = "/run/scenario.yml";
const UNIT: &str = "platform.service";

/// The key that the shop has at first.
pub(crate) const KEY: &str = "key-of-the-first-days";
/// The key that it gets later.
pub(crate) const ROTATED: &str = "key-of-the-days-after";

/// The simulated platform.
pub(crate) struct Platform;

impl Platform {
    pub(crate) const fn new() -> Self {
        Self
    }

    /// Starts it, or starts it anew with another key for the shop.
    pub(crate) async fn start(&self, machine: &Machine, key: &str) {
        write(
            SCENARIO,
            &format!(
                "seed: 1\nshops:\n  - shop_id: 363\n    secret_key: {key}\n    gateways:\n      - id: 3405\n        \
                 channels:\n          - {{id: 1385, currency: USD, balance: 4541004}}\n          \
                 - {{id: 1385, currency: EUR, balance: 990000}}\n"
            ),
        );
        let _ = machine.systemctl(&format!("stop {UNIT}")).await;
        let run = format!(
            "systemd-run --quiet --collect --unit={UNIT} overpay_exporter simulate --listen={ADDRESS} --scenario.file={SCENARIO}"
        );
        machine.shell(&run).await.well();
        eventually("the platform listens", || async { tokio::net::TcpStream::connect(ADDRESS).await.ok() }).await;
    }

    /// Lets it stand still: it takes requests and answers none.
    pub(crate) async fn stand_still(&self, machine: &Machine) {
        machine.systemctl(&format!("kill --signal=STOP {UNIT}")).await.well();
    }

    pub(crate) async fn stop(&self, machine: &Machine) {
        machine.systemctl(&format!("kill --signal=KILL {UNIT}")).await.well();
        eventually("the platform is gone", || async { tokio::net::TcpStream::connect(ADDRESS).await.err() }).await;
    }
}

/// What the administrator writes: two queries of a shop, asked at the simulated platform.
pub(crate) fn configuration(currencies: &str) -> String {
    format!(
        "poll: {{interval: 5s, timeout: 4s}}\nbrands:\n  sandbox: {{backoffice_url: \"http://{ADDRESS}\"}}\nshops:\n  \
         - name: main\n    brand: sandbox\n    shop_id: 363\n    secret_key_credential: key_main\n    channel_balances:\n      \
         - {{gateway: 3405, currencies: [{currencies}]}}\n"
    )
}
