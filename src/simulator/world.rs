//! The simulated platform: who has which gateways, and what each request is answered at a moment.
//!
//! Knows no clock and no connection: a request and a moment go in, an outcome comes out.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderValue, LOCATION};
use serde::Serialize;
use serde_json::json;

use super::answer::{BeyagBalance, ChannelBalances, GatewayBalance, Row};
use super::call::{BalanceRequest, ChannelsRequest, Endpoint, Request};
use super::fault::{Fault, Target};
use super::pending::Pending;
use super::reply::{Outcome, Reply};
use super::scenario::{Account, Gateway, Scenario, Shop};
use super::seed::Seed;
use crate::domain::money::Currency;
use crate::domain::query::Api;
use crate::domain::shop::SecretKey;

/// When a request is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Since the simulator began.
    pub(super) elapsed: Duration,
    /// By the clock on the wall, for the dates in answers.
    pub(super) wall: SystemTime,
}

/// A scenario being played.
#[derive(Debug)]
pub(super) struct World {
    seed: Seed,
    async_takes: Duration,
    pub(super) shops: Vec<Shop>,
    shop_by_id: HashMap<Box<str>, usize>,
    accounts_of_shop: Vec<Accounts>,
    pub(super) gateways: Vec<Gateway>,
    pub(super) gateway_by_id: HashMap<u64, usize>,
    pending: Pending,
    pub(super) faults: Vec<Fault>,
    pub(super) requests: Requests,
}

/// How many requests each endpoint was sent, whatever became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Requests {
    pub(super) channel_balances: u64,
    pub(super) gateway_balance: u64,
    pub(super) beyag_balance: u64,
    pub(super) async_balance: u64,
    pub(super) async_status: u64,
    pub(super) async_result: u64,
    /// Paths that are no endpoint.
    pub(super) other: u64,
}

/// The accounts of a shop that the gateway balance answers for, in the order of the scenario.
#[derive(Debug, Default)]
struct Accounts {
    all: Vec<AccountAt>,
    by_number: HashMap<Box<str>, Vec<AccountAt>>,
    by_currency: HashMap<Currency, Vec<AccountAt>>,
}

/// Where an account stands.
#[derive(Clone, Copy, Debug)]
struct AccountAt {
    gateway: usize,
    account: usize,
}

/// An answer and the gateway it is about, as far as the request tells.
type About = (Reply, Option<u64>);

impl World {
    pub(super) fn new(scenario: Scenario) -> Self {
        let Scenario { seed, async_takes, shops, gateways, faults } = scenario;
        let mut accounts_of_shop: Vec<_> = shops.iter().map(|_| Accounts::default()).collect();
        for (position, gateway) in gateways.iter().enumerate() {
            for (account, held) in gateway.accounts.iter().enumerate().filter(|(_, held)| held.apis.gateway_balance) {
                accounts_of_shop[gateway.shop].add(AccountAt { gateway: position, account }, held);
            }
        }
        Self {
            seed: seed.named("requests"),
            async_takes,
            shop_by_id: shops.iter().enumerate().map(|(n, shop)| (shop.shop_id.clone(), n)).collect(),
            shops,
            accounts_of_shop,
            gateway_by_id: gateways.iter().enumerate().map(|(n, gateway)| (gateway.id, n)).collect(),
            gateways,
            pending: Pending::new(seed.named("pending")),
            faults,
            requests: Requests::default(),
        }
    }

    /// What a request meets.
    pub(super) fn answer(&mut self, request: &Request<'_>, moment: Moment) -> Outcome {
        if let Some(path) = request.path.strip_prefix("/simulator/") {
            return self.control(path, request, moment.elapsed).into();
        }
        let chance = self.seed.part(self.requests.count(Endpoint::of(request.path)));
        let claim = request.claim();
        let (reply, gateway) = match Endpoint::of(request.path) {
            None => (Reply::not_found(), None),
            Some(endpoint) => self.respond(endpoint, request, claim.as_ref(), moment),
        };
        let target = Target {
            api: Endpoint::of(request.path).map(Endpoint::api),
            shop_id: claim.as_ref().map(|(shop_id, _)| &**shop_id),
            gateway,
        };
        let mut faults = self.faults.iter().zip((0..).map(|n| chance.part(n)));
        match faults.find(|(fault, chance)| fault.strikes(moment.elapsed, target, *chance)) {
            Some((fault, chance)) => fault.strike(reply, chance),
            None => reply.into(),
        }
    }

    fn respond(
        &mut self,
        endpoint: Endpoint<'_>,
        request: &Request<'_>,
        claim: Option<&(String, SecretKey)>,
        moment: Moment,
    ) -> About {
        if *request.method != endpoint.method() {
            let allowed = HeaderValue::from_str(endpoint.method().as_str());
            let refusal = Reply::message(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.");
            return (allowed.into_iter().fold(refusal, |reply, allowed| reply.with(ALLOW, allowed)), None);
        }
        if endpoint == Endpoint::ChannelBalancesUnslashed {
            return (redirect(request), None);
        }
        let Some(shop) = claim.and_then(|(shop_id, secret_key)| self.authenticate(shop_id, secret_key)) else {
            let of_backoffice = endpoint.api() == Api::ChannelBalances;
            return (if of_backoffice { Reply::access_denied() } else { Reply::invalid_credentials() }, None);
        };
        match endpoint {
            Endpoint::ChannelBalances | Endpoint::ChannelBalancesUnslashed => match ChannelsRequest::read(request) {
                Ok(asked) => (self.channel_balances(shop, asked, moment), Some(asked.gateway)),
                Err(refusal) => (refusal, None),
            },
            Endpoint::GatewayBalance => match BalanceRequest::of_gateway_balance(request) {
                Ok(asked) => self.balance(shop, Api::GatewayBalance, &asked, moment),
                Err(refusal) => (refusal, None),
            },
            Endpoint::BeyagBalance => match BalanceRequest::of_beyag_balance(request) {
                Ok(asked) => self.balance(shop, Api::BeyagBalance, &asked, moment),
                Err(refusal) => (refusal, None),
            },
            Endpoint::AsyncBalance => match BalanceRequest::of_gateway_balance(request) {
                Ok(asked) => self.start(shop, asked, request, moment),
                Err(refusal) => (refusal, None),
            },
            Endpoint::AsyncStatus(id) => self.status(shop, id, request, moment),
            Endpoint::AsyncResult(id) => self.result(shop, id, moment),
        }
    }

    /// The shop, if the secret key is its own.
    fn authenticate(&self, shop_id: &str, secret_key: &SecretKey) -> Option<usize> {
        let shop = *self.shop_by_id.get(shop_id)?;
        (self.shops[shop].secret_key == *secret_key).then_some(shop)
    }

    /// The position of a gateway, if it is the shop's own.
    fn own_gateway(&self, shop: usize, id: u64) -> Result<usize, Reply> {
        let gateway = self.gateway_by_id.get(&id).copied();
        gateway
            .filter(|gateway| self.gateways[*gateway].shop == shop)
            .ok_or_else(|| Reply::invalid("gateway_id", "is not a gateway of this shop"))
    }

    fn channel_balances(&mut self, shop: usize, asked: ChannelsRequest, moment: Moment) -> Reply {
        let gateway = match self.own_gateway(shop, asked.gateway) {
            Ok(gateway) => &mut self.gateways[gateway],
            Err(refusal) => return refusal,
        };
        let rows = gateway
            .channels
            .iter_mut()
            .filter(|channel| asked.currency.is_none_or(|currency| currency == channel.currency))
            .filter_map(|channel| {
                let state = channel.line.at(moment.elapsed);
                (!state.gone).then(|| Row::new(channel, state))
            });
        let as_of = moment.wall.checked_sub(gateway.data_age).unwrap_or(moment.wall);
        Reply::ok(&ChannelBalances::new(gateway.id, as_of, rows.collect()))
    }

    fn balance(&mut self, shop: usize, api: Api, asked: &BalanceRequest, moment: Moment) -> About {
        let found = match self.find(shop, api, asked, moment.elapsed) {
            Ok(found) => found,
            Err(refusal) => return (refusal, asked.gateway),
        };
        let gateway = &mut self.gateways[found.gateway];
        let account = &mut gateway.accounts[found.account];
        let state = account.line.at(moment.elapsed);
        let reply = match api {
            Api::BeyagBalance => Reply::ok(&BeyagBalance::new(gateway.id, account, state, moment.wall)),
            _ => Reply::ok(&GatewayBalance::new(gateway.id, account, state, moment.wall)),
        };
        (reply, Some(gateway.id))
    }

    /// The account a request means: of its gateway, else by its number, else by its currency, else the first.
    fn find(&mut self, shop: usize, api: Api, asked: &BalanceRequest, elapsed: Duration) -> Result<AccountAt, Reply> {
        let own_gateway = asked.gateway.map(|id| self.own_gateway(shop, id)).transpose()?;
        let Self { accounts_of_shop, gateways, .. } = self;
        let known = &accounts_of_shop[shop];
        let candidates: Cow<'_, [AccountAt]> = match (own_gateway, asked.account(), asked.currency) {
            (Some(gateway), ..) => {
                (0..gateways[gateway].accounts.len()).map(|account| AccountAt { gateway, account }).collect()
            }
            (None, Some(number), _) => known.by_number.get(number).map(Vec::as_slice).unwrap_or_default().into(),
            (None, None, Some(currency)) => {
                known.by_currency.get(&currency).map(Vec::as_slice).unwrap_or_default().into()
            }
            (None, None, None) => known.all.as_slice().into(),
        };
        let mut first = |currency: Option<Currency>| {
            candidates.iter().copied().find(|at| {
                let account = &mut gateways[at.gateway].accounts[at.account];
                account.answers_at(api)
                    && asked.account().is_none_or(|number| account.number.as_deref() == Some(number))
                    && currency.is_none_or(|currency| account.currency == currency)
                    && !account.line.at(elapsed).gone
            })
        };
        // The documents' example of the beyag balance asks in one currency and is answered in another.
        let other_currency = api == Api::BeyagBalance && asked.currency.is_some();
        first(asked.currency)
            .or_else(|| if other_currency { first(None) } else { None })
            .ok_or_else(|| Reply::invalid("account", "is not an account of this shop"))
    }

    fn start(&mut self, shop: usize, asked: BalanceRequest, request: &Request<'_>, moment: Moment) -> About {
        let gateway = asked.gateway;
        let id = self.pending.start(shop, asked, moment.elapsed.saturating_add(self.async_takes));
        (progress(StatusCode::OK, "processing", &id, request), gateway)
    }

    fn status(&mut self, shop: usize, id: &str, request: &Request<'_>, moment: Moment) -> About {
        let gateway = self.pending.gateway(id);
        let reply = match self.pending.of(shop, id) {
            None => Reply::not_found(),
            Some(started) if moment.elapsed < started.ready_at => progress(StatusCode::OK, "processing", id, request),
            Some(_) => progress(StatusCode::OK, "successful", id, request),
        };
        (reply, gateway)
    }

    fn result(&mut self, shop: usize, id: &str, moment: Moment) -> About {
        let Some(started) = self.pending.of(shop, id) else { return (Reply::not_found(), None) };
        let gateway = started.request.gateway;
        if moment.elapsed < started.ready_at {
            let early = json!({ "status": "processing", "request_id": id });
            return (Reply::json(StatusCode::TOO_EARLY, &early), gateway);
        }
        if let Some(answer) = &started.answer {
            return (answer.clone(), gateway);
        }
        let asked = started.request.clone();
        let (reply, gateway) = self.balance(shop, Api::GatewayBalance, &asked, moment);
        if let Some(started) = self.pending.of(shop, id) {
            started.answer = Some(reply.clone());
        }
        (reply, gateway)
    }
}

impl Requests {
    /// Counts a request and gives the number of requests so far.
    fn count(&mut self, endpoint: Option<Endpoint<'_>>) -> u64 {
        *match endpoint {
            Some(Endpoint::ChannelBalances | Endpoint::ChannelBalancesUnslashed) => &mut self.channel_balances,
            Some(Endpoint::GatewayBalance) => &mut self.gateway_balance,
            Some(Endpoint::BeyagBalance) => &mut self.beyag_balance,
            Some(Endpoint::AsyncBalance) => &mut self.async_balance,
            Some(Endpoint::AsyncStatus(_)) => &mut self.async_status,
            Some(Endpoint::AsyncResult(_)) => &mut self.async_result,
            None => &mut self.other,
        } += 1;
        let Self { channel_balances, gateway_balance, beyag_balance, .. } = *self;
        let Self { async_balance, async_status, async_result, other, .. } = *self;
        channel_balances + gateway_balance + beyag_balance + async_balance + async_status + async_result + other
    }
}

impl Accounts {
    fn add(&mut self, at: AccountAt, account: &Account) {
        self.all.push(at);
        self.by_currency.entry(account.currency).or_default().push(at);
        if let Some(number) = &account.number {
            self.by_number.entry(number.clone()).or_default().push(at);
        }
    }
}

impl Account {
    const fn answers_at(&self, api: Api) -> bool {
        match api {
            Api::GatewayBalance => self.apis.gateway_balance,
            Api::BeyagBalance => self.apis.beyag_balance,
            Api::ChannelBalances => false,
        }
    }
}

/// Where an asynchronous request stands.
fn progress(code: StatusCode, status: &str, id: &str, request: &Request<'_>) -> Reply {
    let origin = request.origin().unwrap_or_default();
    Reply::json(
        code,
        &json!({
            "status": status,
            "request_id": id,
            "status_url": format!("{origin}/async/status/{id}"),
            "response_url": format!("{origin}/async/result/{id}"),
        }),
    )
}

/// Sends to the spelling with a slash, as web servers do.
fn redirect(request: &Request<'_>) -> Reply {
    let origin = request.origin().unwrap_or_default();
    let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
    let reply = Reply::message(StatusCode::MOVED_PERMANENTLY, "Moved permanently.");
    match HeaderValue::from_str(&format!("{origin}{}/{query}", request.path)) {
        Ok(location) => reply.with(LOCATION, location),
        Err(_) => reply,
    }
}
