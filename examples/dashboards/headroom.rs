//! The dashboard on the wall: where payouts are going to fail first, and what is short, in whatever shop and gateway.

use serde_json::Value;

use super::balances::{ACCOUNTS, AT_BANKS, CHANNELS, HEADROOM, Shown};
use super::columns::{BAD, GOOD, NOT_KNOWN, WARN, balances};
use super::dashboard::{About, Layout};
use super::graphs::{self, Detail};
use super::panel::Panel;
use super::table::table;
use super::variables::{links, variables};
use super::{Parameters, alerts, variables};

pub(crate) const UID: &str = "overpay-headroom";

pub(crate) fn dashboard(parameters: &Parameters) -> Value {
    let layout = Layout::default()
        .line(
            3,
            [
                (6, lowest(&HEADROOM, "Lowest headroom", "channel")),
                (5, empty_first()),
                (5, longest_unknown()),
                (5, lowest(&AT_BANKS, "Lowest account", "account")),
                (3, alerts::counts(alerts::CHOSEN)),
            ],
        )
        .line(13, [(24, channels())])
        .line(9, [(12, graphs::ratios(&HEADROOM)), (12, alerts::list(alerts::CHOSEN))])
        .open("How long it was short")
        .line(10, [(12, graphs::troubles(&HEADROOM)), (12, graphs::time_left(&HEADROOM))])
        .open("Payout headroom by currency")
        .line(11, [(24, graphs::balances(&HEADROOM, Detail::Little))])
        .closed("How fast it falls")
        .line(8, [(24, graphs::falls(&HEADROOM))])
        .closed("Payout control")
        .line(9, [(24, graphs::controls(&CHANNELS, "{{gateway_name}}, {{channel_name}} {{currency}}"))])
        .closed("Accounts at banks and providers")
        .line(7, [(24, accounts())])
        .line(7, [(24, graphs::ratios(&AT_BANKS))])
        .line(6, [(24, graphs::troubles(&AT_BANKS))])
        .line(10, [(24, graphs::balances(&AT_BANKS, Detail::Much))])
        .closed("Details of accounts")
        .line(8, [(24, graphs::details(&ACCOUNTS))]);
    layout.dashboard(About {
        uid: UID,
        title: "Overpay / Payout headroom",
        description: "Which channel is short, how long it lasts, and what is not known: of all shops and gateways.",
        from: "now-24h",
        variables: variables(variables::About::Any, parameters),
        annotations: alerts::annotations(alerts::CHOSEN),
        links: links(UID),
    })
}

fn lowest(shown: &Shown, title: &str, what: &str) -> Panel {
    let legend = format!("{} {{{{currency}}}}", shown.legend.trim_end_matches(" ({{api}})"));
    let ratio = shown.all(|level| level.named(&level.limiting(&level.ratio())));
    Panel::stat(
        &format!("{title}, of critical"),
        &format!(
            "The {what} that is lowest when its balance is divided by its critical threshold: below 100 % it is critical. What \
             was last heard counts while it is not known. Channels whose payout control is off are left out."
        ),
    )
    .now(&legend, &format!("bottomk(1, {ratio})"))
    .unit("percentunit")
    .decimals(0)
    .none("no critical threshold")
    .steps(BAD, &[(1.0, WARN), (2.0, GOOD)])
}

fn empty_first() -> Panel {
    Panel::stat(
        "Empty first, in",
        "The channel that is empty first at the pace of the last hours, without a top-up. Needs the rules of alerts/.",
    )
    .now(
        "{{gateway_name}}, {{channel_name}} {{currency}}",
        &format!("bottomk(1, {})", CHANNELS.named(&CHANNELS.limiting(&CHANNELS.seconds_left()))),
    )
    .unit("s")
    .decimals(1)
    .none("nothing falls, or no rules")
    .steps(BAD, &[(3600.0, WARN), (14400.0, GOOD)])
}

fn longest_unknown() -> Panel {
    Panel::stat(
        "Longest unknown, for",
        "The channel that has not been known for longest, and how long ago it was last heard. Its balance may have fallen \
         meanwhile.",
    )
    .now(
        "{{gateway_name}}, {{channel_name}} {{currency}}",
        &format!("topk(1, {})", CHANNELS.named(&CHANNELS.unknown_for())),
    )
    .unit("s")
    .decimals(1)
    .none("all channels are known")
    .steps(NOT_KNOWN, &[])
}

fn channels() -> Panel {
    table(
        "Channels, worst first",
        "Every channel with its headroom and critical threshold in major units of its currency. Unknown ones have no headroom, \
         but what was last known. Time left needs the rules of alerts/. A click on a gateway opens its dashboard.",
        "State",
        balances(&HEADROOM),
    )
    .none("no channel is known: is the exporter scraped?")
}

fn accounts() -> Panel {
    table(
        "Accounts, worst first",
        "Balances of accounts at acquiring banks and payment method providers, in major units. Account numbers are masked as the \
         exporter publishes them. Time left needs the rules of alerts/.",
        "State",
        balances(&AT_BANKS),
    )
    .none("no account is configured, or none is known")
}
