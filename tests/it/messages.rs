//! The messages that a real Alertmanager makes of alerts with the shipped templates: whole however many alerts there are,
//! and with names as they are.

use serde_json::{Value, json};

use super::alertmanager::{Alertmanager, EXAMPLE, sent};
use super::alerts::{read, said};
use super::exporter::eventually;
use super::platform::Platform;

/// The first message at that path with this text.
async fn message(world: &Platform, path: &str, field: &str, text: &str) -> String {
    eventually(&format!("{text:?} at {path}"), || async {
        let messages = sent(world, path).into_iter();
        let mut texts = messages.filter_map(|message| Some(message.pointer(field)?.as_str()?.to_owned()));
        texts.find(|message| message.contains(text))
    })
    .await
}

const TELEGRAM: (&str, &str) = ("/sendMessage", "/text");
const SLACK: (&str, &str) = ("/slack", "/attachments/0/text");

/// A channel that is low, of a gateway and with a name of these.
fn low(channel: usize, gateway_name: &str, channel_name: &str) -> Value {
    let dashboard =
        "https://grafana.payments.example.com/d/overpay-headroom?var-shop=main&var-gateway=3405&var-currency=USD";
    json!({
        "labels": {"alertname": "OverpayPayoutHeadroomLow", "severity": "critical", "job": "overpay_exporter",
            "shop": "main", "gateway": "3405", "currency": "USD", "channel": channel.to_string()},
        "annotations": {
            "summary": format!("Payout headroom of channel {channel_name} of {gateway_name} is low: 8,123.45 USD"),
            "description": format!("Payout headroom of channel {channel_name} of {gateway_name} is 8,123.45 USD."),
            "amount": "8,123.45 USD",
            "time_left": "3h 25m 0s",
            "gateway_name": gateway_name,
            "channel_name": channel_name,
            "runbook_url": "https://wiki.payments.example.com/overpay_exporter/docs/runbooks/OverpayPayoutHeadroomLow.md",
            "dashboard_url": format!("{dashboard}&var-channel={channel}"),
        },
        "startsAt": "2026-01-01T00:00:00Z",
    })
}

/// How many tags a text has; fails if one is cut or not closed where it must be.
fn balanced_tags(text: &str) -> usize {
    let (mut open, mut tags) = (Vec::new(), 0);
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("a tag is cut: {text}"));
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{text}"),
            None => open.push(tag.split(' ').next().expect("a name")),
        }
        tags += 1;
    }
    assert!(open.is_empty(), "{open:?} stay open: {text}");
    tags
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_many_alerts_with_long_names_are_whole() {
    let world = Platform::start().await;
    let alertmanager = Alertmanager::of_the_example(&world).await;
    let gateway = "Department of Research & \"Development\" <Bank> of Somewhere Far Away & Co. ".repeat(3);
    let channel = "Cards & <wallets> of \"those\" who like names that are long ".repeat(3);
    let mut alerts: Vec<_> = (0..50).map(|number| low(number, &gateway, &channel)).collect();
    alertmanager.post(&alerts).await;
    message(&world, TELEGRAM.0, TELEGRAM.1, "and 45 more").await;
    alerts.truncate(25);
    for alert in &mut alerts {
        alert["endsAt"] = json!("2026-01-01T01:00:00Z");
    }
    alertmanager.post(&alerts).await;
    // Those that are resolved may arrive in two parts, one of which has more than five.
    let resolved = " more are resolved";
    let telegram = message(&world, TELEGRAM.0, TELEGRAM.1, resolved).await;
    let slack = message(&world, SLACK.0, SLACK.1, resolved).await;
    for text in [telegram, slack] {
        assert!(text.contains(" more</a>") || text.contains(" more>"), "{text}");
        assert!(text.trim_end().ends_with("Dashboard</a>") || text.trim_end().ends_with("|Dashboard>"), "{text}");
        assert!(text.chars().count() < 4096, "{}: {text}", text.chars().count());
        assert_eq!(text.matches("Amount: 8,123.45 USD").count(), 5, "{text}");
        assert!(!text.contains("var-channel"), "the dashboard of all of them: {text}");
    }
    for message in sent(&world, SLACK.0) {
        let title = message["attachments"][0]["title"].as_str().expect("a title");
        assert!(title.chars().count() < 200, "{title}");
    }
    for message in sent(&world, TELEGRAM.0) {
        balanced_tags(message["text"].as_str().expect("text"));
    }
}

const NAMES: (&str, &str) = ("R&D <Bank> of \"A\"", "Cards & <b>wallets</b> <!channel>");

#[tokio::test(flavor = "multi_thread")]
async fn names_are_shown_in_chats_as_they_are() {
    let world = Platform::start().await;
    let alertmanager = Alertmanager::of_the_example(&world).await;
    alertmanager.post(&[low(1385, NAMES.0, NAMES.1)]).await;
    let telegram = message(&world, TELEGRAM.0, TELEGRAM.1, "headroom").await;
    let names = "Cards &amp; &lt;b&gt;wallets&lt;/b&gt; &lt;!channel&gt; of R&amp;D &lt;Bank&gt; of &#34;A&#34; is low";
    assert!(telegram.contains(names), "{telegram}");
    assert!(telegram.contains("shop main, USD, R&amp;D &lt;Bank&gt; of &#34;A&#34;</b>"), "{telegram}");
    assert_eq!(balanced_tags(&telegram), 8, "two bold, two links: {telegram}");

    let slack = message(&world, SLACK.0, SLACK.1, "headroom").await;
    let names = "Cards &amp; &lt;b&gt;wallets&lt;/b&gt; &lt;!channel&gt; of R&amp;D &lt;Bank&gt; of \"A\" is ";
    assert_eq!(slack.matches(names).count(), 2, "summary and description: {slack}");
    let markup: Vec<_> = slack.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
    assert!(markup.len() == 2 && markup.iter().all(|link| link.starts_with("https://")), "{markup:?} in {slack}");
    assert!(markup[1].ends_with("&amp;var-channel=1385|Dashboard"), "{slack}");
    let title = "CRITICAL: OverpayPayoutHeadroomLow, shop main, USD, R&amp;D &lt;Bank&gt; of \"A\"";
    for field in ["title", "fallback"] {
        assert_eq!(sent(&world, SLACK.0)[0]["attachments"][0][field], title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_asterisk_of_a_masked_account_makes_nothing_bold_in_slack() {
    let world = Platform::start().await;
    let alertmanager = Alertmanager::of_the_example(&world).await;
    let mut alert = low(1, "Acme Bank", "Visa");
    alert["annotations"]["summary"] = json!("Balance of account *0021 at Acme Bank is low: 50.00 RUB");
    alertmanager.post(&[alert]).await;
    let slack = message(&world, SLACK.0, SLACK.1, "account").await;
    assert_eq!(slack.matches('*').count(), 1, "{slack}");
}

/// What `amtool` makes of a template with those data, as Alertmanager does for text or for HTML.
async fn rendered(kind: &str, template: &str, data: &str) -> String {
    let arguments = [
        "template",
        "render",
        "--template.glob=alerts/alertmanager/overpay.tmpl",
        &format!("--template.data={data}"),
        &format!("--template.type={kind}"),
        &format!("--template.text={{{{ template \"overpay.{template}\" . }}}}"),
    ];
    said("amtool", &arguments).await
}

#[tokio::test]
async fn every_message_shows_amount_currency_gateway_channel_and_what_to_do() {
    for (kind, template) in [("text", "text"), ("text", "slack"), ("html", "telegram"), ("html", "email")] {
        let shown = rendered(kind, template, "tests/fixtures/notification.json").await;
        for part in ["8,123.45 USD", "3h 25m 0s", "Acme Bank", "Visa payouts", "/OverpayPayoutHeadroomLow.md"] {
            assert!(shown.contains(part), "{template} lacks {part}: {shown}");
        }
        assert!(shown.contains("Resolved: Payout headroom of channel Mastercard payouts"), "{template}: {shown}");
    }
}

#[tokio::test]
async fn names_are_shown_in_mails_as_they_are() {
    let mut alert = low(1385, NAMES.0, NAMES.1);
    alert["status"] = json!("firing");
    let data = json!({"status": "firing", "alerts": [alert], "commonAnnotations": alert["annotations"]});
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), data.to_string()).expect("it can be written");
    let file = file.path().display().to_string();
    let html = rendered("html", "email", &file).await;
    for shown in
        ["<b>R&amp;D &lt;Bank&gt; of &#34;A&#34;</b>", "<b>Cards &amp; &lt;b&gt;wallets&lt;/b&gt; &lt;!channel&gt;</b>"]
    {
        assert!(html.contains(shown), "{html}");
    }
    assert!(!html.contains("<Bank>") && !html.contains("<!channel>"), "{html}");
    let text = rendered("text", "text", &file).await;
    assert!(text.contains("Gateway: R&D <Bank> of \"A\"\nChannel: Cards & <b>wallets</b> <!channel>\n"), "{text}");
    assert!(read(EXAMPLE).contains("html: '{{ template \"overpay.email\" . }}'"), "it is sent as HTML");
}
