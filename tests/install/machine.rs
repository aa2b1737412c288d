//! The machine as an administrator has it: commands, files, the journal.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::platform::Platform;

/// Where `scripts/test-install` puts what a test needs, and by which this machine is known to be one for tests.
pub(crate) const MATERIAL: &str = "/install-test";
pub(crate) const CONFIGURATION: &str = "/etc/overpay_exporter/overpay_exporter.yml";
pub(crate) const KEYS: &str = "/etc/overpay_exporter/keys";
pub(crate) const SERVICE: &str = "overpay_exporter.service";
pub(crate) const SOCKET: &str = "overpay_exporter.socket";
pub(crate) const ADDRESS: &str = "http://127.0.0.1:10119";

/// What came of a command.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    /// Both of its outputs.
    pub(crate) said: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Self { code: output.status.code(), said: String::from_utf8_lossy(&said).into_owned() }
    }

    /// What it said, where it did not fail.
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.said);
        self.said
    }
}

/// A machine that is there for this test alone.
pub(crate) struct Machine {
    /// The simulated platform, which every query goes to.
    pub(crate) platform: Platform,
    /// The files there were before the package came.
    pub(crate) files_before: BTreeSet<PathBuf>,
}

impl Machine {
    /// Whether this machine is one for tests.
    pub(crate) fn is_bare() -> bool {
        Path::new(MATERIAL).is_dir() && Path::new("/run/systemd/system").is_dir()
    }

    pub(crate) fn new() -> Self {
        Self { platform: Platform::new(), files_before: files() }
    }

    /// Runs a command as a shell reads it.
    pub(crate) async fn shell(&self, command: &str) -> Ran {
        self.shell_with(command, "").await
    }

    /// Runs a command of the shell that reads that.
    pub(crate) async fn shell_with(&self, command: &str, input: &str) -> Ran {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .current_dir(format!("{MATERIAL}/dist"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("there is a shell");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that reads nothing may have ended before.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        Ran::of(&child.wait_with_output().await.expect("it ends"))
    }

    pub(crate) async fn systemctl(&self, arguments: &str) -> Ran {
        self.shell(&format!("systemctl {arguments}")).await
    }

    /// A property of the service.
    pub(crate) async fn property(&self, name: &str) -> String {
        let said = self.systemctl(&format!("show --value --property={name} {SERVICE}")).await.well();
        said.trim().to_owned()
    }

    pub(crate) async fn main_pid(&self) -> u32 {
        self.property("MainPID").await.parse().expect("a number")
    }

    /// Everything the service and systemd have logged of it.
    pub(crate) async fn journal(&self) -> String {
        self.logged("--output=short-monotonic").await
    }

    /// The last of it.
    pub(crate) async fn end_of_journal(&self) -> String {
        self.logged("--output=short-monotonic --lines=40").await
    }

    /// A point in the journal, to see what came after it.
    pub(crate) async fn journal_cursor(&self) -> String {
        let said = self.shell("journalctl --sync; journalctl --boot --no-pager --lines=0 --show-cursor").await.well();
        said.lines().find_map(|line| line.strip_prefix("-- cursor: ")).expect("a cursor").to_owned()
    }

    /// What they have logged since that point.
    pub(crate) async fn journal_after(&self, cursor: &str) -> String {
        self.logged(&format!("--output=cat --after-cursor='{cursor}'")).await
    }

    async fn logged(&self, arguments: &str) -> String {
        let units = format!("--unit={SERVICE} --unit={SOCKET}");
        self.shell(&format!("journalctl --sync; journalctl --boot --no-pager {units} {arguments}")).await.said
    }

    /// Waits until the service is ready, with each of its queries answered.
    pub(crate) async fn is_up(&self) {
        eventually("the status tells that all queries are up", || async {
            let status = self.property("StatusText").await;
            let (up, of) = status.strip_suffix(" queries up")?.split_once(" of ")?;
            (up == of && up != "0").then_some(())
        })
        .await;
    }
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

pub(crate) fn write(path: impl AsRef<Path>, content: &str) {
    fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()));
}

/// Asks again and again until there is something.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every file of the machine but those of the kernel, of what runs, and of the records that package tools keep of what
/// they did.
pub(crate) fn files() -> BTreeSet<PathBuf> {
    const NOT_LOOKED_AT: [&str; 11] = [
        "/proc",
        "/sys",
        "/dev",
        "/run",
        "/tmp",
        MATERIAL,
        "/var/log",
        "/var/cache",
        "/var/lib/apt",
        "/var/lib/dpkg",
        "/var/lib/systemd/random-seed",
    ];
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::from("/")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if NOT_LOOKED_AT.iter().any(|passed| path == Path::new(passed)) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}
