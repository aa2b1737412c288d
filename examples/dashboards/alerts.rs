//! What the alerts of `alerts/` say: as a table, as counts, and as annotations. It knows their names and labels.

use serde_json::{Value, json};

use super::columns::{BAD, GOOD, WARN};
use super::panel::{Panel, Word, datasource, steps, words};
use super::table::{Column, table};

/// The matchers of alerts about what is chosen. Those about an exporter or a shop carry no gateway, and are found while
/// all are chosen.
pub(crate) const CHOSEN: &str =
    r#"job=~"$job", shop=~"$shop", gateway=~"$gateway", currency=~"$currency", channel=~"$channel""#;

fn firing(chosen: &str, severity: &str) -> String {
    format!(r#"ALERTS{{alertstate="firing", alertname=~"Overpay.+", {chosen}, severity="{severity}"}}"#)
}

/// The same, but for what fires at a higher severity too; so does Alertmanager, as alerts/ has it.
fn told(chosen: &str, severity: &str) -> String {
    if severity == "warning" {
        format!("({} unless ignoring (severity) {})", firing(chosen, severity), firing(chosen, "critical"))
    } else {
        firing(chosen, severity)
    }
}

/// How many alerts fire at each severity: 0 only where rules are evaluated, which the watchdog tells, and else nothing.
pub(crate) fn counts(chosen: &str) -> Panel {
    let count = |severity: &str| {
        format!(
            r#"count({}) or 0 * count(ALERTS{{alertname="OverpayWatchdog", alertstate="firing"}})"#,
            told(chosen, severity)
        )
    };
    Panel::stat(
        "Alerts firing",
        "How many alerts of alerts/ fire now, by severity; a warning is left out where the same alert is critical. Nothing is counted where the rules of alerts/ are not loaded.",
    )
    .now("critical", &count("critical"))
    .now("warning", &count("warning"))
        .unit("none")
    .none("the rules of alerts/ are not loaded")
    .steps(GOOD, &[(1.0, WARN)])
    .where_("byName", "critical", &[("thresholds", steps(GOOD, &[(1.0, BAD)]))])
}

/// The alerts that fire now, the worst first, with the page that says what to do.
pub(crate) fn list(chosen: &str) -> Panel {
    let severities = words(&[
        Word { from: 1.0, to: 1.0, text: "critical", color: BAD },
        Word { from: 2.0, to: 2.0, text: "warning", color: WARN },
        Word { from: 3.0, to: 3.0, text: "info", color: "blue" },
    ]);
    let of = |severity: &str| told(chosen, severity);
    let all = [of("critical"), of("warning"), of("info")].join("\nor\n");
    let rank = format!(
        "label_join(\n1 * {}\nor\n2 * {}\nor\n3 * {},\n\"where\", \" \", \"shop\", \"gateway\", \"channel\", \"account\", \
         \"currency\", \"query\")",
        of("critical"),
        of("warning"),
        of("info")
    );
    let lasts =
        format!("time() - ALERTS_FOR_STATE{{alertname=~\"Overpay.+\", {chosen}}}\nand ignoring (alertstate)\n({all})");
    table(
        "Alerts firing, by severity",
        "What fires now and since when its condition holds. A click on an alert opens its runbook: what it means and what \
         to do. Needs the rules of alerts/.",
        "Severity",
        vec![
            Column::values("Severity", rank).states(&severities).wide(80),
            Column::label("alertname", "Alert")
                .wide(240)
                .link("Runbook: what it means and what to do", "${runbooks:raw}/${__value.raw}.md"),
            Column::label("where", "Where").text(json!([])),
            Column::values("Since", lasts).duration().wide(85),
        ],
    )
    .none("no alert fires, or the rules of alerts/ are not loaded")
}

/// Lines and regions in graphs while alerts fire.
pub(crate) fn annotations(chosen: &str) -> Vec<Value> {
    [("Critical alerts", "critical", BAD, true), ("Warnings", "warning", WARN, false)]
        .iter()
        .map(|(name, severity, color, enable)| {
            annotation(
                name,
                &firing(chosen, severity),
                color,
                *enable,
                "{{alertname}} ({{severity}})",
                "{{shop}} {{gateway}} {{channel}}{{account}} {{currency}} {{query}}",
            )
        })
        .collect()
}

/// Regions while an expression is 1.
pub(crate) fn annotation(name: &str, expression: &str, color: &str, enable: bool, title: &str, text: &str) -> Value {
    json!({
        "name": name,
        "datasource": datasource(),
        "enable": enable,
        "hide": false,
        "iconColor": color,
        "expr": expression,
        "step": "60s",
        "titleFormat": title,
        "textFormat": text,
        "tagKeys": "severity",
        "useValueForTime": false,
    })
}
