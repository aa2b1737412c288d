//! Looking at the configuration's files from time to time, to have them read again once they have changed.
//!
//! Which files these are is told by the configuration. What they hold is kept as digests alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use tokio::time::Instant;
use tracing::info;

use super::Source;
use crate::config::{MAX_BYTES, files_named};
use crate::watched::{Content, Kept, Watched};

/// How long files must stay as they are before they are read: who writes one may have others to write.
const STILL: Duration = Duration::from_secs(1);

/// The files, and when they are looked at next. Without an interval they never are.
pub(super) struct Watch {
    looks: Option<Looks>,
}

struct Looks {
    /// Held while they are looked at.
    files: Arc<Mutex<Files>>,
    every: Duration,
    next: Instant,
    changes: Changes,
}

impl Watch {
    /// Looks for the first time. To be called before the configuration is read, so that no change falls in between.
    pub(super) fn begin(source: &Source) -> Self {
        let Source::File { path, look_every: Some(every) } = source else { return Self { looks: None } };
        let mut files = Files::new(path.clone());
        let changes = Changes { read: files.look(), last: None };
        let (files, every) = (Arc::new(Mutex::new(files)), *every);
        Self { looks: Some(Looks { files, every, next: Instant::now() + every, changes }) }
    }

    /// Ends when the files have changed since they were read, and stand still. Nothing is lost if it is dropped before.
    pub(super) async fn changed(&mut self) {
        let Some(looks) = &mut self.looks else { return std::future::pending().await };
        loop {
            tokio::time::sleep_until(looks.next).await;
            let seen = looks.look().await;
            let verdict = looks.changes.judge(seen);
            let wait = if verdict == Verdict::Moving { STILL.min(looks.every) } else { looks.every };
            looks.next = Instant::now() + wait;
            if verdict == Verdict::Changed {
                info!("the files of the configuration have changed");
                return;
            }
        }
    }

    /// Takes note that the files are read now, whoever wants it. To be called before they are.
    pub(super) async fn read_now(&mut self) {
        let Some(looks) = &mut self.looks else { return };
        looks.changes = Changes { read: looks.look().await, last: None };
    }
}

impl Looks {
    /// What the files hold; what they held when they were read if that can't be told.
    async fn look(&self) -> Seen {
        let files = Arc::clone(&self.files);
        // Looking at files may block, and must not hold up anything else.
        let looked = tokio::task::spawn_blocking(move || files.lock().unwrap_or_else(PoisonError::into_inner).look());
        looked.await.unwrap_or_else(|_| self.changes.read.clone())
    }
}

/// What each file holds; none where it can't be read.
type Seen = BTreeMap<PathBuf, Option<Digest>>;
type Digest = [u8; SHA256_OUTPUT_LEN];

/// Whether what is seen is something else than what was read.
struct Changes {
    read: Seen,
    /// What was seen the last time, if that was something else.
    last: Option<Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is what was read.
    Same,
    /// It is something else, and may still be about to become that.
    Moving,
    /// It is something else, and the same as the last time.
    Changed,
}

impl Changes {
    fn judge(&mut self, seen: Seen) -> Verdict {
        let last = self.last.take();
        if seen == self.read {
            return Verdict::Same;
        }
        let is_still = last.as_ref() == Some(&seen);
        self.last = Some(seen);
        if is_still { Verdict::Changed } else { Verdict::Moving }
    }
}

/// The configuration file and those it names.
struct Files {
    path: PathBuf,
    file: Watched<Document>,
    named: BTreeMap<PathBuf, Watched<Digest>>,
}

impl Files {
    fn new(path: PathBuf) -> Self {
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        Self { file: Watched::new(path.clone()).up_to(limit), path, named: BTreeMap::new() }
    }

    fn look(&mut self) -> Seen {
        // A file that can't be read is one that holds nothing; the reload tells why.
        let _ = self.file.look();
        let document = self.file.kept();
        if let Some(document) = document {
            self.named.retain(|path, _| document.names.contains(path));
            for path in &document.names {
                self.named.entry(path.clone()).or_insert_with(|| Watched::new(path.clone()));
            }
        }
        let mut seen = Seen::from([(self.path.clone(), document.map(|document| document.digest))]);
        for (path, file) in &mut self.named {
            let _ = file.look();
            seen.insert(path.clone(), file.kept().copied());
        }
        seen
    }
}

impl Kept for Digest {
    fn of(_: &Path, content: Content) -> Self {
        let mut digested = [0; SHA256_OUTPUT_LEN];
        digested.copy_from_slice(digest(&SHA256, &content).as_ref());
        digested
    }
}

/// What is kept of the configuration file.
#[derive(PartialEq, Eq)]
struct Document {
    digest: Digest,
    names: BTreeSet<PathBuf>,
}

impl Kept for Document {
    fn of(path: &Path, content: Content) -> Self {
        let names = std::str::from_utf8(&content).map(|text| files_named(path, text)).unwrap_or_default();
        Self { digest: Digest::of(path, content), names }
    }
}

#[cfg(test)]
mod tests;
