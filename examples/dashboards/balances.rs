//! Expressions about balances: what is known of each channel or account, however many replicas of the exporter tell it,
//! and what state that is. Amounts of several series are never added.
//!
//! What `alerts/` records is taken where it is there, and what the exporter publishes where it is not, so that only what
//! has to be recorded to be known (how fast a balance falls) needs the rules. Recorded series know no instance.

/// Channels with their payout headroom, or accounts with their balance.
pub(crate) struct Level {
    recorded: &'static str,
    metric: &'static str,
    /// The labels that make a balance.
    by: &'static str,
    /// The matchers of what is chosen, but for the job.
    chosen: &'static str,
}

pub(crate) const CHANNELS: Level = Level {
    recorded: "channel",
    metric: "overpay_available_balance",
    by: "job, shop, gateway, currency, channel",
    chosen: r#"shop=~"$shop", gateway=~"$gateway", currency=~"$currency", channel=~"$channel""#,
};

pub(crate) const ACCOUNTS: Level = Level {
    recorded: "account",
    metric: "overpay_account_balance",
    by: "job, shop, api, gateway, currency, account",
    chosen: r#"shop=~"$shop", gateway=~"$gateway", currency=~"$currency""#,
};

/// Balances that are shown together.
pub(crate) struct Shown {
    pub(crate) levels: &'static [&'static Level],
    pub(crate) what: &'static str,
    /// What a series is called in a legend.
    pub(crate) legend: &'static str,
    /// The variable whose values are the currencies there are.
    pub(crate) currencies: &'static str,
}

/// Payout headroom of all gateways.
pub(crate) const HEADROOM: Shown = Shown {
    levels: &[&CHANNELS],
    what: "Payout headroom",
    legend: "{{gateway_name}}, {{channel_name}}",
    currencies: "channel_currency",
};

/// Accounts of all banks and providers.
pub(crate) const AT_BANKS: Shown = Shown {
    levels: &[&ACCOUNTS],
    what: "Account balances",
    legend: "{{gateway_name}} {{account}} ({{api}})",
    currencies: "account_currency",
};

/// Channels and accounts of one gateway.
pub(crate) const OF_GATEWAY: Shown = Shown {
    levels: &[&CHANNELS, &ACCOUNTS],
    what: "Balances",
    legend: "{{channel_name}}{{api}} {{account}}",
    currencies: "currency",
};

impl Shown {
    /// The series of all that is shown, side by side.
    pub(crate) fn all(&self, expression: impl Fn(&Level) -> String) -> String {
        self.levels.iter().map(|level| expression(level)).collect::<Vec<_>>().join("\nor\n")
    }

    pub(crate) fn has_channels(&self) -> bool {
        self.levels.iter().any(|level| level.is_channels())
    }

    pub(crate) fn has_accounts(&self) -> bool {
        !self.levels.iter().all(|level| level.is_channels())
    }
}

/// A state of a balance as `Level::state` has it: from its number to just below the next.
pub(crate) const UNKNOWN_LOW: u8 = 0;
pub(crate) const CRITICAL: u8 = 1;
pub(crate) const UNKNOWN: u8 = 2;
pub(crate) const WARNING: u8 = 3;
pub(crate) const NO_THRESHOLD: u8 = 4;
pub(crate) const OK: u8 = 5;
pub(crate) const NOT_LIMITED: u8 = 6;

impl Level {
    fn is_channels(&self) -> bool {
        self.recorded == "channel"
    }

    /// Only while the balance is known.
    pub(crate) fn known(&self, expression: &str) -> String {
        format!("{expression} and on ({}) {}", self.by, self.published(""))
    }

    /// A recorded series.
    pub(crate) fn recorded(&self, what: &str) -> String {
        format!(r#"{}:{}{what}{{job=~"$job", {}}}"#, self.recorded, self.metric, self.chosen)
    }

    /// What the exporter publishes, of the chosen instances.
    pub(crate) fn published(&self, suffix: &str) -> String {
        self.published_with(suffix, "")
    }

    fn published_with(&self, suffix: &str, more: &str) -> String {
        format!(r#"{}{suffix}{{job=~"$job", instance=~"$instance", {}{more}}}"#, self.metric, self.chosen)
    }

    /// What the replica tells that was answered last.
    fn last_answered(&self, suffix: &str) -> String {
        let (by, answered) = (self.by, self.published("_last_success_timestamp_seconds"));
        format!("{} and ignoring (query) topk by ({by}) (1, {answered})", self.published(suffix))
    }

    /// The balance as it is now; not there where it is not known.
    pub(crate) fn fresh(&self) -> String {
        format!("max by ({}) ({})", self.by, self.last_answered(""))
    }

    /// The balance as it was last heard.
    pub(crate) fn newest(&self) -> String {
        let (by, recorded, published) = (self.by, self.recorded(":newest"), self.last_answered("_last_known"));
        format!("max by ({by}) ({recorded} or on ({by}) ({published}))")
    }

    /// The balance as it was last heard, where it is not known now.
    pub(crate) fn last_known(&self) -> String {
        format!("{} unless on ({}) {}", self.newest(), self.by, self.published(""))
    }

    /// When it was last heard.
    pub(crate) fn heard(&self) -> String {
        let (recorded, published) =
            (self.recorded("_last_success_timestamp_seconds:max"), self.published("_last_success_timestamp_seconds"));
        format!("max by ({}) ({recorded} or {published})", self.by)
    }

    /// Seconds since then.
    pub(crate) fn age(&self) -> String {
        format!("time() - {}", self.heard())
    }

    /// Seconds for which it has not been known.
    pub(crate) fn unknown_for(&self) -> String {
        format!("(time() - {}) unless on ({}) {}", self.heard(), self.by, self.published(""))
    }

    /// The threshold of this severity; the highest where replicas differ.
    pub(crate) fn threshold(&self, severity: &str) -> String {
        let severity = format!(r#", severity="{severity}""#);
        let recorded = self.recorded("_threshold:max").replace('}', &format!("{severity}}}"));
        format!("max by ({}) ({recorded} or {})", self.by, self.published_with("_threshold", &severity))
    }

    /// The balance as it was last heard, as a part of its critical threshold.
    pub(crate) fn ratio(&self) -> String {
        format!("{} / on ({}) ({} > 0)", self.newest(), self.by, self.threshold("critical"))
    }

    /// 1 where payout control is on, else 0.
    pub(crate) fn control(&self) -> String {
        let recorded = format!(r#"channel:payout_control_active:max{{job=~"$job", {}}}"#, self.chosen);
        let published = format!(r#"payout_control_active{{job=~"$job", instance=~"$instance", {}}}"#, self.chosen);
        format!("max by ({}) ({recorded} or {published})", self.by)
    }

    /// Only where headroom limits payouts: not while payout control is off.
    pub(crate) fn limiting(&self, expression: &str) -> String {
        if self.is_channels() {
            format!("{expression} unless on ({}) ({} == 0)", self.by, self.control())
        } else {
            expression.to_owned()
        }
    }

    /// The state as a number, the worst is the smallest; see the constants.
    pub(crate) fn state(&self) -> String {
        let (by, newest) = (self.by, self.newest());
        let mut arms = self.troubled();
        arms.push(format!("0 * ({newest} unless on ({by}) {}) + {NO_THRESHOLD}", self.threshold("critical")));
        arms.push(format!("0 * {newest} + {OK}"));
        if self.is_channels() {
            arms.insert(0, format!("0 * ({newest} and on ({by}) ({} == 0)) + {NOT_LIMITED}", self.control()));
        }
        arms.join("\nor\n")
    }

    /// The state of those that are low or unknown, and of no others.
    pub(crate) fn trouble(&self) -> String {
        self.limiting(&format!("({})", self.troubled().join("\nor\n")))
    }

    /// From the worst on, the expressions of the states that ask for somebody.
    fn troubled(&self) -> Vec<String> {
        let (by, newest) = (self.by, self.newest());
        let below = |severity: &str| format!("{newest} < on ({by}) {}", self.threshold(severity));
        let unknown = format!("unless on ({by}) {}", self.published(""));
        let states = [
            (UNKNOWN_LOW, format!("{} {unknown}", below("critical"))),
            (CRITICAL, below("critical")),
            (UNKNOWN, format!("{newest} {unknown}")),
            (WARNING, below("warning")),
        ];
        states.iter().map(|(state, which)| format!("0 * ({which}) + {state}")).collect()
    }

    /// The state, and among those of the same state the lowest first.
    pub(crate) fn rank(&self) -> String {
        let by = self.by;
        let state = self.state();
        format!(
            "({state})\n+ on ({by}) (clamp(0.1 * ({}), 0, 0.99) or on ({by}) 0 * {} + 0.99)",
            self.ratio(),
            self.newest()
        )
    }

    /// Seconds until it is empty, at the pace of the last hours; recorded only.
    pub(crate) fn seconds_left(&self) -> String {
        format!("max by ({}) ({})", self.by, self.recorded(":seconds_left"))
    }

    /// Mean fall an hour in major units, of the long or the short window; recorded only.
    pub(crate) fn hourly_fall(&self, window: &str) -> String {
        format!("3600 * {}", self.recorded(&format!(":fall_rate_{window}")))
    }

    /// The slower of the two, by which it is said how long a balance lasts.
    pub(crate) fn slower_fall(&self) -> String {
        let (long, short) = (self.hourly_fall("long"), self.hourly_fall("short"));
        let by = self.by;
        format!("(({short}) < on ({by}) ({long}) or on ({by}) {long})")
    }

    /// What went out, or came in, between the points of a graph, in major units.
    pub(crate) fn moved(&self, direction: &str) -> String {
        let counter = self.published(&format!("_{direction}_total"));
        format!("max by ({}) (increase({counter}[$__rate_interval]))", self.by)
    }

    /// The same series with the labels `gateway_name` and, of channels, `channel_name`. One whose name is not known is
    /// there without.
    pub(crate) fn named(&self, expression: &str) -> String {
        let mut named = format!(
            "({expression})\n* on (job, shop, gateway) group_left (gateway_name) {}",
            names("gateway", "job, shop, gateway", "name")
        );
        if self.is_channels() {
            named = format!(
                "{named}\n* on (job, shop, gateway, channel) group_left (channel_name) {}",
                names("channel", "job, shop, gateway, channel", "name")
            );
        }
        named
    }

    /// The same with each name followed by its id, as in `Acme Bank · 3405`; see `columns::names`.
    pub(crate) fn named_with_ids(&self, expression: &str) -> String {
        let mut named = format!(
            "({expression})\n* on (job, shop, gateway) group_left (gateway_name) {}",
            names("gateway", "job, shop, gateway", "name\", \"gateway")
        );
        if self.is_channels() {
            named = format!(
                "{named}\n* on (job, shop, gateway, channel) group_left (channel_name) {}",
                names("channel", "job, shop, gateway, channel", "name\", \"channel")
            );
        } else {
            // The answer for an account may name no gateway.
            named = format!("{named}\nor on ({}) ({expression})", self.by);
        }
        named
    }
}

/// The names of gateways or channels as `gateway_name` or `channel_name`, one for each: made of these labels.
pub(crate) fn names(what: &str, by: &str, labels: &str) -> String {
    let matchers = if what == "gateway" {
        r#"job=~"$job", shop=~"$shop", gateway=~"$gateway""#
    } else {
        r#"job=~"$job", shop=~"$shop", gateway=~"$gateway", channel=~"$channel""#
    };
    format!(
        "label_join(topk by ({by}) (1, {what}:overpay_{what}_info:max{{{matchers}}} or overpay_{what}_info{{{matchers}, \
         instance=~\"$instance\"}}), \"{what}_name\", \" · \", \"{labels}\")"
    )
}
