//! One answer of `/metrics`, read into what is compared.

use std::collections::HashMap;

use crate::truth::key;

/// An answer of `/metrics`.
#[derive(Debug, Default)]
pub(crate) struct Scrape {
    /// When it was asked for and when it was there, in Unix seconds.
    pub(crate) asked: f64,
    pub(crate) answered: f64,
    pub(crate) text: String,
    pub(crate) balances: Vec<Published>,
    /// Payout control, by balance.
    pub(crate) controls: Vec<Published>,
    pub(crate) last_known: Vec<Published>,
    /// The query of a balance, and when it was last answered.
    pub(crate) last_success: HashMap<String, (String, f64)>,
    /// Sums of falls and rises of a balance.
    pub(crate) moved: HashMap<String, (f64, f64)>,
    /// By query.
    pub(crate) health: HashMap<String, Health>,
    /// Every counter, by its series as written.
    pub(crate) counters: HashMap<String, f64>,
    pub(crate) reloaded_at: f64,
    pub(crate) reload_successful: bool,
}

/// A balance, or what belongs to one.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) key: String,
    pub(crate) currency: String,
    pub(crate) value: f64,
}

/// The health of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    pub(crate) up: bool,
    pub(crate) polls: f64,
    pub(crate) failures: f64,
    pub(crate) last_success: f64,
    pub(crate) next: Option<f64>,
    pub(crate) as_of: Option<f64>,
}

impl Scrape {
    /// Reads the text; a line that can't be read is told.
    pub(crate) fn read(text: String, asked: f64, answered: f64) -> Result<Self, String> {
        let mut scrape = Self { asked, answered, ..Self::default() };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            scrape.take(line).ok_or_else(|| format!("a line of the metrics that can't be read: {line:?}"))?;
        }
        // A text that was cut may still be lines; it ends in a whole family.
        if !text.ends_with('\n') || scrape.health.is_empty() {
            return Err(format!("metrics of {} bytes without an end", text.len()));
        }
        scrape.text = text;
        Ok(scrape)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (series, value) = line.rsplit_once(' ')?;
        let value: f64 = value.parse().ok()?;
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, Labels(labels.strip_suffix('}')?)),
            None => (series, Labels("")),
        };
        if name.ends_with("_total") || name.ends_with("_bucket") || name.ends_with("_count") || name.ends_with("_sum") {
            self.counters.insert(series.to_owned(), value);
        }
        match name {
            "overpay_available_balance" | "overpay_account_balance" => self.balances.push(labels.published(value)?),
            "payout_control_active" => self.controls.push(labels.published(value)?),
            "overpay_available_balance_last_known" | "overpay_account_balance_last_known" => {
                self.last_known.push(labels.published(value)?);
            }
            "overpay_available_balance_last_success_timestamp_seconds"
            | "overpay_account_balance_last_success_timestamp_seconds" => {
                self.last_success.insert(labels.balance()?, (labels.query()?, value));
            }
            "overpay_available_balance_decrease_total" | "overpay_account_balance_decrease_total" => {
                self.moved.entry(labels.balance()?).or_default().0 = value;
            }
            "overpay_available_balance_increase_total" | "overpay_account_balance_increase_total" => {
                self.moved.entry(labels.balance()?).or_default().1 = value;
            }
            "overpay_up" => self.health_of(&labels)?.up = value > 0.5,
            "overpay_polls_total" => self.health_of(&labels)?.polls = value,
            "overpay_poll_failures_total" => self.health_of(&labels)?.failures = value,
            "overpay_poll_last_success_timestamp_seconds" => self.health_of(&labels)?.last_success = value,
            "overpay_poll_next_timestamp_seconds" => self.health_of(&labels)?.next = Some(value),
            "overpay_as_of_timestamp_seconds" => self.health_of(&labels)?.as_of = Some(value),
            "overpay_exporter_config_last_reload_success_timestamp_seconds" => self.reloaded_at = value,
            "overpay_exporter_config_last_reload_successful" => self.reload_successful = value > 0.5,
            _ => {}
        }
        Some(())
    }

    fn health_of(&mut self, labels: &Labels<'_>) -> Option<&mut Health> {
        Some(self.health.entry(labels.query()?).or_default())
    }

    /// The sum of a counter's series, or of those of them that have that label.
    pub(crate) fn sum(&self, name: &str, label: &str) -> f64 {
        let of =
            |series: &str| series.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') && rest.contains(label));
        self.counters.iter().filter(|(series, _)| of(series)).map(|(_, value)| value).sum()
    }
}

/// The labels of a series as written. No value here holds a quote or a comma.
struct Labels<'a>(&'a str);

impl Labels<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let pairs = self.0.split(',').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(label, _)| *label == name).map(|(_, value)| value.trim_matches('"'))
    }

    fn balance(&self) -> Option<String> {
        let (api, subject) = match self.get("channel") {
            Some(channel) => ("channel_balances", channel),
            None => (self.get("api")?, self.get("account")?),
        };
        Some(key(self.get("shop")?, api, self.get("gateway")?, self.get("currency")?, subject))
    }

    fn published(&self, value: f64) -> Option<Published> {
        Some(Published { key: self.balance()?, currency: self.get("currency")?.to_owned(), value })
    }

    fn query(&self) -> Option<String> {
        Some(format!("{}/{}", self.get("shop")?, self.get("query")?))
    }
}
