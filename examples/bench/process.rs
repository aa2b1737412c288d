//! Programs as processes, and what the system says they used: processor time, memory, switches.
//!
//! Knows /proc, and nothing of what the programs do.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// A program that runs; it is told to end with this.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pid: i32,
}

/// What a process and its children used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor time of all threads that are there, as the scheduler counts it.
    pub(crate) cpu: Duration,
    /// Of all that ran, in the user's part and in the kernel's, in hundredths of a second.
    pub(crate) user: f64,
    pub(crate) system: f64,
    /// How often a thread was taken from a processor: each wake-up brings one.
    pub(crate) switches: u64,
    /// Resident bytes now, and the most there were.
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

impl Process {
    /// Starts a program; what it writes goes to that file.
    pub(crate) fn start<S: AsRef<OsStr>>(program: &Path, arguments: &[S], log: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("OVERPAY_EXPORTER_") || name.to_ascii_lowercase().ends_with("_proxy") {
                command.env_remove(name);
            }
        }
        let log = std::fs::File::create(log).with_context(|| log.display().to_string())?;
        command.args(arguments).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| program.display().to_string())?;
        let pid = child.id().context("it has ended")?.try_into()?;
        Ok(Self { child, pid })
    }

    /// What it used until now.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let mut usage = Usage::default();
        let mut pids = vec![self.pid];
        while let Some(pid) = pids.pop() {
            usage.add(pid, &mut pids).with_context(|| format!("process {pid} has ended"))?;
        }
        Ok(usage)
    }

    /// Lets its peak of memory begin anew.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid), "5").context("the peak of memory can't be set back")
    }

    /// Fails once it has ended.
    pub(crate) fn is_alive(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("it has ended with {status}"),
        }
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Ends it and waits for that.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.terminate();
        if tokio::time::timeout(Duration::from_secs(5), self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }

    /// Tells it to end. nginx ends its workers then, which outlive it if it is killed.
    fn terminate(&self) {
        // One that was waited for is gone, and its number may be another's.
        if let Some(pid) = self.child.id().and_then(|_| Pid::from_raw(self.pid)) {
            // It may have ended of itself.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.terminate();
    }
}

impl Usage {
    fn add(&mut self, pid: i32, children: &mut Vec<i32>) -> anyhow::Result<()> {
        let process = procfs::process::Process::new(pid)?;
        let (stat, status) = (process.stat()?, process.status()?);
        let ticks = procfs::ticks_per_second() as f64;
        self.user += stat.utime as f64 / ticks;
        self.system += stat.stime as f64 / ticks;
        self.resident += status.vmrss.unwrap_or(0) * 1024;
        self.peak += status.vmhwm.unwrap_or(0) * 1024;
        for thread in process.tasks()?.flatten() {
            // A thread may end meanwhile.
            let Ok(status) = thread.status() else { continue };
            self.cpu += Duration::from_nanos(thread.schedstat().map_or(0, |times| times.sum_exec_runtime));
            let switches = [status.voluntary_ctxt_switches, status.nonvoluntary_ctxt_switches];
            self.switches += switches.into_iter().flatten().sum::<u64>();
            children.extend(thread.children()?.into_iter().map(u32::cast_signed));
        }
        Ok(())
    }

    /// What was used since; memory as it is.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            user: self.user - before.user,
            system: self.system - before.system,
            switches: self.switches.saturating_sub(before.switches),
            ..self
        }
    }
}
