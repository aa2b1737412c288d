//! What is simulated and what is configured: the scenario of the fleet, and configurations that change from one reload
//! to the next. Knows the exporter's documented file format and the simulator's, and nothing of how either runs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use crate::dice::Dice;

/// Each currency and its decimal places.
pub(crate) const CURRENCIES: [(&str, i32); 3] = [("KWD", 3), ("USD", 2), ("JPY", 0)];
/// The first shop. No fault ever strikes it, and no reload changes it.
pub(crate) const QUIET: usize = 0;
/// Channels of each gateway, in each currency.
const CHANNELS: u64 = 2;
/// From one payout to the next, of every balance at the same time.
pub(crate) const PAYOUT_EVERY: Duration = Duration::from_secs(2);

/// How large and how fast a run is.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) shops: usize,
    /// Of each shop; each has five queries.
    pub(crate) gateways: usize,
    /// The intervals there are, in seconds.
    pub(crate) intervals: [u64; 3],
    pub(crate) timeout: Duration,
    /// From the start until the first fault.
    pub(crate) calm: Duration,
    /// How long faults strike.
    pub(crate) storm: Duration,
    /// How many faults of single shops there may be at a time.
    pub(crate) faults_at_most: u64,
    /// How long one set of faults lasts, in seconds: at least, at most.
    pub(crate) fault_lasts: (u64, u64),
    /// Seconds from one reload to the next: at least, at most.
    pub(crate) reload_every: (u64, u64),
}

impl Form {
    /// The run of `scripts/soak`.
    pub(crate) fn of_minutes(minutes: f64) -> Self {
        Self {
            shops: 20,
            gateways: 20,
            intervals: [10, 20, 30],
            timeout: Duration::from_secs(4),
            calm: Duration::from_secs(40),
            storm: Duration::from_secs_f64((minutes * 60.0 - 40.0).max(60.0)),
            faults_at_most: 10,
            fault_lasts: (4, 20),
            reload_every: (10, 25),
        }
    }

    /// The run among the other tests.
    pub(crate) const fn short() -> Self {
        Self {
            shops: 4,
            gateways: 10,
            intervals: [5, 6, 7],
            timeout: Duration::from_secs(2),
            calm: Duration::from_secs(7),
            storm: Duration::from_secs(18),
            faults_at_most: 4,
            fault_lasts: (2, 4),
            reload_every: (4, 6),
        }
    }

    pub(crate) const fn longest_interval(&self) -> Duration {
        Duration::from_secs(self.intervals[2])
    }
}

/// Where the shops' hosts are.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// The simulator itself.
    pub(crate) direct: String,
    /// The simulator under another name.
    pub(crate) renamed: String,
    /// A road to it that can be blocked.
    pub(crate) road: String,
}

/// What a query is expected to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    pub(crate) interval: Duration,
    pub(crate) stale_after: Duration,
    pub(crate) asynchronous: bool,
    pub(crate) quiet: bool,
    /// How many balances its answer has.
    pub(crate) rows: usize,
}

/// The queries of a configuration by shop and name, as in `shop-500001/beyag_balance-1000001-account-0101`.
pub(crate) type Queries = BTreeMap<String, Expected>;

/// A configuration.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    form: Form,
    hosts: Hosts,
    gateways: Vec<Gateway>,
    threshold: u64,
}

/// One gateway of a shop and its five queries.
#[derive(Clone, Debug)]
struct Gateway {
    shop: usize,
    id: u64,
    interval: u64,
    /// For how many intervals its balances count; one is as short as the configuration allows.
    fresh_for: u32,
    asynchronous: bool,
    /// Whether the gateway balance names the gateway, beside the account.
    named: bool,
    /// In which currencies the channels are asked.
    channels: [bool; 3],
    /// Whether the gateway balance is asked, and whether the beyag balance is.
    accounts: [bool; 2],
}

pub(crate) fn shop_id(shop: usize) -> usize {
    500_001 + shop
}

impl Fleet {
    pub(crate) fn new(form: Form, hosts: Hosts, dice: &mut Dice) -> Self {
        let gateways = (0..form.shops * form.gateways).map(|n| Gateway {
            shop: n / form.gateways,
            id: 1_000_001 + n as u64,
            interval: *dice.of(&form.intervals),
            fresh_for: *dice.of(&[1, 3, 3, 3]),
            asynchronous: dice.one_in(10),
            named: dice.one_in(2),
            channels: [true; 3],
            accounts: [true; 2],
        });
        let gateways = gateways.collect();
        Self { form, hosts, gateways, threshold: 1000 }
    }

    /// The simulator's scenario.
    pub(crate) fn scenario(form: &Form, seed: u64) -> String {
        let currencies = CURRENCIES.map(|(code, _)| code).join(", ");
        format!(
            "seed: {}\nasync_takes: 1s\nfleet:\n  shops: {}\n  gateways: {}\n  channels: {CHANNELS}\n  accounts: 1\n  \
             currencies: [{currencies}]\n  balance: 900000000\n  drain: {{amount: 500000, every: {}s, jitter: 0.9}}\n  \
             top_up: {{below: 200000000, amount: 700000000}}\n",
            seed % 1_000_000_000,
            form.shops,
            form.gateways,
            PAYOUT_EVERY.as_secs(),
        )
    }

    /// The shops that faults may strike, with a host each: those whose requests may be limited have a host that the
    /// quiet shop does not have.
    pub(crate) fn struck_shops(&self) -> impl Iterator<Item = (usize, bool)> {
        (1..self.form.shops).map(|shop| (shop_id(shop), shop % 4 != 1))
    }

    pub(crate) fn gateway_ids(&self, shop_id: usize) -> std::ops::Range<u64> {
        let first = 1_000_001 + ((shop_id - self::shop_id(0)) * self.form.gateways) as u64;
        first..first + self.form.gateways as u64
    }

    /// A channel that may be changed by hand, as in the simulator's control endpoint.
    pub(crate) fn any_channel(&self, dice: &mut Dice) -> String {
        let first = self.form.gateways;
        let gateway = self.gateways[first + dice.index(self.gateways.len() - first)].id;
        let channel = gateway * 100 + dice.between(1, CHANNELS + 1);
        format!("{gateway}/{channel}/{}", dice.of(&CURRENCIES).0)
    }

    /// Removes some queries, brings others back, changes intervals and thresholds.
    pub(crate) fn shuffle(&mut self, dice: &mut Dice) {
        let quiet = self.form.gateways;
        let intervals = self.form.intervals;
        for gateway in &mut self.gateways[quiet..] {
            let coming_back = !dice.one_in(3);
            let mut maybe_remove = |asked: &mut bool| {
                *asked = if *asked { !dice.one_in(40) } else { coming_back };
            };
            gateway.channels.iter_mut().for_each(&mut maybe_remove);
            gateway.accounts.iter_mut().for_each(&mut maybe_remove);
            if dice.one_in(20) {
                gateway.interval = *dice.of(&intervals);
            }
            if dice.one_in(20) {
                gateway.fresh_for = *dice.of(&[1, 2, 3]);
            }
        }
        self.threshold = dice.between(1, 1_000_000);
    }

    /// Brings every query back.
    pub(crate) fn complete(&mut self) {
        for gateway in &mut self.gateways {
            gateway.channels = [true; 3];
            gateway.accounts = [true; 2];
        }
    }

    /// The queries that are configured.
    pub(crate) fn queries(&self) -> Queries {
        let mut queries = Queries::new();
        for gateway in &self.gateways {
            let shop = shop_name(gateway.shop);
            let (interval, stale_after) = (Duration::from_secs(gateway.interval), self.stale_after(gateway));
            let expected =
                Expected { interval, stale_after, asynchronous: false, quiet: gateway.shop == QUIET, rows: 1 };
            for (currency, _) in gateway.asked_channels() {
                let rows = usize::try_from(CHANNELS).expect("few");
                let name = format!("{shop}/channel_balances-{}-{currency}", gateway.id);
                queries.insert(name, Expected { rows, ..expected.clone() });
            }
            let account = format!("account-{}", last_digits(gateway.id));
            if gateway.accounts[0] {
                let id = if gateway.named { format!("{}-", gateway.id) } else { String::new() };
                let asynchronous = gateway.asynchronous;
                queries.insert(
                    format!("{shop}/gateway_balance-{id}{account}"),
                    Expected { asynchronous, ..expected.clone() },
                );
            }
            if gateway.accounts[1] {
                queries.insert(format!("{shop}/beyag_balance-{}-{account}", gateway.id), expected);
            }
        }
        queries
    }

    fn stale_after(&self, gateway: &Gateway) -> Duration {
        Duration::from_secs(gateway.interval) * gateway.fresh_for + self.form.timeout
    }

    /// The configuration file.
    pub(crate) fn file(&self) -> String {
        let Hosts { direct, renamed, road } = &self.hosts;
        let mut file = format!(
            "poll: {{timeout: {}s, max_in_flight_per_host: {MAX_IN_FLIGHT}}}\nbrands:\n",
            self.form.timeout.as_secs()
        );
        for (brand, gateway, others) in [("direct", direct, direct), ("mixed", renamed, direct), ("road", road, road)] {
            let _ = writeln!(
                file,
                "  {brand}: {{gateway_url: \"{gateway}\", api_url: \"{others}\", backoffice_url: \"{others}\"}}"
            );
        }
        let _ = writeln!(
            file,
            "  renamed: {{gateway_url: \"{renamed}\", api_url: \"{renamed}\", backoffice_url: \"{renamed}\"}}\nshops:"
        );
        for shop in 0..self.form.shops {
            let brand = match shop {
                QUIET => "direct",
                _ if shop % 4 == 1 => ["direct", "mixed"][shop / 4 % 2],
                _ if shop % 4 == 2 => "renamed",
                _ => "road",
            };
            let _ = writeln!(
                file,
                "  - name: {}\n    brand: {brand}\n    shop_id: {}\n    secret_key_file: {}.key",
                shop_name(shop),
                shop_id(shop),
                shop_id(shop)
            );
            self.write_queries(shop, &mut file);
        }
        file
    }

    fn write_queries(&self, shop: usize, file: &mut String) {
        let of_shop = || self.gateways.iter().filter(|gateway| gateway.shop == shop);
        let pace = |gateway: &Gateway| {
            let stale_after = self.stale_after(gateway).as_secs();
            format!(
                "interval: {}s, stale_after: {stale_after}s, thresholds: {{USD: {{critical: {}}}}}",
                gateway.interval, self.threshold
            )
        };
        let _ = writeln!(file, "    channel_balances:");
        for gateway in of_shop() {
            let currencies: Vec<_> = gateway.asked_channels().map(|(code, _)| code).collect();
            if !currencies.is_empty() {
                let currencies = currencies.join(", ");
                let _ = writeln!(
                    file,
                    "      - {{gateway: {}, currencies: [{currencies}], {}}}",
                    gateway.id,
                    pace(gateway)
                );
            }
        }
        let _ = writeln!(file, "    gateway_balances:");
        for gateway in of_shop().filter(|gateway| gateway.accounts[0]) {
            let named = if gateway.named { format!("gateway: {}, ", gateway.id) } else { String::new() };
            let (account, asynchronous) = (account(gateway.id), gateway.asynchronous);
            let _ =
                writeln!(file, "      - {{account: \"{account}\", {named}async: {asynchronous}, {}}}", pace(gateway));
        }
        let _ = writeln!(file, "    beyag_balances:");
        for gateway in of_shop().filter(|gateway| gateway.accounts[1]) {
            let account = account(gateway.id);
            let _ = writeln!(file, "      - {{gateway: {}, account: \"{account}\", {}}}", gateway.id, pace(gateway));
        }
    }

    /// Writes every key, as it is but for line ends and the file's time.
    pub(crate) fn write_keys(&self, folder: &Path, dice: &mut Dice) {
        for shop in (0..self.form.shops).map(shop_id) {
            let end = ["", "\n", "\r\n"][dice.index(3)];
            let mut private = OpenOptions::new();
            private.write(true).create(true).truncate(true).mode(0o600);
            let mut file = private.open(folder.join(format!("{shop}.key"))).expect("it can be written");
            file.write_all(format!("{KEY}{:03}{end}", shop - 500_000).as_bytes()).expect("it can be written");
        }
    }
}

/// How every secret key of a fleet begins: nothing the exporter writes may hold it.
pub(crate) const KEY: &str = "fleet-500";
/// How many polls may be under way at a host.
pub(crate) const MAX_IN_FLIGHT: u16 = 64;
/// How every account number of a fleet begins: labels have the last four digits only.
pub(crate) const ACCOUNT: &str = "40702810";

fn account(gateway: u64) -> String {
    format!("{ACCOUNT}{:012}", gateway * 100 + 1)
}

fn last_digits(gateway: u64) -> String {
    let account = account(gateway);
    account[account.len() - 4..].to_owned()
}

pub(crate) fn shop_name(shop: usize) -> String {
    format!("shop-{}", shop_id(shop))
}

impl Gateway {
    fn asked_channels(&self) -> impl Iterator<Item = (&'static str, i32)> {
        CURRENCIES.into_iter().zip(self.channels).filter_map(|(currency, asked)| asked.then_some(currency))
    }
}
