//! One gateway in detail: its channels, its accounts, and the queries that ask for them.

use serde_json::Value;

use super::balances::{ACCOUNTS, CHANNELS, OF_GATEWAY};
use super::columns::balances;
use super::dashboard::{About, Layout};
use super::graphs::{self, Detail};
use super::panel::Panel;
use super::table::{Column, table};
use super::variables::{links, variables};
use super::{Parameters, alerts, queries, variables};

pub(crate) const UID: &str = "overpay-gateway";

pub(crate) fn dashboard(parameters: &Parameters) -> Value {
    let layout = Layout::default()
        .line(4, [(12, who()), (5, answered()), (7, alerts::counts(alerts::CHOSEN))])
        .line(8, [(24, balances_now())])
        .line(10, [(24, graphs::balances(&OF_GATEWAY, Detail::Much))])
        .line(8, [(12, graphs::every_state(&OF_GATEWAY)), (12, alerts::list(alerts::CHOSEN))])
        .line(6, [(24, queries::queries("Queries of the gateway, worst first"))])
        .closed("How money moves")
        .line(8, [(24, graphs::time_left(&OF_GATEWAY))])
        .line(9, [(24, graphs::moved(&OF_GATEWAY))])
        .line(8, [(24, graphs::falls(&OF_GATEWAY))])
        .closed("Payout control")
        .line(7, [(24, graphs::controls(&CHANNELS, "{{channel_name}} {{currency}}"))])
        .closed("Details of accounts")
        .line(8, [(10, details()), (14, graphs::details(&ACCOUNTS))]);
    layout.dashboard(About {
        uid: UID,
        title: "Overpay / One gateway",
        description: "Channels, accounts and queries of one gateway of one shop.",
        from: "now-24h",
        variables: variables(variables::About::OneGateway, parameters),
        annotations: alerts::annotations(alerts::CHOSEN),
        links: links(UID),
    })
}

fn who() -> Panel {
    let gateway = r#"max by (job, shop, gateway, name) (gateway:overpay_gateway_info:max{job=~"$job", shop=~"$shop",
 gateway=~"$gateway"} or overpay_gateway_info{job=~"$job", instance=~"$instance", shop=~"$shop", gateway=~"$gateway"})"#
        .replace('\n', "");
    let shop =
        r#"max by (job, shop, brand, shop_id) (overpay_shop_info{job=~"$job", instance=~"$instance", shop=~"$shop"})"#;
    table(
        "Gateway",
        "The gateway and its shop with the platform's ids, and their names in the configuration.",
        "Gateway",
        vec![
            Column::label("name", "Gateway").text(serde_json::json!([])),
            Column::label("gateway", "Gateway id"),
            Column::label("shop", "Shop"),
            Column::label("shop_id", "Shop id"),
            Column::label("brand", "Brand"),
            Column::values(
                "gateways",
                format!("{gateway}\n* on (job, shop) group_left (brand, shop_id) topk by (job, shop) (1, {shop})"),
            )
            .hidden(),
        ],
    )
    .none("not known")
}

fn answered() -> Panel {
    Panel::stat(
        "Longest unanswered query",
        "The query of this gateway whose last good answer is oldest, at whichever replica.",
    )
    .now("{{query}}", &format!("topk(1, {})", queries::age()))
    .unit("s")
    .decimals(1)
    .none("never answered")
    .option("colorMode", "none".into())
}

fn balances_now() -> Panel {
    table(
        "Balances of the gateway, worst first",
        "Payout headroom of its channels and balances of its accounts, with their thresholds, in major units of the currency. An \
         unknown one has no balance, but what was last known. Time left and fall an hour need the rules of alerts/.",
        "State",
        balances(&OF_GATEWAY),
    )
    .none("nothing is known of this gateway")
}

fn details() -> Panel {
    table(
        "Details now",
        "Numbers that the bank or provider adds to its answer, as it sends them: their unit is not known.",
        "Detail",
        vec![
            Column::label("account", "Account").wide(90).none("not named"),
            Column::label("field", "Detail"),
            Column::values("Number", graphs::details_expression(&ACCOUNTS)).money(),
        ],
    )
    .none("no details are configured, or none is known now")
}
