//! What is chosen at the top of the dashboards, and the links between them. Every dashboard has the same variables, so
//! that a link carries them all.

use serde_json::{Value, json};

use super::Parameters;
use super::panel::datasource;

/// What is told of a variable.
struct Variable {
    name: &'static str,
    label: &'static str,
    query: String,
    /// Takes value and text out of what the query finds.
    regex: &'static str,
    /// What stands for all: `.+`, or `.*` where the label can be missing.
    all: &'static str,
    several: bool,
    hidden: bool,
}

impl Variable {
    fn labels(name: &'static str, label: &'static str, query: impl Into<String>) -> Self {
        Self { name, label, query: query.into(), regex: "", all: ".*", several: true, hidden: false }
    }

    fn json(&self) -> Value {
        let current =
            if self.several { json!({"selected": true, "text": ["All"], "value": ["$__all"]}) } else { json!({}) };
        json!({
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": datasource(),
            "query": self.query,
            "definition": self.query,
            "regex": self.regex,
            "refresh": 2,
            "sort": 5,
            "multi": self.several,
            "includeAll": self.several,
            "allValue": if self.several { self.all.into() } else { Value::Null },
            "current": current,
            "options": [],
            "hide": if self.hidden { 2 } else { 0 },
            "skipUrlSync": self.hidden,
        })
    }
}

/// How many shops and gateways a dashboard is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Any,
    OneGateway,
}

/// What a query finds, by name and id: `Acme Bank · 3405`, and `5` instead of `5 · 5` where the id is the name.
const BY_NAME: &str = r#"/="(?<value>[^"]*)",text="(?:\k<value> · )?(?<text>.*)"\}/"#;

fn by_name(what: &str, chosen: &str) -> String {
    format!(
        "query_result(max by ({what}, text) (label_join(last_over_time(overpay_{what}_info{{job=~\"$job\", {chosen}}}\
         [$__range]), \"text\", \" · \", \"name\", \"{what}\")))"
    )
}

/// The variables, in the order in which they are chosen.
pub(crate) fn variables(about: About, parameters: &Parameters) -> Vec<Value> {
    let several = about == About::Any;
    let chosen = r#"job=~"$job", shop=~"$shop", gateway=~"$gateway""#;
    let named = [
        Variable { all: ".+", ..Variable::labels("job", "Job", "label_values(overpay_exporter_build_info, job)") },
        Variable {
            all: ".+",
            ..Variable::labels(
                "instance",
                "Instance",
                r#"label_values(overpay_exporter_build_info{job=~"$job"}, instance)"#,
            )
        },
        Variable {
            several,
            ..Variable::labels("shop", "Shop", r#"label_values(overpay_shop_info{job=~"$job"}, shop)"#)
        },
        Variable {
            several,
            regex: BY_NAME,
            ..Variable::labels("gateway", "Gateway", by_name("gateway", r#"shop=~"$shop""#))
        },
        Variable::labels(
            "currency",
            "Currency",
            format!(
                r#"label_values({{__name__=~"overpay_(available|account)_balance_last_known", {chosen}}}, currency)"#
            ),
        ),
        Variable {
            regex: BY_NAME,
            ..Variable::labels("channel", "Channel", by_name("channel", r#"shop=~"$shop", gateway=~"$gateway""#))
        },
        // For panels that are repeated: the chosen currencies in which there are channels, or accounts.
        currencies("channel_currency", "overpay_available_balance_last_known"),
        currencies("account_currency", "overpay_account_balance_last_known"),
    ];
    let source = json!({
        "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "",
        "current": {}, "options": [], "multi": false, "includeAll": false, "refresh": 1, "hide": 0,
    });
    let runbooks = json!({
        "name": "runbooks", "label": "Runbooks", "type": "constant", "query": parameters.runbook_url,
        "current": {"selected": false, "text": parameters.runbook_url, "value": parameters.runbook_url},
        "hide": 2, "skipUrlSync": true,
    });
    std::iter::once(source).chain(named.iter().map(Variable::json)).chain([runbooks]).collect()
}

fn currencies(name: &'static str, family: &str) -> Variable {
    let chosen = r#"job=~"$job", shop=~"$shop", gateway=~"$gateway", currency=~"$currency""#;
    Variable { hidden: true, ..Variable::labels(name, name, format!("label_values({family}{{{chosen}}}, currency)")) }
}

/// Links to the other dashboards, with what is chosen and the time range.
pub(crate) fn links(here: &str) -> Vec<Value> {
    let link = |title: &str, url: &str, tooltip: &str| {
        json!({
            "title": title, "type": "link", "url": url, "tooltip": tooltip, "icon": "dashboard", "tags": [],
            "asDropdown": false, "includeVars": true, "keepTime": true, "targetBlank": false,
        })
    };
    let mut links: Vec<_> = [
        (super::headroom::UID, "Payout headroom", "What is short, of all gateways"),
        (super::gateway::UID, "One gateway", "Balances and queries of one gateway"),
        (super::exporter::UID, "Exporter health", "Are the balances asked and answered?"),
    ]
    .iter()
    .filter(|(uid, ..)| *uid != here)
    .map(|(uid, title, tooltip)| link(title, &format!("/d/{uid}"), tooltip))
    .collect();
    let mut runbooks = link("Runbooks", "${runbooks:raw}", "What each alert means and what to do");
    for (name, value) in [("includeVars", false.into()), ("keepTime", false.into()), ("icon", "doc".into())] {
        runbooks[name] = value;
    }
    links.push(runbooks);
    links
}
