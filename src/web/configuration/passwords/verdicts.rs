//! The verdicts of late, under digests that tell nothing of the password.

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};

/// How many verdicts are kept.
const MAX: usize = 100;

/// A keyed digest of user, hash and password.
pub(super) type Digest = [u8; 32];

/// Makes digests with a key of its own, drawn when the process starts.
pub(super) struct Digester(Key);

impl Digester {
    pub(super) fn new() -> Option<Self> {
        let mut key = [0; 32];
        aws_lc_rs::rand::fill(&mut key).ok()?;
        Some(Self(Key::new(HMAC_SHA256, &key)))
    }

    pub(super) fn digest(&self, user: &str, hash: &str, password: &str) -> Digest {
        let mut context = Context::with_key(&self.0);
        for part in [user, hash, password] {
            // With their lengths, what ends one part can't begin the next.
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut digest = Digest::default();
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }
}

/// The verdicts, the least recently used first.
#[derive(Default)]
pub(super) struct Verdicts(Vec<(Digest, bool)>);

impl Verdicts {
    /// Whether those credentials were let in, if that is known.
    pub(super) fn get(&mut self, digest: &Digest) -> Option<bool> {
        let at = self.0.iter().position(|(kept, _)| kept == digest)?;
        let verdict = self.0.remove(at);
        self.0.push(verdict);
        Some(verdict.1)
    }

    /// Keeps a verdict. Where there are too many, the oldest refusal goes, so that no flood of wrong passwords takes
    /// verdicts from those who are let in.
    pub(super) fn put(&mut self, digest: Digest, let_in: bool) {
        self.0.retain(|(kept, _)| *kept != digest);
        if self.0.len() >= MAX {
            let oldest = self.0.iter().position(|(_, let_in)| !let_in).unwrap_or(0);
            self.0.remove(oldest);
        }
        self.0.push((digest, let_in));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> Digest {
        [number; 32]
    }

    #[test]
    fn parts_that_are_cut_elsewhere_have_another_digest() {
        let digester = Digester::new().unwrap();
        assert_eq!(digester.digest("a", "b", "c"), digester.digest("a", "b", "c"));
        for (user, hash, password) in
            [("ab", "", "c"), ("", "ab", "c"), ("a", "bc", ""), ("abc", "", ""), ("a", "b", "d")]
        {
            assert_ne!(digester.digest("a", "b", "c"), digester.digest(user, hash, password));
        }
    }

    #[test]
    fn digests_of_two_processes_differ() {
        let [one, other] = [(), ()].map(|()| Digester::new().unwrap().digest("a", "b", "c"));
        assert_ne!(one, other);
    }

    #[test]
    fn verdicts_are_kept() {
        let mut verdicts = Verdicts::default();
        verdicts.put(digest(1), true);
        verdicts.put(digest(2), false);
        assert_eq!([1, 2, 3].map(|number| verdicts.get(&digest(number))), [Some(true), Some(false), None]);
    }

    #[test]
    fn a_hundred_are_kept_and_the_least_recently_used_refusal_goes() {
        let mut verdicts = Verdicts::default();
        (0..100).for_each(|number| verdicts.put(digest(number), false));
        assert_eq!(verdicts.get(&digest(0)), Some(false));
        verdicts.put(digest(100), false);
        assert_eq!(verdicts.0.len(), 100);
        assert_eq!([0, 1, 2].map(|number| verdicts.get(&digest(number))), [Some(false), None, Some(false)]);
    }

    #[test]
    fn a_flood_of_refusals_pushes_out_nobody_who_is_let_in() {
        let mut verdicts = Verdicts::default();
        verdicts.put(digest(255), true);
        (0..250).for_each(|number| verdicts.put(digest(number), false));
        assert_eq!(verdicts.get(&digest(255)), Some(true));
    }
}
