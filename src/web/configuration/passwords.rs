//! Whether a password is a user's: bcrypt, one at a time and off the threads that serve connections, and the verdicts of
//! late.
//!
//! A verdict is kept under a keyed digest of user, hash and password, so that no password stays in memory and another
//! hash begins anew. So many different ones may wait for bcrypt; whoever comes beyond them is sent away at once, so that
//! a flood of wrong passwords piles nothing up. Who has a verdict does not wait: the flood pushes out other refusals
//! before it pushes out what was let in.
//!
//! Knows neither files nor headers.

mod users;
mod verdicts;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;

pub(super) use self::users::Users;
use self::verdicts::{Digest, Digester, Verdicts};
use crate::basic::Credentials;

/// How many different credentials may wait for bcrypt: a second's worth at cost 10.
const MAX_WAITING: usize = 16;

/// Checks passwords.
pub(super) struct Passwords {
    digester: Digester,
    verdicts: Arc<Mutex<Verdicts>>,
    /// Those that nobody has a verdict of yet, for as long as anybody waits for it.
    waiting: Mutex<HashMap<Digest, Weak<OnceCell<bool>>>>,
    /// Held while bcrypt runs.
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// Whether somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    LetIn,
    Refused,
    /// Too many wait for a verdict already.
    Busy,
}

impl Passwords {
    /// A checker that has checked nothing yet; none where the system has no random numbers.
    pub(super) fn new() -> Option<Self> {
        Some(Self {
            digester: Digester::new()?,
            verdicts: Arc::default(),
            waiting: Mutex::default(),
            turn: Arc::default(),
        })
    }

    /// Whether these are the credentials of one of the users. An unknown user takes as long as a known one.
    pub(super) async fn verdict(&self, credentials: &Credentials, users: &Users) -> Verdict {
        let (hash, known) = users.hash_of(credentials.user());
        let digest = self.digester.digest(credentials.user(), hash.expose_secret(), credentials.expose_password());
        let verdict = lock(&self.verdicts).get(&digest);
        let let_in = if let Some(let_in) = verdict {
            let_in
        } else {
            let Some(cell) = self.wait_for(digest) else { return Verdict::Busy };
            *cell.get_or_init(|| self.check(digest, credentials.password(), hash, known)).await
        };
        if let_in { Verdict::LetIn } else { Verdict::Refused }
    }

    /// The place of those who wait for that verdict; none where too many wait for others.
    fn wait_for(&self, digest: Digest) -> Option<Arc<OnceCell<bool>>> {
        let mut waiting = lock(&self.waiting);
        waiting.retain(|_, cell| cell.strong_count() > 0);
        if let Some(cell) = waiting.get(&digest).and_then(Weak::upgrade) {
            return Some(cell);
        }
        (waiting.len() < MAX_WAITING).then(|| {
            let cell = Arc::default();
            waiting.insert(digest, Arc::downgrade(&cell));
            cell
        })
    }

    async fn check(&self, digest: Digest, password: &SecretString, hash: &SecretString, known: bool) -> bool {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Who waited for the same may have gone away when it was known.
        if let Some(let_in) = lock(&self.verdicts).get(&digest) {
            return let_in;
        }
        let (password, hash) = (password.clone(), hash.clone());
        let verdicts = Arc::clone(&self.verdicts);
        // What has begun is ended and kept, though nobody may wait for it any more.
        let checked = tokio::task::spawn_blocking(move || {
            let matches = bcrypt::verify(password.expose_secret(), hash.expose_secret()).unwrap_or(false);
            let let_in = known && matches;
            lock(&verdicts).put(digest, let_in);
            drop(turn);
            let_in
        });
        checked.await.unwrap_or(false)
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
