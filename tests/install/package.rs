//! The package: what it brings, what an upgrade keeps, what removing and purging leave.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::machine::{CONFIGURATION, KEYS, MATERIAL, Machine, SERVICE, SOCKET, files, read, write};
use crate::scraper::{Scraper, get};

const DEFAULTS: &str = "/etc/default/overpay_exporter";

pub(crate) async fn the_package_brings_what_the_page_says(machine: &mut Machine) {
    let page = read(format!("{MATERIAL}/install.md"));
    let paths: Vec<&str> = page.lines().filter_map(|line| line.rsplit_once("| `/")?.1.strip_suffix("` |")).collect();
    assert!(paths.len() >= 6, "{paths:?}");
    for path in paths {
        assert!(Path::new("/").join(path).exists(), "/{path}");
    }
    for path in [
        "/usr/share/man/man1/overpay_exporter.1.gz",
        "/usr/share/man/man1/overpay_exporter-check.1.gz",
        "/usr/share/bash-completion/completions/overpay_exporter",
        "/usr/share/zsh/vendor-completions/_overpay_exporter",
        "/usr/share/fish/vendor_completions.d/overpay_exporter.fish",
        "/usr/share/overpay_exporter/alerts/overpay.rules.yml",
        "/usr/share/overpay_exporter/dashboards/overpay-headroom.json",
        "/usr/share/doc/overpay-exporter/copyright",
        "/etc/ssl/certs/ca-certificates.crt",
    ] {
        // Pages and documents may be left out by whoever makes a small Debian; what brings them is the package.
        let listed = path.starts_with("/etc/ssl")
            || path == "/usr/local/share/ca-certificates"
            || machine.shell("dpkg --listfiles overpay-exporter").await.well().contains(path);
        assert!(listed, "{path}");
    }
    let keys = fs::metadata(KEYS).expect("the folder of the keys");
    assert_eq!((keys.permissions().mode() & 0o7777, keys.uid()), (0o700, 0));
    let version = machine.shell("overpay_exporter --version").await.well();
    assert!(version.starts_with("overpay_exporter 0.") && !version.contains("revision unknown"), "{version}");
}

pub(crate) async fn systemd_finds_nothing_to_say_about_the_units(machine: &mut Machine) {
    let said = machine.shell(&format!("systemd-analyze verify --man=no {SERVICE} {SOCKET}")).await.well();
    assert_eq!(said, "");
    // Of 10.0, in tenths.
    let said = machine.shell(&format!("systemd-analyze security --no-pager --threshold=15 {SERVICE}")).await.well();
    println!("     {}", said.lines().last().unwrap_or_default());
}

/// Everything below a folder with its content.
fn content(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = files().into_iter().filter(|path| path.starts_with(folder) && path.is_file());
    files.map(|path| (path.clone(), fs::read(path).expect("it can be read"))).collect()
}

pub(crate) async fn an_upgrade_keeps_what_the_administrator_wrote_and_refuses_no_scrape(machine: &mut Machine) {
    write(DEFAULTS, &(read(DEFAULTS) + "OVERPAY_EXPORTER_LOG_FORMAT=json\n"));
    machine.systemctl(&format!("restart {SERVICE}")).await.well();
    machine.is_up().await;
    let (before, pid) = (content("/etc"), machine.main_pid().await);
    let scraper = Scraper::start();
    scraper.goes_on(10).await;
    let said = machine
        .shell(&format!("DEBIAN_FRONTEND=noninteractive apt-get install --yes {MATERIAL}/upgrade/*.deb"))
        .await
        .well();
    assert!(said.contains("1 upgraded"), "{said}");
    scraper.goes_on(10).await;
    machine.is_up().await;
    let (got, missed) = scraper.stopped().await;
    assert!(missed.is_empty(), "{} of {got} were missed: {missed:?}", missed.len());
    assert_ne!(machine.main_pid().await, pid, "the new program runs");
    let kept = content("/etc");
    for file in before.into_iter().filter(|(path, _)| path.to_string_lossy().contains("overpay_exporter")) {
        assert!(kept.contains(&file), "{}", file.0.display());
    }
    assert!(installed(machine).await.ends_with("-2"));
}

async fn installed(machine: &Machine) -> String {
    machine.shell("dpkg-query --show --showformat='${Version}' overpay-exporter").await.well()
}

pub(crate) async fn a_downgrade_is_the_same_the_other_way(machine: &mut Machine) {
    let pid = machine.main_pid().await;
    let install = "DEBIAN_FRONTEND=noninteractive apt-get install --yes --allow-downgrades ./overpay-exporter_*.deb";
    machine.shell(install).await.well();
    assert!(installed(machine).await.ends_with("-1"));
    assert_ne!(machine.main_pid().await, pid, "the older program runs");
    machine.is_up().await;
}

pub(crate) async fn removing_stops_it_and_keeps_what_the_administrator_wrote(machine: &mut Machine) {
    machine.shell("DEBIAN_FRONTEND=noninteractive apt-get remove --yes overpay-exporter").await.well();
    assert!(get("/-/healthy").await.is_err(), "nobody listens any more");
    assert!(!Path::new("/usr/bin/overpay_exporter").exists());
    let loaded = machine.systemctl(&format!("list-units --all --no-legend {SERVICE} {SOCKET}")).await.well();
    assert!(!loaded.contains("running") && !loaded.contains("listening"), "{loaded}");
    for path in [CONFIGURATION, DEFAULTS, &format!("{KEYS}/main")] {
        assert!(Path::new(path).exists(), "{path}");
    }
}

pub(crate) async fn purging_leaves_nothing(machine: &mut Machine) {
    let purge = "DEBIAN_FRONTEND=noninteractive apt-get purge --yes --autoremove overpay-exporter";
    machine.shell(purge).await.well();
    // What it depends on stays where other packages like to have it too.
    let of_others = machine.shell("dpkg --listfiles ca-certificates openssl").await.well();
    let of_others = |path: &Path| {
        of_others.lines().any(|line| path == line)
            || path.starts_with("/etc/ssl")
            || ["/etc/ca-certificates.conf", "/usr/local/share/ca-certificates"].iter().any(|other| path == *other)
    };
    let left = files();
    let left: Vec<&PathBuf> = left.difference(&machine.files_before).filter(|path| !of_others(path)).collect();
    assert!(left.is_empty(), "{left:?}");
    let known = machine.shell("dpkg --list overpay-exporter").await;
    assert_ne!(known.code, Some(0), "{}", known.said);
}
