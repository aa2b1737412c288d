//! The two programs as processes: their lines, their signals, what the system says of them.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::fleet::{ACCOUNT, KEY};

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The wall clock, in Unix seconds.
pub(crate) fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// A client that knows no proxy and leaves compressed bodies as they are.
pub(crate) fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().no_proxy().gzip(false).tls_certs_only([]);
    builder.timeout(PATIENCE).build().expect("a client")
}

/// A process of the program.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    pid: u32,
    pub(crate) log: Arc<Log>,
}

/// What a process has written.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) lines: AtomicU64,
    pub(crate) warnings: AtomicU64,
    /// Lines that must not be there: errors, panics, secrets.
    wrong: Mutex<Vec<String>>,
    /// The address it listens at.
    url: watch::Sender<String>,
    /// How often the configuration was reloaded, and how often it was not.
    pub(crate) reloaded: watch::Sender<u64>,
    pub(crate) not_reloaded: watch::Sender<u64>,
}

impl Program {
    /// Starts the program with those arguments; its lines go to that file.
    pub(crate) fn start(arguments: &[&str], file: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_overpay_exporter"));
        for (name, _) in std::env::vars() {
            if name.starts_with("OVERPAY_EXPORTER_") || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        command.args(arguments).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let log = Arc::new(Log::default());
        let file = Arc::new(Mutex::new(std::fs::File::create(file).expect("it can be written")));
        collect(child.stdout.take().expect("piped"), Arc::clone(&log), Arc::clone(&file));
        collect(child.stderr.take().expect("piped"), Arc::clone(&log), file);
        let pid = child.id().expect("it runs");
        Self { child, pid, log }
    }

    /// Where it listens, once it says so.
    pub(crate) async fn url(&self) -> String {
        let mut url = self.log.url.subscribe();
        let told = url.wait_for(|url| !url.is_empty());
        tokio::time::timeout(PATIENCE, told).await.expect("it says where it listens").expect("it runs").clone()
    }

    pub(crate) async fn signal(&self, name: &str) {
        signal(self.pid, name).await;
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is ours").is_some()
    }

    /// Ends it and gives the exit code, if it ends in time.
    pub(crate) async fn end(mut self) -> Option<i32> {
        self.signal("TERM").await;
        tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await.ok()?.ok()?.code()
    }
}

pub(crate) async fn signal(pid: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().await.expect("sh");
    assert!(status.success(), "kill -{name} {pid}");
}

impl Log {
    pub(crate) fn wrong(&self) -> Vec<String> {
        std::mem::take(&mut self.wrong.lock().expect("not poisoned"))
    }

    fn take(&self, line: &str) {
        self.lines.fetch_add(1, Ordering::Relaxed);
        if let Some((_, url)) = line.split_once("message=listening url=") {
            self.url.send_replace(url.to_owned());
        } else if let Some((_, url)) = line.split_once("simulator of the platform on ") {
            self.url.send_replace(url.to_owned());
        }
        if line.contains("message=\"configuration reloaded\"") {
            self.reloaded.send_modify(|times| *times += 1);
        }
        let broken_file = line.contains("message=\"configuration not reloaded");
        if broken_file {
            self.not_reloaded.send_modify(|times| *times += 1);
        }
        if line.contains("level=warn") {
            self.warnings.fetch_add(1, Ordering::Relaxed);
        }
        let error = line.contains("level=error") && !broken_file;
        if error || line.contains("panicked") || line.contains(KEY) || line.contains(ACCOUNT) {
            self.wrong.lock().expect("not poisoned").push(format!("a line that must not be there: {line}"));
        }
    }
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, log: Arc<Log>, file: Arc<Mutex<std::fs::File>>) {
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream).lines();
        while let Ok(Some(line)) = reader.next_line().await {
            writeln!(file.lock().expect("not poisoned"), "{line}").expect("it can be written");
            log.take(&line);
        }
    });
}

/// What the system says of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vitals {
    /// In kibibytes.
    pub(crate) resident: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
}

impl Vitals {
    /// None once the process has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
        Some(Self { resident: field("VmRSS")?, descriptors, threads: field("Threads")? })
    }
}
