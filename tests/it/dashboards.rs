//! The files in `dashboards/`: made of one source, linted, linked with the alerts, and filled by a real Prometheus. How they
//! look is not told here.

mod lint;
mod promql;
mod queried;
mod run;

#[path = "../../examples/dashboards/main.rs"]
#[expect(dead_code, reason = "the program's `main` is for `make dashboards`")]
mod source;

use std::collections::BTreeSet;

use serde_json::Value;

use super::alerts::{project, read};

/// Every dashboard as it is committed.
fn dashboards() -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(project("dashboards"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let dashboards: Vec<_> = files
        .iter()
        .map(|file| serde_json::from_str(&std::fs::read_to_string(file).expect("readable")).expect("JSON"))
        .collect();
    assert_eq!(dashboards.len(), 3);
    dashboards
}

/// Every panel, those in closed rows too, without the rows.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let inside = |panel: &'_ Value| panel["type"] == "row";
    list(&dashboard["panels"])
        .iter()
        .flat_map(|panel| if inside(panel) { list(&panel["panels"]).iter().collect() } else { vec![panel] })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Where something is, for messages.
fn place(dashboard: &Value, panel: &Value) -> String {
    format!("{} / {}", text(&dashboard["uid"]), text(&panel["title"]))
}

fn variable<'a>(dashboard: &'a Value, name: &str) -> Option<&'a Value> {
    list(&dashboard["templating"]["list"]).iter().find(|variable| variable["name"] == name)
}

#[test]
fn the_committed_files_are_what_the_source_gives() {
    let parameters = source::Parameters::shipped().expect("alerts/parameters");
    for (name, dashboard) in source::dashboards(&parameters) {
        let same = source::written(&dashboard) == read(&format!("dashboards/{name}.json"));
        assert!(same, "dashboards/{name}.json is not what examples/dashboards says; run `make dashboards`");
        assert_eq!(dashboard["uid"], name);
    }
}

#[test]
fn the_schema_is_the_classic_one_and_nothing_has_to_be_filled_in_at_import() {
    for dashboard in dashboards() {
        assert_eq!(dashboard["schemaVersion"], 41);
        assert!(dashboard["__inputs"].is_null() && dashboard["id"].is_null() && dashboard["apiVersion"].is_null());
        assert!(!dashboard.to_string().contains("${DS_"));
    }
}

#[test]
fn panels_have_ids_of_their_own_and_do_not_overlap() {
    for dashboard in dashboards() {
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in panels(&dashboard) {
            assert!(ids.insert(panel["id"].as_u64()), "{}: id twice", place(&dashboard, panel));
            let at = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
            assert!(at("x") + at("w") <= 24, "{} leaves the grid", place(&dashboard, panel));
            for y in at("y")..at("y") + at("h") {
                for x in at("x")..at("x") + at("w") {
                    assert!(cells.insert((x, y)), "{} overlaps", place(&dashboard, panel));
                }
            }
        }
    }
}

#[test]
fn the_overview_fits_a_screen_of_1080_lines_and_begins_with_what_is_worst() {
    let dashboards = dashboards();
    let headroom = dashboards.iter().find(|dashboard| dashboard["uid"] == "overpay-headroom").expect("it is there");
    let first_row = list(&headroom["panels"]).iter().find(|panel| panel["type"] == "row").expect("a row");
    // A unit of the grid is 38 pixels high; Grafana's own bars and margins take 120 at most.
    assert!(first_row["gridPos"]["y"].as_u64().expect("a number") * 38 + 120 <= 1080);
    let first = panels(headroom)[0];
    assert_eq!((&first["gridPos"]["x"], &first["gridPos"]["y"]), (&0.into(), &0.into()));
    assert_eq!(first["title"], "Lowest headroom, of critical");
}

#[test]
fn every_dashboard_has_the_same_variables() {
    for dashboard in dashboards() {
        let names: Vec<_> = list(&dashboard["templating"]["list"])
            .iter()
            .filter(|v| v["hide"] == 0)
            .map(|v| text(&v["name"]))
            .collect();
        assert_eq!(names, ["datasource", "job", "instance", "shop", "gateway", "currency", "channel"]);
    }
}

#[test]
fn every_link_of_an_alert_leads_to_a_dashboard_and_to_variables_that_are_there() {
    let dashboards = dashboards();
    let rules = read("alerts/overpay.rules.yml");
    let links: BTreeSet<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("dashboard_url: "))
        .map(|url| url.trim_matches('\''))
        .collect();
    assert!(links.len() > 3, "{links:?}");
    for link in links {
        let path = link.strip_prefix("https://grafana.example.com/d/").expect("below the parameter grafana_url");
        let (uid, variables) = path.split_once('?').unwrap_or((path, ""));
        let found = dashboards.iter().find(|dashboard| dashboard["uid"] == uid);
        let dashboard = found.unwrap_or_else(|| panic!("no dashboard {uid}: {link}"));
        for chosen in variables.split('&').filter(|chosen| !chosen.is_empty()) {
            let name = chosen.split_once('=').and_then(|(name, _)| name.strip_prefix("var-")).expect("var-name=value");
            let known = variable(dashboard, name).is_some_and(|variable| variable["hide"] == 0);
            assert!(known, "{uid} has no variable {name}: {link}");
        }
    }
}

#[test]
fn every_link_of_a_dashboard_leads_to_one_that_is_there() {
    let dashboards = dashboards();
    let uids: BTreeSet<_> = dashboards.iter().map(|dashboard| text(&dashboard["uid"])).collect();
    for dashboard in &dashboards {
        let whole = dashboard.to_string();
        let linked: BTreeSet<_> =
            whole.split("\"/d/").skip(1).filter_map(|rest| rest.split(['"', '?']).next()).collect();
        assert!(linked.len() >= 2, "{linked:?}");
        assert!(linked.is_subset(&uids), "{linked:?}");
        assert!(whole.contains(r#""url":"${runbooks:raw}""#), "no link to the runbooks");
    }
}

#[test]
fn runbooks_are_where_the_alerts_say_they_are() {
    let rules = read("alerts/overpay.rules.yml");
    for dashboard in dashboards() {
        let base = text(&variable(&dashboard, "runbooks").expect("it is there")["query"]);
        assert!(rules.contains(&format!("runbook_url: {base}/OverpayPayoutHeadroomLow.md")), "{base}");
        assert_eq!(dashboard.to_string().matches(base).count(), 3, "the address stands in one variable alone");
    }
}

#[test]
fn amounts_are_never_added() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            for target in list(&panel["targets"]) {
                let expression = text(&target["expr"]);
                let money =
                    ["available_balance", "account_balance", "account_detail"].iter().any(|m| expression.contains(m));
                let added = ["sum", "avg", "stddev", "quantile"].iter().any(|operator| expression.contains(operator));
                assert!(!(money && added), "{}: {expression}", place(&dashboard, panel));
            }
        }
    }
}

#[test]
fn a_gap_stays_a_gap() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            if panel["type"] == "timeseries" || panel["type"] == "state-timeline" {
                assert_eq!(
                    panel["fieldConfig"]["defaults"]["custom"]["spanNulls"],
                    false,
                    "{}",
                    place(&dashboard, panel)
                );
            }
        }
    }
}

#[test]
fn a_panel_without_data_says_so_in_words() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            let words = text(&panel["fieldConfig"]["defaults"]["noValue"]);
            assert!(words.len() > 5, "{} says {words:?}", place(&dashboard, panel));
        }
    }
}

#[test]
fn what_needs_the_rules_of_the_alerts_says_so() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            // Everything else that is recorded is published too, and taken from there without rules.
            let needs = ["seconds_left", "fall_rate", "ALERTS"];
            let expressions: String = list(&panel["targets"]).iter().map(|target| text(&target["expr"])).collect();
            if needs.iter().any(|name| expressions.contains(name)) {
                let told = [&panel["description"], &panel["fieldConfig"]["defaults"]["noValue"]];
                let told = told.iter().any(|words| text(words).contains("alerts/"));
                assert!(told, "{} does not tell that it needs the rules", place(&dashboard, panel));
            }
        }
    }
}

#[test]
fn the_provisioning_can_be_read_and_finds_the_dashboards() {
    let provider: Value =
        serde_saphyr::from_str(&read("dashboards/provisioning/dashboards/overpay_exporter.yml")).expect("YAML");
    let provider = &list(&provider["providers"])[0];
    assert_eq!(
        (&provider["type"], &provider["options"]["path"]),
        (&"file".into(), &"/usr/share/overpay_exporter/dashboards".into())
    );
    let source: Value =
        serde_saphyr::from_str(&read("dashboards/provisioning/datasources/overpay_exporter.yml")).expect("YAML");
    assert_eq!(list(&source["datasources"])[0]["type"], "prometheus");
}

#[test]
fn the_documents_show_and_tell_of_every_dashboard() {
    let page = read("docs/dashboards.md");
    for dashboard in dashboards() {
        let uid = text(&dashboard["uid"]);
        assert!(page.contains(&format!("(../dashboards/{uid}.json)")), "docs/dashboards.md does not link {uid}");
        assert!(page.contains(&format!("images/{uid}.png")), "docs/dashboards.md has no picture of {uid}");
        let size = std::fs::metadata(project(&format!("docs/images/{uid}.png"))).expect("a picture").len();
        assert!(size < 400_000, "{uid}.png has {size} bytes");
    }
}
