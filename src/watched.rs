//! Files that are looked at again and again, and read only when they may have changed.
//!
//! Knows nothing of what they hold.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use secrecy::zeroize::Zeroizing;

/// The largest file read unless another limit is given, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// How long ago a file must have changed before its times are trusted to tell its next change: clocks of file systems
/// tick every few milliseconds, some only every two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// A file, and what is kept of what it held when it was looked at last.
pub(crate) struct Watched<K = Content> {
    path: PathBuf,
    max_bytes: u64,
    seen: Option<Seen<K>>,
}

/// What a file holds, byte for byte.
pub(crate) type Content = Zeroizing<Vec<u8>>;

/// What is kept of a file. A change of the file shows in it.
pub(crate) trait Kept: PartialEq {
    /// What is kept of that content.
    fn of(path: &Path, content: Content) -> Self;
}

impl Kept for Content {
    fn of(_: &Path, content: Content) -> Self {
        content
    }
}

struct Seen<K> {
    stamp: Stamp,
    /// Whether no other content can have this stamp.
    settled: bool,
    kept: K,
}

impl Watched {
    /// What the file held when it was looked at last.
    pub(crate) fn content(&self) -> &[u8] {
        self.kept().map(|content| content.as_slice()).unwrap_or_default()
    }
}

impl<K: Kept> Watched<K> {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self { path, max_bytes: MAX_BYTES, seen: None }
    }

    /// The same for a file of so many bytes at most.
    pub(crate) fn up_to(self, max_bytes: u64) -> Self {
        Self { max_bytes, ..self }
    }

    /// What is kept of it, if it could be read when it was looked at last.
    pub(crate) fn kept(&self) -> Option<&K> {
        self.seen.as_ref().map(|seen| &seen.kept)
    }

    /// Looks at the file, and tells whether it holds something else than the last time.
    pub(crate) fn look(&mut self) -> io::Result<bool> {
        let looked = self.try_look(SystemTime::now());
        if looked.is_err() {
            // What comes after a failure is always new.
            self.seen = None;
        }
        looked
    }

    fn try_look(&mut self, now: SystemTime) -> io::Result<bool> {
        // Opening a pipe would wait for somebody who writes to it.
        let metadata = fs::metadata(&self.path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let stamp = Stamp::of(&metadata);
        if self.seen.as_ref().is_some_and(|seen| seen.settled && seen.stamp == stamp) {
            return Ok(false);
        }
        let file = File::open(&self.path)?;
        // Read after the stamp, the content is at least as new as that.
        let stamp = Stamp::of(&file.metadata()?);
        let max_bytes = self.max_bytes;
        let mut content =
            Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len().min(max_bytes)).unwrap_or(0)));
        if file.take(max_bytes + 1).read_to_end(&mut content)? as u64 > max_bytes {
            return Err(io::Error::other(format!("it is larger than {max_bytes} bytes")));
        }
        let kept = K::of(&self.path, content);
        let changed = self.seen.as_ref().is_none_or(|seen| seen.kept != kept);
        self.seen = Some(Seen { settled: stamp.is_settled(now), stamp, kept });
        Ok(changed)
    }
}

/// What the file system says of a file, by which its next content is told from this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// Likewise; programs can't set it.
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    fn is_settled(&self, now: SystemTime) -> bool {
        let (seconds, nanoseconds) = self.changed.max(self.modified);
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds)) else { return false };
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::new(seconds, nanoseconds))
            .and_then(|changed| now.duration_since(changed).ok())
            .is_some_and(|age| age >= SETTLED)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with a file, and the file watched and looked at once.
    fn watched(content: &str) -> (tempfile::TempDir, Watched) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, content).unwrap();
        let mut watched = Watched::new(path);
        assert!(watched.look().unwrap(), "what is seen first is new");
        (folder, watched)
    }

    /// Looks as if the file had changed long ago.
    fn look_later(watched: &mut Watched) -> bool {
        watched.try_look(SystemTime::now() + SETTLED * 2).unwrap()
    }

    #[test]
    fn the_same_content_is_nothing_new() {
        let (_folder, mut watched) = watched("one");
        assert!(!watched.look().unwrap());
        assert!(!look_later(&mut watched));
        assert_eq!(watched.content(), b"one");
    }

    #[test]
    fn a_settled_file_is_not_read_again() {
        let (_folder, mut watched) = watched("one");
        look_later(&mut watched);
        // Nobody but this test can change what was read without the file's knowing.
        watched.seen.as_mut().unwrap().kept = Zeroizing::new(b"kept".to_vec());
        assert!(!look_later(&mut watched));
        assert_eq!(watched.content(), b"kept");
    }

    #[test]
    fn a_change_within_the_same_tick_of_the_clock_is_seen() {
        let (_folder, mut watched) = watched("one");
        fs::write(&watched.path, "two").unwrap();
        // As a coarse clock would have it.
        let stamp = Stamp::of(&fs::metadata(&watched.path).unwrap());
        watched.seen.as_mut().unwrap().stamp = stamp;
        assert!(watched.look().unwrap());
        assert_eq!(watched.content(), b"two");
    }

    #[test]
    fn a_change_of_a_settled_file_is_seen_though_size_and_time_of_modification_are_set_back() {
        let (_folder, mut watched) = watched("one");
        let modified = fs::metadata(&watched.path).unwrap().modified().unwrap();
        look_later(&mut watched);
        fs::write(&watched.path, "two").unwrap();
        File::options().write(true).open(&watched.path).unwrap().set_modified(modified).unwrap();
        assert!(look_later(&mut watched));
        assert_eq!(watched.content(), b"two");
    }

    #[test]
    fn a_file_that_was_put_in_its_place_is_seen() {
        let (folder, mut watched) = watched("one");
        look_later(&mut watched);
        let other = folder.path().join("other");
        fs::write(&other, "two").unwrap();
        fs::rename(other, &watched.path).unwrap();
        assert!(look_later(&mut watched));
        assert_eq!(watched.content(), b"two");
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let [link, one, two, next] = ["link", "one", "two", "next"].map(|name| folder.path().join(name));
        fs::write(&one, "1").unwrap();
        fs::write(&two, "2").unwrap();
        symlink(&one, &link).unwrap();
        let mut watched = Watched::new(link.clone());
        watched.look().unwrap();
        look_later(&mut watched);
        symlink(&two, &next).unwrap();
        fs::rename(next, link).unwrap();
        assert!(look_later(&mut watched));
        assert_eq!(watched.content(), b"2");
    }

    #[test]
    fn what_comes_back_after_a_failure_is_new() {
        let (_folder, mut watched) = watched("one");
        fs::remove_file(&watched.path).unwrap();
        assert!(watched.look().is_err());
        assert!(watched.content().is_empty());
        fs::write(&watched.path, "one").unwrap();
        assert!(watched.look().unwrap());
    }

    #[test]
    fn a_device_or_a_folder_is_no_file() {
        for path in ["/dev/zero", "/"] {
            assert_eq!(Watched::<Content>::new(path.into()).look().unwrap_err().to_string(), "it is not a file");
        }
    }
}
