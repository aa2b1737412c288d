//! Names of hosts: a host that moves is found at its new address.

use std::time::{Duration, Instant};

use super::crowd::{channels_of, gateways};
use super::exporter::{Exporter, Files, eventually, program};
use super::platform::Platform;
use super::preload::Names;

/// Several queries of a host that is not on this machine, as far as the program knows.
fn configuration(port: &str) -> String {
    let gateways = gateways(1, 6);
    format!(
        "poll: {{interval: 5s, timeout: 3s}}\nbrands:\n  sandbox: {{backoffice_url: \
         \"http://backoffice.example.com:{port}\", allow_insecure_http: true}}\nshops:\n  - name: main\n    brand: \
         sandbox\n    shop_id: 363\n    secret_key_file: main.key\n    channel_balances:\n{gateways}"
    )
}

#[tokio::test]
async fn a_host_that_moved_is_asked_at_its_new_address_though_the_old_one_still_answers() {
    let before = Platform::start().await;
    let port = before.url.rsplit(':').next().expect("a port").to_owned();
    let after = Platform::start_at(&format!("127.0.0.2:{port}")).await;
    for platform in [&before, &after] {
        for gateway in 1..=6 {
            platform.json(&format!("/shop/channel_balances/?gateway_id={gateway}&"), &channels_of(gateway));
        }
    }
    let files = Files::new(&configuration(&port));
    let mut command = program();
    let names = Names::of(&mut command, "127.0.0.1 backoffice.example.com");
    command.args(["--config.file", &files.configuration(), "--web.listen-address", "127.0.0.1:0"]);
    let _exporter = Exporter::of(command).await;
    eventually("every query was asked twice", || async { (before.requests().len() >= 12).then_some(()) }).await;
    assert!(after.requests().is_empty());

    names.set("127.0.0.2 backoffice.example.com");
    let moved = Instant::now();
    eventually("the new address is asked", || async { (!after.requests().is_empty()).then_some(()) }).await;
    assert!(moved.elapsed() < Duration::from_mins(1), "not after {:?}", moved.elapsed());
    // What is under way may still end at the old address; from then on nothing goes there.
    let asked = before.requests().len();
    eventually("every query was asked there", || async { (after.requests().len() >= 6).then_some(()) }).await;
    assert!(before.requests().len() <= asked + 6, "the old address is left alone");
    let asked = before.requests().len();
    eventually("asked there again", || async { (after.requests().len() >= 12).then_some(()) }).await;
    assert_eq!(before.requests().len(), asked, "the old address is left alone");
}
