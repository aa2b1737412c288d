//! What was answered: first as the API said it, then as it is published.
//!
//! [`Answer::of`] is the one place where an answer gets its currencies, exponents and labels; what can't be trusted
//! becomes a [`Failure`] there, never a number.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::failure::{Failure, Reason};
use super::moment::Moment;
use super::money::{Currency, Exponent, Exponents, MinorUnits, UnknownExponent};
use super::query::{AccountNumber, Ask, ChannelId, GatewayId, Query, Severity, Thresholds};

/// How far ahead of this machine's clock an answer may be dated.
const MAX_AHEAD: Duration = Duration::from_mins(5);

/// An answer as the API said it: documented fields, no labels, no exponents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// When the balances were true, where the API says.
    pub as_of: Option<SystemTime>,
    /// From when on its age counts, where that was before it came: when an asynchronous query was started.
    pub since: Option<Moment>,
    /// One row for each balance.
    pub rows: Vec<ReadRow>,
}

/// One balance as the API said it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRow {
    /// The gateway answered for.
    pub gateway: GatewayId,
    /// The channel, of payout headroom.
    pub channel: Option<ChannelId>,
    /// The account, of a balance at the bank or provider.
    pub account: Option<AccountNumber>,
    /// The currency, where the row names one.
    pub currency: Option<Currency>,
    /// The balance.
    pub amount: MinorUnits,
    /// Whether payout control is on, where the row says.
    pub active: Option<bool>,
    /// The numbers found at the query's JSON pointers, as the provider sends them.
    pub details: Vec<(Arc<str>, f64)>,
}

/// An answer ready to be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// When the balances were true, where the API says.
    pub as_of: Option<SystemTime>,
    /// From when on its age counts, where that was before it came.
    pub since: Option<Moment>,
    /// The balances, each of another series.
    pub rows: Vec<Row>,
    /// The rows that are not published for their currency.
    pub withheld: Vec<Withheld>,
}

/// One balance, its series and what it takes to print it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which series of the shop and API it is.
    pub series: Series,
    /// The balance.
    pub amount: MinorUnits,
    /// The exponent of its currency.
    pub exponent: Exponent,
    /// Whether payout control is on, where the row says.
    pub active: Option<bool>,
    /// Opt-in numbers of the provider, by JSON pointer.
    pub details: Vec<(Arc<str>, f64)>,
}

impl Row {
    /// The thresholds of this balance, by the query it answers.
    pub fn thresholds(&self, query: &Query) -> Thresholds {
        query.thresholds_of(self.series.subject.channel(), self.series.currency)
    }

    /// The gravest of its thresholds that the balance lies below.
    pub fn severity(&self, query: &Query) -> Option<Severity> {
        self.thresholds(query).crossed_by(self.amount.to_major(self.exponent))
    }
}

/// What tells a balance from the others of its shop and API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The gateway answered for.
    pub gateway: GatewayId,
    /// The currency it is in.
    pub currency: Currency,
    /// The channel or account it belongs to.
    pub subject: Subject,
}

/// Whose balance it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A channel's payout headroom; the row may name no channel.
    Channel(Option<ChannelId>),
    /// An account's balance, by its label; the answer may name no account.
    Account(Option<Arc<str>>),
}

impl Subject {
    /// The channel, of payout headroom that names one.
    pub const fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Channel(channel) => *channel,
            Self::Account(_) => None,
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gateway {}", self.gateway)?;
        match &self.subject {
            Subject::Channel(Some(channel)) => write!(f, ", channel {channel}")?,
            Subject::Account(Some(account)) => write!(f, ", account {account}")?,
            Subject::Channel(None) | Subject::Account(None) => {}
        }
        write!(f, ", {}", self.currency)
    }
}

/// A row that is not published because nothing certain is known of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The gateway answered for.
    pub gateway: GatewayId,
    /// The channel, where the row names one.
    pub channel: Option<ChannelId>,
    /// What is missing.
    pub why: WithheldBecause,
}

/// Why a row is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WithheldBecause {
    /// Neither the row nor the query names a currency.
    #[error(
        "the answer names no currency and the query asks for none; set the query's currency, or `assume_currency` \
         where the API has it"
    )]
    NoCurrency,
    /// The currency's exponent is not certain.
    #[error("{0}")]
    Exponent(UnknownExponent),
}

impl Answer {
    /// What a reading means as an answer to that query, at that moment of the wall clock.
    ///
    /// A row in a currency without an exponent is withheld and the others are kept; any other fault fails the whole
    /// answer: dated more than five minutes ahead, no rows, two rows of one series, nothing but withheld rows.
    pub fn of(query: &Query, reading: Reading, exponents: &Exponents, now: SystemTime) -> Result<Self, Failure> {
        if reading.as_of.is_some_and(|as_of| as_of > now + MAX_AHEAD) {
            return Err(Failure::new(
                Reason::MalformedResponse,
                "as_of_date lies more than five minutes ahead of this machine's clock; compare the clocks",
            ));
        }
        if reading.rows.is_empty() {
            return Err(Failure::new(Reason::NoData, "the answer is a success without a balance: its list is empty"));
        }
        let rows = Vec::with_capacity(reading.rows.len());
        let mut answer = Self { as_of: reading.as_of, since: reading.since, rows, withheld: vec![] };
        for row in reading.rows {
            let (gateway, channel) = (row.gateway, row.channel);
            match published(query, row, exponents) {
                Ok(row) => answer.rows.push(row),
                Err(why) => answer.withheld.push(Withheld { gateway, channel, why }),
            }
        }
        let mut seen = HashSet::with_capacity(answer.rows.len());
        if let Some(twice) = answer.rows.iter().find(|row| !seen.insert(&row.series)) {
            return Err(Failure::new(
                Reason::Conflict,
                format!("two rows of the answer are for {}; which one holds is not known", twice.series),
            ));
        }
        match answer.withheld.first() {
            Some(first) if answer.rows.is_empty() => Err(Failure {
                withheld: u32::try_from(answer.withheld.len()).unwrap_or(u32::MAX),
                ..Failure::new(Reason::UnknownCurrency, first.why.to_string())
            }),
            _ => Ok(answer),
        }
    }
}

fn published(query: &Query, row: ReadRow, exponents: &Exponents) -> Result<Row, WithheldBecause> {
    let currency =
        row.currency.or_else(|| query.ask.currency()).or(query.assume_currency).ok_or(WithheldBecause::NoCurrency)?;
    let exponent = exponents.of(currency).map_err(WithheldBecause::Exponent)?;
    let subject = match query.ask {
        Ask::ChannelBalances { .. } => Subject::Channel(row.channel),
        _ => Subject::Account(query.account_label.of(row.account.as_ref())),
    };
    Ok(Row {
        series: Series { gateway: row.gateway, currency, subject },
        amount: row.amount,
        exponent,
        active: row.active,
        details: row.details,
    })
}

#[cfg(test)]
mod tests;
