//! Money that moves: each balance is a function of its seed and of the time elapsed, and of nothing else.
//!
//! Reckoning is lazy: asking for a balance takes the steps since it was last asked for, so a balance that nobody asks
//! for costs nothing. Knows no clock, no API and no file.

use std::num::NonZeroU64;
use std::time::Duration;

use super::seed::Seed;
use crate::domain::money::MinorUnits;

/// One balance: how it moves, and what it is by now.
#[derive(Clone, Debug)]
pub(super) struct Line {
    seed: Seed,
    moves: Moves,
    events: Vec<Event>,
    payouts: u64,
    top_ups: u64,
    state: State,
}

/// What a balance is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// What there is.
    pub(super) balance: MinorUnits,
    /// Whether payout control is on.
    pub(super) active: bool,
    /// Whether the platform no longer tells of it.
    pub(super) gone: bool,
    /// Whether payouts and top-ups rest.
    pub(super) frozen: bool,
    /// All that came in since the start.
    pub(super) credited: MinorUnits,
    /// All that went out since the start.
    pub(super) debited: MinorUnits,
}

impl Line {
    /// A balance that opens with that much.
    pub(super) const fn new(seed: Seed, opening: MinorUnits, active: bool, moves: Moves) -> Self {
        let nothing = MinorUnits(0);
        let state = State { balance: opening, active, gone: false, frozen: false, credited: nothing, debited: nothing };
        Self { seed, moves, events: Vec::new(), payouts: 0, top_ups: 0, state }
    }

    /// Adds something that happens at its time. Only for a line whose time has not begun.
    pub(super) fn expect(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The state after that time. A time before one already asked for gives the later state.
    pub(super) fn at(&mut self, elapsed: Duration) -> State {
        let now = millis(elapsed);
        while let Some((at, step)) = self.next_step()
            && at <= now
        {
            self.take(step);
        }
        self.state
    }

    /// Changes the balance by hand.
    pub(super) fn change(&mut self, elapsed: Duration, change: Change) -> State {
        self.at(elapsed);
        self.state.apply(change);
        self.state
    }

    /// The next step and when it is due; at the same time events come first, then payouts, then top-ups.
    fn next_step(&self) -> Option<(u64, Step)> {
        let events = self.events.iter().enumerate().filter_map(|(n, event)| Some((event.due()?, Step::Event(n))));
        let payout = self.moves.payout.map(|payout| (nth(payout.every, self.payouts), Step::Payout(payout)));
        let top_up = self.moves.top_up.and_then(|top_up| Some((nth(top_up.every?, self.top_ups), Step::TopUp(top_up))));
        events.chain(payout).chain(top_up).min_by_key(|(at, _)| *at)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Event(n) => {
                if let Some(event) = self.events.get_mut(n) {
                    event.happened += 1;
                    self.state.apply(event.change);
                }
            }
            Step::Payout(payout) => {
                self.payouts += 1;
                let size = self.seed.between(self.payouts, payout.least.0, payout.most.0);
                self.state.pay_out(size, payout.overdraft);
                if let Some(top_up) = self.moves.top_up.filter(|top_up| top_up.every.is_none()) {
                    self.state.top_up(top_up);
                }
            }
            Step::TopUp(top_up) => {
                self.top_ups += 1;
                self.state.top_up(top_up);
            }
        }
    }
}

impl State {
    fn pay_out(&mut self, size: i64, overdraft: bool) {
        let paid = if overdraft { size } else { size.min(self.balance.0.max(0)) };
        if !self.frozen {
            self.set(self.balance.0.saturating_sub(paid));
        }
    }

    fn top_up(&mut self, top_up: TopUp) {
        if !self.frozen && top_up.below.is_none_or(|below| self.balance < below) {
            self.set(self.balance.0.saturating_add(top_up.amount.0));
        }
    }

    fn apply(&mut self, change: Change) {
        if let Some(balance) = change.balance {
            self.set(balance.0);
        }
        self.active = change.active.unwrap_or(self.active);
        self.gone = change.gone.unwrap_or(self.gone);
        self.frozen = change.frozen.unwrap_or(self.frozen);
    }

    /// Sets the balance and books the difference.
    fn set(&mut self, balance: i64) {
        let moved = balance.saturating_sub(self.balance.0);
        let side = if moved > 0 { &mut self.credited } else { &mut self.debited };
        side.0 = side.0.saturating_add(moved.saturating_abs());
        self.balance = MinorUnits(balance);
    }
}

/// What moves a balance of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moves {
    pub(super) payout: Option<Payout>,
    pub(super) top_up: Option<TopUp>,
}

/// Payouts at a fixed pace, each of another size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payout {
    /// The smallest payout.
    pub(super) least: MinorUnits,
    /// The largest payout.
    pub(super) most: MinorUnits,
    /// Milliseconds from one to the next.
    pub(super) every: NonZeroU64,
    /// Whether they go on below 0.
    pub(super) overdraft: bool,
}

/// Money that comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct TopUp {
    /// How much.
    pub(super) amount: MinorUnits,
    /// Milliseconds from one to the next; without a pace, it may come after each payout.
    pub(super) every: Option<NonZeroU64>,
    /// Only where there is less than this.
    pub(super) below: Option<MinorUnits>,
}

/// Something that happens to a balance at its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    at: u64,
    repeat: Option<NonZeroU64>,
    change: Change,
    happened: u64,
}

impl Event {
    /// A change after that time, and again after each repeat of it.
    pub(super) fn new(at: Duration, repeat: Option<NonZeroU64>, change: Change) -> Self {
        Self { at: millis(at), repeat, change, happened: 0 }
    }

    fn due(&self) -> Option<u64> {
        match (self.happened, self.repeat) {
            (0, _) => Some(self.at),
            (_, None) => None,
            (happened, Some(repeat)) => Some(self.at.saturating_add(repeat.get().saturating_mul(happened))),
        }
    }
}

/// What an event or a hand changes; what is not given stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) balance: Option<MinorUnits>,
    pub(super) active: Option<bool>,
    pub(super) gone: Option<bool>,
    pub(super) frozen: Option<bool>,
}

#[derive(Clone, Copy)]
enum Step {
    Event(usize),
    Payout(Payout),
    TopUp(TopUp),
}

/// When something is due that was done so many times.
fn nth(every: NonZeroU64, done: u64) -> u64 {
    every.get().saturating_mul(done + 1)
}

/// Whole milliseconds, the clock of the ledger.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
