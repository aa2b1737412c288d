//! What the page shows of queries in all states, and that it stays true while it is open.

use serde_json::json;
use thirtyfour::Key;

use super::window::{browse, fetched};
use super::{EVIL, Setting, answer, target};

#[tokio::test(flavor = "multi_thread")]
async fn balances_are_shown_as_healthy_low_critical_stale_failing_and_never_asked() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        let channel = async |number: u8| {
            let script = format!(
                "return [...document.querySelectorAll('tbody tr')].find(row => row.textContent.includes('channel {number}')).innerText"
            );
            window.run(&script).await.as_str().expect("text").replace('\u{202f}', " ").replace(['\n', '\t'], " ")
        };
        let healthy = channel(10).await;
        assert!(healthy.contains("45 410.04 USD") && healthy.contains("25 410.04 above warning"), "{healthy}");
        let low = channel(11).await;
        assert!(low.contains("19 000.00 USD") && low.contains("below warning by 1 000.00"), "{low}");
        let critical = channel(12).await;
        assert!(critical.contains("1 234.56 USD") && critical.contains("below critical by 3 765.44"), "{critical}");
        let stale = channel(30).await;
        assert!(stale.contains("stale last known 7 777.77 USD"), "{stale}");
        let failing = window.words("section[aria-labelledby=failing]").await;
        for expected in ["unauthorized main/channel_balances-2-USD", "HTTP 401", "connect second/channel_balances-5-USD", "provider_error main/channel_balances-3-USD", "HTTP 503"] {
            assert!(failing.contains(expected), "{expected} is not in {failing}");
        }
        let low = window.words("section[aria-labelledby=low]").await;
        assert!(low.find("critical").expect("told") < low.find("warning").expect("told"), "{low}");
        let asked = window.words("tr[data-query='channel_balances-4-USD']").await;
        assert!(asked.contains("not asked yet"), "{asked}");
        let state = window.words("#state").await;
        assert_eq!(state, "1 balance critical, 3 queries failing, 1 query stale, 1 balance low");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_messages_with_markup_run_nothing_and_the_browser_has_nothing_to_refuse() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        let shown = window.words("main").await;
        assert!(shown.matches(EVIL).count() >= 2, "a name and a message are shown as they are: {shown}");
        let own =
            window.run("return [document.querySelectorAll('script').length, document.images.length, document.title]");
        let own = own.await;
        assert_eq!((&own[0], &own[1]), (&json!(1), &json!(0)), "the page's own script, and no image");
        assert_ne!(own[2], "harm");
        window.run("document.dispatchEvent(new Event('visibilitychange'))").await;
        window.words_until("#state", "1 balance critical").await;
        assert_eq!(window.complaints().await, [""; 0]);
        // The policy is in force: what is put in from elsewhere does not run.
        let put = "const script = document.createElement('script'); script.textContent = 'window.harm = 1'; \
                   document.body.append(script); return window.harm === undefined";
        assert_eq!(window.run(put).await, true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_follows_the_balances_without_being_loaded_anew() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        window.run("window.marker = 1; document.getElementById('past-polls').open = true; scrollTo(0, 200)").await;
        setting.platform.json(&target(1), answer(1, &[(10, 4_000_017, "true"), (11, 2_500_000, "true"), (12, 600_000, "true")]).as_bytes());
        window.words_until("main", "40 000.17").await;
        let kept = "return [window.marker, document.getElementById('past-polls').open, scrollY, document.getElementById('said').textContent]";
        let kept = window.run(kept).await;
        assert_eq!((&kept[0], &kept[1], &kept[2]), (&json!(1), &json!(true), &json!(200)));
        assert_eq!(kept[3], "3 queries failing, 1 query stale, 1 balance low", "the change is announced");
        let title = window.run("return document.title").await;
        assert!(title.as_str().expect("text").starts_with("3 queries failing"), "{title}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_exporter_is_gone_says_that_it_is_old() {
    let mut setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        setting.exporter.signal("TERM").await;
        setting.exporter.ended().await;
        window.run("document.dispatchEvent(new Event('visibilitychange'))").await;
        window.words_until("#late", "Everything here is as of 20").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_everything_is_there() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.without_scripts().await;
        window.open(&setting.url()).await;
        assert!(window.words("#state").await.contains("1 balance critical"));
        assert!(window.words("main").await.contains("45 410.04 USD"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_a_link_that_the_keyboard_reaches() {
    let setting = Setting::new().await;
    browse(|window| async move {
        window.open(&setting.url()).await;
        window
            .run(
                "[...document.querySelectorAll('.filters a')].find(link => link.textContent.startsWith('Low')).focus()",
            )
            .await;
        window.press(Key::Enter).await;
        window.words_until(".filters [aria-current]", "Low 2").await;
        let shown = window.run("return document.querySelectorAll('.gateway tbody tr').length").await;
        assert_eq!(shown, 2);
    })
    .await;
}

#[tokio::test]
async fn the_same_state_is_there_for_programs() {
    let setting = Setting::new().await;
    let (status, headers, text) = fetched(&setting.exporter.url("/api/v1/queries?shop=main")).await;
    assert_eq!(
        (status, &headers["content-type"]),
        (200, &reqwest::header::HeaderValue::from_static("application/json"))
    );
    let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let queries = told["queries"].as_array().expect("a list");
    assert_eq!(queries.len(), 4, "of the shop alone");
    assert_eq!(queries[0]["balances"][0]["balance"], "45410.04");
    assert_eq!(queries[0]["balances"][2]["below_threshold"], "critical");
    assert_eq!(queries[1]["failing"]["reason"], "unauthorized");
    assert_eq!((&queries[2]["stale"], &queries[2]["balances"]), (&json!(true), &json!([])));
    assert_eq!((&queries[3]["polls"], &queries[3]["up"]), (&json!(0), &json!(false)));
    assert!(!text.contains("secret-of-main"));
}
