//! The rules of grafana/dashboard-linter that apply, each a test named after it; `dashboards/.lint` says what is left out
//! and why. Rules about Loki do not apply. That every expression can be read, its rule `target-promql-rule`, is told by the
//! Prometheus in `queried`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::alerts::read;
use super::promql::{Selector, selectors, without_selectors};
use super::{dashboards, list, panels, place, text, variable};

/// Units of Grafana that the linter takes and that mean something here.
const UNITS: [&str; 10] = ["none", "short", "locale", "percent", "percentunit", "s", "bytes", "cpm", "reqps", "ops"];

/// Every query of every panel, with where it is.
fn targets(dashboard: &Value) -> Vec<(String, &Value)> {
    let mut targets = Vec::new();
    for panel in panels(dashboard) {
        targets.extend(list(&panel["targets"]).iter().map(|target| (place(dashboard, panel), target)));
    }
    targets
}

fn every_selector(mut check: impl FnMut(&str, &Selector)) {
    let mut seen = 0;
    for dashboard in dashboards() {
        for (place, target) in targets(&dashboard) {
            for selector in selectors(text(&target["expr"])) {
                check(&place, &selector);
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "only {seen} selectors found");
}

fn exclusions() -> Value {
    serde_saphyr::from_str(&read("dashboards/.lint")).expect("YAML")
}

#[test]
fn every_exclusion_has_a_reason() {
    let exclusions = exclusions();
    let rules = exclusions["exclusions"].as_object().expect("rules");
    assert_eq!(rules.len(), 2);
    for (rule, exclusion) in rules {
        assert!(text(&exclusion["reason"]).len() > 20, "{rule}");
    }
}

#[test]
fn template_datasource_rule() {
    for dashboard in dashboards() {
        let sources: Vec<_> =
            list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "datasource").collect();
        assert_eq!(sources.len(), 1);
        let [name, label, query] = ["name", "label", "query"].map(|key| text(&sources[0][key]));
        assert_eq!((name, label, query), ("datasource", "Data source", "prometheus"));
    }
}

fn is_a_matcher_template(name: &str, label: &str) {
    for dashboard in dashboards() {
        let template = variable(&dashboard, name).expect("it is there");
        assert_eq!((text(&template["label"]), text(&template["type"])), (label, "query"));
        assert_eq!(template["datasource"]["uid"], "${datasource}");
        assert_eq!((&template["multi"], &template["allValue"]), (&true.into(), &".+".into()));
    }
}

#[test]
fn template_job_rule() {
    is_a_matcher_template("job", "Job");
}

#[test]
fn template_instance_rule() {
    is_a_matcher_template("instance", "Instance");
}

#[test]
fn template_label_promql_rule() {
    for dashboard in dashboards() {
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
            let query = text(&variable["query"]);
            let function = query.split('(').next().unwrap_or_default();
            assert!(["label_values", "query_result"].contains(&function) && query.ends_with(')'), "{query}");
        }
    }
}

#[test]
fn template_on_time_change_reload_rule() {
    for dashboard in dashboards() {
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
            assert_eq!(variable["refresh"], 2, "{}", variable["name"]);
        }
    }
}

#[test]
fn a_label_that_can_be_missing_is_found_while_all_are_chosen() {
    for dashboard in dashboards() {
        for name in ["gateway", "currency", "channel"] {
            let variable = variable(&dashboard, name).expect("it is there");
            assert!(variable["includeAll"] == false || variable["allValue"] == ".*", "{name}");
        }
    }
}

#[test]
fn panel_datasource_rule() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", place(&dashboard, panel));
        }
        for (place, target) in targets(&dashboard) {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{place}");
        }
        for annotation in list(&dashboard["annotations"]["list"]) {
            assert_eq!(annotation["datasource"]["uid"], "${datasource}");
        }
    }
}

#[test]
fn panel_title_description_rule() {
    for dashboard in dashboards() {
        let mut titles = BTreeSet::new();
        for panel in panels(&dashboard) {
            let (title, description) = (text(&panel["title"]), text(&panel["description"]));
            assert!(title.len() > 2 && description.len() > 20, "{}", place(&dashboard, panel));
            assert!(description.ends_with('.'), "{}: {description}", place(&dashboard, panel));
            titles.insert(title);
        }
        assert!(titles.len() > 10);
    }
}

#[test]
fn panel_units_rule() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            let config = &panel["fieldConfig"];
            let properties = list(&config["overrides"]).iter().flat_map(|part| list(&part["properties"]));
            let overridden = properties.filter(|property| property["id"] == "unit").map(|property| &property["value"]);
            let units: Vec<_> =
                overridden.chain([&config["defaults"]["unit"]]).filter(|unit| !unit.is_null()).collect();
            assert!(units.iter().all(|unit| UNITS.contains(&text(unit))), "{}: {units:?}", place(&dashboard, panel));
            let in_words = panel.to_string().contains("\"mappings\"");
            assert!(!units.is_empty() || in_words, "{} has no unit", place(&dashboard, panel));
        }
    }
}

#[test]
fn panel_no_targets_rule() {
    for dashboard in dashboards() {
        for panel in panels(&dashboard) {
            assert!(!list(&panel["targets"]).is_empty(), "{}", place(&dashboard, panel));
        }
    }
}

#[test]
fn target_rate_interval_rule() {
    every_selector(|place, selector| {
        let rate = ["rate", "irate", "increase"].contains(&selector.function.as_str());
        assert!(!rate || selector.range.as_deref() == Some("$__rate_interval"), "{place}: {selector:?}");
    });
}

#[test]
fn target_job_rule() {
    let exclusions = exclusions();
    let excluded: Vec<_> = list(&exclusions["exclusions"]["target-job-rule"]["entries"])
        .iter()
        .map(|entry| format!(" / {}", text(&entry["panel"])))
        .collect();
    every_selector(|place, selector| {
        let excluded =
            excluded.iter().any(|panel| place.ends_with(panel)) && selector.has(r#"alertname="OverpayWatchdog""#);
        assert!(excluded || selector.has(r#"job=~"$job""#), "{place}: {selector:?}");
    });
}

#[test]
fn target_instance_rule() {
    every_selector(|place, selector| {
        assert!(selector.has(r#"instance=~"$instance""#) != selector.is_recorded(), "{place}: {selector:?}");
    });
}

#[test]
fn target_counter_agg_rule() {
    every_selector(|place, selector| {
        let counter = ["_total", "_bucket", "_count", "_sum"].iter().any(|suffix| selector.name.ends_with(suffix));
        let counted = ["rate", "irate", "increase"].contains(&selector.function.as_str());
        assert!(!counter || counted, "{place}: {selector:?}");
    });
}

#[test]
fn no_metric_is_without_matchers() {
    for dashboard in dashboards() {
        for (place, target) in targets(&dashboard) {
            let left = without_selectors(text(&target["expr"]));
            let bare = ["overpay_", "process_", "payout_control_", "ALERTS", "channel:", "account:"];
            assert!(!bare.iter().any(|name| left.contains(name)), "{place}: {left}");
        }
    }
}

#[test]
fn uneditable_dashboard() {
    for dashboard in dashboards() {
        assert_eq!(dashboard["editable"], false);
    }
}
