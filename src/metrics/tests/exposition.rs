//! The whole text, as it is served.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Work, noon, read};
use crate::domain::failure::Reason;
use crate::domain::observation::{Answer, Row, Withheld, WithheldBecause};
use crate::domain::query::{AccountLabel, ChannelId, GatewayId, Query, Thresholds, ThresholdsByCurrency};
use crate::domain::samples::{
    account_row, answer, bank_account, channel_row, channels, currency, provider_account, shop,
};
use crate::domain::shard::Shard;
use crate::domain::shop::Shop;
use crate::metrics::Metrics;
use crate::metrics::families::ALL;
use crate::store::Store;

/// A shop with a bit of everything: names, thresholds, details, a withheld row, a query that fails, odd characters.
fn a_bit_of_everything() -> Work {
    let shop = Arc::new(Shop {
        gateway_names: BTreeMap::from([(GatewayId(3405), "Acme \"Bank\" \\ Zürich\n€".into())]),
        channel_names: BTreeMap::from([((GatewayId(3405), ChannelId(1385)), "Visa payouts".into())]),
        expected_channels: BTreeSet::from([(GatewayId(3405), ChannelId(1385)), (GatewayId(3405), ChannelId(7))]),
        ..Shop::clone(&shop("main"))
    });
    let usd = |warning, critical| ThresholdsByCurrency::from([(currency("USD"), Thresholds { warning, critical })]);
    let account_label = AccountLabel::Named("settlement".into());
    let queries = [
        Query {
            thresholds: Arc::new(usd(Some(20_000.0), Some(5_000.5))),
            channel_thresholds: Arc::new(BTreeMap::from([(ChannelId(1385), usd(None, Some(10_000.0)))])),
            ..channels(&shop, "channel_balances-3405", 3405)
        },
        Query {
            account_label,
            thresholds: Arc::new(usd(Some(1_000.0), None)),
            ..bank_account(&shop, "settlement", None)
        },
        provider_account(&shop, "provider", 1234),
    ];
    let work = Work::of(&queries);
    for (seconds, amount) in [(0, 6_623_871_674), (60, 6_623_871_600), (120, 6_623_871_623)] {
        let (one, other) = (channel_row(3405, 1385, amount), channel_row(3405, 1386, -5));
        let withheld =
            Withheld { gateway: GatewayId(3405), channel: Some(ChannelId(9)), why: WithheldBecause::NoCurrency };
        let rows = answer([Row { active: Some(true), ..one }, Row { active: Some(false), ..other }]);
        let as_of = Some(noon() + Duration::from_secs(seconds) - Duration::from_millis(1_500));
        work.answered(0, seconds, Answer { as_of, withheld: vec![withheld], ..rows });
    }
    let details = vec![("/Balance/AmountIn".into(), 12.5), ("/Balance/AmountOut".into(), -3.0)];
    work.answered(1, 121, answer([Row { details, ..account_row(77, Some("settlement"), 100) }]));
    work.failed(2, 122, Reason::ProviderError);
    work.failed(2, 182, Reason::Timeout);
    work.store.schedule([(0, work.at(180).monotonic)]);
    work
}

/// The text without what differs from build to build and from process to process; a process may have no limit on its
/// descriptors.
fn normalised(text: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("overpay_exporter_build_info{") {
            r#"overpay_exporter_build_info{revision="…",rustversion="…",version="…"} 1"#.to_owned()
        } else if line.starts_with("process_") {
            format!("{} …", line.split(' ').next().unwrap())
        } else {
            line.to_owned()
        }
    };
    text.lines().filter(|text| !text.contains("process_max_fds")).map(|text| line(text) + "\n").collect()
}

/// With `UPDATE_DOCS` set the file is written instead.
#[test]
fn the_text_is_that_of_the_file() {
    let text = normalised(&a_bit_of_everything().whole(183));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics/tests/exposition.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(text.len(), expected.len());
}

#[test]
fn the_text_has_every_family_once() {
    let text = a_bit_of_everything().whole(183);
    let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut expected: Vec<String> =
        ALL.iter().map(|family| format!("{} {}", family.name, family.kind.as_str())).collect();
    // What the exporter tells of itself comes last.
    let own = ["process_", "overpay_exporter_build", "overpay_exporter_shard", "overpay_exporter_http"];
    expected.sort_by_key(|family| (own.iter().any(|own| family.starts_with(own)), family.clone()));
    // The process may have no limit on its descriptors.
    expected.retain(|family| family != "process_max_fds gauge" || types.contains(&family.as_str()));
    assert_eq!(types, expected);
}

#[test]
fn every_family_has_its_help_in_front() {
    let text = a_bit_of_everything().whole(183);
    for family in ALL.iter().filter(|family| family.name != "process_max_fds") {
        let heading = format!("# HELP {0} {1}\n# TYPE {0} {2}\n{0}", family.name, family.help, family.kind.as_str());
        assert_eq!(text.matches(&heading).count(), 1, "{heading}");
    }
}

#[test]
fn no_sample_is_there_twice() {
    let samples = read(&a_bit_of_everything().whole(183));
    let mut seen = BTreeSet::new();
    for sample in &samples {
        assert!(seen.insert((&sample.name, &sample.labels)), "{sample:?}");
    }
    assert!(samples.len() > 100);
}

#[test]
fn every_label_is_one_of_the_contract_and_has_a_value() {
    for sample in read(&a_bit_of_everything().whole(183)) {
        let base = |suffix| sample.name.strip_suffix(suffix);
        let histogram = base("_bucket").or_else(|| base("_count")).or_else(|| base("_sum"));
        let names =
            |family: &&&crate::metrics::families::Family| family.name == sample.name || Some(family.name) == histogram;
        let family = ALL.iter().find(names).unwrap();
        for (label, value) in &sample.labels {
            assert!(family.labels.contains(&label.as_str()) || label == "le", "{sample:?}");
            assert!(!value.is_empty(), "{sample:?}");
        }
    }
}

#[test]
fn no_sample_has_a_timestamp() {
    for line in a_bit_of_everything().whole(183).lines().filter(|line| !line.starts_with('#')) {
        let values = line.rsplit_once('}').map_or(line, |(_, value)| value);
        let values = values.split_whitespace().filter(|word| word.parse::<f64>().is_ok());
        assert_eq!(values.count(), 1, "{line}");
    }
}

#[test]
fn requests_are_counted_by_handler_and_code() {
    let metrics = Metrics::new(Arc::new(Store::default()), Shard::WHOLE).unwrap();
    metrics.count_request("metrics", 200);
    metrics.count_request("metrics", 200);
    metrics.count_request("unknown", 404);
    let text = String::from_utf8(metrics.exporter().unwrap()).unwrap();
    for (handler, code, count) in [("metrics", 200, 2), ("unknown", 404, 1)] {
        let line = format!("overpay_exporter_http_requests_total{{code=\"{code}\",handler=\"{handler}\"}} {count}\n");
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn the_shard_says_its_index_and_the_total() {
    let metrics = Metrics::new(Arc::new(Store::default()), Shard::new(2, 5).unwrap()).unwrap();
    let text = String::from_utf8(metrics.exporter().unwrap()).unwrap();
    assert!(text.contains("overpay_exporter_shard_info{index=\"2\",total=\"5\"} 1\n"));
    assert!(text.contains("overpay_exporter_shards 5\n"), "{text}");
}

#[test]
fn the_process_is_measured() {
    let metrics = Metrics::new(Arc::new(Store::default()), Shard::WHOLE).unwrap();
    let samples = read(&String::from_utf8(metrics.exporter().unwrap()).unwrap());
    let value = |name: &str| samples.iter().find(|sample| sample.name == name).unwrap().value;
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"));
    assert!(value("process_open_fds") >= 3.0 && value("process_threads") >= 1.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let age = now - value("process_start_time_seconds");
    assert!(age.abs() < 86_400.0, "{age}");
}
