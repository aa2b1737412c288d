//! `--config.watch` with the volumes of Kubernetes: what the kubelet does with a `ConfigMap` and a Secret.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::exporter::{Exporter, configuration, eventually, program, run, text};
use super::platform::Platform;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const ONE: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";
const SUCCESSFUL: &str = "overpay_exporter_config_last_reload_successful";
const POLLS: &str =
    r#"overpay_polls_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;
const NOT_RELOADED: &str = "configuration not reloaded";

/// What `Authorization` says for the keys `first` and `second` of shop 363.
const FIRST: &str = "Basic MzYzOmZpcnN0";
const SECOND: &str = "Basic MzYzOnNlY29uZA==";

/// A volume as the kubelet writes it: a folder of its own for each state, `..data` leading to the one that counts, and a
/// link through it for each file.
struct Volume {
    path: PathBuf,
    states: u32,
}

impl Volume {
    fn new(path: PathBuf, files: &[(&str, &str)]) -> Self {
        fs::create_dir(&path).expect("it can be made");
        let mut volume = Self { path, states: 0 };
        volume.swap(files);
        volume
    }

    /// Has all files change at once, as the kubelet does.
    fn swap(&mut self, files: &[(&str, &str)]) {
        let before = fs::read_link(self.data()).ok();
        self.states += 1;
        let state = format!("..2026_11_28_10_00_{:02}.{}", self.states, 100_000 + self.states);
        let folder = self.path.join(&state);
        fs::create_dir(&folder).expect("a state");
        for (name, content) in files {
            fs::write(folder.join(name), content).expect("written");
        }
        let next = self.path.join("..data_tmp");
        symlink(&state, &next).expect("a link");
        fs::rename(next, self.data()).expect("it takes the place");
        for (name, _) in files {
            let link = self.path.join(name);
            if fs::symlink_metadata(&link).is_err() {
                symlink(Path::new("..data").join(name), link).expect("a link");
            }
        }
        for entry in fs::read_dir(&self.path).expect("a folder") {
            let name = entry.expect("an entry").file_name();
            let name = name.to_str().expect("UTF-8");
            if !name.starts_with("..") && !files.iter().any(|(file, _)| *file == name) {
                fs::remove_file(self.path.join(name)).expect("a link to nothing");
            }
        }
        if let Some(before) = before {
            fs::remove_dir_all(self.path.join(before)).expect("no longer used");
        }
    }

    fn data(&self) -> PathBuf {
        self.path.join("..data")
    }
}

/// A pod's volumes: a `ConfigMap` with the configuration, and a Secret with the keys of shops.
struct Pod {
    _folder: TempDir,
    config: Volume,
    keys: Volume,
}

impl Pod {
    /// With the key `first` for the shop `main`.
    fn new(platform: &Platform) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let written = main_alone(platform);
        let config = Volume::new(folder.path().join("config"), &[("overpay_exporter.yml", &written)]);
        let keys = Volume::new(folder.path().join("keys"), &[("main", "first")]);
        Self { _folder: folder, config, keys }
    }

    /// Starts an exporter that looks every second, and waits for its first answer.
    async fn start(&self) -> Exporter {
        let mut command = program();
        command.args(["--web.listen-address", "127.0.0.1:0"]);
        command.env("OVERPAY_EXPORTER_CONFIG_FILE", self.config.path.join("overpay_exporter.yml"));
        command.env("OVERPAY_EXPORTER_CONFIG_WATCH", "1s");
        let exporter = Exporter::of(command).await;
        exporter.scrape_until("answered", |scrape| scrape.value(POLLS) >= Some(1.0)).await;
        exporter
    }
}

fn main_alone(platform: &Platform) -> String {
    configuration(&platform.url, ONE).replace("main.key", "../keys/main")
}

/// The same with another shop, whose key is in a file of its own.
fn main_and_other(platform: &Platform) -> String {
    let other = "  - {name: other, brand: sandbox, shop_id: 363, secret_key_file: ../keys/other, channel_balances: \
                 [{gateway: 2, currencies: [USD]}]}\n";
    main_alone(platform) + other
}

async fn platform() -> Platform {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform
}

async fn asked_with(platform: &Platform, authorization: &str) {
    eventually("the key is used", || async {
        platform.requests().into_iter().find(|request| request.header("authorization") == Some(authorization))
    })
    .await;
}

fn count(exporter: &Exporter, message: &str) -> usize {
    exporter.lines().iter().filter(|line| line.contains(message)).count()
}

#[tokio::test]
async fn a_secret_that_is_swapped_is_used_and_counters_go_on() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    asked_with(&platform, FIRST).await;
    let before = exporter.scrape().await.value(POLLS);
    pod.keys.swap(&[("main", "second")]);
    asked_with(&platform, SECOND).await;
    exporter.line_with("the files of the configuration have changed").await;
    let scrape = exporter.scrape_until("counted", |scrape| scrape.value(POLLS) > before).await;
    assert_eq!(scrape.value(SUCCESSFUL), Some(1.0));
    assert_eq!(count(&exporter, "message=\"configuration reloaded\""), 1, "{:?}", exporter.lines());
    assert!(!exporter.lines().iter().any(|line| line.contains("first") || line.contains("second")));
}

#[tokio::test]
async fn a_config_map_that_is_swapped_is_used() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    pod.keys.swap(&[("main", "first"), ("other", "second")]);
    pod.config.swap(&[("overpay_exporter.yml", &main_and_other(&platform))]);
    exporter.scrape_until("both shops", |scrape| scrape.family("overpay_up").len() == 2).await;
    asked_with(&platform, SECOND).await;
}

#[tokio::test]
async fn a_bad_config_map_is_told_once_and_the_old_one_goes_on_until_a_good_one_comes() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    pod.config.swap(&[("overpay_exporter.yml", "shops:\n  - name: main\n")]);
    let line = exporter.line_with(NOT_RELOADED).await;
    assert!(line.contains("shops[0].shop_id: missing key"), "{line}");
    let scrape = exporter.scrape_until("it says so", |scrape| scrape.value(SUCCESSFUL) == Some(0.0)).await;
    assert_eq!(scrape.family("overpay_available_balance").len(), 1, "the old one goes on");
    // Long enough for three more looks.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(count(&exporter, NOT_RELOADED), 1, "{:?}", exporter.lines());
    let polls = scrape.value(POLLS);
    exporter.scrape_until("polling goes on", |scrape| scrape.value(POLLS) > polls).await;
    pod.config.swap(&[("overpay_exporter.yml", &(main_alone(&platform) + "# right again\n"))]);
    exporter.scrape_until("it is right again", |scrape| scrape.value(SUCCESSFUL) == Some(1.0)).await;
}

#[tokio::test]
async fn a_shop_whose_key_comes_after_it_is_asked_once_both_are_there() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    pod.config.swap(&[("overpay_exporter.yml", &main_and_other(&platform))]);
    let line = exporter.line_with(NOT_RELOADED).await;
    assert!(line.contains("shops[1].secret_key_file: the key file"), "{line}");
    pod.keys.swap(&[("main", "first"), ("other", "second")]);
    exporter.scrape_until("both shops", |scrape| scrape.family("overpay_up").len() == 2).await;
    exporter.scrape_until("it says so", |scrape| scrape.value(SUCCESSFUL) == Some(1.0)).await;
}

#[tokio::test]
async fn a_swap_that_breaks_off_leaves_the_configuration_in_force_until_it_is_done() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    // All files of the Secret are gone, as if it had been deleted and mounted anew.
    pod.keys.swap(&[]);
    exporter.line_with(NOT_RELOADED).await;
    // And those of the ConfigMap, whose links now lead nowhere.
    fs::remove_file(pod.config.data()).expect("it is there");
    eventually("told again", || async { (count(&exporter, NOT_RELOADED) >= 2).then_some(()) }).await;
    let scrape = exporter.scrape_until("it says so", |scrape| scrape.value(SUCCESSFUL) == Some(0.0)).await;
    let polls = scrape.value(POLLS);
    assert_eq!(scrape.family("overpay_available_balance").len(), 1);
    exporter.scrape_until("polling goes on", |scrape| scrape.value(POLLS) > polls).await;
    pod.config.swap(&[("overpay_exporter.yml", &main_alone(&platform))]);
    pod.keys.swap(&[("main", "second")]);
    asked_with(&platform, SECOND).await;
    exporter.scrape_until("all is well", |scrape| scrape.value(SUCCESSFUL) == Some(1.0)).await;
}

#[tokio::test]
async fn a_reload_by_hand_is_not_followed_by_another() {
    let platform = platform().await;
    let mut pod = Pod::new(&platform);
    let exporter = pod.start().await;
    pod.keys.swap(&[("main", "second")]);
    exporter.signal("HUP").await;
    exporter.line_with("configuration reloaded").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(count(&exporter, "message=\"configuration reloaded\""), 1, "{:?}", exporter.lines());
}

#[tokio::test]
async fn it_looks_once_a_second_at_most() {
    for wrong in ["0s", "999ms", "10", "often"] {
        let output = run(&["serve", "--config.watch", wrong]).await;
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(text(&output.stderr).contains("write a duration of 1s or more"), "{}", text(&output.stderr));
    }
}
