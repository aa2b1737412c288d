//! Proxies: the brand's own, those of the environment, and none; their credentials go to them alone.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use super::exporter::{Exporter, Files, program};
use super::platform::{Platform, Request, read};
use super::preload::Names;
use super::tls::certified;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
/// `user:marker-of-the-proxy` in HTTP Basic.
const PROXY_BASIC: &str = "Basic dXNlcjptYXJrZXItb2YtdGhlLXByb3h5";
/// The shop 363 and its key in HTTP Basic.
const SHOP_BASIC: &str = "Basic MzYzOnNlY3JldC1vZi1tYWlu";
/// A host off this machine, as far as the program knows.
const HOST: &str = "backoffice.example.com";

/// A proxy that carries everything to one address, whatever it was asked for, and keeps what it was asked.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Proxy {
    async fn to(platform: &Platform) -> Self {
        let port = platform.url.rsplit(':').next().expect("a port").parse().expect("a port");
        let onward = SocketAddr::from(([127, 0, 0, 1], port));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let proxy = Self { address: listener.local_addr().expect("an address"), asked: Arc::default() };
        let asked = Arc::clone(&proxy.asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, onward, Arc::clone(&asked)));
            }
        });
        proxy
    }

    /// Its address with credentials.
    fn url(&self) -> String {
        format!("http://user:marker-of-the-proxy@{}", self.address)
    }

    fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

async fn carry(mut stream: TcpStream, onward: SocketAddr, asked: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = read(&mut stream).await else { return };
    let mut onward = TcpStream::connect(onward).await.expect("the platform listens");
    if request.line().starts_with("CONNECT ") {
        asked.lock().expect("not poisoned").push(request);
        let _ = stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await;
        let _ = copy_bidirectional(&mut stream, &mut onward).await;
        return;
    }
    // A request in plain http, by its whole address; one for each connection.
    let line = request.line().replacen(&format!("http://{HOST}"), "", 1);
    let passed = format!("{line}\r\nconnection: close\r\n\r\n");
    asked.lock().expect("not poisoned").push(request);
    let _ = onward.write_all(passed.as_bytes()).await;
    let mut answer = [0; 4096];
    let read = onward.read(&mut answer).await.expect("an answer");
    let _ = stream.write_all(&answer[..read]).await;
}

/// A platform with a certificate of its host, a proxy to it, and the files of an exporter that knows the certificate's
/// authority.
async fn behind_a_proxy(brand: impl Fn(&Proxy) -> String) -> (Platform, Proxy, Files) {
    let (tls, authority) = certified(HOST);
    let platform = Platform::start_tls(tls).await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let proxy = Proxy::to(&platform).await;
    let files = Files::new(&configuration(&format!("https://{HOST}"), &format!("ca_file: ca.pem, {}", brand(&proxy))));
    files.write("ca.pem", &authority);
    (platform, proxy, files)
}

fn configuration(host: &str, brand: &str) -> String {
    super::exporter::configuration(host, "channel_balances:\n  - {gateway: 3405, currencies: [USD]}")
        .replace("sandbox: {", &format!("sandbox: {{{brand}"))
}

/// The program at its most talkative, for which that name is an address of this machine.
fn talkative(files: &Files) -> (Command, Names) {
    let mut command = program();
    // Nothing listens at that address: a request that goes there fails.
    let names = Names::of(&mut command, &format!("127.0.0.9 {HOST}"));
    command.args(["--config.file", &files.configuration(), "--web.listen-address", "127.0.0.1:0"]);
    command.args(["--log.level", "trace"]);
    (command, names)
}

async fn answered(command: Command) -> Exporter {
    let exporter = Exporter::of(command).await;
    exporter.scrape_until("answered", |scrape| !scrape.family("overpay_available_balance").is_empty()).await;
    exporter
}

/// The tunnel was asked for with the proxy's credentials, the platform was sent the shop's, and no log holds either.
fn assert_kept_apart(platform: &Platform, proxy: &Proxy, exporter: &Exporter) {
    let asked = proxy.asked();
    assert_eq!(asked[0].line(), format!("CONNECT {HOST}:443 HTTP/1.1"));
    for request in &asked {
        assert_eq!(request.header("proxy-authorization"), Some(PROXY_BASIC));
        assert!(!request.head.contains(SHOP_BASIC), "the shop's credentials are for the platform: {}", request.head);
    }
    let requests = platform.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.header("authorization"), Some(SHOP_BASIC));
        assert_eq!(request.header("proxy-authorization"), None, "{}", request.head);
    }
    let log = exporter.lines().join("\n");
    assert!(!log.contains("marker-of-the-proxy") && !log.contains(&PROXY_BASIC[6..]), "{log}");
}

#[tokio::test]
async fn a_brands_proxy_is_gone_through_and_alone_gets_its_credentials() {
    let (platform, proxy, files) = behind_a_proxy(|proxy| format!("proxy_url: \"{}\", ", proxy.url())).await;
    let (command, _names) = talkative(&files);
    let exporter = answered(command).await;
    assert_kept_apart(&platform, &proxy, &exporter);
}

#[tokio::test]
async fn the_environments_proxy_is_gone_through_where_the_brand_has_none() {
    let (platform, proxy, files) = behind_a_proxy(|_| String::new()).await;
    let (mut command, _names) = talkative(&files);
    command.env("HTTPS_PROXY", proxy.url());
    let exporter = answered(command).await;
    assert_kept_apart(&platform, &proxy, &exporter);
}

#[tokio::test]
async fn plain_http_goes_through_the_environments_proxy_for_it() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let proxy = Proxy::to(&platform).await;
    let files = Files::new(&configuration(&format!("http://{HOST}"), "allow_insecure_http: true, "));
    let (mut command, _names) = talkative(&files);
    command.env("HTTP_PROXY", proxy.url()).env("HTTPS_PROXY", "http://127.0.0.1:1");
    let _exporter = answered(command).await;
    let asked = proxy.asked();
    assert!(asked[0].line().starts_with(&format!("GET http://{HOST}/shop/channel_balances/?")), "{}", asked[0].line());
    assert_eq!(asked[0].header("proxy-authorization"), Some(PROXY_BASIC));
}

#[tokio::test]
async fn a_host_that_no_proxy_names_is_asked_directly() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let proxy = Proxy::to(&platform).await;
    let port = platform.url.rsplit(':').next().expect("a port");
    let files = Files::new(&configuration(&format!("http://{HOST}:{port}"), "allow_insecure_http: true, "));
    let (mut command, names) = talkative(&files);
    names.set(&format!("127.0.0.1 {HOST}"));
    command.env("HTTP_PROXY", proxy.url()).env("NO_PROXY", "example.com");
    let _exporter = answered(command).await;
    assert!(proxy.asked().is_empty());
}

#[tokio::test]
async fn without_any_configuration_of_one_no_proxy_is_used() {
    let (platform, proxy, files) = behind_a_proxy(|_| String::new()).await;
    let port = platform.url.rsplit(':').next().expect("a port");
    let text = std::fs::read_to_string(files.configuration()).expect("it is there");
    files.write("overpay_exporter.yml", &text.replace(HOST, &format!("{HOST}:{port}")));
    let (command, names) = talkative(&files);
    names.set(&format!("127.0.0.1 {HOST}"));
    let _exporter = answered(command).await;
    assert!(!platform.requests().is_empty() && proxy.asked().is_empty());
}

#[tokio::test]
async fn hosts_of_this_machine_are_asked_directly_whatever_the_environment_says() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let proxy = Proxy::to(&platform).await;
    let port = platform.url.rsplit(':').next().expect("a port");
    for host in ["127.0.0.1", "localhost"] {
        let files = Files::new(&configuration(&format!("http://{host}:{port}"), ""));
        let mut command = program();
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
            command.env(name, proxy.url());
        }
        command.args(["--config.file", &files.configuration(), "--web.listen-address", "127.0.0.1:0"]);
        let _exporter = answered(command).await;
    }
    assert!(proxy.asked().is_empty());
}
