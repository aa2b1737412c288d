//! The control endpoints: the truth of the moment, and a hand on faults and balances. They ask for no credentials, and
//! no fault strikes them.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::Request;
use super::fault::{Fault, FaultFile};
use super::ledger::{Change, State};
use super::problem::{Problems, ScenarioError};
use super::reply::Reply;
use super::scenario::{Account, Channel};
use super::world::{Requests, World};
use crate::domain::money::MinorUnits;
use crate::domain::query::Api;
use crate::yaml::{self, Located};

/// What stands where a file would in messages about a request's body.
const BODY: &str = "body";

impl World {
    /// Answers a control request; `path` is what follows `/simulator/`.
    pub(super) fn control(&mut self, path: &str, request: &Request<'_>, elapsed: Duration) -> Reply {
        let steps: Vec<&str> = path.split('/').collect();
        let put = request.method == Method::PUT;
        let answered = match &*steps {
            ["state"] if request.method == Method::GET => Ok(self.state(elapsed)),
            ["faults"] if put => self.replace_faults(request, elapsed),
            ["channels", gateway, channel, currency] if put => {
                self.set_channel([gateway, channel, currency], request, elapsed)
            }
            ["accounts", gateway, account, currency] if put => {
                self.set_account([gateway, account, currency], request, elapsed)
            }
            ["state" | "faults"] | ["channels" | "accounts", _, _, _] => {
                Err(Reply::message(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."))
            }
            _ => Err(Reply::not_found()),
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    fn state(&mut self, elapsed: Duration) -> Reply {
        let Self { gateways, shops, .. } = self;
        let (mut channels, mut accounts) = (Vec::new(), Vec::new());
        for gateway in gateways {
            let shop_id = &*shops[gateway.shop].shop_id;
            for channel in &mut gateway.channels {
                let state = channel.line.at(elapsed);
                channels.extend((!state.gone).then(|| ChannelState::new(shop_id, gateway.id, channel, state)));
            }
            for account in &mut gateway.accounts {
                let state = account.line.at(elapsed);
                let apis = [
                    account.apis.gateway_balance.then_some(Api::GatewayBalance),
                    account.apis.beyag_balance.then_some(Api::BeyagBalance),
                ];
                let told = apis.into_iter().flatten().filter(|_| !state.gone);
                accounts.extend(told.map(|api| AccountState::new(shop_id, gateway.id, api, account, state)));
            }
        }
        Reply::ok(&Told {
            elapsed_seconds: elapsed.as_secs_f64(),
            channels,
            accounts,
            requests: self.requests,
            faults: in_force(&self.faults, elapsed),
        })
    }

    fn replace_faults(&mut self, request: &Request<'_>, elapsed: Duration) -> Result<Reply, Reply> {
        let written: Vec<Located<FaultFile>> = read(request)?;
        let mut problems = Problems::of(BODY);
        let faults = written
            .into_iter()
            .enumerate()
            .map(|(n, fault)| fault.value.check(fault.place, &format!("[{n}]"), elapsed, &mut problems))
            .collect();
        self.faults = problems.unless_any(faults).map_err(|error| refusal(&error))?;
        let told: Vec<_> = self.faults.iter().map(Fault::told).collect();
        Ok(Reply::ok(&told))
    }

    fn set_channel(&mut self, path: [&str; 3], request: &Request<'_>, elapsed: Duration) -> Result<Reply, Reply> {
        let by_hand: ChannelByHand = read(request)?;
        let [gateway, id, currency] = path;
        let position = gateway.parse().ok().and_then(|id: u64| self.gateway_by_id.get(&id));
        let gateway = &mut self.gateways[*position.ok_or_else(Reply::not_found)?];
        let id: u64 = id.parse().map_err(|_| Reply::not_found())?;
        let mut channels = gateway.channels.iter_mut();
        let channel = channels.find(|channel| channel.id == id && channel.currency.as_str() == currency);
        let channel = channel.ok_or_else(Reply::not_found)?;
        let state = channel.line.change(elapsed, by_hand.change());
        Ok(Reply::ok(&ChannelState::new(&self.shops[gateway.shop].shop_id, gateway.id, channel, state)))
    }

    fn set_account(&mut self, path: [&str; 3], request: &Request<'_>, elapsed: Duration) -> Result<Reply, Reply> {
        let by_hand: AccountByHand = read(request)?;
        let [gateway, number, currency] = path;
        let position = gateway.parse().ok().and_then(|id: u64| self.gateway_by_id.get(&id));
        let gateway = &mut self.gateways[*position.ok_or_else(Reply::not_found)?];
        // The same number may be held once for each API.
        let mut told = Vec::new();
        for account in &mut gateway.accounts {
            if account.number.as_deref().unwrap_or_default() == number && account.currency.as_str() == currency {
                let state = account.line.change(elapsed, by_hand.change());
                let api = if account.apis.gateway_balance { Api::GatewayBalance } else { Api::BeyagBalance };
                let shop_id = &*self.shops[gateway.shop].shop_id;
                told.push(AccountState::new(shop_id, gateway.id, api, account, state));
            }
        }
        if told.is_empty() { Err(Reply::not_found()) } else { Ok(Reply::ok(&told)) }
    }
}

fn in_force(faults: &[Fault], elapsed: Duration) -> Vec<&Map<String, Value>> {
    faults.iter().filter(|fault| fault.is_in_force(elapsed)).map(Fault::told).collect()
}

/// Reads a body. JSON is YAML, and so is told by place what is wrong with it.
fn read<T: DeserializeOwned>(request: &Request<'_>) -> Result<T, Reply> {
    let text = str::from_utf8(request.body)
        .map_err(|_| Reply::message(StatusCode::UNPROCESSABLE_ENTITY, "The body is not UTF-8."))?;
    yaml::read(BODY, text).map_err(|error| refusal(&error.into()))
}

fn refusal(error: &ScenarioError) -> Reply {
    let told = error.to_string();
    let errors: Vec<_> = told.lines().collect();
    let body = json!({ "message": "The body can't be used.", "errors": errors });
    Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

/// The truth of the moment.
#[derive(Serialize)]
struct Told<'a> {
    elapsed_seconds: f64,
    channels: Vec<ChannelState<'a>>,
    accounts: Vec<AccountState<'a>>,
    requests: Requests,
    faults: Vec<&'a Map<String, Value>>,
}

#[derive(Serialize)]
struct ChannelState<'a> {
    shop_id: &'a str,
    gateway_id: u64,
    channel_id: u64,
    currency: &'a str,
    available_balance: i64,
    active: bool,
}

impl<'a> ChannelState<'a> {
    fn new(shop_id: &'a str, gateway_id: u64, channel: &'a Channel, state: State) -> Self {
        Self {
            shop_id,
            gateway_id,
            channel_id: channel.id,
            currency: channel.currency.as_str(),
            available_balance: state.balance.0,
            active: state.active,
        }
    }
}

#[derive(Serialize)]
struct AccountState<'a> {
    shop_id: &'a str,
    api: &'static str,
    gateway_id: u64,
    account: &'a str,
    currency: &'a str,
    amount: i64,
}

impl<'a> AccountState<'a> {
    fn new(shop_id: &'a str, gateway_id: u64, api: Api, account: &'a Account, state: State) -> Self {
        Self {
            shop_id,
            api: api.as_str(),
            gateway_id,
            account: account.number.as_deref().unwrap_or_default(),
            currency: account.currency.as_str(),
            amount: state.balance.0,
        }
    }
}

/// What a hand sets of a channel; what is not given stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelByHand {
    available_balance: Option<i64>,
    active: Option<bool>,
    gone: Option<bool>,
    frozen: Option<bool>,
}

impl ChannelByHand {
    fn change(&self) -> Change {
        let balance = self.available_balance.map(MinorUnits);
        Change { balance, active: self.active, gone: self.gone, frozen: self.frozen }
    }
}

/// What a hand sets of an account; what is not given stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountByHand {
    amount: Option<i64>,
    gone: Option<bool>,
    frozen: Option<bool>,
}

impl AccountByHand {
    fn change(&self) -> Change {
        let balance = self.amount.map(MinorUnits);
        Change { balance, active: None, gone: self.gone, frozen: self.frozen }
    }
}
