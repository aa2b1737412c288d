//! Signs of life: everything that serves has to give one.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{site_of, store_of};
use crate::web::Server;

/// Long enough for an answer on a busy machine.
const LONG: Duration = Duration::from_secs(30);
/// Long enough to see that none comes.
const SHORT: Duration = Duration::from_millis(200);

async fn server() -> Server {
    let any = "127.0.0.1:0".parse().unwrap();
    Server::bind(&[any, any]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_several_addresses_is_alive_while_it_serves() {
    let (server, site, stop) = (server().await, site_of(&store_of(0), "/", "/metrics"), CancellationToken::new());
    let heartbeat = server.heartbeat(&site);
    let serving = tokio::spawn(server.serve(site, stop.clone()));
    for _ in 0..3 {
        assert_eq!(timeout(LONG, heartbeat.is_felt()).await, Ok(true));
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
    assert_eq!(timeout(LONG, heartbeat.is_felt()).await, Ok(false), "its loops have ended");
}

#[tokio::test]
async fn a_server_that_does_not_accept_gives_no_sign_of_life() {
    let (server, site) = (server().await, site_of(&store_of(0), "/", "/metrics"));
    let heartbeat = server.heartbeat(&site);
    assert!(timeout(SHORT, heartbeat.is_felt()).await.is_err());
    drop(server);
}
