//! What counts as alive: the poll loop and the server together.

use std::future::pending;
use std::io;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::samples::{channels, shop};
use crate::domain::shard::Shard;
use crate::metrics::Metrics;
use crate::store::Timing;
use crate::web::{Later, Operations, Paths, Server, Site, WebConfiguration};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

/// Operations that nobody asks for.
struct None;

impl Operations for None {
    fn effective_configuration(&self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn reload(&self) -> Later<'_, Result<(), String>> {
        Box::pin(pending())
    }

    fn poll<'a>(&'a self, _: &'a str, _: &'a str) -> Later<'a, Result<Asked, NotAsked>> {
        Box::pin(pending())
    }
}

/// The supervision of a server that serves or does not, and where the poll loop would take its orders.
async fn supervision(serves: bool) -> (Supervision, mpsc::Receiver<Order<Platform>>, JoinHandle<()>) {
    let store = Arc::new(Store::default());
    let metrics = Metrics::new(Arc::clone(&store), Shard::WHOLE).unwrap();
    let (paths, configuration) = (Paths::new("/", "/metrics"), WebConfiguration::default());
    let site = Arc::new(Site::new(metrics, Arc::clone(&store), paths, configuration, Arc::new(None)).unwrap());
    let server = Server::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let heartbeat = server.heartbeat(&site);
    let serving = tokio::spawn(async move {
        if serves {
            server.serve(site, CancellationToken::new()).await.unwrap();
        } else {
            let _standing_still = server;
            pending::<()>().await;
        }
    });
    let (orders, received) = mpsc::channel(16);
    (Supervision { notifier: Notifier::of_process(), store, orders, heartbeat }, received, serving)
}

/// A poll loop that does nothing but give signs of life.
fn polling(mut received: mpsc::Receiver<Order<Platform>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(order) = received.recv().await {
            if let Order::Answer(asking) = order {
                let _ = asking.send(());
            }
        }
    })
}

#[tokio::test]
async fn it_is_alive_while_the_poll_loop_and_the_server_answer() {
    let (supervision, received, _serving) = supervision(true).await;
    let _polling = polling(received);
    assert!(supervision.is_alive(LONG).await);
    assert!(supervision.is_alive(LONG).await);
}

#[tokio::test]
async fn it_is_not_alive_where_the_poll_loop_stands_still_though_it_serves() {
    let (supervision, received, _serving) = supervision(true).await;
    assert!(!supervision.is_alive(SHORT).await);
    drop(received);
    assert!(!supervision.is_alive(LONG).await, "nor where it has ended");
}

#[tokio::test]
async fn it_is_not_alive_where_the_server_stands_still_though_it_polls() {
    let (supervision, received, serving) = supervision(false).await;
    let _polling = polling(received);
    assert!(!supervision.is_alive(SHORT).await);
    serving.abort();
    let _ = serving.await;
    assert!(!supervision.is_alive(LONG).await, "nor where it has ended");
}

#[test]
fn the_status_counts_the_queries_that_are_up() {
    let (store, shop) = (Store::default(), shop("main"));
    let queries: Vec<_> = (0..3).map(|index| Arc::new(channels(&shop, &format!("q{index}"), 1))).collect();
    let now = Moment::now();
    store.configure(&[shop], &queries, &Exponents::default(), now.wall);
    assert_eq!(status(&store), "0 of 3 queries up");
    for query in 0..2 {
        store.record(query, Ok(crate::domain::samples::answer([])), Timing::default(), now);
    }
    store.record(2, Err(Failure::new(Reason::Timeout, "for the test")), Timing::default(), now);
    assert_eq!(status(&store), "2 of 3 queries up");
    store.reload_failed(now.wall);
    assert_eq!(status(&store), "2 of 3 queries up; the last reload failed");
}
