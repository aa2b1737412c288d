//! Channels that are configured and that no answer tells of.

use std::sync::Arc;

use super::{Work, noon};
use crate::domain::failure::Reason;
use crate::domain::money::Exponents;
use crate::domain::observation::{Answer, Withheld, WithheldBecause};
use crate::domain::query::{ChannelId, GatewayId, Query};
use crate::domain::samples::{answer, bank_account, channel_row, channels, shop};
use crate::domain::shop::Shop;

/// A shop whose configuration names those channels of gateway 1.
fn expecting(expected: [u64; 2]) -> Arc<Shop> {
    let expected_channels = expected.map(|channel| (GatewayId(1), ChannelId(channel))).into();
    Arc::new(Shop { expected_channels, ..Shop::clone(&shop("main")) })
}

fn missing(work: &Work) -> Vec<u64> {
    work.store.snapshot().missing_channels().iter().map(|missing| missing.channel.0).collect()
}

#[test]
fn a_channel_in_no_answer_is_missing() {
    let work = Work::of(&[channels(&expecting([10, 11]), "q", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert_eq!(missing(&work), [11]);
}

#[test]
fn a_channel_whose_row_is_withheld_is_not_missing() {
    let work = Work::of(&[channels(&expecting([10, 11]), "q", 1)]);
    let row = Withheld { gateway: GatewayId(1), channel: Some(ChannelId(11)), why: WithheldBecause::NoCurrency };
    work.answered(0, 0, Answer { withheld: vec![row], ..answer([channel_row(1, 10, 100)]) });
    assert_eq!(missing(&work), [0; 0]);
}

#[test]
fn while_a_query_of_the_gateway_has_no_answer_nothing_is_missing() {
    let shop = expecting([10, 11]);
    let queries = [channels(&shop, "usd", 1), channels(&shop, "eur", 1)];
    let work = Work::of(&queries);
    work.store.configure(&[shop], &queries.map(Arc::new), &Exponents::default(), noon());
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert_eq!(missing(&work), [0; 0]);
    work.failed(1, 0, Reason::Timeout);
    assert_eq!(missing(&work), [0; 0]);
    work.answered(1, 5, answer([channel_row(1, 12, 100)]));
    assert_eq!(missing(&work), [11]);
}

#[test]
fn a_stale_answer_still_tells_which_channels_there_are() {
    let work = Work::of(&[channels(&expecting([10, 11]), "q", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 100), channel_row(1, 11, 100)]));
    work.failed(0, 600, Reason::Timeout);
    assert_eq!(missing(&work), [0; 0]);
}

#[test]
fn a_gateway_that_is_not_asked_for_channels_misses_none() {
    let query: Query = bank_account(&expecting([10, 11]), "bank", Some(1));
    let work = Work::of(&[query]);
    work.answered(0, 0, answer([]));
    assert_eq!(missing(&work), [0; 0]);
}

#[test]
fn of_a_gateway_that_another_shard_asks_about_too_nothing_is_missing() {
    let of_both = Shop { asked_elsewhere: [GatewayId(1)].into(), ..Shop::clone(&expecting([10, 11])) };
    let work = Work::of(&[channels(&Arc::new(of_both), "q", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert_eq!(missing(&work), [0; 0]);
}
