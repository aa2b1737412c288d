//! What is told in the log once, however often it happens.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long nothing may have happened until trouble counts as over, so that what comes and goes is not told each time.
const QUIET: Duration = Duration::from_mins(1);

/// Trouble that begins, goes on, and is over.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Option<Instant>>);

impl Trouble {
    /// It has happened. Whether that is new.
    pub(super) fn happens(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now()).is_none()
    }

    /// It has not happened this time. Whether it has just come to its end.
    pub(super) fn is_over(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take_if(|last| last.elapsed() >= QUIET).is_some()
    }
}

/// What is wrong, if anything.
#[derive(Debug, Default)]
pub(super) struct Wrong(Mutex<Option<String>>);

impl Wrong {
    /// This is wrong. Whether that is new.
    pub(super) fn is_now(&self, problem: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.replace(problem.to_owned()).is_none_or(|known| known != problem)
    }

    /// Nothing is wrong. Whether something was.
    pub(super) fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trouble_that_comes_and_goes_is_told_once() {
        let trouble = Trouble::default();
        assert!(!trouble.is_over());
        assert!(trouble.happens());
        for _ in 0..10 {
            tokio::time::advance(QUIET / 2).await;
            assert!(!trouble.is_over());
            assert!(!trouble.happens());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_is_over_once_after_a_quiet_while_and_may_begin_anew() {
        let trouble = Trouble::default();
        assert!(trouble.happens());
        tokio::time::advance(QUIET).await;
        assert!(trouble.is_over());
        assert!(!trouble.is_over());
        assert!(trouble.happens());
    }

    #[test]
    fn a_problem_is_told_once_until_it_changes_or_is_over() {
        let wrong = Wrong::default();
        assert!(!wrong.is_over());
        assert!(wrong.is_now("no key"));
        assert!(!wrong.is_now("no key"));
        assert!(wrong.is_now("no certificate"));
        assert!(wrong.is_over());
        assert!(!wrong.is_over());
        assert!(wrong.is_now("no certificate"));
    }
}
