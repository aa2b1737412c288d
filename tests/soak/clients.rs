//! Clients as they are in the wild: they ask for pages that are not there, stop reading, and leave in the middle.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dice::Dice;

/// Lets such clients come until stopped; how many came.
pub(crate) async fn come(address: String, mut dice: Dice, stop: CancellationToken) -> u64 {
    let (mut came, clients) = (0, TaskTracker::new());
    loop {
        let pause = Duration::from_millis(dice.between(100, 1200));
        if stop.run_until_cancelled(sleep(pause)).await.is_none() {
            break;
        }
        came += 1;
        let (address, kind, stays) = (address.clone(), dice.index(7), dice.between(1, 8));
        let client = async move {
            // One that finds no connection has left early.
            let _ = come_once(&address, kind, Duration::from_secs(stays)).await;
        };
        let stop = stop.clone();
        clients.spawn(async move { stop.run_until_cancelled(client).await });
    }
    clients.close();
    clients.wait().await;
    came
}

async fn come_once(address: &str, kind: usize, stays: Duration) -> std::io::Result<()> {
    const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nhost: exporter\r\naccept-encoding: gzip\r\n\r\n";
    let mut stream = TcpStream::connect(address).await?;
    match kind {
        // Leaves at once.
        0 => {}
        // Leaves in the middle of its request.
        1 => stream.write_all(&SCRAPE[..20]).await?,
        // Leaves before its answer is there.
        2 => stream.write_all(SCRAPE).await?,
        // Reads a little, and no more.
        3 => {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: exporter\r\n\r\n").await?;
            stream.read_exact(&mut [0; 500]).await?;
            sleep(stays).await;
        }
        // Says nothing.
        4 => sleep(stays).await,
        // Says what nobody understands.
        5 => {
            stream.write_all(b"\x16\x03\x01 is this TLS?\r\n\r\n").await?;
            sleep(stays).await;
        }
        // Asks for many pages at once.
        _ => {
            for path in ["/", "/-/healthy", "/-/ready", "/nowhere", "/metrics"] {
                stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: exporter\r\n\r\n").as_bytes()).await?;
            }
            stream.read_exact(&mut [0; 500]).await?;
        }
    }
    Ok(())
}
