//! Scrapes that wait together, what is kept from one to the next, and for how long.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use flate2::read::GzDecoder;
use http_body_util::BodyExt as _;

use super::*;
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::query::{Pace, Query};
use crate::domain::samples::{answer, channel_row, channels, shop};
use crate::domain::shard::Shard;
use crate::store::{Store, Timing};

fn metrics_of(store: &Arc<Store>) -> Metrics {
    Metrics::new(Arc::clone(store), Shard::WHOLE).unwrap()
}

fn writer() -> Writer {
    Writer::start(metrics_of(&Arc::default())).unwrap()
}

/// A store of a query whose answers get stale after that time.
fn store(stale_after: Duration) -> Arc<Store> {
    let (store, shop) = (Arc::new(Store::default()), shop("main"));
    let query = channels(&shop, "q", 1);
    let query = Arc::new(Query { pace: Pace { stale_after, ..query.pace }, ..query });
    store.configure(&[shop], &[query], &Exponents::default(), SystemTime::now());
    store
}

fn answered(store: &Store, amount: i64) {
    store.record(0, Ok(answer([channel_row(1, 1, amount)])), Timing::default(), Moment::now());
}

async fn bytes_of(parts: Parts) -> Bytes {
    parts.collect().await.unwrap().to_bytes()
}

async fn text_of(parts: Parts) -> String {
    String::from_utf8(bytes_of(parts).await.to_vec()).unwrap()
}

async fn unpacked(parts: Parts) -> String {
    let mut text = String::new();
    GzDecoder::new(&bytes_of(parts).await[..]).read_to_string(&mut text).unwrap();
    text
}

/// What a desk answers to a scrape.
async fn answer_of(desk: &mut Desk, gzip: bool) -> Parts {
    let (written, answer) = oneshot::channel();
    desk.answer(vec![Scrape { gzip, written }]);
    answer.await.unwrap().unwrap()
}

fn desk(store: &Arc<Store>) -> Desk {
    Desk { metrics: metrics_of(store), kept: None }
}

/// Where the kept part of a text lies in memory: another text lies elsewhere, as long as both are held.
fn place_of(desk: &Desk) -> Option<*const u8> {
    let kept = desk.kept.as_ref()?;
    let text = kept.text.as_ref().and_then(|text| text.first());
    Some(text.or(kept.gzip.as_ref().and_then(|gzip| gzip.parts.first()))?.as_ptr())
}

#[tokio::test]
async fn scrapes_at_the_same_time_are_all_written() {
    let writer = writer();
    let (one, other, compressed) = tokio::join!(writer.write(false), writer.write(false), writer.write(true));
    for text in [text_of(one.unwrap()).await, text_of(other.unwrap()).await, unpacked(compressed.unwrap()).await] {
        assert!(text.starts_with("# HELP ") && text.ends_with('\n') && text.contains("\nprocess_open_fds "), "{text}");
    }
}

#[tokio::test]
async fn scrapes_that_wait_together_get_the_same_text() {
    let mut desk = desk(&store(Duration::from_mins(1)));
    let (mut scrapes, mut answers) = (Vec::new(), Vec::new());
    for gzip in [false, true, false, true] {
        let (written, answer) = oneshot::channel();
        scrapes.push(Scrape { gzip, written });
        answers.push(answer);
    }
    desk.answer(scrapes);
    let mut texts = Vec::new();
    for (index, answer) in answers.into_iter().enumerate() {
        let parts = answer.await.unwrap().unwrap();
        texts.push(if index % 2 == 0 { text_of(parts).await } else { unpacked(parts).await });
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
}

#[tokio::test]
async fn what_has_not_changed_is_not_written_again_and_what_the_exporter_tells_of_itself_is() {
    for gzip in [false, true] {
        let store = store(Duration::from_mins(1));
        answered(&store, 100);
        let mut desk = desk(&store);
        let first = answer_of(&mut desk, gzip).await;
        let place = place_of(&desk);
        desk.metrics.count_request("metrics", 200);
        let second = answer_of(&mut desk, gzip).await;
        assert_eq!(place_of(&desk), place, "gzip {gzip}");
        let text = if gzip { unpacked(second).await } else { text_of(second).await };
        assert!(text.contains("overpay_exporter_http_requests_total{code=\"200\",handler=\"metrics\"} 1\n"), "{text}");
        assert!(
            text.contains("overpay_available_balance{shop=\"main\",gateway=\"1\",currency=\"USD\",channel=\"1\"} 1\n")
        );
        drop(first);
    }
}

#[tokio::test]
async fn an_answer_that_is_still_taken_stays_as_it_was() {
    let store = store(Duration::from_mins(1));
    let mut desk = desk(&store);
    answered(&store, 100);
    let first = answer_of(&mut desk, false).await;
    for amount in [200, 300] {
        answered(&store, amount);
        // Taken at once, so that its memory is free for the next.
        let next = text_of(answer_of(&mut desk, false).await).await;
        assert!(next.contains(&format!("channel=\"1\"}} {}\n", amount / 100)), "{next}");
    }
    let first = text_of(first).await;
    assert!(first.contains("currency=\"USD\",channel=\"1\"} 1\n"), "{first}");
}

#[tokio::test]
async fn every_change_of_the_store_is_in_the_next_scrape() {
    let store = store(Duration::from_mins(1));
    let mut desk = desk(&store);
    for amount in [100, 250, 300] {
        answered(&store, amount);
        let expected = format!("channel=\"1\"}} {}\n", f64::from(i32::try_from(amount).unwrap()) / 100.0);
        assert!(text_of(answer_of(&mut desk, false).await).await.contains(&expected), "{amount}");
        assert!(unpacked(answer_of(&mut desk, true).await).await.contains(&expected), "{amount}");
    }
    store.reload_failed(SystemTime::now());
    let text = unpacked(answer_of(&mut desk, true).await).await;
    assert!(text.contains("overpay_exporter_config_last_reload_successful 0\n"), "{text}");
}

#[tokio::test]
async fn a_balance_that_gets_stale_without_any_change_is_gone_from_the_next_scrape() {
    let stale_after = Duration::from_millis(300);
    let store = store(stale_after);
    answered(&store, 100);
    let start = std::time::Instant::now();
    let mut desk = desk(&store);
    let is_there = |text: &str| text.contains("\noverpay_available_balance{");
    let early = unpacked(answer_of(&mut desk, true).await).await;
    // On a busy machine it may be stale at once.
    assert!(is_there(&early) || start.elapsed() >= stale_after, "{early}");
    tokio::time::sleep(stale_after).await;
    let late = unpacked(answer_of(&mut desk, true).await).await;
    assert!(!is_there(&late) && late.contains("\noverpay_available_balance_last_known{"), "{late}");
}

#[tokio::test]
async fn a_scrape_that_was_given_up_holds_up_nobody() {
    let writer = writer();
    drop(Box::pin(writer.write(false)));
    let given_up = tokio::time::timeout(Duration::ZERO, writer.write(false)).await;
    assert!(given_up.is_err() || given_up.is_ok_and(|written| written.is_ok()));
    assert!(writer.write(false).await.is_ok());
}

#[tokio::test]
async fn a_thread_that_has_ended_gives_no_sign_of_life() {
    let (orders, received) = mpsc::channel();
    drop(received);
    assert!(!Writer { orders }.is_alive().await);
}
