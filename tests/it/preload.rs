//! Libraries of Debian that change what a program sees of its machine: the clocks (`faketime`) and the names of hosts
//! (`libnss-wrapper`).

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

/// A library, by its path below a folder of libraries.
fn library(path: &str) -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("it is there").flatten().map(|folder| folder.path());
    let mut found = folders.map(|folder| folder.join(path)).filter(|library| library.exists());
    found.next().unwrap_or_else(|| panic!("{path} is not installed: `make debian-packages`"))
}

/// A wall clock that can be set; the monotonic clock goes on as it is.
pub(crate) struct WallClock {
    folder: TempDir,
}

impl WallClock {
    /// The clock of the program that the command starts, right for now.
    pub(crate) fn of(command: &mut Command) -> Self {
        let clock = Self { folder: tempfile::tempdir().expect("a folder") };
        clock.set("+0");
        command
            .env("LD_PRELOAD", library("faketime/libfaketime.so.1"))
            .env("FAKETIME_TIMESTAMP_FILE", clock.file())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        clock
    }

    /// Sets the clock so far from the right time, as in `+3600` seconds.
    pub(crate) fn set(&self, offset: &str) {
        // In one step, so that it is never read half written.
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{offset}\n")).expect("it can be written");
        std::fs::rename(new, self.file()).expect("it can be renamed");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

/// Names that lead to other addresses than the network's, and may be changed.
pub(crate) struct Names {
    folder: TempDir,
}

impl Names {
    /// The names of the program that the command starts: an address and a name, as in `/etc/hosts`.
    pub(crate) fn of(command: &mut Command, hosts: &str) -> Self {
        let names = Self { folder: tempfile::tempdir().expect("a folder") };
        names.set(hosts);
        command.env("LD_PRELOAD", library("libnss_wrapper.so")).env("NSS_WRAPPER_HOSTS", names.file());
        names
    }

    pub(crate) fn set(&self, hosts: &str) {
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{hosts}\n")).expect("it can be written");
        std::fs::rename(new, self.file()).expect("it can be renamed");
    }

    fn file(&self) -> PathBuf {
        Path::new(self.folder.path()).join("hosts")
    }
}
