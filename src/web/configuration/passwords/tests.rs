use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// The cost of the hashes here: a few milliseconds.
const COST: u32 = 6;

fn users(users: &[(&str, &str)]) -> Users {
    let mut all = Users::default();
    for (user, password) in users {
        all.add((*user).to_owned(), bcrypt::hash(password, COST).unwrap().into()).unwrap();
    }
    all
}

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials::read(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))).as_bytes()).unwrap()
}

async fn verdict(passwords: &Passwords, users: &Users, user: &str, password: &str) -> Verdict {
    passwords.verdict(&credentials(user, password), users).await
}

#[tokio::test]
async fn a_user_with_the_password_is_let_in_and_nobody_else() {
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", "one"), ("bob", "two")]));
    for (user, password, expected) in [
        ("alice", "one", Verdict::LetIn),
        ("bob", "two", Verdict::LetIn),
        ("alice", "two", Verdict::Refused),
        ("bob", "one", Verdict::Refused),
        ("alice", "", Verdict::Refused),
        ("Alice", "one", Verdict::Refused),
        ("", "one", Verdict::Refused),
    ] {
        // The second time from the verdicts.
        for _ in 0..2 {
            assert_eq!(verdict(&passwords, &users, user, password).await, expected, "{user} {password}");
        }
    }
}

#[tokio::test]
async fn a_verdict_of_another_hash_does_not_count() {
    let passwords = Passwords::new().unwrap();
    assert_eq!(verdict(&passwords, &users(&[("alice", "one")]), "alice", "one").await, Verdict::LetIn);
    let changed = users(&[("alice", "two")]);
    assert_eq!(verdict(&passwords, &changed, "alice", "one").await, Verdict::Refused);
    assert_eq!(verdict(&passwords, &changed, "alice", "two").await, Verdict::LetIn);
}

#[tokio::test]
async fn a_user_who_is_gone_is_unknown_though_there_is_a_verdict() {
    let passwords = Passwords::new().unwrap();
    let both = users(&[("alice", "one"), ("bob", "two")]);
    assert_eq!(verdict(&passwords, &both, "alice", "one").await, Verdict::LetIn);
    assert_eq!(verdict(&passwords, &users(&[("bob", "two")]), "alice", "one").await, Verdict::Refused);
}

/// CVE-2022-46146 of exporter-toolkit: a verdict of an unknown user, whose name holds a user's hash.
#[tokio::test]
async fn what_an_unknown_user_was_told_lets_nobody_in() {
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", "one")]));
    let hash = users.hash_of("alice").0.expose_secret();
    let decoy = users.hash_of("nobody").0.expose_secret();
    assert_eq!(verdict(&passwords, &users, &format!("alice{hash}"), "x").await, Verdict::Refused);
    assert_eq!(verdict(&passwords, &users, "alice", &format!("{decoy}x")).await, Verdict::Refused);
}

#[tokio::test]
async fn an_unknown_user_is_refused_though_the_password_matches() {
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", "one")]));
    let (hash, _) = users.hash_of("alice");
    assert!(passwords.check([1; 32], &"one".into(), hash, true).await);
    assert!(!passwords.check([2; 32], &"one".into(), hash, false).await);
}

#[tokio::test]
async fn a_verdict_that_is_kept_is_had_much_faster_than_bcrypt() {
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", "one")]));
    let took = |start: Instant| start.elapsed();
    let start = Instant::now();
    verdict(&passwords, &users, "alice", "one").await;
    let first = took(start);
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        verdict(&passwords, &users, "alice", "one").await;
        fastest = fastest.min(took(start));
    }
    assert!(fastest * 20 < first, "{fastest:?} against {first:?}");
}

#[tokio::test]
async fn all_who_wait_for_the_same_verdict_have_it_at_once() {
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", "one")]));
    let (passwords, users) = (Arc::new(passwords), Arc::new(users));
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (passwords, users) = (Arc::clone(&passwords), Arc::clone(&users));
        waiting.spawn(async move { verdict(&passwords, &users, "alice", "one").await });
    }
    assert!(waiting.join_all().await.into_iter().all(|verdict| verdict == Verdict::LetIn));
}

#[tokio::test]
async fn beyond_those_who_may_wait_all_are_sent_away_but_those_with_a_verdict() {
    let (passwords, users) = (Arc::new(Passwords::new().unwrap()), Arc::new(users(&[("alice", "one")])));
    verdict(&passwords, &users, "alice", "one").await;
    // As if a password took its time.
    let turn = Arc::clone(&passwords.turn).lock_owned().await;
    let mut waiting = tokio::task::JoinSet::new();
    for wrong in 0..MAX_WAITING {
        let (passwords, users) = (Arc::clone(&passwords), Arc::clone(&users));
        waiting.spawn(async move { verdict(&passwords, &users, "alice", &wrong.to_string()).await });
    }
    while lock(&passwords.waiting).len() < MAX_WAITING {
        tokio::task::yield_now().await;
    }
    for (user, password, expected) in
        [("alice", "another", Verdict::Busy), ("nobody", "another", Verdict::Busy), ("alice", "one", Verdict::LetIn)]
    {
        let at_once = tokio::time::timeout(Duration::from_secs(5), verdict(&passwords, &users, user, password)).await;
        assert_eq!(at_once, Ok(expected), "{user} {password}");
    }
    drop(turn);
    assert!(waiting.join_all().await.into_iter().all(|verdict| verdict == Verdict::Refused));
    assert_eq!(verdict(&passwords, &users, "alice", "another").await, Verdict::Refused);
}

#[tokio::test]
async fn who_goes_away_makes_room() {
    let (passwords, users) = (Arc::new(Passwords::new().unwrap()), Arc::new(users(&[("alice", "one")])));
    let turn = Arc::clone(&passwords.turn).lock_owned().await;
    for wrong in 0..MAX_WAITING * 2 {
        let gone = tokio::time::timeout(Duration::ZERO, verdict(&passwords, &users, "alice", &wrong.to_string())).await;
        assert!(gone.is_err(), "nobody had a verdict");
    }
    drop(turn);
    assert_eq!(verdict(&passwords, &users, "alice", "one").await, Verdict::LetIn);
}

/// Passwords are cut after 72 bytes, as bcrypt does and Go's.
#[tokio::test]
async fn what_comes_behind_the_72nd_byte_of_a_password_does_not_count() {
    let long = "x".repeat(72);
    let (passwords, users) = (Passwords::new().unwrap(), users(&[("alice", &long)]));
    assert_eq!(verdict(&passwords, &users, "alice", &format!("{long}y")).await, Verdict::LetIn);
}
