use std::fs;
use std::os::unix::fs::symlink;

use super::*;

/// What a file of that name holds.
fn seen(content: &str) -> Seen {
    Seen::from([("file".into(), Some(Digest::of(Path::new("file"), Content::new(content.as_bytes().to_vec()))))])
}

fn changes() -> Changes {
    Changes { read: seen("one"), last: None }
}

#[test]
fn what_was_read_is_no_change() {
    assert_eq!(changes().judge(seen("one")), Verdict::Same);
}

#[test]
fn a_change_counts_once_it_is_seen_twice() {
    let mut changes = changes();
    assert_eq!(changes.judge(seen("two")), Verdict::Moving);
    assert_eq!(changes.judge(seen("two")), Verdict::Changed);
}

#[test]
fn a_change_that_goes_on_is_waited_for() {
    let mut changes = changes();
    for content in ["two", "three", "four"] {
        assert_eq!(changes.judge(seen(content)), Verdict::Moving, "{content}");
    }
    assert_eq!(changes.judge(seen("four")), Verdict::Changed);
}

#[test]
fn what_is_taken_back_is_no_change_and_begins_anew_afterwards() {
    let mut changes = changes();
    changes.judge(seen("two"));
    assert_eq!(changes.judge(seen("one")), Verdict::Same);
    assert_eq!(changes.judge(seen("two")), Verdict::Moving);
}

const CONFIGURATION: &str = "brands:\n  sandbox: {ca_file: ca.crt}\nshops:\n  - name: main\n    brand: sandbox\n    \
                             shop_id: 363\n    secret_key_file: /nowhere/main\n  - name: other\n    shop_id: 364\n    \
                             secret_key_file: keys/other\n";

/// A folder with that configuration, and it watched.
fn files(configuration: &str) -> (tempfile::TempDir, Files) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("keys")).unwrap();
    fs::write(folder.path().join("keys/other"), "one").unwrap();
    let path = folder.path().join("overpay_exporter.yml");
    fs::write(&path, configuration).unwrap();
    (folder, Files::new(path))
}

#[test]
fn the_file_and_all_that_it_names_are_looked_at_whether_they_are_there_or_not() {
    let (folder, mut files) = files(CONFIGURATION);
    let seen = files.look();
    let there = |name: &str| seen[&folder.path().join(name)].is_some();
    assert!(there("overpay_exporter.yml") && there("keys/other"));
    assert!(!there("ca.crt"));
    assert_eq!(seen[Path::new("/nowhere/main")], None);
    assert_eq!(seen.len(), 4);
    assert_eq!(files.look(), seen, "nothing has changed");
}

#[test]
fn a_key_that_comes_changes_or_goes_is_seen() {
    let (folder, mut files) = files(CONFIGURATION);
    let [ca, key] = ["ca.crt", "keys/other"].map(|name| folder.path().join(name));
    let mut last = files.look();
    let mut is_new = |files: &mut Files| {
        let seen = files.look();
        std::mem::replace(&mut last, seen.clone()) != seen
    };
    fs::write(&ca, "one").unwrap();
    assert!(is_new(&mut files), "it came");
    fs::write(&key, "two").unwrap();
    assert!(is_new(&mut files), "it changed");
    fs::remove_file(&key).unwrap();
    assert!(is_new(&mut files), "it went");
    assert!(!is_new(&mut files));
}

#[test]
fn a_file_that_no_longer_says_anything_names_none_until_it_does_again() {
    let (folder, mut files) = files(CONFIGURATION);
    let path = folder.path().join("overpay_exporter.yml");
    let before = files.look();
    fs::write(&path, "shops: [").unwrap();
    assert_eq!(files.look().len(), 1);
    fs::write(&path, CONFIGURATION).unwrap();
    assert_eq!(files.look(), before);
}

#[test]
fn while_the_file_is_away_the_keys_it_named_are_looked_at() {
    let (folder, mut files) = files(CONFIGURATION);
    let path = folder.path().join("overpay_exporter.yml");
    files.look();
    fs::remove_file(&path).unwrap();
    let seen = files.look();
    assert_eq!((seen.len(), seen[&path]), (4, None));
}

#[test]
fn the_same_content_in_another_folder_is_no_change() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("overpay_exporter.yml"), "shops: []").unwrap();
    }
    let [data, next, path] = ["..data", "..next", "overpay_exporter.yml"].map(|name| folder.path().join(name));
    symlink("one", &data).unwrap();
    symlink("..data/overpay_exporter.yml", &path).unwrap();
    let mut files = Files::new(path);
    let before = files.look();
    symlink("two", &next).unwrap();
    fs::rename(&next, &data).unwrap();
    assert_eq!(files.look(), before);
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_nothing_is_looked_at() {
    let mut watch = Watch::begin(&Source::File { path: "/nowhere".into(), look_every: None });
    watch.read_now().await;
    assert!(tokio::time::timeout(Duration::from_hours(24), watch.changed()).await.is_err());
}

/// A folder with a configuration that was read, and the watch over it, which looks every minute.
fn watch() -> (tempfile::TempDir, PathBuf, Watch) {
    let (folder, Files { path, .. }) = files(CONFIGURATION);
    let watch = Watch::begin(&Source::File { path: path.clone(), look_every: Some(Duration::from_mins(1)) });
    (folder, path, watch)
}

#[tokio::test(start_paused = true)]
async fn a_change_is_told_at_the_next_look_and_once_it_is_read_no_more() {
    let (_folder, path, mut watch) = watch();
    let start = Instant::now();
    fs::write(&path, "shops: []").unwrap();
    watch.changed().await;
    assert_eq!(start.elapsed(), Duration::from_mins(1) + STILL);
    watch.read_now().await;
    assert!(tokio::time::timeout(Duration::from_hours(1), watch.changed()).await.is_err(), "it is told once");
}

#[tokio::test(start_paused = true)]
async fn what_is_read_for_another_reason_is_not_told() {
    let (_folder, path, mut watch) = watch();
    fs::write(&path, "shops: []").unwrap();
    watch.read_now().await;
    assert!(tokio::time::timeout(Duration::from_hours(1), watch.changed()).await.is_err());
}
