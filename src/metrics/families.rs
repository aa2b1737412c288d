//! The names, labels and help texts of every metric family: the exporter's public interface, in one place.

/// How a family's values behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric family.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// Where it stands in [`ALL`].
    pub(super) position: usize,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Its labels, in the order they are written; one without a value is left out.
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
}

macro_rules! families {
    ($($constant:ident: $kind:ident $name:literal $labels:tt $help:literal;)*) => {
        /// The constants' order.
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "they are named as the constants are")]
        enum Position { $($constant),* }

        $(pub(super) const $constant: Family = Family {
            position: Position::$constant as usize,
            name: $name,
            kind: Kind::$kind,
            labels: &$labels,
            help: $help,
        };)*
        /// Every family, in the order of the contract.
        pub(super) const ALL: &[&Family] = &[$(&$constant),*];
    };
}

families! {
    AVAILABLE_BALANCE: Gauge "overpay_available_balance" ["shop", "gateway", "currency", "channel"]
        "Payout headroom in major units of the currency, cached between polls; gone when stale.";
    CONTROL_ACTIVE: Gauge "payout_control_active" ["shop", "gateway", "currency", "channel"]
        "1 while payout control is on for the gateway in this currency, else 0; cached between polls, gone when stale.";
    AVAILABLE_BALANCE_LAST_KNOWN: Gauge "overpay_available_balance_last_known" ["shop", "gateway", "currency", "channel"]
        "Payout headroom in major units of the currency as last answered, cached between polls and kept when stale.";
    AVAILABLE_BALANCE_LAST_SUCCESS: Gauge "overpay_available_balance_last_success_timestamp_seconds"
        ["shop", "gateway", "currency", "channel", "query"]
        "When payout headroom was last answered, in Unix seconds, cached between polls and kept when stale; names the query.";
    AVAILABLE_BALANCE_THRESHOLD: Gauge "overpay_available_balance_threshold"
        ["shop", "gateway", "currency", "channel", "severity"]
        "Configured threshold of payout headroom in major units of the currency; cached between polls with its channel.";
    AVAILABLE_BALANCE_DECREASE: Counter "overpay_available_balance_decrease_total"
        ["shop", "gateway", "currency", "channel"]
        "Sum of the falls of payout headroom between consecutive answers, in major units of the currency; cached between polls.";
    AVAILABLE_BALANCE_INCREASE: Counter "overpay_available_balance_increase_total"
        ["shop", "gateway", "currency", "channel"]
        "Sum of the rises of payout headroom between consecutive answers, in major units of the currency; cached between polls.";
    ACCOUNT_BALANCE: Gauge "overpay_account_balance" ["shop", "api", "gateway", "currency", "account"]
        "Balance at the bank or provider in major units of the currency, cached between polls; gone when stale.";
    ACCOUNT_BALANCE_LAST_KNOWN: Gauge "overpay_account_balance_last_known" ["shop", "api", "gateway", "currency", "account"]
        "Balance at the bank or provider in major units of the currency as last answered, cached between polls and kept when stale.";
    ACCOUNT_BALANCE_LAST_SUCCESS: Gauge "overpay_account_balance_last_success_timestamp_seconds"
        ["shop", "api", "gateway", "currency", "account", "query"]
        "When the account's balance was last answered, in Unix seconds, cached between polls and kept when stale; names the query.";
    ACCOUNT_BALANCE_THRESHOLD: Gauge "overpay_account_balance_threshold"
        ["shop", "api", "gateway", "currency", "account", "severity"]
        "Configured threshold of the account's balance in major units of the currency; cached between polls with its account.";
    ACCOUNT_BALANCE_DECREASE: Counter "overpay_account_balance_decrease_total"
        ["shop", "api", "gateway", "currency", "account"]
        "Sum of the falls of the account's balance between consecutive answers, in major units of the currency; cached between polls.";
    ACCOUNT_BALANCE_INCREASE: Counter "overpay_account_balance_increase_total"
        ["shop", "api", "gateway", "currency", "account"]
        "Sum of the rises of the account's balance between consecutive answers, in major units of the currency; cached between polls.";
    ACCOUNT_DETAIL: Gauge "overpay_account_detail" ["shop", "api", "gateway", "currency", "account", "field"]
        "Number of the provider's own information at a JSON pointer, as the provider sends it, unit not known; cached between polls, gone when stale.";
    CURRENCY_EXPONENT: Gauge "overpay_currency_exponent" ["currency"]
        "Decimal places of the currency's minor unit, in use for the balances published; cached between polls.";
    SHOP_INFO: Gauge "overpay_shop_info" ["shop", "brand", "shop_id"]
        "Always 1: the brand and the platform's id of a shop; cached between polls.";
    GATEWAY_INFO: Gauge "overpay_gateway_info" ["shop", "gateway", "name"]
        "Always 1: the name of an answered gateway, its id where none is configured; cached between polls.";
    CHANNEL_INFO: Gauge "overpay_channel_info" ["shop", "gateway", "channel", "name"]
        "Always 1: the name of an answered channel, its id where none is configured; cached between polls.";
    CHANNEL_EXPECTED: Gauge "overpay_channel_expected" ["shop", "gateway", "channel"]
        "Always 1: a channel that the configuration names; cached between polls.";
    UP: Gauge "overpay_up" ["shop", "api", "gateway", "query"]
        "1 if the query's last poll succeeded, 0 if it failed or none has ended yet; cached between polls.";
    POLL_FAILING: Gauge "overpay_poll_failing" ["shop", "api", "gateway", "query", "reason"]
        "1 while the query fails, with the reason; absent while it does not; cached between polls.";
    ROWS_WITHHELD: Gauge "overpay_answer_rows_withheld" ["shop", "api", "gateway", "query"]
        "Rows of the query's last answer that are not published because their currency's exponent is not certain; cached between polls.";
    POLLS: Counter "overpay_polls_total" ["shop", "api", "gateway", "query"]
        "Polls of the query that ended; cached between polls.";
    POLL_FAILURES: Counter "overpay_poll_failures_total" ["shop", "api", "gateway", "query"]
        "Polls of the query that failed; cached between polls.";
    POLL_FAILURES_BY_REASON: Counter "overpay_poll_failures_by_reason_total" ["shop", "api", "reason"]
        "Failed polls of the shop's queries by reason; cached between polls.";
    POLL_DURATION: Histogram "overpay_poll_duration_seconds" ["shop", "api"]
        "How long polls took, in seconds from sending to the end; cached between polls.";
    POLL_QUEUE: Histogram "overpay_poll_queue_seconds" ["shop", "api"]
        "How late polls were sent, in seconds after they were due; cached between polls.";
    POLL_INTERVAL: Gauge "overpay_poll_interval_seconds" ["shop", "api", "gateway", "query"]
        "Configured interval of the query, in seconds; its values are cached between polls.";
    POLL_LAST_SUCCESS: Gauge "overpay_poll_last_success_timestamp_seconds" ["shop", "api", "gateway", "query"]
        "When the query's last successful poll ended, in Unix seconds, 0 before the first; cached between polls.";
    POLL_NEXT: Gauge "overpay_poll_next_timestamp_seconds" ["shop", "api", "gateway", "query"]
        "When the query is asked next, in Unix seconds, backoff included; cached between polls.";
    AS_OF: Gauge "overpay_as_of_timestamp_seconds" ["shop", "api", "gateway", "query"]
        "The time of which the query's last answer is true by its own word (as_of_date), in Unix seconds; cached between polls.";
    AS_OF_MAX_AGE: Gauge "overpay_as_of_max_age_seconds" ["shop", "api", "gateway", "query"]
        "Configured limit on the age of as_of_date, in seconds; cached between polls.";
    BUILD_INFO: Gauge "overpay_exporter_build_info" ["version", "revision", "rustversion"]
        "Always 1: what this exporter was built from. Balances are cached between polls.";
    SHARD_INFO: Gauge "overpay_exporter_shard_info" ["index", "total"]
        "Always 1: which part of the queries this exporter asks. Balances are cached between polls.";
    SHARDS: Gauge "overpay_exporter_shards" []
        "How many exporters divide the queries between them, replicas aside. Balances are cached between polls.";
    RELOAD_SUCCESSFUL: Gauge "overpay_exporter_config_last_reload_successful" []
        "1 if the configuration could be read the last time, else 0: an older one is in use. Balances are cached between polls.";
    RELOAD_SUCCESS_TIME: Gauge "overpay_exporter_config_last_reload_success_timestamp_seconds" []
        "When the configuration was last read successfully, in Unix seconds. Balances are cached between polls.";
    HTTP_REQUESTS: Counter "overpay_exporter_http_requests_total" ["handler", "code"]
        "HTTP requests answered by this exporter, by handler and status code. Balances are cached between polls.";
    PROCESS_CPU: Counter "process_cpu_seconds_total" []
        "CPU time spent, user and system, in seconds with their fractions. Balances are cached between polls.";
    PROCESS_OPEN_FDS: Gauge "process_open_fds" []
        "Open file descriptors. Balances are cached between polls.";
    PROCESS_MAX_FDS: Gauge "process_max_fds" []
        "Limit on open file descriptors. Balances are cached between polls.";
    PROCESS_VIRTUAL_MEMORY: Gauge "process_virtual_memory_bytes" []
        "Virtual memory, in bytes. Balances are cached between polls.";
    PROCESS_RESIDENT_MEMORY: Gauge "process_resident_memory_bytes" []
        "Resident memory, in bytes. Balances are cached between polls.";
    PROCESS_START_TIME: Gauge "process_start_time_seconds" []
        "When the process started, in Unix seconds. Balances are cached between polls.";
    PROCESS_THREADS: Gauge "process_threads" []
        "Operating system threads. Balances are cached between polls.";
}
