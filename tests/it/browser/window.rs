//! A window of Debian's chromium, driven by its chromedriver.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::Stdio;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::exporter::{client, eventually};

/// One browser at a time: several would be slower together.
static TURN: Mutex<()> = Mutex::const_new(());

/// A window as wide as most screens.
pub(super) const WIDE: u32 = 1280;
/// A window as narrow as a small telephone.
pub(super) const NARROW: u32 = 400;

/// A window of a browser.
#[derive(Clone)]
pub(super) struct Window {
    driver: WebDriver,
}

/// Lets a test use a browser, which is closed at its end however that comes.
pub(super) async fn browse<F>(test: impl FnOnce(Window) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let _turn = TURN.lock().await;
    let (mut chromedriver, url) = chromedriver().await;
    let driver = WebDriver::builder(&url, capabilities().expect("capabilities"));
    let driver = driver.connect().await.expect("Debian's package chromium is installed: `make debian-packages`");
    let window = Window { driver };
    window.sized(WIDE, 900).await;
    let outcome = tokio::spawn(test(window.clone())).await;
    window.driver.quit().await.expect("it closes");
    chromedriver.kill().await.expect("it ends");
    if let Err(panicked) = outcome {
        std::panic::resume_unwind(panicked.into_panic());
    }
}

/// A port that nobody listens on. It is none of those that the system gives to connections: chromedriver wants the same one
/// on IPv4 and IPv6, and ends where a connection happens to have one of them.
fn port() -> u16 {
    let is_taken = |address: IpAddr, port| {
        TcpListener::bind((address, port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
    };
    // Not the first that another run of the tests beside this one looks at.
    let first = u16::try_from(std::process::id() % 10_000).expect("small");
    let mut ports = (first..10_000).chain(0..first).map(|port| 20_000 + port);
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    ports.find(|port| !loopback.into_iter().any(|address| is_taken(address, *port))).expect("a free port")
}

async fn chromedriver() -> (Child, String) {
    let mut child = Command::new("chromedriver")
        .arg(format!("--port={}", port()))
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("Debian's package chromium-driver is installed: `make debian-packages`");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let port = loop {
        let line = lines.next_line().await.expect("readable").expect("it says its port before it ends");
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            break port.trim_end_matches('.').to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, format!("http://127.0.0.1:{port}"))
}

fn capabilities() -> WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    // Its sandbox can't be set up by root or in a container; the only pages it sees are ours.
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"]
    {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}

impl Window {
    pub(super) async fn open(&self, url: &str) {
        self.driver.goto(url).await.expect("it opens");
    }

    /// Makes what is seen that wide and high.
    pub(super) async fn sized(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers light or dark colours.
    pub(super) async fn prefers(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.command("Emulation.setEmulatedMedia", features).await;
    }

    /// Runs no script of pages from now on.
    pub(super) async fn without_scripts(&self) {
        self.command("Emulation.setScriptExecutionDisabled", json!({"value": true})).await;
    }

    async fn command(&self, name: &str, parameters: Value) {
        self.driver.cdp().send_raw(name, parameters).await.expect("the browser does it");
    }

    /// What a script returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, []).await.expect("the script runs").json().clone()
    }

    /// The words of the first element that a selector finds, as they are seen, blanks made one.
    pub(super) async fn words(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({}).innerText", Value::from(selector));
        let text = self.run(&script).await.as_str().expect("text").replace('\u{202f}', " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until those words are seen in the first element that a selector finds.
    pub(super) async fn words_until(&self, selector: &str, wanted: &str) {
        eventually(wanted, || async { self.words(selector).await.contains(wanted).then_some(()) }).await;
    }

    /// Presses a key.
    pub(super) async fn press(&self, key: Key) {
        self.driver.action_chain().send_keys(key).perform().await.expect("it is pressed");
    }

    /// What the browser has complained about since this was asked last.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.expect("a log");
        log.into_iter().map(|entry| entry.message).collect()
    }

    /// A picture of what is seen, as PNG, without scroll bars.
    pub(super) async fn picture(&self) -> Vec<u8> {
        self.command("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
        self.driver.screenshot_as_png().await.expect("a picture")
    }
}

/// The status, headers and text of an address, as a program sees them.
pub(super) async fn fetched(url: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let response = client().get(url).send().await.expect("it answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.expect("text"))
}
