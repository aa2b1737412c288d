//! A thousand dead queries beside good ones: the good ones do not notice.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpSocket};

use super::exporter::{Exporter, Files, Scrape, get};
use super::platform::{Platform, Reply};

/// As many dead queries has a host that refuses, one that is silent, and a bank that hangs behind a good host.
const DEAD: [u64; 3] = [450, 450, 100];
/// How many polls may be under way at a host.
const AT_A_HOST: usize = 32;

/// A host that takes connections and says nothing.
struct Silent {
    url: String,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Silent {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let silent = Self { url, open: Arc::default(), most: Arc::default() };
        let (open, most) = (Arc::clone(&silent.open), Arc::clone(&silent.most));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let open = Arc::clone(&open);
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        silent
    }
}

/// The documents' answer, for that gateway.
pub(crate) fn channels_of(gateway: u64) -> Vec<u8> {
    include_str!("../fixtures/channel_balances.json").replace("3405", &gateway.to_string()).into_bytes()
}

/// As many channel balances, of gateways that follow each other.
pub(crate) fn gateways(first: u64, count: u64) -> String {
    (first..first + count).fold(String::new(), |mut text, id| {
        let _ = writeln!(text, "      - {{gateway: {id}, currencies: [USD]}}");
        text
    })
}

fn configuration(platform: &str, silent: &str, refusing: &str) -> String {
    let shop = |name: &str, brand: &str, queries: &str| {
        format!(
            "  - name: {name}\n    brand: {brand}\n    shop_id: 363\n    secret_key_file: main.key\n    \
             channel_balances:\n{queries}"
        )
    };
    let brand = |name: &str, host: &str| format!("  {name}: {{backoffice_url: \"{host}\"}}\n");
    [
        format!("poll: {{interval: 5s, timeout: 3s, max_in_flight_per_host: {AT_A_HOST}}}\nbrands:\n"),
        brand("platform", platform),
        brand("silent", silent),
        brand("refusing", refusing),
        "shops:\n".to_owned(),
        shop("refused", "refusing", &gateways(10_000, DEAD[0])),
        shop("ignored", "silent", &gateways(20_000, DEAD[1])),
        // A bank that hangs, and one that does not, behind the same host; and a shop that has to do with neither.
        shop("hanging", "platform", &(gateways(1, 1) + gateways(30_000, DEAD[2]).as_str())),
        shop("good", "platform", &gateways(2, 1)),
    ]
    .concat()
}

fn good(scrape: &Scrape, shop: &str) -> bool {
    scrape.family("overpay_available_balance").iter().any(|line| line.contains(&format!("shop=\"{shop}\"")))
}

/// The polls of a shop's queries.
fn polls(scrape: &Scrape, shop: &str) -> f64 {
    let of_shop = format!("overpay_poll_duration_seconds_count{{shop=\"{shop}\",api=\"channel_balances\"}}");
    scrape.value(&of_shop).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_queries_keep_their_interval_and_scrapes_stay_quick_beside_a_thousand_dead_ones() {
    let platform = Platform::start().await;
    platform.reply("/shop/channel_balances/?gateway_id=3", Reply::Silence);
    for gateway in [1, 2] {
        platform.json(&format!("/shop/channel_balances/?gateway_id={gateway}&"), &channels_of(gateway));
    }
    let silent = Silent::start().await;
    // Bound and not listening: nobody else gets the port, and every connection is refused.
    let refusing = TcpSocket::new_v4().expect("a socket");
    refusing.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let refusing_url = format!("http://{}", refusing.local_addr().expect("an address"));
    let files = Files::new(&configuration(&platform.url, &silent.url, &refusing_url));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    exporter.scrape_until("both are answered", |scrape| good(scrape, "good") && good(scrape, "hanging")).await;
    exporter.line_with("one query probes").await;

    let (begun, first) = (Instant::now(), exporter.scrape().await);
    let mut times = Vec::new();
    let last = loop {
        let asked = Instant::now();
        let scrape = exporter.scrape().await;
        times.push(asked.elapsed());
        assert!(good(&scrape, "good") && good(&scrape, "hanging"), "the good balances are there throughout");
        let healthy = get(exporter.url("/-/healthy")).await.expect("it answers");
        assert_eq!(healthy.status(), 200);
        if begun.elapsed() > Duration::from_secs(22) {
            break scrape;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    for gateway in [1, 2] {
        let of = format!("gateway_id={gateway}&");
        let asked: Vec<Instant> = platform
            .requests()
            .iter()
            .filter(|request| request.line().contains(&of))
            .map(|request| request.at)
            .collect();
        // From the second on: the first turn within an interval as short as this may come an interval later.
        let gaps: Vec<_> = asked[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.len() >= 2 && gaps.iter().all(|gap| *gap < Duration::from_secs(9)), "{gateway}: {gaps:?}");
    }
    times.sort_unstable();
    assert!(times[times.len() / 2] < Duration::from_secs(1), "scrapes do not wait for polls: {times:?}");
    // Those that have just been given up may not be closed yet.
    assert!(silent.most.load(Ordering::SeqCst) <= 2 * AT_A_HOST, "{} connections", silent.most.load(Ordering::SeqCst));
    let probes = polls(&last, "refused") - polls(&first, "refused");
    assert!((1.0..=5.0).contains(&probes), "one query probes the host that refuses, not {probes} polls");
    assert!(polls(&last, "ignored") > polls(&first, "ignored"), "the silent host is asked again");
}
