//! The poll loop with a made-up platform, in paused time.

mod failing;
mod on_demand;
mod polling;
mod replanning;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Ask, Order, Plan, Poller};
use crate::domain::failure::{Failure, Reason};
use crate::domain::money::{Exponent, Exponents};
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::samples::{answer, channel_row, currency};
use crate::store::{QueryState, Store};

/// How late a timer of whole milliseconds may be.
const TICK: Duration = Duration::from_millis(2);

/// A platform that answers at once, unless told otherwise.
#[derive(Clone, Debug)]
struct Platform {
    start: Instant,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    asked: Vec<(Arc<str>, Duration)>,
    /// Polls that were dropped before they ended.
    dropped: Vec<Arc<str>>,
    under_way: usize,
    most_under_way: usize,
    behaviours: HashMap<&'static str, Behaviour>,
}

#[derive(Clone, Debug)]
enum Behaviour {
    Slow(Duration),
    /// No answer until its timeout.
    Hangs(Duration),
    /// No connection after so long.
    Unreachable(Duration),
    Fails(Failure),
    Panics,
}

impl Platform {
    fn new() -> Self {
        Self { start: Instant::now(), book: Arc::default() }
    }

    fn behaves(&self, query: &'static str, behaviour: Behaviour) {
        self.book.lock().unwrap().behaviours.insert(query, behaviour);
    }

    fn fails(&self, query: &'static str, failure: Failure) {
        self.behaves(query, Behaviour::Fails(failure));
    }

    fn answers(&self, query: &str) {
        self.book.lock().unwrap().behaviours.remove(query);
    }

    fn slow(&self, query: &'static str, seconds: u64) {
        self.behaves(query, Behaviour::Slow(Duration::from_secs(seconds)));
    }

    /// When a query was asked, since the start.
    fn asked(&self, query: &str) -> Vec<Duration> {
        let book = self.book.lock().unwrap();
        book.asked.iter().filter(|(name, _)| **name == *query).map(|(_, at)| *at).collect()
    }
}

/// A poll under way, which notes that it was dropped.
struct UnderWay(Arc<Mutex<Book>>, Option<Arc<str>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut book = self.0.lock().unwrap();
        book.under_way -= 1;
        book.dropped.extend(self.1.take());
    }
}

impl Ask for Platform {
    async fn ask(&self, query: Arc<Query>) -> Result<Answer, Failure> {
        let mut under_way = UnderWay(Arc::clone(&self.book), Some(Arc::clone(&query.name)));
        let behaviour = {
            let mut book = self.book.lock().unwrap();
            book.asked.push((Arc::clone(&query.name), self.start.elapsed()));
            book.under_way += 1;
            book.most_under_way = book.most_under_way.max(book.under_way);
            book.behaviours.get(&*query.name).cloned()
        };
        match behaviour {
            Some(Behaviour::Slow(duration)) => tokio::time::sleep(duration).await,
            Some(Behaviour::Panics) => panic!("as the test wants it"),
            Some(Behaviour::Hangs(timeout)) => {
                tokio::time::sleep(timeout).await;
                under_way.1 = None;
                return Err(Failure::new(Reason::Timeout, "as the test wants it"));
            }
            Some(Behaviour::Unreachable(after)) => {
                tokio::time::sleep(after).await;
                under_way.1 = None;
                return Err(Failure::new(Reason::Connect, "as the test wants it"));
            }
            Some(Behaviour::Fails(failure)) => {
                under_way.1 = None;
                return Err(failure);
            }
            None => {}
        }
        under_way.1 = None;
        // Each query is answered about a channel of its own.
        let channel = query.name.bytes().fold(0, |id, byte| id * 31 + u64::from(byte));
        Ok(answer([channel_row(1, channel, 100)]))
    }
}

/// A poll loop that runs until it is stopped.
struct Running {
    platform: Platform,
    store: Arc<Store>,
    orders: mpsc::Sender<Order<Platform>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(platform: &Platform, queries: &[Query]) -> Self {
        Self::start_with(platform, plan(platform, queries))
    }

    fn start_with(platform: &Platform, plan: Plan<Platform>) -> Self {
        let (store, stop) = (Arc::new(Store::default()), CancellationToken::new());
        let (orders, received) = mpsc::channel(1);
        let task = tokio::spawn(Poller::new(Arc::clone(&store), plan).run(received, stop.clone()));
        Self { platform: platform.clone(), store, orders, stop, task }
    }

    async fn replan(&self, queries: &[Query]) {
        self.replan_with(plan(&self.platform, queries)).await;
    }

    async fn replan_with(&self, plan: Plan<Platform>) {
        let (done, applied) = oneshot::channel();
        self.orders.send(Order::Follow(plan, done)).await.unwrap();
        applied.await.unwrap();
        // For the loop to receive it, and for the tasks it starts or drops.
        self.settled().await;
    }

    /// Waits until so many seconds after the start.
    async fn until(&self, seconds: u64) {
        sleep_until(self.platform.start + Duration::from_secs(seconds)).await;
        self.settled().await;
    }

    /// Lets everything happen that happens now.
    async fn settled(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    fn state(&self, query: &str) -> Arc<QueryState> {
        let snapshot = self.store.snapshot();
        Arc::clone(snapshot.queries.iter().find(|state| *state.query.name == *query).unwrap())
    }

    fn asked(&self, query: &str) -> Vec<Duration> {
        self.platform.asked(query)
    }

    /// When a query is asked next, as it is told, since the start.
    fn next(&self, query: &str) -> Duration {
        self.state(query).next_poll.unwrap() - self.platform.start.into_std()
    }

    fn dropped(&self) -> Vec<Arc<str>> {
        self.platform.book.lock().unwrap().dropped.clone()
    }
}

/// A plan with room for everybody.
fn plan(platform: &Platform, queries: &[Query]) -> Plan<Platform> {
    Plan {
        shops: Vec::new(),
        queries: queries.iter().cloned().map(Arc::new).collect(),
        exponents: Arc::new(Exponents::default()),
        max_in_flight_per_host: 32,
        ask: platform.clone(),
    }
}

fn exponents_of_usd(places: u8) -> Arc<Exponents> {
    Arc::new(Exponents::new(BTreeMap::from([(currency("USD"), Exponent::new(places).unwrap())])))
}

/// Whether two times are the same, as far as timers of whole milliseconds go.
fn same(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= TICK
}

/// Whether those times follow each other in that interval.
fn is_every(interval: Duration, times: &[Duration]) -> bool {
    times.windows(2).all(|pair| same(pair[0] + interval, pair[1]))
}
