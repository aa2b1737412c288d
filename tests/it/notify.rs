//! What systemd is told: ready, how many queries are up, reloading, alive while everything answers, stopping.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::exporter::{Exporter, Files, PATIENCE, configuration, get, program};
use super::platform::Platform;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const QUERY: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";

/// A stand-in for systemd, which takes what it is told.
struct Systemd {
    _folder: TempDir,
    socket: UnixDatagram,
    path: String,
}

impl Systemd {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify").display().to_string();
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Self { _folder: folder, socket, path }
    }

    /// Starts the exporter as systemd does where it wants to be told, and waits until it listens.
    async fn start(&self, configuration: &str, watchdog: Option<Duration>) -> Exporter {
        let mut command = program();
        command.args(["--config.file", configuration, "--web.listen-address", "127.0.0.1:0"]);
        command.env("NOTIFY_SOCKET", &self.path);
        if let Some(watchdog) = watchdog {
            command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        }
        Exporter::of(command).await
    }

    /// The next message within that time.
    async fn told_within(&self, time: Duration) -> Option<String> {
        let socket = self.socket.try_clone().expect("a descriptor");
        let received = tokio::task::spawn_blocking(move || {
            let mut message = [0; 1024];
            socket.set_read_timeout(Some(time)).expect("it can be set");
            socket.recv(&mut message).ok().map(|length| String::from_utf8_lossy(&message[..length]).trim().to_owned())
        });
        received.await.expect("it does not panic")
    }

    /// Waits for a message that holds that text, passing over others.
    async fn told(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let message = self.told_within(PATIENCE).await.unwrap_or_else(|| panic!("nothing is told of {text}"));
            if message.contains(text) {
                return message;
            }
            assert!(start.elapsed() < PATIENCE, "{text} is not told");
        }
    }
}

#[tokio::test]
async fn it_is_ready_once_it_serves_and_not_before() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let files = Files::new(&configuration(&platform.url, QUERY));
    let systemd = Systemd::new();
    let exporter = systemd.start(&files.configuration(), None).await;
    let first = systemd.told_within(PATIENCE).await.expect("something");
    assert!(first.starts_with("READY=1\nSTATUS=") && first.ends_with(" of 1 queries up"), "{first}");
    assert_eq!(get(exporter.url("/-/healthy")).await.expect("it serves").status(), 200);
    systemd.told("STATUS=1 of 1 queries up").await;
}

#[tokio::test]
async fn it_is_not_ready_where_the_configuration_is_wrong() {
    let (files, systemd) = (Files::new("shops: 3\n"), Systemd::new());
    let mut command = program();
    command.args(["--config.file", &files.configuration()]).env("NOTIFY_SOCKET", &systemd.path);
    let output = command.output().await.expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(systemd.told_within(Duration::from_millis(1)).await, None);
}

#[tokio::test]
async fn a_reload_is_told_from_its_beginning_to_its_end_and_so_is_that_it_failed() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let good = configuration(&platform.url, QUERY);
    let (files, systemd) = (Files::new(&good), Systemd::new());
    let exporter = systemd.start(&files.configuration(), None).await;
    systemd.told("STATUS=1 of 1 queries up").await;

    files.write("overpay_exporter.yml", "shops: 3\n");
    exporter.signal("HUP").await;
    let reloading = systemd.told("RELOADING=1").await;
    let moment = reloading.split_once("MONOTONIC_USEC=").and_then(|(_, moment)| moment.parse::<u64>().ok());
    assert!(moment.is_some_and(|moment| moment > 0), "{reloading}");
    let next = systemd.told_within(PATIENCE).await;
    assert_eq!(next.as_deref(), Some("READY=1\nSTATUS=1 of 1 queries up; the last reload failed"));

    files.write("overpay_exporter.yml", &good);
    exporter.signal("HUP").await;
    systemd.told("RELOADING=1").await;
    let ready = systemd.told("READY=1").await;
    assert!(ready.contains("1 of 1 queries up") && !ready.contains("failed"), "{ready}");
}

#[tokio::test]
async fn the_watchdog_is_fed_in_time_while_it_runs_and_not_while_it_stands_still() {
    let (files, systemd) = (Files::new(&configuration("http://127.0.0.1:9", "")), Systemd::new());
    let watchdog = Duration::from_secs(6);
    let exporter = systemd.start(&files.configuration(), Some(watchdog)).await;
    for _ in 0..3 {
        let start = Instant::now();
        systemd.told("WATCHDOG=1").await;
        assert!(start.elapsed() < watchdog, "{:?}", start.elapsed());
    }
    exporter.signal("STOP").await;
    while let Some(sent_before) = systemd.told_within(Duration::from_secs(3)).await {
        assert!(sent_before == "WATCHDOG=1" || sent_before.starts_with("STATUS="), "{sent_before}");
    }
    exporter.signal("CONT").await;
    systemd.told("WATCHDOG=1").await;
}

#[tokio::test]
async fn nothing_is_told_of_life_where_there_is_no_watchdog() {
    let (files, systemd) = (Files::new(&configuration("http://127.0.0.1:9", "")), Systemd::new());
    let _exporter = systemd.start(&files.configuration(), None).await;
    systemd.told("READY=1").await;
    for _ in 0..3 {
        let message = systemd.told_within(PATIENCE).await.expect("the status, again and again");
        assert!(message.starts_with("STATUS="), "{message}");
    }
}

#[tokio::test]
async fn the_end_is_told_too() {
    let (files, systemd) = (Files::new(&configuration("http://127.0.0.1:9", "")), Systemd::new());
    let mut exporter = systemd.start(&files.configuration(), None).await;
    systemd.told("READY=1").await;
    exporter.signal("TERM").await;
    systemd.told("STOPPING=1").await;
    assert_eq!(exporter.ended().await, Some(0));
}

#[tokio::test]
async fn a_systemd_that_is_gone_is_a_line_of_the_log_and_nothing_else() {
    let (files, systemd) = (Files::new(&configuration("http://127.0.0.1:9", "")), Systemd::new());
    std::fs::remove_file(&systemd.path).expect("it is there");
    let exporter = systemd.start(&files.configuration(), None).await;
    let line = exporter.line_with("be told how the exporter is").await;
    assert!(line.contains("level=warn"), "{line}");
    assert_eq!(get(exporter.url("/-/healthy")).await.expect("it serves").status(), 200);
}

#[tokio::test]
async fn the_status_is_right_after_reloads_in_a_row() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let one = configuration(&platform.url, QUERY);
    let (files, systemd) = (Files::new(&one), Systemd::new());
    let exporter = systemd.start(&files.configuration(), None).await;
    systemd.told("STATUS=1 of 1 queries up").await;
    for configuration in [configuration(&platform.url, ""), one] {
        files.write("overpay_exporter.yml", &configuration);
        exporter.signal("HUP").await;
        systemd.told("READY=1").await;
    }
    systemd.told("STATUS=1 of 1 queries up").await;
}
