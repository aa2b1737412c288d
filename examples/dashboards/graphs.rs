//! Graphs of balances that more than one dashboard has. Amounts are in graphs of one currency, whose title says which.

use serde_json::json;

use super::balances::{Level, Shown};
use super::columns::{BAD, NOT_KNOWN, WARN, control, states};
use super::panel::Panel;

/// How many lines a graph of balances has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Balances and critical thresholds.
    Little,
    /// Warning thresholds too.
    Much,
}

impl Shown {
    /// The balances of the currency of a repeated panel, named.
    fn of_currency(&self, expression: impl Fn(&Level) -> String) -> String {
        let all = self.all(|level| level.named(&expression(level)));
        all.replace(r#"currency=~"$currency""#, &format!(r#"currency=~"${}""#, self.currencies))
    }

    /// The balances of all currencies, named; good for what is no amount.
    fn in_all_currencies(&self, expression: impl Fn(&Level) -> String) -> String {
        self.all(|level| level.named(&expression(level)))
    }

    fn legend_with_currency(&self) -> String {
        format!("{} {{{{currency}}}}", self.legend)
    }
}

/// For each currency, every balance with its thresholds.
pub(crate) fn balances(shown: &Shown, detail: Detail) -> Panel {
    let (currencies, legend) = (shown.currencies, shown.legend);
    let threshold = |color: &str| {
        [
            ("color", json!({"mode": "fixed", "fixedColor": color})),
            ("custom.lineStyle", json!({"fill": "dash", "dash": [8, 6]})),
            ("custom.lineWidth", 1.into()),
            ("custom.showPoints", "never".into()),
        ]
    };
    let panel = Panel::graph(
        &format!("{} in ${currencies}", shown.what),
        "Major units of the currency. A line ends where the balance is not known any more, and a dotted purple one tells what \
         was last known. Dashed lines are the configured thresholds.",
    )
    .query(legend, &shown.of_currency(Level::fresh))
    .query(&format!("last known: {legend}"), &shown.of_currency(Level::last_known))
    .query(&format!("critical: {legend}"), &shown.of_currency(|level| level.threshold("critical")))
    .money()
    .none("no balance was known")
    .where_(
        "byFrameRefID",
        "B",
        &[
            ("color", json!({"mode": "fixed", "fixedColor": NOT_KNOWN})),
            ("custom.lineStyle", json!({"fill": "dot", "dash": [2, 6]})),
        ],
    )
    .where_("byFrameRefID", "C", &threshold(BAD))
    .names_below()
    .for_each(currencies, 2);
    if detail == Detail::Little {
        return panel;
    }
    panel.query(&format!("warning: {legend}"), &shown.of_currency(|level| level.threshold("warning"))).where_(
        "byFrameRefID",
        "D",
        &threshold(WARN),
    )
}

/// For each currency, what went out and came in.
pub(crate) fn moved(shown: &Shown) -> Panel {
    let (currencies, legend) = (shown.currencies, shown.legend);
    Panel::graph(
        &format!("Out and in an hour, ${currencies}"),
        "What balances fell (below zero) and rose between answers, in major units, for each hour. What is paid out and topped \
         up between two polls cancels out, so more may have moved.",
    )
    .hourly(&format!("out: {legend}"), &shown.of_currency(|level| format!("0 - {}", level.moved("decrease"))))
    .hourly(&format!("in: {legend}"), &shown.of_currency(|level| level.moved("increase")))
    .unit("locale")
    .decimals(2)
    .none("nothing was polled")
    .custom("drawStyle", "bars".into())
    .custom("lineWidth", 0.into())
    .custom("fillOpacity", 70.into())
    .for_each(currencies, 2)
    .names_below()
}

/// For each currency, how fast balances fall.
pub(crate) fn falls(shown: &Shown) -> Panel {
    Panel::graph(
        &format!("Fall an hour in ${}", shown.currencies),
        "The mean fall in major units an hour: of the last 6 hours or of the last hour, whichever is slower, as time left is \
         told by. Top-ups do not count. Needs the rules of alerts/.",
    )
    .query(shown.legend, &shown.of_currency(Level::slower_fall))
    .unit("locale")
    .decimals(2)
    .none("nothing is recorded: the rules of alerts/ are needed")
    .for_each(shown.currencies, 2)
    .names_below()
}

/// How long each balance lasts.
pub(crate) fn time_left(shown: &Shown) -> Panel {
    Panel::graph(
        "Time until empty",
        "How long each balance lasts at the pace of the last hours, without a top-up, on a logarithmic scale. While a balance \
         is not known, what was left is counted down. There is no line for what does not fall. Below the dashed lines less \
         than 4 hours and less than 1 hour are left. Needs the rules of alerts/.",
    )
    .query(
        &shown.legend_with_currency(),
        &shown.in_all_currencies(|level| level.limiting(&format!("clamp_min({}, 60)", level.seconds_left()))),
    )
    .unit("s")
    .none("nothing is recorded: the rules of alerts/ are needed")
    .custom("scaleDistribution", json!({"type": "log", "log": 10}))
    .custom("thresholdsStyle", json!({"mode": "dashed"}))
    .custom("axisSoftMin", serde_json::Value::Null)
    .steps("transparent", &[(3600.0, BAD), (14400.0, WARN)])
    .annotated()
}

/// Each balance as a part of its critical threshold: comparable in whatever currency it is.
pub(crate) fn ratios(shown: &Shown) -> Panel {
    Panel::graph(
        &format!("{} as a part of the critical threshold", shown.what),
        "Each balance divided by its critical threshold, on a logarithmic scale: below the dashed red line at 100 % it is \
         critical. What is at 5 % or less is drawn at 5 %. A line ends where the balance is not known any more.",
    )
    .query(
        &shown.legend_with_currency(),
        &shown.in_all_currencies(|level| {
            level.limiting(&level.known(&format!("clamp_min({}, 0.05)", level.ratio())))
        }),
    )
    .unit("percentunit")
    .none("no balance has a critical threshold")
    .custom("scaleDistribution", json!({"type": "log", "log": 2}))
    .custom("thresholdsStyle", json!({"mode": "dashed"}))
    .custom("axisSoftMin", 0.5.into())
    .steps("transparent", &[(1.0, BAD)])
    .annotated()
}

/// Which balances were in a state that asks for somebody, and how long.
pub(crate) fn troubles(shown: &Shown) -> Panel {
    Panel::timeline(
        "When it was low or unknown",
        "Balances that were below a threshold or not known in the time shown, each with its state. Where a row has a gap, the \
         balance was known and above its thresholds. Balances that were well all the time have no row.",
        &states(),
    )
    .query(&shown.legend_with_currency(), &shown.in_all_currencies(Level::trouble))
    .none("every balance was known and above its thresholds")
}

/// Every balance with its state.
pub(crate) fn every_state(shown: &Shown) -> Panel {
    Panel::timeline(
        "States over time",
        "The state of every balance. It is unknown while the exporter can't tell it; a gap is a time in which even Prometheus \
         knew nothing.",
        &states(),
    )
    .query(&shown.legend_with_currency(), &shown.in_all_currencies(Level::state))
    .none("no balance was known")
}

/// Payout control of channels over time.
pub(crate) fn controls(channels: &Level, legend: &str) -> Panel {
    Panel::timeline(
        "Payout control",
        "On: the platform limits payouts to the headroom. Off: headroom limits nothing, and alerts about it rest. As last \
         heard, while it is not known.",
        &control(),
    )
    .query(legend, &channels.named(&channels.control()))
    .none("no channel was known; payout control is of channels alone")
}

/// Numbers of the provider's own answer that the configuration asks for.
pub(crate) fn details(accounts: &Level) -> Panel {
    Panel::graph(
        "Details over time",
        "Numbers that the bank or provider adds to its answer, chosen by `details` in the configuration, as it sends them: \
         their unit is not known. Never added up.",
    )
    .query("{{gateway}} {{account}} {{field}}", &details_expression(accounts))
    .money()
    .none("no details are configured, or none was known")
}

/// The details of the chosen accounts.
pub(crate) fn details_expression(accounts: &Level) -> String {
    let chosen = accounts.published("").replace("overpay_account_balance", "overpay_account_detail");
    format!("max by (job, shop, api, gateway, currency, account, field) ({chosen})")
}
