//! The users of a web configuration file and the bcrypt hashes of their passwords.

use std::collections::BTreeMap;

use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};

/// The costs that are taken. What is above takes minutes for every password.
const COSTS: std::ops::RangeInclusive<u32> = 4..=20;
/// What an unknown user's password is checked against; the cost stands in front. What comes of it does not count.
const DECOY: &str = "overpayUexporterUdecoe0123456789abcdefghijklmnopqrstu";

/// Users and hashes.
#[derive(Default)]
pub(in super::super) struct Users {
    hashes: BTreeMap<String, SecretString>,
    /// How many users have a hash of that cost.
    costs: BTreeMap<u32, usize>,
    decoy: SecretString,
}

impl Users {
    /// Adds a user, or tells what is wrong with the hash without repeating it.
    pub(in super::super) fn add(&mut self, user: String, hash: SecretString) -> Result<(), String> {
        let text = hash.expose_secret();
        let parts = text.parse::<HashParts>().ok().filter(|_| ["$2a$", "$2b$", "$2y$"].contains(&&text[..4]));
        let Some(parts) = parts else {
            return Err("this is no bcrypt hash; write what `htpasswd -nBC 10 USER` prints behind the colon, which \
                        begins with $2a$, $2b$ or $2y$"
                .to_owned());
        };
        let cost = parts.get_cost();
        if !COSTS.contains(&cost) {
            return Err(format!("found cost {cost}; write a hash of cost {} to {}", COSTS.start(), COSTS.end()));
        }
        self.hashes.insert(user, hash);
        *self.costs.entry(cost).or_default() += 1;
        // The usual cost, and the lower one of two that are as usual.
        let usual = self.costs.iter().rev().max_by_key(|(_, users)| **users).map_or(cost, |(cost, _)| *cost);
        self.decoy = SecretString::from(format!("$2b${usual:02}${DECOY}"));
        Ok(())
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hash to check a user's password against, and whether it is that user's.
    pub(super) fn hash_of(&self, user: &str) -> (&SecretString, bool) {
        self.hashes.get(user).map_or((&self.decoy, false), |hash| (hash, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2y$10$uw5JwHDIuLcWTkUwHvC0DeFkLw0uUMe8AqdkGS9a9uPzUdKzKJ0XS";

    fn add(hash: &str) -> Result<(), String> {
        Users::default().add("alice".to_owned(), hash.into())
    }

    fn users(costs: &[u32]) -> Users {
        let mut users = Users::default();
        for (index, cost) in costs.iter().enumerate() {
            users.add(index.to_string(), HASH.replace("$10$", &format!("${cost:02}$")).into()).unwrap();
        }
        users
    }

    fn cost_of_the_unknown(costs: &[u32]) -> u32 {
        let users = users(costs);
        let (decoy, known) = users.hash_of("nobody");
        assert!(!known);
        decoy.expose_secret().parse::<HashParts>().unwrap().get_cost()
    }

    #[test]
    fn hashes_of_2a_2b_and_2y_are_taken() {
        for version in ["2a", "2b", "2y"] {
            assert_eq!(add(&HASH.replace("2y", version)), Ok(()), "{version}");
        }
    }

    #[test]
    fn what_is_no_bcrypt_hash_is_refused_and_not_repeated() {
        for hash in
            ["", "doe", &HASH.replace("2y", "2x"), &HASH[..59], &HASH.replace("uw5J", "uw-J"), "$2y$10$", "€€€€"]
        {
            let told = add(hash).unwrap_err();
            assert!(told.starts_with("this is no bcrypt hash;") && (hash.is_empty() || !told.contains(hash)), "{told}");
        }
    }

    #[test]
    fn a_cost_that_takes_minutes_is_refused() {
        assert_eq!(add(&HASH.replace("$10$", "$20$")), Ok(()));
        assert!(add(&HASH.replace("$10$", "$21$")).unwrap_err().starts_with("found cost 21;"));
        assert!(add(&HASH.replace("$10$", "$03$")).unwrap_err().starts_with("found cost 3;"));
    }

    #[test]
    fn an_unknown_user_costs_what_users_usually_cost() {
        assert_eq!(cost_of_the_unknown(&[10]), 10);
        assert_eq!(cost_of_the_unknown(&[12, 10, 12]), 12);
        assert_eq!(cost_of_the_unknown(&[12, 10]), 10);
    }
}
