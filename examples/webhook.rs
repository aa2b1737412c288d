//! Prints what Alertmanager sends to a webhook: `cargo run --example webhook 127.0.0.1:9095`. For `make stack`; it knows
//! nothing of the exporter.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9095".to_owned());
    for stream in TcpListener::bind(address)?.incoming() {
        // A request that can't be read is the sender's trouble; the next one may be better.
        if let Err(error) = stream.map_err(anyhow::Error::from).and_then(receive) {
            println!("not understood: {error}");
        }
    }
    Ok(())
}

fn receive(stream: TcpStream) -> anyhow::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    reader.into_inner().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    // Somebody asks whether it is there.
    if body.is_empty() {
        return Ok(());
    }
    let notification: Value = serde_json::from_slice(&body)?;
    for alert in notification["alerts"].as_array().into_iter().flatten() {
        let text = |group: &str, name: &str| alert[group][name].as_str().unwrap_or_default().to_owned();
        if text("labels", "alertname") == "OverpayWatchdog" {
            continue;
        }
        let status = alert["status"].as_str().unwrap_or_default();
        println!("[{status}] {} {}", text("labels", "severity"), text("annotations", "summary"));
        if status == "firing" {
            println!("    {}", text("annotations", "description"));
            println!("    {}", text("annotations", "runbook_url"));
        }
    }
    Ok(())
}
