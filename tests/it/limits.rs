//! Who asks for fewer requests gets fewer, who refuses the credentials is left alone; others go on.

use std::time::{Duration, Instant};

use super::crowd::{channels_of, gateways};
use super::exporter::{Exporter, Files, eventually};
use super::platform::{Platform, Reply};

/// Longer than a query goes unasked of itself.
const RETRY_AFTER: Duration = Duration::from_secs(12);

/// Shops of one platform, told apart by the path that their brands have, each with so many queries.
fn configuration(shops: &[(&str, &str, u64)]) -> String {
    let brands = shops.iter().map(|(name, host, _)| format!("  {name}: {{backoffice_url: \"{host}/{name}\"}}\n"));
    let asking = shops.iter().map(|(name, _, queries)| {
        format!(
            "  - name: {name}\n    brand: {name}\n    shop_id: 363\n    secret_key_file: main.key\n    \
             channel_balances:\n{}",
            gateways(1, *queries)
        )
    });
    let begin = "poll: {interval: 5s, timeout: 3s}\nbrands:\n".to_owned();
    std::iter::once(begin).chain(brands).chain(["shops:\n".to_owned()]).chain(asking).collect()
}

fn limit(platform: &Platform, shop: &str) {
    let answer =
        format!("HTTP/1.1 429 Whatever\r\nretry-after: {}\r\ncontent-length: 0\r\n\r\n", RETRY_AFTER.as_secs());
    reply(platform, shop, |_| Reply::Bytes(answer.clone().into_bytes()));
}

fn answer(platform: &Platform, shop: &str) {
    reply(platform, shop, |gateway| Reply::Json(200, channels_of(gateway)));
}

/// What a shop is answered for each of its gateways.
fn reply(platform: &Platform, shop: &str, of: impl Fn(u64) -> Reply) {
    for gateway in 1..=3 {
        platform.reply(&format!("/{shop}/shop/channel_balances/?gateway_id={gateway}&"), of(gateway));
    }
}

/// When a shop's requests came.
fn asked(platform: &Platform, shop: &str) -> Vec<Instant> {
    let path = format!("GET /{shop}/");
    platform.requests().iter().filter(|request| request.line().starts_with(&path)).map(|request| request.at).collect()
}

/// Waits until a shop was asked again after its first requests, which come close together, and gives how long that was.
async fn asked_again(platform: &Platform, shop: &str) -> Duration {
    let together = Duration::from_secs(3);
    eventually(&format!("{shop} is asked again"), || async {
        let asked = asked(platform, shop);
        asked.iter().map(|again| *again - asked[0]).find(|gap| *gap > together)
    })
    .await
}

#[tokio::test]
async fn a_limited_shop_waits_as_long_as_it_was_told_and_another_at_that_host_does_not() {
    let platform = Platform::start().await;
    limit(&platform, "limited");
    answer(&platform, "spared");
    let shops = [("limited", platform.url.as_str(), 3), ("spared", platform.url.as_str(), 1)];
    let files = Files::new(&configuration(&shops));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    let line = exporter.line_with("requests limited").await;
    assert!(line.contains("level=warn") && line.contains("limited"), "{line}");
    answer(&platform, "limited");
    assert!(asked_again(&platform, "limited").await >= RETRY_AFTER, "none of the shop's queries is sent before");
    let spared = asked(&platform, "spared");
    assert!(spared.len() >= 2 && spared[1] - spared[0] < RETRY_AFTER, "the other shop goes on");
    exporter.scrape_until("all are up", |scrape| scrape.family("overpay_up").iter().all(|up| up.ends_with(" 1"))).await;
}

#[tokio::test]
async fn once_a_second_shop_is_limited_the_whole_host_waits_and_another_host_does_not() {
    let (platform, elsewhere) = (Platform::start().await, Platform::start().await);
    limit(&platform, "one");
    limit(&platform, "two");
    answer(&platform, "three");
    answer(&elsewhere, "four");
    let host = platform.url.as_str();
    let shops = [("one", host, 1), ("two", host, 1), ("three", host, 1), ("four", elsewhere.url.as_str(), 1)];
    let files = Files::new(&configuration(&shops));
    let _exporter = Exporter::serve(&files.configuration(), &[]).await;
    eventually("both were limited", || async {
        (!asked(&platform, "one").is_empty() && !asked(&platform, "two").is_empty()).then_some(())
    })
    .await;
    answer(&platform, "one");
    answer(&platform, "two");
    for shop in ["one", "two", "three"] {
        // A little less: the third shop may have been asked just before the second was limited.
        let waited = asked_again(&platform, shop).await;
        assert!(waited + Duration::from_millis(500) >= RETRY_AFTER, "{shop} waits too, not {waited:?}");
    }
    let four = asked(&elsewhere, "four");
    assert!(four.len() >= 2 && four[1] - four[0] < RETRY_AFTER, "the other host goes on");
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again_until_there_are_others() {
    let platform = Platform::start().await;
    let refusal = br#"{"error": {"code": "unauthorized", "message": "no"}}"#;
    reply(&platform, "refused", |_| Reply::Json(401, refusal.to_vec()));
    answer(&platform, "spared");
    let shops = [("refused", platform.url.as_str(), 1), ("spared", platform.url.as_str(), 1)];
    let files = Files::new(&configuration(&shops));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    eventually("the other query was asked three times", || async {
        (asked(&platform, "spared").len() >= 3).then_some(())
    })
    .await;
    assert_eq!(asked(&platform, "refused").len(), 1, "not at its interval");
    let next = "overpay_poll_next_timestamp_seconds{shop=\"refused\",api=\"channel_balances\",gateway=\"1\",\
                query=\"channel_balances-1-USD\"}";
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs_f64();
    let next = exporter.scrape().await.value(next).expect("a time");
    assert!((next - now - 900.0).abs() < 60.0, "a quarter of an hour later, not {} s", next - now);

    files.write("main.key", "another-secret\n");
    answer(&platform, "refused");
    exporter.signal("HUP").await;
    let reloaded = Instant::now();
    eventually("asked at once", || async { (asked(&platform, "refused").len() >= 2).then_some(()) }).await;
    assert!(reloaded.elapsed() < Duration::from_secs(4), "not after {:?}", reloaded.elapsed());
    exporter.scrape_until("up", |scrape| scrape.family("overpay_up").iter().all(|up| up.ends_with(" 1"))).await;
}
