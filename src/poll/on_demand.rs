//! Asking a query because somebody wants to know now: by hand, while setting up.
//!
//! What a query itself has to wait for after its failures does not hold it back then; what its host has asked for does.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ask, Demand, Place, Poller};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::failure::Failure;

impl<A: Ask> Poller<A> {
    /// Asks the query as soon as it is its turn, and has the answer told. A poll that is under way serves as well.
    pub(super) fn demanded(&mut self, demand: Demand) {
        let named = |position: &usize| {
            let query = &self.entries[*position].query;
            *query.shop.name == *demand.shop && *query.name == *demand.query
        };
        let position = (0..self.entries.len()).find(named);
        let refusal = position.map_or(Some(NotAsked::Unknown), |position| self.refused_now(position));
        match (position, refusal) {
            (Some(position), None) => {
                self.demands.entry(position).or_default().push(demand.answer);
                let entry = &mut self.entries[position];
                if entry.place == Place::Waiting {
                    entry.due = Instant::now();
                    entry.place = Place::Queued;
                    self.queue.push(position, entry.standing);
                }
            }
            // Who has gone away needs no answer, here and below.
            (_, refusal) => drop(demand.answer.send(Err(refusal.unwrap_or(NotAsked::Unknown)))),
        }
    }

    /// Why a query can't be asked now, if it waits and can't.
    fn refused_now(&self, position: usize) -> Option<NotAsked> {
        let now = Instant::now();
        let entry = &self.entries[position];
        let until = |moment: Instant| Some(moment.saturating_duration_since(now)).filter(|wait| *wait > Duration::ZERO);
        if entry.place != Place::Waiting {
            None
        } else if let Some(wait) = until(entry.not_at_once(now)) {
            Some(NotAsked::JustAsked(wait))
        } else if let Some(wait) = self.hosts.allowed_from(position).and_then(until) {
            Some(NotAsked::Limited(wait))
        } else if self.waits_for_a_probe(position) {
            let probe = self.hosts.probe(position)?;
            Some(NotAsked::Unreachable(until(self.entries[probe].due).unwrap_or_default()))
        } else {
            None
        }
    }

    /// Tells those who wait for a query how its poll ended.
    pub(super) fn tell_of(&mut self, position: usize, failure: Option<&Failure>, duration: Duration) {
        for answer in self.demands.remove(&position).unwrap_or_default() {
            let _ = answer.send(Ok(Asked { failure: failure.cloned(), duration }));
        }
    }

    /// Tells those who wait for a query that it was put off before it was its turn.
    pub(super) fn tell_of_delay(&mut self, position: usize) {
        if self.demands.contains_key(&position) {
            let refusal = self.refused_now(position).unwrap_or(NotAsked::Dropped);
            for answer in self.demands.remove(&position).unwrap_or_default() {
                let _ = answer.send(Err(refusal));
            }
        }
    }
}
