//! Shops, the brands whose hosts they are asked at, and what proves who they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::query::{Api, ChannelId, GatewayId};

/// A merchant's shop on the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The name in the configuration: the `shop` label.
    pub name: Arc<str>,
    /// Whose hosts it is asked at.
    pub brand: Arc<Brand>,
    /// The id the platform knows it by: the user of HTTP Basic.
    pub shop_id: String,
    /// The password of HTTP Basic.
    pub secret_key: SecretKey,
    /// What people call its gateways, where configured.
    pub gateway_names: BTreeMap<GatewayId, Arc<str>>,
    /// What people call its channels, where configured.
    pub channel_names: BTreeMap<(GatewayId, ChannelId), Arc<str>>,
    /// The channels the configuration lists.
    pub expected_channels: BTreeSet<(GatewayId, ChannelId)>,
    /// The gateways of which another shard asks for channels too, so that this one alone can't tell what is missing.
    pub asked_elsewhere: BTreeSet<GatewayId>,
}

impl Shop {
    /// What people call a gateway, where configured.
    pub fn gateway_name(&self, gateway: GatewayId) -> Option<&str> {
        self.gateway_names.get(&gateway).map(|name| &**name)
    }

    /// What people call a channel, where configured.
    pub fn channel_name(&self, gateway: GatewayId, channel: ChannelId) -> Option<&str> {
        self.channel_names.get(&(gateway, channel)).map(|name| &**name)
    }
}

/// A brand of the platform: where its APIs are and how they are reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Brand {
    /// The name in the configuration.
    pub name: Arc<str>,
    /// The origin of the gateway balance.
    pub gateway_url: Option<Url>,
    /// The origin of the beyag balance.
    pub api_url: Option<Url>,
    /// The origin of the channel balances.
    pub backoffice_url: Option<Url>,
    /// PEM certificates trusted beside the system's roots.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<ProxyUrl>,
}

impl Brand {
    /// A brand of that name with no host known.
    pub fn without_hosts(name: &str) -> Self {
        Self { name: name.into(), gateway_url: None, api_url: None, backoffice_url: None, ca_file: None, proxy: None }
    }

    /// The origin an API is asked at.
    pub fn url(&self, api: Api) -> Option<&Url> {
        match api {
            Api::ChannelBalances => self.backoffice_url.as_ref(),
            Api::GatewayBalance => self.gateway_url.as_ref(),
            Api::BeyagBalance => self.api_url.as_ref(),
        }
    }
}

/// Whether an address is of this machine's loopback.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A shop's secret key. Printing it prints that it is secret; it is wiped when dropped.
#[derive(Clone)]
pub struct SecretKey(SecretString);

impl SecretKey {
    /// The key to use for authentication, and for nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for SecretKey {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for SecretKey {}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// The address of a proxy, which may hold credentials: printing it prints the host alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl(Url);

impl ProxyUrl {
    /// The whole address, credentials included, for the connection alone.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for ProxyUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "{}://{host}:{}", self.0.scheme(), self.0.port_or_known_default().unwrap_or_default())
    }
}
