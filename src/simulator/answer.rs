//! The shapes of the three APIs' answers, field by field and in the order of the documents' examples.
//!
//! Knows the state of a balance, but not how it came about.

use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::ledger::State;
use super::scenario::{Account, Channel, Quirks};
use crate::domain::money::{Currency, Exponents, MinorUnits};

/// The answer of the channel balances.
#[derive(Serialize)]
pub(super) struct ChannelBalances<'a> {
    code: &'static str,
    message: &'static str,
    friendly_message: &'static str,
    #[serde(rename = "channel_balances")]
    balances: Balances<'a>,
}

#[derive(Serialize)]
struct Balances<'a> {
    as_of_date: String,
    gateway_id: u64,
    currencies: Vec<Row<'a>>,
}

/// One channel in one currency.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    channel_id: u64,
    #[serde(flatten)]
    currency: NamedCurrency<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    available_balance: Option<Amount>,
    active: bool,
}

impl<'a> ChannelBalances<'a> {
    pub(super) fn new(gateway_id: u64, as_of: SystemTime, currencies: Vec<Row<'a>>) -> Self {
        Self {
            code: "S.0000",
            message: "Successfully completed.",
            friendly_message: "Successfully completed.",
            balances: Balances {
                as_of_date: humantime::format_rfc3339_millis(as_of).to_string(),
                gateway_id,
                currencies,
            },
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn new(channel: &'a Channel, state: State) -> Self {
        Self {
            channel_id: channel.id,
            currency: NamedCurrency::new(&channel.currency, channel.quirks),
            available_balance: Amount::new(state.balance, channel.quirks),
            active: state.active,
        }
    }
}

/// The answer of the gateway balance.
#[derive(Serialize)]
pub(super) struct GatewayBalance<'a> {
    status: &'static str,
    result: BankAccount<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BankAccount<'a> {
    gateway_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    #[serde(flatten)]
    currency: NamedCurrency<'a>,
    bank_info: BankInfo<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BankInfo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<f64>,
    balance: Turnover,
}

impl<'a> GatewayBalance<'a> {
    pub(super) fn new(gateway: u64, account: &'a Account, state: State, wall: SystemTime) -> Self {
        let number = account.number.as_deref();
        Self {
            status: "successful",
            result: BankAccount {
                gateway_id: account.answers_as.unwrap_or(gateway),
                account: number,
                amount: Amount::new(state.balance, account.quirks),
                currency: NamedCurrency::new(&account.currency, account.quirks),
                bank_info: BankInfo {
                    account: number,
                    amount: major(state.balance, account.currency),
                    balance: Turnover::new(account.currency, state, wall),
                },
            },
        }
    }
}

/// The answer of the beyag balance.
#[derive(Serialize)]
pub(super) struct BeyagBalance<'a> {
    code: &'static str,
    status: &'static str,
    message: &'static str,
    friendly_message: &'static str,
    gateway_id: u64,
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    #[serde(flatten)]
    currency: NamedCurrency<'a>,
    provider_info: ProviderInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderInfo {
    bank_code: u16,
    #[serde(flatten)]
    turnover: Turnover,
}

impl<'a> BeyagBalance<'a> {
    pub(super) fn new(gateway: u64, account: &'a Account, state: State, wall: SystemTime) -> Self {
        Self {
            code: "S.0000",
            status: "Successful",
            message: "none",
            friendly_message: "Successfully processed",
            gateway_id: account.answers_as.unwrap_or(gateway),
            account: account.number.as_deref().unwrap_or_default(),
            amount: Amount::new(state.balance, account.quirks),
            currency: NamedCurrency::new(&account.currency, account.quirks),
            provider_info: ProviderInfo { bank_code: 200, turnover: Turnover::new(account.currency, state, wall) },
        }
    }
}

/// What the bank itself says, in major units. What is in rubles is told only of accounts that hold rubles.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Turnover {
    oper_date: String,
    #[serde(flatten)]
    sums: Option<Sums>,
    #[serde(flatten)]
    rubles: Option<SumsInRubles>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sums {
    credit: f64,
    debit: f64,
    amount_in: f64,
    amount_out: f64,
}

#[derive(Serialize)]
struct SumsInRubles {
    #[serde(rename = "CreditRub")]
    credit: f64,
    #[serde(rename = "DebitRub")]
    debit: f64,
    #[serde(rename = "AmountInRub")]
    amount_in: f64,
    #[serde(rename = "AmountOutRub")]
    amount_out: f64,
}

impl Turnover {
    fn new(currency: Currency, state: State, wall: SystemTime) -> Self {
        let State { balance, credited, debited, .. } = state;
        let opening = MinorUnits(balance.0.saturating_sub(credited.0).saturating_add(debited.0));
        let in_major = |amount| major(amount, currency);
        let sums = in_major(credited)
            .zip(in_major(debited))
            .zip(in_major(opening).zip(in_major(balance)))
            .map(|((credit, debit), (amount_in, amount_out))| Sums { credit, debit, amount_in, amount_out });
        let rubles = sums.filter(|_| currency.as_str() == "RUB").map(|sums| SumsInRubles {
            credit: sums.credit,
            debit: sums.debit,
            amount_in: sums.amount_in,
            amount_out: sums.amount_out,
        });
        let today = humantime::format_rfc3339_seconds(wall).to_string();
        let oper_date = format!("{}T00:00:00", today.split('T').next().unwrap_or_default());
        Self { oper_date, sums, rubles }
    }
}

/// In major units, where the exponent is certain.
fn major(amount: MinorUnits, currency: Currency) -> Option<f64> {
    Exponents::default().of(currency).ok().map(|exponent| amount.to_major(exponent))
}

/// The currency, under the name of the examples or under that of the documents' table.
#[derive(Serialize)]
struct NamedCurrency<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    #[serde(rename = "currenc\u{443}", skip_serializing_if = "Option::is_none")]
    cyrillic: Option<&'a str>,
}

impl<'a> NamedCurrency<'a> {
    fn new(currency: &'a Currency, quirks: Quirks) -> Self {
        let code = Some(currency.as_str()).filter(|_| !quirks.no_currency);
        let (ascii, cyrillic) = if quirks.cyrillic_currency { (None, code) } else { (code, None) };
        Self { currency: ascii, cyrillic }
    }
}

/// An amount in minor units, as a number or as a string.
struct Amount {
    amount: MinorUnits,
    as_string: bool,
}

impl Amount {
    fn new(amount: MinorUnits, quirks: Quirks) -> Option<Self> {
        (!quirks.no_amount).then_some(Self { amount, as_string: quirks.amount_as_string })
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.as_string { serializer.collect_str(&self.amount.0) } else { serializer.serialize_i64(self.amount.0) }
    }
}
