//! Scrapes, and a client that scrapes ten times a second and counts what it does not get.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::machine::{ADDRESS, eventually};

/// How long a scrape may take: what Prometheus allows unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is answered at a path: the status and the body, or why there is none.
pub(crate) async fn get(path: &str) -> Result<(u16, String), String> {
    ask(&client(0), path).await
}

/// A client that keeps so many unused connections.
fn client(connections: usize) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(PATIENCE)
        .pool_max_idle_per_host(connections)
        // As a scraper that tells what happened, not one that tries once more.
        .retry(reqwest::retry::never())
        .build()
        .expect("a client")
}

async fn ask(client: &reqwest::Client, path: &str) -> Result<(u16, String), String> {
    let told = |error: reqwest::Error| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    };
    let response = client.get(format!("{ADDRESS}{path}")).send().await.map_err(told)?;
    let status = response.status().as_u16();
    Ok((status, response.text().await.map_err(told)?))
}

/// The value of a series, written exactly so.
pub(crate) async fn value(series: &str) -> Option<f64> {
    let (_, metrics) = get("/metrics").await.ok()?;
    metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Who scrapes ten times a second, until told to stop.
pub(crate) struct Scraper {
    answered: Arc<AtomicUsize>,
    stop: CancellationToken,
    scraping: JoinHandle<(usize, Vec<String>)>,
}

impl Scraper {
    pub(crate) fn start() -> Self {
        let stop = CancellationToken::new();
        let answered = Arc::<AtomicUsize>::default();
        let scraping = tokio::spawn(scrape(Arc::clone(&answered), stop.clone()));
        Self { answered, stop, scraping }
    }

    /// Waits until so many more scrapes have come to their end.
    pub(crate) async fn goes_on(&self, scrapes: usize) {
        let before = self.answered.load(Ordering::Relaxed);
        let more = || async { (self.answered.load(Ordering::Relaxed) >= before + scrapes).then_some(()) };
        eventually("more scrapes", more).await;
    }

    /// How many scrapes it got, and what came instead of the others.
    pub(crate) async fn stopped(self) -> (usize, Vec<String>) {
        self.stop.cancel();
        self.scraping.await.expect("it does not panic")
    }
}

/// A new connection for each scrape, none of which waits for the one before.
async fn scrape(answered: Arc<AtomicUsize>, stop: CancellationToken) -> (usize, Vec<String>) {
    let client = client(0);
    let mut ticks = interval(Duration::from_millis(100));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut scrapes = tokio::task::JoinSet::new();
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let (client, answered) = (client.clone(), Arc::clone(&answered));
        scrapes.spawn(async move {
            let outcome = ask(&client, "/metrics").await;
            answered.fetch_add(1, Ordering::Relaxed);
            outcome
        });
    }
    let (mut got, mut missed) = (0, Vec::new());
    for outcome in scrapes.join_all().await {
        match outcome {
            Ok((200, body)) if body.ends_with('\n') => got += 1,
            Ok((status, _)) => missed.push(format!("HTTP {status}")),
            Err(error) => missed.push(error),
        }
    }
    (got, missed)
}
