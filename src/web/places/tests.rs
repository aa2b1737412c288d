//! Who gets a place, and who gives one up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::advance;

use super::*;

const MIB: u64 = 1024 * 1024;

/// A connection that leaves as soon as it is asked to.
fn connection(place: Place) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { place.is_wanted().await })
}

/// A connection with a request under way.
async fn busy(places: &Arc<Places>) -> (Place, u64) {
    let place = places.take().await.unwrap();
    let request = place.progress().note(|activity, now| activity.asked(false, now));
    (place, request)
}

/// An answer that nobody else takes.
fn of_its_own(length: u64) -> Memory {
    static LAST: AtomicUsize = AtomicUsize::new(100);
    Memory { address: LAST.fetch_add(1, Ordering::Relaxed), length }
}

fn is_asked_to_leave(place: &Place) -> bool {
    place.progress.places.table().taken[&place.progress.number].leave != Leave::No
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_gets_the_place_of_who_waits_longest_once_that_is_gone() {
    let places = Places::new(2);
    let longest = connection(places.take().await.unwrap());
    advance(Duration::from_secs(1)).await;
    let other = connection(places.take().await.unwrap());
    assert!(places.are_taken());
    let newcomer = places.take().await;
    assert!(newcomer.is_some() && longest.is_finished() && !other.is_finished());
}

#[tokio::test(start_paused = true)]
async fn two_newcomers_get_two_places() {
    let places = Places::new(2);
    let old = [connection(places.take().await.unwrap()), connection(places.take().await.unwrap())];
    let (one, two) = tokio::join!(places.take(), places.take());
    assert!(one.is_some() && two.is_some() && old.iter().all(tokio::task::JoinHandle::is_finished));
}

#[tokio::test(start_paused = true)]
async fn nobody_gives_way_while_all_have_a_request_under_way() {
    let places = Places::new(1);
    let (busy, _) = busy(&places).await;
    assert!(places.take().await.is_none() && !is_asked_to_leave(&busy));
    drop(busy);
    assert!(places.take().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_leave_and_has_a_request_by_then_stays_and_another_gives_way() {
    let places = Places::new(2);
    let first = places.take().await.unwrap();
    advance(Duration::from_secs(1)).await;
    let second = connection(places.take().await.unwrap());
    let newcomer = tokio::spawn({
        let places = Arc::clone(&places);
        async move { places.take().await }
    });
    first.is_wanted().await;
    first.progress().note(|activity, now| activity.asked(false, now));
    assert!(first.stays());
    assert!(newcomer.await.unwrap().is_some() && second.is_finished());
    assert!(!is_asked_to_leave(&first));
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_to_leave_and_has_no_request_does_not_stay() {
    let places = Places::new(1);
    let place = places.take().await.unwrap();
    assert!(places.table().give_way(Instant::now()));
    assert!(!place.stays());
}

#[tokio::test(start_paused = true)]
async fn more_answers_than_may_be_held_cost_the_slowest_takers_their_connections() {
    let places = Places::new(8);
    let mut takers = Vec::new();
    for _ in 0..3 {
        let (place, request) = busy(&places).await;
        place.progress().answered(request, of_its_own(30 * MIB));
        takers.push(place);
        advance(Duration::from_millis(1)).await;
    }
    assert!(takers.iter().all(|taker| !is_asked_to_leave(taker)), "four of the same size are held in any case");
    let (place, request) = busy(&places).await;
    place.progress().answered(request, of_its_own(MIB));
    takers.push(place);
    assert_eq!(takers.iter().map(is_asked_to_leave).collect::<Vec<_>>(), [true, false, false, false]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_many_take_is_held_once() {
    let places = Places::new(64);
    let mut takers = Vec::new();
    for _ in 0..50 {
        let (place, request) = busy(&places).await;
        place.progress().answered(request, Memory { address: 1, length: 30 * MIB });
        takers.push(place);
        advance(Duration::from_millis(1)).await;
    }
    let (other, request) = busy(&places).await;
    other.progress().answered(request, of_its_own(30 * MIB));
    assert!(!takers.iter().chain([&other]).any(is_asked_to_leave), "60 MiB are not too much");
    let (newest, request) = busy(&places).await;
    newest.progress().answered(request, of_its_own(5 * MIB));
    // Whose answer was begun first give way, all of them, since it is held for the last of them too.
    assert!(takers.iter().all(is_asked_to_leave));
    assert!(!is_asked_to_leave(&other) && !is_asked_to_leave(&newest));
}

#[tokio::test(start_paused = true)]
async fn the_newest_answer_is_held_however_large() {
    let places = Places::new(2);
    let (place, request) = busy(&places).await;
    place.progress().answered(request, of_its_own(1_000 * MIB));
    assert!(!is_asked_to_leave(&place));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_overdue_at_its_deadline_though_that_moves() {
    let places = Places::new(1);
    let place = places.take().await.unwrap();
    let start = Instant::now();
    advance(Duration::from_secs(4)).await;
    place.progress().note(Activity::received);
    place.progress().is_overdue().await;
    assert_eq!(start.elapsed().as_secs(), 14);
}

#[tokio::test(start_paused = true)]
async fn progress_of_a_connection_that_is_gone_is_no_trouble() {
    let places = Places::new(1);
    let (place, request) = busy(&places).await;
    let progress = place.progress().clone();
    drop(place);
    progress.answered(request, of_its_own(10));
    progress.is_overdue().await;
}
