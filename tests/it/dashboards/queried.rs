//! What a real Prometheus answers to the expressions of the dashboards.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run::{Asked, HISTORY, run};
use super::{list, text};

/// The labels that a legend or a title names.
fn legend_labels(target: &Value) -> Vec<&str> {
    text(&target["legendFormat"]).split("{{").skip(1).filter_map(|part| part.split("}}").next()).collect()
}

fn label<'a>(series: &'a Value, name: &str) -> &'a str {
    text(&series["metric"][name])
}

/// The value of a series now, or at the end of its range.
fn value(series: &Value) -> f64 {
    let sample =
        if series["value"].is_array() { &series["value"] } else { list(&series["values"]).last().expect("a sample") };
    text(&sample[1]).parse().expect("a number")
}

/// The query of a panel, by its title and letter.
fn query<'a>(of: &'a [Asked], dashboard: &str, title: &str, letter: &str) -> &'a Asked {
    let found = of
        .iter()
        .find(|asked| asked.dashboard == dashboard && asked.title() == title && asked.target["refId"] == letter);
    found.unwrap_or_else(|| panic!("no query {letter} in {dashboard} / {title}"))
}

#[test]
fn every_expression_can_be_read_and_answered() {
    let run = run();
    assert!(run.panels.len() > 90, "only {} queries", run.panels.len());
    for asked in run.panels.iter().chain(&run.low).chain(&run.variables).chain(&run.annotations) {
        assert_eq!(asked.answer["status"], "success", "{}\n{}", asked.place(), asked.answer);
        assert!(asked.answer["warnings"].is_null(), "{}\n{}", asked.place(), asked.answer["warnings"]);
    }
}

#[test]
fn every_expression_of_every_panel_finds_series() {
    for asked in &run().panels {
        assert!(!asked.series().is_empty(), "nothing is found: {}", asked.place());
    }
}

#[test]
fn balances_and_their_states_are_found_without_the_rules_of_the_alerts() {
    let mut found = 0;
    for asked in &run().without_rules {
        let needs = ["seconds_left", "fall_rate", "ALERTS"].iter().any(|name| asked.expression.contains(name));
        assert!(needs || !asked.series().is_empty(), "nothing is found without rules: {}", asked.place());
        found += usize::from(!needs && asked.expression.contains("nothing:"));
    }
    assert!(found > 20, "only {found} expressions that recorded series are in");
}

#[test]
fn every_variable_finds_values() {
    for asked in &run().variables {
        assert!(!asked.series().is_empty(), "nothing is found: {}", asked.place());
        let name = text(&asked.target["refId"]);
        let wanted = match name {
            "channel_currency" | "account_currency" => "currency",
            other => other,
        };
        for series in asked.series() {
            assert!(!label(series, wanted).is_empty() || wanted == "gateway", "{series}: {}", asked.place());
        }
    }
}

#[test]
fn gateways_and_channels_are_chosen_by_name_and_kept_by_id() {
    for (name, id, text) in
        [("gateway", "3405", "Acme Bank · 3405"), ("gateway", "5", "5 · 5"), ("channel", "1400", "SWIFT · 1400")]
    {
        let asked = run().variables.iter().find(|asked| asked.target["refId"] == name).expect("the variable");
        let series = asked.series().iter().find(|series| label(series, name) == id);
        assert_eq!(label(series.expect("it is found"), "text"), text);
        // What JavaScript makes of it is not told here; that the regex takes both apart is seen in Grafana.
        let regex = super::text(&asked.panel["regex"]);
        assert!(regex.contains("(?<value>") && regex.contains("(?<text>"), "{regex}");
    }
}

#[test]
fn firing_alerts_are_found_as_annotations() {
    for name in ["Critical alerts", "Warnings"] {
        let asked = run().annotations.iter().find(|asked| asked.target["refId"] == name).expect("the annotation");
        assert!(!asked.series().is_empty(), "{}", asked.place());
        assert!(asked.series().iter().all(|series| label(series, "alertname").starts_with("Overpay")));
    }
}

#[test]
fn every_label_of_a_legend_is_there() {
    for asked in &run().panels {
        for name in legend_labels(&asked.target) {
            let found = asked.series().iter().any(|series| !label(series, name).is_empty());
            // The labels of accounts are in legends of channels and accounts both.
            assert!(found, "no series has the label {name}: {}", asked.place());
        }
        if !legend_labels(&asked.target).is_empty() {
            for series in asked.series() {
                let named = legend_labels(&asked.target).iter().any(|name| !label(series, name).is_empty());
                assert!(named, "{series} has no name: {}", asked.place());
            }
        }
    }
}

#[test]
fn series_of_a_graph_have_names_of_their_own() {
    for asked in &run().panels {
        if asked.panel["type"] == "table" {
            continue;
        }
        // Currencies have a panel each, where amounts are shown.
        let currency = if text(&asked.panel["repeat"]).is_empty() { "" } else { "currency" };
        let mut names = BTreeSet::new();
        for series in asked.series() {
            let name: Vec<_> =
                legend_labels(&asked.target).into_iter().chain([currency]).map(|name| label(series, name)).collect();
            assert!(names.insert(name.clone()), "{name:?} twice: {}", asked.place());
        }
    }
}

#[test]
fn every_label_in_a_column_is_there() {
    for asked in run().panels.iter().filter(|asked| asked.panel["type"] == "table") {
        let renamed = list(&asked.panel["transformations"]).iter().find(|step| step["id"] == "organize");
        let columns = &renamed.expect("columns are in order")["options"]["renameByName"];
        let of_panel = || run().panels.iter().filter(|other| other.panel == asked.panel);
        for column in columns.as_object().expect("columns").keys().filter(|column| !column.starts_with("Value")) {
            let found = of_panel().any(|asked| asked.series().iter().any(|series| !label(series, column).is_empty()));
            assert!(found, "no series has the label of the column {column}: {}", asked.place());
        }
    }
}

#[test]
fn the_queries_of_a_table_can_be_merged() {
    for asked in run().panels.iter().filter(|asked| asked.panel["type"] == "table") {
        for series in asked.series() {
            // Rows of two queries are one row where all labels that both have are equal.
            assert!(label(series, "__name__").is_empty(), "{}", asked.place());
        }
    }
}

#[test]
fn graphs_go_back_for_hours() {
    let mut long = BTreeSet::new();
    for asked in run().panels.iter().filter(|asked| asked.panel["type"] == "timeseries") {
        let first = asked.series().iter().filter_map(|series| list(&series["values"]).first()?[0].as_f64());
        let last = asked.series().iter().filter_map(|series| list(&series["values"]).last()?[0].as_f64());
        let span = last.fold(0.0, f64::max) - first.fold(f64::MAX, f64::min);
        if span > f64::from(u32::try_from(HISTORY).expect("small")) * 0.9 {
            long.insert(asked.title());
        }
    }
    for title in [
        "Payout headroom in $channel_currency",
        "Account balances in $account_currency",
        "Balances in $currency",
        "Payout headroom as a part of the critical threshold",
        "Details over time",
        "Time since the last good answer",
        "Memory",
    ] {
        assert!(long.contains(title), "{title} is short; long are {long:?}");
    }
}

#[test]
fn two_instances_show_a_channel_once() {
    let rank = query(&run().panels, "overpay-headroom", "Channels, worst first", "A");
    assert_eq!(rank.series().len(), 8);
    let accounts = query(&run().panels, "overpay-headroom", "Accounts, worst first", "A");
    assert_eq!(accounts.series().len(), 2);
    for asked in run().panels.iter().filter(|asked| asked.expression.contains("overpay_available_balance{")) {
        let mut seen = BTreeSet::new();
        for series in asked.series() {
            assert!(label(series, "instance").is_empty(), "{}", asked.place());
            assert!(seen.insert(series["metric"].to_string()), "{}", asked.place());
        }
    }
}

#[test]
fn the_channel_at_half_of_its_threshold_is_first_of_all() {
    let run = run();
    let first = query(&run.panels, "overpay-headroom", "Lowest headroom, of critical", "A");
    let [worst] = first.series() else { panic!("{}", first.answer) };
    assert_eq!((label(worst, "gateway_name"), label(worst, "channel_name")), ("Acme Bank", "Visa payouts"));
    assert!((value(worst) - 0.5).abs() < 1e-9, "{worst}");
    let rank = query(&run.panels, "overpay-headroom", "Channels, worst first", "A");
    let lowest = rank.series().iter().min_by(|a, b| value(a).total_cmp(&value(b))).expect("channels");
    assert_eq!((label(lowest, "channel"), label(lowest, "currency")), ("1385", "EUR"));
    assert!((1.0..2.0).contains(&value(lowest)), "critical: {lowest}");
}

#[test]
fn a_channel_that_is_not_known_has_no_headroom_but_what_was_last_known_and_since_when() {
    let of = |letter| query(&run().panels, "overpay-headroom", "Channels, worst first", letter);
    let is_unknown = |series: &&Value| label(series, "gateway") == "3500";
    let states: Vec<_> = of("A").series().iter().filter(is_unknown).map(value).collect();
    assert_eq!(states.len(), 2);
    assert!(states.iter().all(|state| (2.0..3.0).contains(state)), "{states:?}");
    assert_eq!(of("B").series().iter().filter(is_unknown).count(), 0, "headroom");
    assert_eq!(of("C").series().iter().filter(is_unknown).count(), 2, "last known");
    assert_eq!(of("C").series().len(), 2, "only what is not known is told as last known");
    let unknown = query(&run().panels, "overpay-headroom", "Longest unknown, for", "A");
    let [longest] = unknown.series() else { panic!("{}", unknown.answer) };
    assert!(is_unknown(&longest) && value(longest) > 15.0, "{longest}");
}

#[test]
fn a_line_of_headroom_ends_where_it_is_not_known() {
    let end = |series: &Value| list(&series["values"]).last().and_then(|sample| sample[0].as_f64()).expect("a sample");
    let lines = query(&run().panels, "overpay-headroom", "Payout headroom in $channel_currency", "A");
    let ends_of = |gateway: &str| {
        lines.series().iter().filter(|series| label(series, "gateway") == gateway).map(end).fold(0.0, f64::max)
    };
    assert!(
        ends_of("3500") > 0.0 && ends_of("3500") + 5.0 < ends_of("3405"),
        "{} {}",
        ends_of("3500"),
        ends_of("3405")
    );
}

#[test]
fn a_channel_whose_payout_control_is_off_is_last() {
    let rank = query(&run().panels, "overpay-headroom", "Channels, worst first", "A");
    let highest = rank.series().iter().max_by(|a, b| value(a).total_cmp(&value(b))).expect("channels");
    assert_eq!((label(highest, "channel"), label(highest, "currency")), ("1386", "USD"));
    assert!((6.0..7.0).contains(&value(highest)), "{highest}");
}

#[test]
fn a_failing_query_is_first_with_its_reason() {
    let of = |letter| query(&run().panels, "overpay-exporter", "Queries, worst first", letter);
    let failing: BTreeSet<_> =
        of("A").series().iter().filter(|series| value(series) < 2.0).map(|series| label(series, "query")).collect();
    assert_eq!(
        failing,
        ["beyag_balance-1234-RUB", "channel_balances-3500-EUR", "channel_balances-3500-USD"].into_iter().collect()
    );
    let reasons = run().panels.iter().filter(|asked| asked.title() == "Queries, worst first");
    let reasons: BTreeSet<_> = reasons.flat_map(Asked::series).map(|series| label(series, "reason")).collect();
    assert!(reasons.contains("provider_error"), "{reasons:?}");
}

#[test]
fn no_alert_is_counted_as_none_only_where_rules_are_evaluated() {
    for severity in ["A", "B"] {
        let asked = query(&run().panels, "overpay-headroom", "Alerts firing", severity);
        let [count] = asked.series() else { panic!("{}", asked.answer) };
        assert!(value(count) >= 1.0, "{count}");
        assert!(asked.expression.contains("OverpayWatchdog"), "{}", asked.expression);
    }
}

#[test]
fn a_link_of_an_alert_shows_the_channel_it_is_about() {
    let rank = query(&run().low, "overpay-headroom", "Channels, worst first", "A");
    let [channel] = rank.series() else { panic!("{}", rank.answer) };
    assert_eq!(
        (label(channel, "gateway_name"), label(channel, "channel_name")),
        ("Acme Bank · 3405", "Visa payouts · 1385")
    );
    let alerts = query(&run().low, "overpay-headroom", "Alerts firing, by severity", "A");
    assert!(!alerts.series().is_empty());
    assert!(alerts.series().iter().all(|alert| label(alert, "channel") == "1385"), "{}", alerts.answer);
}

#[test]
fn account_numbers_are_masked() {
    for asked in &run().panels {
        for series in asked.series() {
            let account = label(series, "account");
            assert!(account.is_empty() || account.starts_with('*'), "{}", asked.place());
        }
    }
}
