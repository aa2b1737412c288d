//! Exporter health: is it running, are the balances asked, and are they answered?

use serde_json::{Value, json};

use super::columns::{BAD, GOOD, NOT_KNOWN, WARN};
use super::dashboard::{About, Layout};
use super::panel::{Panel, Word, words};
use super::queries::{self, OF_SHOPS};
use super::table::{Column, table};
use super::variables::{links, variables};
use super::{Parameters, alerts, variables};

pub(crate) const UID: &str = "overpay-exporter";

/// The matchers of what an exporter tells of itself.
const OF_INSTANCES: &str = r#"job=~"$job", instance=~"$instance""#;

/// Alerts about exporters, shops and queries; what is chosen of gateways limits them too.
const ALERTS: &str = r#"job=~"$job", shop=~"$shop", gateway=~"$gateway""#;

pub(crate) fn dashboard(parameters: &Parameters) -> Value {
    let layout = Layout::default()
        .line(
            4,
            [(4, failing()), (6, oldest()), (4, down()), (4, missing()), (3, reload()), (3, alerts::counts(ALERTS))],
        )
        .line(13, [(24, queries::queries("Queries, worst first"))])
        .line(8, [(12, queries::over_time()), (12, failures())])
        .open("Polls")
        .line(8, [(8, polls()), (8, duration()), (8, lateness())])
        .line(10, [(12, ages()), (12, data_ages())])
        .closed("Alerts")
        .line(9, [(24, alerts::list(ALERTS))])
        .closed("What is published")
        .line(11, [(8, known()), (8, expected()), (8, exponents())])
        .closed("Process")
        .line(6, [(24, builds())])
        .line(8, [(8, cpu()), (8, memory()), (8, descriptors())])
        .line(8, [(12, requests()), (12, threads())]);
    let mut annotations = alerts::annotations(ALERTS);
    annotations.push(alerts::annotation(
        "Restarts",
        &format!("changes(process_start_time_seconds{{{OF_INSTANCES}}}[2m]) > 0"),
        "blue",
        true,
        "{{instance}} was restarted",
        "{{job}}",
    ));
    layout.dashboard(About {
        uid: UID,
        title: "Overpay / Exporter health",
        description: "Whether the exporter runs, asks, and is answered: queries, polls, and the process.",
        from: "now-6h",
        variables: variables(variables::About::Any, parameters),
        annotations,
        links: links(UID),
    })
}

fn failing() -> Panel {
    counted(
        "Queries failing",
        "Queries whose last poll failed at every replica, or has not ended yet.",
        &format!("{} == 0", queries::up()),
        &queries::up(),
        "no query is known",
        BAD,
    )
}

fn down() -> Panel {
    let up = format!("up{{{OF_INSTANCES}}}");
    let description = "Targets of the job that Prometheus can not scrape.";
    counted("Exporters down", description, &format!("{up} == 0"), &up, "no target of the job", BAD)
}

/// How many of all there are as they should not be; nothing where there is nothing at all.
fn counted(title: &str, description: &str, bad: &str, all: &str, none: &str, color: &'static str) -> Panel {
    // How many there are in all is told by a label, beside the number that counts.
    let expression =
        format!("(count({bad}) or 0 * count({all}))\n* on () group_right () count_values(\"all\", count({all}))");
    Panel::stat(title, description)
        .now("{{all}} in all", &expression)
        .unit("none")
        .none(none)
        .steps(GOOD, &[(1.0, color)])
}

fn oldest() -> Panel {
    Panel::stat(
        "Longest unanswered query",
        "The query whose last good answer is oldest, at whichever replica. One that was never answered since the start is in \
         the table.",
    )
    .now("{{shop}} {{query}}", &format!("topk(1, {})", queries::age()))
    .unit("s")
    .decimals(1)
    .none("no query was answered")
    .option("colorMode", "none".into())
}

fn missing() -> Panel {
    let expected = format!(r#"overpay_channel_expected{{{OF_SHOPS}, gateway=~"$gateway", channel=~"$channel"}}"#);
    let info = format!(r#"overpay_channel_info{{{OF_SHOPS}, gateway=~"$gateway", channel=~"$channel"}}"#);
    let by = "job, shop, gateway, channel";
    counted(
        "Channels missing",
        "Channels that the configuration names and no answer lists. `channels` under What is published tells which.",
        &format!("count by ({by}) ({expected}) unless on ({by}) {info}"),
        &format!("count by ({by}) ({expected})"),
        "none is expected",
        WARN,
    )
}

fn reload() -> Panel {
    Panel::stat(
        "Config file",
        "Whether the file could be read the last time. If not, an older configuration is in use, and a restart would fail.",
    )
    .now("last read", &format!("min(overpay_exporter_config_last_reload_successful{{{OF_INSTANCES}}})"))
    .words(&words(&[
        Word { from: 0.0, to: 0.0, text: "refused", color: BAD },
        Word { from: 1.0, to: 1.0, text: "in use", color: GOOD },
    ]))
    .none("not known")
}

fn failures() -> Panel {
    bars(
        "Failed polls by reason",
        "Failed polls a minute, of all replicas, by reason. docs/reliability.md says what each reason means.",
        &[(
            "{{reason}}",
            format!(
                "60 * sum by (reason) (rate(overpay_poll_failures_by_reason_total{{{OF_SHOPS}}}[$__rate_interval])) > 0"
            ),
        )],
    )
    .unit("cpm")
    .none("no poll failed")
    .annotated()
}

fn bars(title: &str, description: &str, queries: &[(&str, String)]) -> Panel {
    queries
        .iter()
        .fold(Panel::graph(title, description), |panel, (legend, expression)| panel.query(legend, expression))
        .custom("drawStyle", "bars".into())
        .custom("lineWidth", 0.into())
        .custom("fillOpacity", 70.into())
        .custom("stacking", json!({"mode": "normal", "group": "A"}))
}

/// A graph with its legend below.
fn lines(title: &str, description: &str, queries: &[(&str, String)]) -> Panel {
    queries
        .iter()
        .fold(Panel::graph(title, description), |panel, (legend, expression)| panel.query(legend, expression))
        .names_below()
        .none("no exporter tells")
}

fn polls() -> Panel {
    lines(
        "Polls",
        "Polls a minute that ended, of all replicas, and how many of them failed.",
        &[
            ("ended", format!("60 * sum(rate(overpay_polls_total{{{OF_SHOPS}}}[$__rate_interval]))")),
            ("failed", format!("60 * sum(rate(overpay_poll_failures_total{{{OF_SHOPS}}}[$__rate_interval]))")),
        ],
    )
    .unit("cpm")
    .where_("byName", "failed", &[("color", json!({"mode": "fixed", "fixedColor": BAD}))])
    .annotated()
}

fn quantiles(title: &str, description: &str, family: &str) -> Panel {
    let quantile = |part: &str| {
        format!("histogram_quantile({part}, sum by (api, le) (rate({family}_bucket{{{OF_SHOPS}}}[$__rate_interval])))")
    };
    lines(title, description, &[("{{api}}", quantile("0.95"))]).unit("s")
}

fn duration() -> Panel {
    quantiles(
        "How long polls take",
        "From sending to the end: 95 of 100 polls took no longer. Estimated from buckets between 10 ms and \
         60 s.",
        "overpay_poll_duration_seconds",
    )
}

fn lateness() -> Panel {
    quantiles(
        "How late polls are sent",
        "After they were due, 95 of 100 no later: they wait for their turn at a host. Where this grows towards the interval, limits can't carry \
         the load; `overpay_exporter check` tells.",
        "overpay_poll_queue_seconds",
    )
}

fn ages() -> Panel {
    Panel::graph(
        "Time since the last good answer",
        "For each query, at whichever replica answered last. It rises while a query fails. Not there before the first answer.",
    )
    .query("{{shop}} {{query}}", &queries::age())
    .unit("s")
    .none("no query was answered")
    .annotated()
}

fn data_ages() -> Panel {
    Panel::graph(
        "Age of the platform's own data",
        "How old the answers are by their own word (as_of_date), and the configured limit as a dashed line: past it, the \
         platform answers with frozen data.",
    )
    .query("{{shop}} {{query}}", &queries::data_age())
    .query("limit", &format!("min(overpay_as_of_max_age_seconds{{{OF_SHOPS}}})"))
    .unit("s")
    .none("no answer tells its date")
    .where_(
        "byName",
        "limit",
        &[
            ("color", json!({"mode": "fixed", "fixedColor": BAD})),
            ("custom.lineStyle", json!({"fill": "dash", "dash": [8, 6]})),
        ],
    )
    .annotated()
}

fn known() -> Panel {
    let matchers = format!(r#"{OF_SHOPS}, gateway=~"$gateway", currency=~"$currency""#);
    lines(
        "Balances known",
        "How many channels and accounts have a balance that is right and recent, and how many were known before and are not \
         now. Each counts once, however many replicas tell it.",
        &[
            ("channels", known_of("overpay_available_balance", "channel", &matchers)),
            ("accounts", known_of("overpay_account_balance", "api, account", &matchers)),
            ("channels not known", unknown_of("overpay_available_balance", "channel", &matchers)),
            ("accounts not known", unknown_of("overpay_account_balance", "api, account", &matchers)),
        ],
    )
    .unit("none")
    .decimals(0)
    .where_("byRegexp", "/not known/", &[("color", json!({"mode": "fixed", "fixedColor": NOT_KNOWN}))])
}

fn known_of(family: &str, label: &str, matchers: &str) -> String {
    format!("count(count by (job, shop, gateway, currency, {label}) ({family}{{{matchers}}}))")
}

fn unknown_of(family: &str, label: &str, matchers: &str) -> String {
    let by = format!("job, shop, gateway, currency, {label}");
    format!("count(count by ({by}) ({family}_last_known{{{matchers}}}) unless on ({by}) {family}{{{matchers}}})")
}

fn expected() -> Panel {
    let chosen = format!(r#"{OF_SHOPS}, gateway=~"$gateway", channel=~"$channel""#);
    let by = "job, shop, gateway, channel";
    let answered = format!(
        "max by ({by}) (overpay_channel_expected{{{chosen}}}) - 1\nunless on ({by}) overpay_channel_info{{{chosen}}}\nor on \
         ({by})\nmax by ({by}) (overpay_channel_expected{{{chosen}}})"
    );
    table(
        "Channels that are expected",
        "Channels that the configuration names, and whether an answer lists them. One that is missing may be mistyped.",
        "Answered",
        vec![
            Column::values("Answered", answered)
                .states(&words(&[
                    Word { from: 0.0, to: 0.0, text: "missing", color: WARN },
                    Word { from: 1.0, to: 1.0, text: "listed", color: GOOD },
                ]))
                .wide(95),
            Column::label("shop", "Shop"),
            Column::label("gateway", "Gateway"),
            Column::label("channel", "Channel"),
        ],
    )
    .none("the configuration names no channel")
}

fn exponents() -> Panel {
    let exponents =
        format!(r#"max by (job, currency) (overpay_currency_exponent{{{OF_INSTANCES}, currency=~"$currency"}})"#);
    table(
        "Exponents in use",
        "Decimal places of each published currency's minor unit, by which minor units become major ones.",
        "Currency",
        vec![Column::label("currency", "Currency"), Column::values("Decimal places", exponents).unit("none")],
    )
    .none("nothing is published")
}

fn builds() -> Panel {
    table(
        "Exporters",
        "What each exporter was built from, how long it runs, which shard of the queries it asks and how many they are, and \
         when its configuration was last read.",
        "Instance",
        vec![
            Column::label("instance", "Instance"),
            Column::values("Scraped", format!("max by (job, instance) (up{{{OF_INSTANCES}}})"))
                .states(&words(&[
                    Word { from: 0.0, to: 0.0, text: "down", color: BAD },
                    Word { from: 1.0, to: 1.0, text: "up", color: GOOD },
                ]))
                .wide(80),
            Column::label("version", "Version"),
            Column::label("revision", "Revision"),
            Column::label("rustversion", "Rust"),
            Column::label("index", "Shard"),
            Column::label("total", "Shards"),
            Column::values("Queries", format!("count by (job, instance) (overpay_up{{{OF_INSTANCES}}})")).unit("none"),
            Column::values("Runs for", format!("time() - max by (job, instance) (process_start_time_seconds{{{OF_INSTANCES}}})")).duration(),
            Column::values(
                "Configuration read",
                format!("time() - max by (job, instance) (overpay_exporter_config_last_reload_success_timestamp_seconds{{{OF_INSTANCES}}})"),
            )
            .duration(),
            Column::values("build", format!("max by (job, instance, version, revision, rustversion) (overpay_exporter_build_info{{{OF_INSTANCES}}})")).hidden(),
            Column::values("shard", format!("max by (job, instance, index, total) (overpay_exporter_shard_info{{{OF_INSTANCES}}})")).hidden(),
        ],
    )
    .none("not known")
}

fn cpu() -> Panel {
    let used = format!("rate(process_cpu_seconds_total{{{OF_INSTANCES}}}[$__rate_interval])");
    lines("CPU", "Processors in use: 100 % is one of them.", &[("{{instance}}", used)]).unit("percentunit").decimals(2)
}

fn memory() -> Panel {
    let resident = format!("process_resident_memory_bytes{{{OF_INSTANCES}}}");
    lines("Memory", "Resident memory of the process.", &[("{{instance}}", resident)]).unit("bytes")
}

fn descriptors() -> Panel {
    lines(
        "File descriptors",
        "Open file descriptors, as a part of the limit. A quarter of the limit is for clients' connections at most.",
        &[("{{instance}}", format!("process_open_fds{{{OF_INSTANCES}}} / process_max_fds{{{OF_INSTANCES}}}"))],
    )
    .unit("percentunit")
    .decimals(1)
}

fn requests() -> Panel {
    let rate = format!(
        "60 * sum by (handler, code) (rate(overpay_exporter_http_requests_total{{{OF_INSTANCES}}}[$__rate_interval])) > 0"
    );
    lines(
        "HTTP requests",
        "Requests a minute that the exporters answered, by handler and status code. Prometheus' own scrapes are among them.",
        &[("{{handler}} {{code}}", rate)],
    )
    .unit("cpm")
    .none("no request was answered")
}

fn threads() -> Panel {
    let threads = format!("process_threads{{{OF_INSTANCES}}}");
    lines("Threads", "Operating system threads of the process.", &[("{{instance}}", threads)]).unit("none").decimals(0)
}
