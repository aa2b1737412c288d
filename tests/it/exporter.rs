//! The real program as a process, and the files it reads.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// Longer than anything here takes on a busy machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The program's command, without the environment's own settings of it.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overpay_exporter"));
    for (name, _) in std::env::vars() {
        if name.starts_with("OVERPAY_EXPORTER_") || name.to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(name);
        }
    }
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end.
pub(crate) async fn run(arguments: &[&str]) -> Output {
    tokio::time::timeout(PATIENCE, program().args(arguments).output())
        .await
        .expect("it ends in time")
        .expect("it starts")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}

/// A folder with a configuration and its key files.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    /// A folder with that configuration; the key of each shop is in `main.key`.
    pub(crate) fn new(configuration: &str) -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a folder") };
        files.write("main.key", "secret-of-main\n");
        files.write("overpay_exporter.yml", configuration);
        files
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("it can be written");
        path
    }

    /// Removes a file and gives its path.
    pub(crate) fn remove(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::remove_file(&path).expect("it is there");
        path
    }

    pub(crate) fn configuration(&self) -> String {
        self.folder.path().join("overpay_exporter.yml").display().to_string()
    }
}

/// A configuration of the shop `main`, whose brand has all hosts at one address, with those queries.
pub(crate) fn configuration(host: &str, queries: &str) -> String {
    let indented: String = queries.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "    {line}");
        text
    });
    format!(
        "poll: {{interval: 5s, timeout: 3s}}\nbrands:\n  sandbox: {{gateway_url: \"{host}\", api_url: \"{host}\", \
         backoffice_url: \"{host}\"}}\nshops:\n  - name: main\n    brand: sandbox\n    shop_id: 363\n    \
         secret_key_file: main.key\n{indented}"
    )
}

/// The program while it runs, and every line it has written.
pub(crate) struct Exporter {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    collecting: Vec<JoinHandle<()>>,
    pub(crate) metrics_url: String,
}

impl Exporter {
    /// Starts `serve` with that configuration on a free port and waits until it listens.
    pub(crate) async fn serve(configuration: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["--config.file", configuration, "--web.listen-address", "127.0.0.1:0"];
        arguments.extend(more);
        Self::start(&arguments).await
    }

    /// Starts the program and waits until it listens.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(arguments);
        Self::of(command).await
    }

    /// Starts that command of the program and waits until it listens.
    pub(crate) async fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let stdout = child.stdout.take().map(|stream| collect(stream, Arc::clone(&lines)));
        let stderr = child.stderr.take().map(|stream| collect(stream, Arc::clone(&lines)));
        let collecting = stdout.into_iter().chain(stderr).collect();
        let mut exporter = Self { child, lines, collecting, metrics_url: String::new() };
        let line = exporter.line_with("message=listening").await;
        line.rsplit("url=").next().expect("the line has the address").clone_into(&mut exporter.metrics_url);
        exporter
    }

    /// The first line written so far, or written next, that contains the text.
    pub(crate) async fn line_with(&self, text: &str) -> String {
        eventually(&format!("a line with {text:?}"), || async {
            self.lines().into_iter().find(|line| line.contains(text))
        })
        .await
    }

    /// Everything written so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("not poisoned").clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let origin = self.metrics_url.split("/metrics").next().expect("never empty");
        format!("{origin}{path}")
    }

    /// The metrics as they are now.
    pub(crate) async fn scrape(&self) -> Scrape {
        let response = get(&self.metrics_url).await.expect("it answers");
        assert_eq!(response.status(), 200);
        Scrape(response.text().await.expect("a body"))
    }

    /// The metrics, as soon as they are as wanted.
    pub(crate) async fn scrape_until(&self, what: &str, wanted: impl Fn(&Scrape) -> bool) -> Scrape {
        eventually(what, || async { Some(self.scrape().await).filter(|scrape| wanted(scrape)) }).await
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().expect("it runs").to_string()
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.pid();
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().await.expect("sh");
        assert!(status.success());
    }

    /// Waits for the end, with every line there is, and gives the exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("it is ours");
        for collecting in self.collecting.drain(..) {
            collecting.await.expect("it reads to the end");
        }
        status.code()
    }
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, lines: Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).await.is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes);
            lines.lock().expect("not poisoned").push(line.trim_end_matches(['\n', '\r']).to_owned());
            bytes.clear();
        }
    })
}

/// One answer of `/metrics`.
pub(crate) struct Scrape(pub(crate) String);

impl Scrape {
    /// The value of the series written exactly so, labels included.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        let line = self.0.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        Some(line.parse().expect("a number"))
    }

    /// The samples of a family, each a line.
    pub(crate) fn family(&self, name: &str) -> Vec<&str> {
        let of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
        self.0.lines().filter(of).collect()
    }
}

/// A client that leaves compressed bodies as they are and knows no proxy.
pub(crate) fn client() -> reqwest::Client {
    // Without roots, which take long to load and which nothing here needs.
    reqwest::Client::builder().no_proxy().gzip(false).tls_certs_only([]).build().expect("a client")
}

pub(crate) async fn get(url: impl reqwest::IntoUrl) -> reqwest::Result<reqwest::Response> {
    client().get(url).send().await
}

/// Asks again and again until there is something; fails once patience has run out.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
