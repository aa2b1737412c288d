//! What docs/operations.md tells to type, typed.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use crate::machine::{MATERIAL, Machine, SERVICE, SOCKET, read, write};
use crate::platform::{KEY, ROTATED};
use crate::scraper::get;

const DEFAULTS: &str = "/etc/default/overpay_exporter";
const DROP_INS: [&str; 2] =
    ["/etc/systemd/system/overpay_exporter.service.d", "/etc/systemd/system/overpay_exporter.socket.d"];

/// The blocks of a language in the page's section of that heading, in their order.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let page = read(format!("{MATERIAL}/operations.md"));
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    let section = section.split("\n## ").next().expect("never empty");
    let begin = format!("```{language}\n");
    section.split(&begin).skip(1).map(|block| block.split("```").next().expect("never empty").to_owned()).collect()
}

/// What `systemctl edit` leaves behind.
async fn edited(machine: &Machine, unit: &str, content: &str) {
    let folder = format!("/etc/systemd/system/{unit}.d");
    fs::create_dir_all(&folder).expect("it is ours");
    write(format!("{folder}/override.conf"), content);
    machine.systemctl("daemon-reload").await.well();
}

/// The units as the package has them again, and the service started with them.
async fn as_before(machine: &Machine) {
    for folder in DROP_INS.iter().filter(|folder| Path::new(folder).exists()) {
        fs::remove_dir_all(folder).expect("it is ours");
    }
    machine.systemctl("daemon-reload").await.well();
    machine.systemctl(&format!("stop {SOCKET}")).await.well();
    machine.systemctl(&format!("start {SERVICE}")).await.well();
    machine.is_up().await;
}

pub(crate) async fn check_and_query_run_by_hand_with_the_keys_of_the_unit(machine: &mut Machine) {
    let blocks = blocks("Check and query by hand", "sh");
    let said = machine.shell(&format!("set -e\n{}", blocks[0])).await.well();
    assert!(said.contains("overpay_exporter.yml: ok\n") && said.contains("45,410.04"), "{said}");
    let ticket = read(format!("{MATERIAL}/dist/ticket.txt"));
    assert!(ticket.contains("200") && ticket.contains("available_balance"), "{ticket}");
    assert!(!ticket.contains(KEY) && !ticket.contains(ROTATED), "the key is in the ticket");
    machine.shell(&blocks[1]).await.well();
}

pub(crate) async fn tls_and_users_come_by_a_drop_in_and_a_web_configuration(machine: &mut Machine) {
    const HEADING: &str = "TLS and users";
    let (commands, defaults) = (blocks(HEADING, "sh"), read(DEFAULTS));
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").pem();
    write(format!("{MATERIAL}/dist/server.crt"), &certificate);
    write(format!("{MATERIAL}/dist/server.key"), &key.serialize_pem());
    machine.shell(&format!("set -e\n{}", commands[0])).await.well();
    let hash = bcrypt::hash("swordfish", 4).expect("a hash");
    let web = blocks(HEADING, "yaml")[0].replace("$2y$12$…", &hash);
    assert!(web.contains(&hash), "{web}");
    write("/etc/overpay_exporter/web.yml", &web);
    edited(machine, SERVICE, &blocks(HEADING, "ini")[0]).await;
    write(DEFAULTS, &format!("{defaults}{}", commands[1]));
    machine.systemctl(&format!("restart {SERVICE}")).await.well();

    let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]);
    // A bare machine knows no names.
    let client = client.resolve("localhost", ([127, 0, 0, 1], 10119).into()).build().expect("a client");
    let asked = |password: &str| {
        client.get("https://localhost:10119/-/healthy").basic_auth("prometheus", Some(password)).send()
    };
    assert_eq!(asked("swordfish").await.expect("TLS").status(), 200);
    assert_eq!(asked("password").await.expect("TLS").status(), 401);
    assert!(get("/-/healthy").await.is_err(), "plain HTTP is over");
    machine.systemctl(&format!("reload {SERVICE}")).await.well();
    let said = machine.property("StatusText").await;
    assert!(!said.contains("failed"), "{said}");

    write(DEFAULTS, &defaults);
    machine.shell("rm -r /etc/overpay_exporter/web.yml /etc/overpay_exporter/tls").await.well();
    as_before(machine).await;
}

pub(crate) async fn another_address_comes_by_a_drop_in_of_the_socket(machine: &mut Machine) {
    let blocks_of = |language| blocks("Listen elsewhere", language);
    edited(machine, SOCKET, &blocks_of("ini")[0].replace("192.0.2.10:10119", "127.0.0.2:10120")).await;
    machine.shell(&format!("set -e\n{}", blocks_of("sh")[1])).await.well();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("a client");
    assert_eq!(client.get("http://127.0.0.2:10120/-/healthy").send().await.expect("it listens").status(), 200);
    assert!(get("/-/healthy").await.is_err(), "the old address is gone");
    as_before(machine).await;
}

pub(crate) async fn it_is_stopped_for_good_by_stopping_both_units(machine: &mut Machine) {
    machine.shell(&blocks("Stop it for good", "sh")[0]).await.well();
    assert!(get("/-/healthy").await.is_err(), "nobody listens");
    for unit in [SERVICE, SOCKET] {
        assert_eq!(machine.systemctl(&format!("is-enabled {unit}")).await.said.trim(), "disabled", "{unit}");
    }
    machine.systemctl("enable --now overpay_exporter").await.well();
    machine.is_up().await;
}
