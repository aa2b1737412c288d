//! Which query's answer claims which series, so that no two publish the same one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::observation::Series;
use crate::domain::query::{Api, Query};

use super::state::HeldRow;

/// The series of a shop and API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Claim {
    shop: Arc<str>,
    api: Api,
    series: Series,
}

/// The claims of all answers held, by the positions of their queries.
#[derive(Debug, Default)]
pub(super) struct Claims {
    claimants: HashMap<Claim, Vec<usize>>,
    /// How many series more than one query claims.
    contested: usize,
}

impl Claims {
    /// Records that the answer of the query at that position now claims `new` and no longer `old`; both are sorted.
    pub(super) fn replace(&mut self, position: usize, query: &Query, old: &[HeldRow], new: &[HeldRow]) {
        // Nearly always an answer is about the same series as the one before.
        let same = old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.row.series == new.row.series);
        if same {
            return;
        }
        for held in old {
            self.release(position, claim(query, held));
        }
        for held in new {
            let claimants = self.claimants.entry(claim(query, held)).or_default();
            claimants.push(position);
            self.contested += usize::from(claimants.len() == 2);
        }
    }

    /// The other queries that claim a series which the answer of that query claims.
    pub(super) fn rivals(&self, position: usize, query: &Query, rows: &[HeldRow]) -> Vec<(usize, Series)> {
        if self.contested == 0 {
            return Vec::new();
        }
        let mut rivals: Vec<(usize, Series)> = rows
            .iter()
            .filter_map(|held| Some((self.claimants.get(&claim(query, held))?, &held.row.series)))
            .flat_map(|(claimants, series)| claimants.iter().map(move |rival| (*rival, series.clone())))
            .filter(|(rival, _)| *rival != position)
            .collect();
        rivals.sort_by_key(|(rival, _)| *rival);
        rivals.dedup_by_key(|(rival, _)| *rival);
        rivals
    }

    fn release(&mut self, position: usize, claim: Claim) {
        if let std::collections::hash_map::Entry::Occupied(mut entry) = self.claimants.entry(claim) {
            let claimants = entry.get_mut();
            self.contested -= usize::from(claimants.len() == 2);
            claimants.retain(|claimant| *claimant != position);
            if claimants.is_empty() {
                entry.remove();
            }
        }
    }
}

fn claim(query: &Query, held: &HeldRow) -> Claim {
    Claim { shop: Arc::clone(&query.shop.name), api: query.ask.api(), series: held.row.series.clone() }
}
