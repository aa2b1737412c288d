//! Where the program listens: addresses of every kind, and sockets that systemd passes.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use tokio::process::Command;

use super::exporter::{Exporter, Files, configuration, get, program, run, text};

const EXPOSED: &str = "everybody who reaches these addresses sees the balances";

/// A configuration without queries.
fn files() -> Files {
    Files::new(&configuration("http://127.0.0.1:9", ""))
}

async fn listening(arguments: &[&str]) -> (Files, Exporter) {
    let files = files();
    let file = files.configuration();
    let arguments: Vec<&str> = ["--config.file", &file].into_iter().chain(arguments.iter().copied()).collect();
    let exporter = Exporter::start(&arguments).await;
    // Written once all addresses have been.
    exporter.scrape().await;
    (files, exporter)
}

/// The addresses of the metrics, as the log has them.
fn urls(exporter: &Exporter) -> Vec<String> {
    let lines = exporter.lines().into_iter().filter(|line| line.contains("message=listening"));
    lines.filter_map(|line| line.rsplit_once("url=").map(|(_, url)| url.to_owned())).collect()
}

async fn is_served(url: &str) -> bool {
    get(url).await.is_ok_and(|answer| answer.status() == 200)
}

#[tokio::test]
async fn every_address_that_is_given_is_listened_on() {
    let one = ["--web.listen-address", "127.0.0.1:0", "--web.listen-address", "127.0.0.2:0"];
    let list = ["--web.listen-address", "127.0.0.1:0,127.0.0.2:0"];
    for arguments in [&one[..], &list[..]] {
        let (_files, exporter) = listening(arguments).await;
        let urls = urls(&exporter);
        assert!(urls[0].starts_with("http://127.0.0.1:") && urls[1].starts_with("http://127.0.0.2:"), "{urls:?}");
        assert!(is_served(&urls[0]).await && is_served(&urls[1]).await);
    }
}

#[tokio::test]
async fn the_newer_loopback_is_listened_on() {
    let (_files, exporter) = listening(&["--web.listen-address", "[::1]:0"]).await;
    assert!(exporter.metrics_url.starts_with("http://[::1]:"), "{}", exporter.metrics_url);
}

#[tokio::test]
async fn a_port_that_is_named_is_listened_on() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
    let (_files, exporter) = listening(&["--web.listen-address", &format!("127.0.0.1:{port}")]).await;
    assert_eq!(exporter.metrics_url, format!("http://127.0.0.1:{port}/metrics"));
}

#[tokio::test]
async fn a_port_alone_is_every_address_of_both_kinds() {
    let (_files, exporter) = listening(&["--web.listen-address", ":0"]).await;
    let port = exporter.metrics_url.rsplit(':').next().expect("a port").to_owned();
    assert!(is_served(&format!("http://127.0.0.1:{port}")).await);
    assert!(is_served(&format!("http://[::1]:{port}")).await);
}

#[tokio::test]
async fn one_warning_names_the_addresses_that_others_can_reach_and_what_to_do() {
    let (_files, exporter) = listening(&["--web.listen-address", "127.0.0.1:0,0.0.0.0:0,[::]:0"]).await;
    let lines: Vec<String> = exporter.lines().into_iter().filter(|line| line.contains(EXPOSED)).collect();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.contains("level=warn"), "{line}");
    for part in ["0.0.0.0:", "[::]:", "loopback", "--web.config.file", "basic_auth_users", "client certificates"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("127.0.0.1"), "{line}");
}

#[tokio::test]
async fn nobody_is_warned_of_loopback() {
    let (_files, exporter) = listening(&["--web.listen-address", "127.0.0.1:0,127.8.8.8:0,[::1]:0"]).await;
    assert!(!exporter.lines().iter().any(|line| line.contains(EXPOSED)), "{:?}", exporter.lines());
}

/// The program, started as systemd does with sockets: as descriptors from 3 on, with their number and for whom they are.
fn passing(sockets: Vec<OwnedFd>) -> (Files, Command) {
    let (files, number) = (files(), sockets.len());
    let mut command = Command::new("sh");
    let run = format!("exec 3<&0 4<&1 0</dev/null 1>&2; export LISTEN_FDS={number} LISTEN_PID=$$; exec \"$0\" \"$@\"");
    command.args(["-c", &run, env!("CARGO_BIN_EXE_overpay_exporter"), "--config.file", &files.configuration()]);
    command.args(["--web.systemd-socket", "--web.listen-address", "127.0.0.1:1"]);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut sockets = sockets.into_iter();
    if let Some(socket) = sockets.next() {
        command.stdin(socket);
    }
    if let Some(socket) = sockets.next() {
        command.stdout(socket);
    }
    (files, command)
}

/// What the program says of such a socket, and its exit code.
async fn refused(sockets: Vec<OwnedFd>) -> (String, Option<i32>) {
    let (_files, mut command) = passing(sockets);
    let output = command.output().await.expect("it starts");
    (text(&output.stderr), output.status.code())
}

#[tokio::test]
async fn sockets_that_systemd_passes_are_served_though_they_block() {
    let sockets = ["127.0.0.1:0", "[::1]:0"].map(|address| TcpListener::bind(address).expect("a free port"));
    let addresses = sockets.each_ref().map(|socket| socket.local_addr().expect("an address"));
    let (_files, command) = passing(sockets.map(OwnedFd::from).into());
    let exporter = Exporter::of(command).await;
    exporter.scrape().await;
    assert_eq!(urls(&exporter), addresses.map(|address| format!("http://{address}/metrics")));
    for address in addresses {
        assert!(is_served(&format!("http://{address}/-/healthy")).await, "{address}");
    }
}

#[tokio::test]
async fn a_socket_that_systemd_passes_can_be_exposed_too() {
    let socket = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let address = socket.local_addr().expect("an address");
    let (_files, command) = passing(vec![socket.into()]);
    let exporter = Exporter::of(command).await;
    let line = exporter.line_with(EXPOSED).await;
    assert!(line.contains(&address.to_string()), "{line}");
}

#[tokio::test]
async fn a_connection_that_systemd_passes_is_refused_with_what_to_write() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let connection = TcpStream::connect(listener.local_addr().expect("an address")).expect("it listens");
    let (told, code) = refused(vec![connection.into()]).await;
    assert!(told.contains("socket 1 ") && told.contains("Accept=no"), "{told}");
    assert_eq!(code, Some(2));
}

#[tokio::test]
async fn sockets_of_other_kinds_are_refused_with_what_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let unix = UnixListener::bind(folder.path().join("socket")).expect("a socket");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let file = std::fs::File::open("/dev/null").expect("it is there");
    let tcp = || OwnedFd::from(TcpListener::bind("127.0.0.1:0").expect("a free port"));
    for (socket, kind) in [(OwnedFd::from(unix), "Unix"), (udp.into(), "UDP"), (file.into(), "no socket")] {
        let (told, code) = refused(vec![tcp(), socket]).await;
        assert!(told.contains("socket 2 ") && told.contains("ListenStream="), "{kind}: {told}");
        assert_eq!(code, Some(2), "{kind}");
    }
}

#[tokio::test]
async fn no_socket_at_all_is_an_error_that_says_what_to_do() {
    let (told, code) = refused(vec![]).await;
    assert!(told.contains("no socket") && told.contains(".socket unit") && told.contains("--web.listen-address"));
    assert_eq!(code, Some(2));
    let files = files();
    let output = run(&["--config.file", &files.configuration(), "--web.systemd-socket"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn sockets_for_another_process_are_not_taken() {
    let files = files();
    let mut command = program();
    command.args(["--config.file", &files.configuration(), "--web.systemd-socket"]);
    let output = command.env("LISTEN_FDS", "1").env("LISTEN_PID", "1").output().await.expect("it starts");
    assert!(text(&output.stderr).contains("no socket"), "{}", text(&output.stderr));
}
