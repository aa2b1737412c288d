//! Scenario files: what they mean, and what is told about those that mean nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::StatusCode;

use super::{Play, SCENARIO, json};
use crate::simulator::Scenario;
use crate::simulator::world::World;

/// What is told about a scenario that can't be played.
fn told(text: &str) -> Vec<String> {
    Scenario::read("drill.yml", text).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// One shop with one gateway that has these keys.
fn gateway(keys: &str) -> String {
    format!("shops: [{{shop_id: 1, secret_key: k, gateways: [\n{{id: 1, {keys}}}\n]}}]\n")
}

fn builtin() -> Play {
    Play { world: World::new(Scenario::builtin()), elapsed: Duration::ZERO }
}

/// Each balance the state tells, by what it belongs to.
fn balances(play: &mut Play) -> BTreeMap<String, i64> {
    let state = json(&play.get("/simulator/state", None));
    let of = |kind: &str, id: &str, balance: &str| -> Vec<(String, i64)> {
        let told = state[kind].as_array().unwrap().iter();
        told.map(|row| {
            let name = format!("{} {} {}", row["gateway_id"], row[id], row["currency"]);
            (name, row[balance].as_i64().unwrap())
        })
        .collect()
    };
    let channels = of("channels", "channel_id", "available_balance");
    channels.into_iter().chain(of("accounts", "account", "amount")).collect()
}

#[test]
fn the_builtin_scenario_reads() {
    let text = include_str!("../builtin.yml");
    let scenario = Scenario::read("builtin.yml", text).unwrap_or_else(|error| panic!("{error}"));
    let shops: Vec<_> = scenario.shops().collect();
    assert_eq!(shops, [("363", "simulated-secret-key-363"), ("364", "simulated-secret-key-364")]);
    assert_eq!(Scenario::builtin().shops().count(), 2);
}

#[test]
fn each_balance_of_the_builtin_scenario_moves_between_two_scrapes() {
    let mut play = builtin();
    let before = balances(&mut play);
    let after = balances(play.at(15));
    assert_eq!(before.len(), 11);
    for (name, balance) in &before {
        assert_ne!(balance, &after[name], "{name}");
    }
}

#[test]
fn the_builtin_scenario_tells_its_story_within_ten_minutes() {
    let mut play = builtin();
    let (mut lowest, mut off, mut gone, mut failed) = (i64::MAX, 0, 0, 0);
    let shop = Some(("363", "simulated-secret-key-363"));
    for seconds in (0..600).step_by(15) {
        let state = json(&play.at(seconds).get("/simulator/state", None));
        let rows = state["channels"].as_array().unwrap();
        let row = |channel: u64, currency: &str| {
            rows.iter().find(|row| row["channel_id"] == channel && row["currency"] == currency).cloned()
        };
        lowest = lowest.min(row(1385, "EUR").unwrap()["available_balance"].as_i64().unwrap());
        off += usize::from(row(1386, "USD").unwrap()["active"] == false);
        gone += usize::from(row(1401, "EUR").is_none());
        let body = r#"{"gateway_id": 1234}"#;
        failed += usize::from(play.post("/beyag/balance", shop, body).status == StatusCode::SERVICE_UNAVAILABLE);
        for healthy in [row(1385, "USD"), row(1390, "JPY"), row(1391, "KWD"), row(1392, "USDT")] {
            assert!(healthy.unwrap()["available_balance"].as_i64().unwrap() > 0, "at {seconds} s");
        }
    }
    assert_eq!(lowest, 0, "a channel runs dry");
    assert!(off > 0, "payout control is switched off");
    assert!(gone > 0, "a channel goes");
    assert!(failed > 0 && failed < 10, "the provider fails now and then");
}

/// The blocks of the document in that language that begin so.
fn blocks(language: &str, begin: &str) -> Vec<&'static str> {
    let document = include_str!("../../../docs/simulator.md");
    let fence = format!("```{language}\n");
    let blocks = document.split(&*fence).skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.starts_with(begin)).collect()
}

#[test]
fn the_scenarios_of_the_document_read() {
    for begin in ["seed:", "fleet:"] {
        let examples = blocks("yaml", begin);
        let read: Vec<_> = examples.iter().map(|text| Scenario::read("example.yml", text).map(|_| ())).collect();
        assert_eq!(read, [Ok(())], "{begin}");
    }
}

#[test]
fn the_faults_of_the_document_read() {
    let examples = blocks("yaml", "- {");
    let replies: Vec<_> = examples.iter().map(|text| builtin().put("/simulator/faults", text).status).collect();
    assert_eq!(replies, [StatusCode::OK]);
}

#[test]
fn the_control_requests_of_the_document_are_taken() {
    let requests = blocks("sh", "curl -X PUT http://127.0.0.1:9400");
    let replies: Vec<_> = requests
        .iter()
        .map(|request| {
            let (target, body) = request.split_once(":9400").unwrap().1.split_once(" -d '").unwrap();
            builtin().put(target, body.trim_end().trim_end_matches('\'')).status
        })
        .collect();
    assert_eq!(replies, [StatusCode::OK; 2]);
}

#[test]
fn a_scenario_needs_shops_or_a_fleet() {
    assert_eq!(told("seed: 1\n"), ["drill.yml:1:1: shops: found neither shops nor a fleet; write one of them"]);
}

#[test]
fn an_unknown_key_is_told_with_those_known() {
    let told = told(&gateway("chanels: []"));
    assert_eq!(
        told,
        ["drill.yml:2:9: shops[0].gateways[0].chanels: unknown key; known here: id, data_age, quirks, channels, \
             accounts"]
    );
}

#[test]
fn a_length_of_time_is_asked_for_in_words() {
    assert_eq!(
        told("async_takes: soon\nshops: []\n"),
        ["drill.yml:1:14: async_takes: found no length of time; write one with its unit, as 30s or 5m"]
    );
}

#[test]
fn a_currency_is_asked_for_in_words() {
    assert_eq!(
        told(&gateway("channels: [{id: 1, currency: usd, balance: 5}]")),
        ["drill.yml:2:38: shops[0].gateways[0].channels[0].currency: found no currency code; write one in capital \
             letters, as USD"]
    );
}

#[test]
fn a_balance_with_a_fraction_is_refused() {
    let told = told(&gateway("channels: [{id: 1, currency: USD, balance: 5.5}]"));
    assert_eq!(
        told,
        ["drill.yml:2:52: shops[0].gateways[0].channels[0].balance: found a number or text; write a whole number"]
    );
}

#[test]
fn problems_of_meaning_are_told_all_at_once_and_in_order() {
    let text = "\
shops:
  - shop_id: 'a:b'
    secret_key: ''
    gateways:
      - id: 1
        channels:
          - {id: 7, currency: USD, balance: 1, drain: {amount: 0, every: 5ms, jitter: 2}}
          - {id: 7, currency: USD, balance: 1, top_up: {amount: -1, below: 5}}
        accounts:
          - {apis: [], currency: USD, balance: 1}
      - id: 1
  - shop_id: 'a:b'
    secret_key: key
events:
  - {at: 1m, gateway: 9, channel: 1, active: false}
  - {at: 1m, gateway: 1}
  - {at: 1m, gateway: 1, channel: 7, currency: EUR, balance: 5}
faults:
  - {from: 2m, until: 1m, status: 99, probability: 3}
  - {hang: true, status: 503}
";
    let told = told(text);
    let keys: Vec<&str> = told.iter().map(|line| line.strip_prefix("drill.yml:").unwrap()).collect();
    let begins = [
        "2:14: shops[0].shop_id: found no id that HTTP Basic can carry",
        "3:17: shops[0].secret_key: found nothing",
        "7:64: shops[0].gateways[0].channels[0].drain.amount: found nothing to move",
    ];
    for (line, begin) in keys.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    let keys: Vec<&str> = keys.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        keys,
        [
            "shops[0].shop_id",
            "shops[0].secret_key",
            "shops[0].gateways[0].channels[0].drain.amount",
            "shops[0].gateways[0].channels[0].drain.every",
            "shops[0].gateways[0].channels[0].drain.jitter",
            "shops[0].gateways[0].channels[1].id",
            "shops[0].gateways[0].channels[1].top_up",
            "shops[0].gateways[0].channels[1].top_up.amount",
            "shops[0].gateways[0].accounts[0].apis",
            "shops[0].gateways[1].id",
            "shops[1].shop_id",
            "shops[1].shop_id",
            "events[0].gateway",
            "events[1]",
            "events[1]",
            "events[2].channel",
            "faults[0].until",
            "faults[0].status",
            "faults[0].probability",
            "faults[1]",
        ]
    );
}

#[test]
fn payout_control_belongs_to_channels_alone() {
    let text = gateway("accounts: [{account: 12, currency: USD, balance: 5}]")
        + "events: [{at: 1s, gateway: 1, account: 12, active: false}]";
    assert_eq!(
        told(&text),
        ["drill.yml:4:52: events[0].active: found payout control of an account; write it for a channel"]
    );
}

#[test]
fn an_account_is_written_once_for_each_api() {
    let twice = "{account: 12, currency: USD, balance: 5}";
    let told = told(&gateway(&format!("accounts: [{twice}, {twice}]")));
    assert!(told[0].contains("accounts[1].currency: found an account that stands here already"), "{told:?}");
    let apart = "{apis: [gateway_balance], account: 12, currency: USD, balance: 5},
        {apis: [beyag_balance], account: 12, currency: USD, balance: 6}";
    Scenario::read("drill.yml", &gateway(&format!("accounts: [{apart}]"))).unwrap();
}

#[test]
fn a_fault_that_contradicts_itself_is_refused() {
    for (fault, what) in [
        ("{from: 1m}", "found nothing that goes wrong"),
        ("{cut: body, truncate: true}", "found more than one of hang, cut and truncate"),
        ("{cut: headers, body: x}", "found an answer where none arrives"),
        ("{garbage: true, status: 500}", "found both garbage and a status or body"),
        ("{repeat: 1m, status: 500}", "found no pause between two times"),
        ("{until: 2m, repeat: 1m, status: 500}", "found no pause between two times"),
        ("{content_type: \"a\\nb\"}", "found characters no header holds"),
        ("{pad: 1000000000}", "found too much"),
    ] {
        let told = told(&format!("{SCENARIO}\nfaults: [{fault}]"));
        assert_eq!(told.len(), 1, "{fault}: {told:?}");
        assert!(told[0].contains(what), "{fault}: {told:?}");
    }
}

#[test]
fn an_event_strikes_the_channel_in_the_currencies_it_names() {
    let mut play = Play::of(&format!(
        "{SCENARIO}
events:
  - {{at: 10s, gateway: 3405, channel: 1385, currency: EUR, balance: 1}}
  - {{at: 20s, gateway: 3405, channel: 1385, active: true, balance: 2}}
  - {{at: 30s, gateway: 3405, channel: 1386, gone: true}}"
    ));
    let mut told = |seconds: u64| -> Vec<Option<i64>> {
        play.at(seconds).channels(3405).iter().map(|row| row["available_balance"].as_i64()).take(2).collect()
    };
    assert_eq!(told(9), [Some(50_000), Some(70_000)]);
    assert_eq!(told(10), [Some(50_000), Some(1)]);
    assert_eq!(told(20), [Some(2), Some(2)]);
    assert_eq!(play.at(30).channels(3405).len(), 2);
}

#[test]
fn an_event_strikes_an_account() {
    let text = gateway("accounts: [{account: 12, currency: USD, balance: 5}]")
        + "events: [{at: 1s, gateway: 1, account: 12, balance: 9}]";
    assert_eq!(balances(Play::of(&text).at(1)).into_values().collect::<Vec<_>>(), [9]);
}

#[test]
fn money_does_not_depend_on_what_else_the_scenario_holds() {
    let channel = "{id: 2, currency: USD, balance: 100000, drain: {amount: 100, every: 1s, jitter: 1}}";
    let alone = gateway(&format!("channels: [{channel}]"));
    let among = gateway(&format!("channels: [{{id: 1, currency: USD, balance: 1}}, {channel}]"));
    let name = "1 2 \"USD\"";
    assert_eq!(balances(Play::of(&alone).at(60))[name], balances(Play::of(&among).at(60))[name]);
}

#[test]
fn a_fleet_has_ids_that_follow_from_their_numbers() {
    let text = "fleet: {shops: 2, gateways: 3, channels: 2, accounts: 1, currencies: [USD, EUR]}";
    let scenario = Scenario::read("fleet.yml", text).unwrap();
    assert_eq!(scenario.shops().collect::<Vec<_>>(), [("500001", "fleet-500001"), ("500002", "fleet-500002")]);
    let mut play = Play::of(text);
    let told = play.get("/shop/channel_balances/?gateway_id=1000006", Some(("500002", "fleet-500002")));
    let rows: Vec<(u64, String)> = json(&told)["channel_balances"]["currencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["channel_id"].as_u64().unwrap(), row["currency"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [(100_000_601, "USD"), (100_000_601, "EUR"), (100_000_602, "USD"), (100_000_602, "EUR")];
    assert_eq!(rows, expected.map(|(id, currency)| (id, currency.to_owned())));
    let account = play.post("/beyag/balance", Some(("500001", "fleet-500001")), r#"{"gateway_id": 1000001}"#);
    assert_eq!(json(&account)["account"], "40702810000100000101");
}

#[test]
fn the_money_of_a_fleet_moves() {
    let mut play = Play::of("fleet: {shops: 3, gateways: 2, channels: 2, currencies: [USD, EUR]}");
    let (before, after) = (balances(&mut play), balances(play.at(60)));
    assert_eq!(before.len(), 24);
    assert!(before.iter().all(|(name, balance)| after[name] != *balance));
}

#[test]
fn a_fleet_may_drain_as_the_file_says() {
    let drain = "drain: {amount: 1000, every: 1s}";
    let text = format!("fleet: {{shops: 1, gateways: 1, channels: 1, currencies: [USD], balance: 1000, {drain}}}");
    let mut play = Play::of(&text);
    assert_eq!(balances(play.at(10)).into_values().collect::<Vec<_>>(), [0]);
}

#[test]
fn a_fleet_that_can_not_be_had_is_told() {
    for (fleet, what) in [
        ("{shops: 0, gateways: 1, channels: 1, currencies: [USD]}", "fleet: found no fleet of 1 to 2000000 balances"),
        ("{shops: 1, gateways: 1, currencies: [USD]}", "fleet: found no fleet of 1 to 2000000 balances"),
        ("{shops: 9999999999999, gateways: 9999999999999, channels: 1, currencies: [USD]}", "fleet: found no fleet"),
        ("{shops: 1, gateways: 1, channels: 100, currencies: [USD]}", "fleet.channels: found too many"),
        ("{shops: 1, gateways: 1, channels: 1, currencies: [USD, USD]}", "fleet.currencies[1]: found a currency that"),
    ] {
        let told = told(&format!("fleet: {fleet}\n"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains(what), "{told:?}");
    }
}

#[test]
fn a_scenario_can_be_printed_without_its_secret_keys() {
    let printed = format!("{:?}", Scenario::read("scenario.yml", SCENARIO).unwrap());
    assert!(printed.contains("363") && !printed.contains("key-363"));
}

#[test]
fn a_scenario_that_can_not_be_read_is_told_without_its_secret_keys() {
    let text = "shops: [{shop_id: 1, secret_key: [hidden-key]}]";
    let told = told(text);
    assert_eq!(told, ["drill.yml:1:34: shops[0].secret_key: found a list; write a single value"]);
}
