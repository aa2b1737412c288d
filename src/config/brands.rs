//! The brands of the platform: their documented hosts, and the hosts that are likely but not documented.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use url::Url;

use super::file;
use crate::domain::query::Api;
use crate::domain::shop::{Brand, is_loopback};
use crate::yaml::{Located, Problems, shown};

/// A brand and the hosts of its gateway, API and backoffice, as far as they are documented.
struct Documented {
    name: &'static str,
    gateway_url: Option<&'static str>,
    api_url: Option<&'static str>,
    backoffice_url: Option<&'static str>,
}

/// Only documented pairs of brand and API are built in: credentials go to no host on a guess.
const DOCUMENTED: [Documented; 3] = [
    Documented {
        name: "overpay",
        gateway_url: Some("https://gateway.overpay.io"),
        api_url: Some("https://api.overpay.io"),
        backoffice_url: Some("https://backoffice.overpay.io"),
    },
    Documented { name: "bepaid", gateway_url: Some("https://gateway.bepaid.by"), api_url: None, backoffice_url: None },
    Documented {
        name: "paycross",
        gateway_url: Some("https://gateway.pay-cross.com"),
        api_url: None,
        backoffice_url: None,
    },
];

impl Documented {
    fn brand(&self) -> Brand {
        // The built-in addresses parse; a test holds them to it.
        let url = |url: Option<&str>| url.and_then(|url| url.parse().ok());
        Brand {
            gateway_url: url(self.gateway_url),
            api_url: url(self.api_url),
            backoffice_url: url(self.backoffice_url),
            ..Brand::without_hosts(self.name)
        }
    }
}

/// The brands built in, with what the file gives merged over them.
pub(super) fn all(
    given: &BTreeMap<String, Located<file::Brand>>,
    folder: &Path,
    problems: &mut Problems,
) -> BTreeMap<String, Arc<Brand>> {
    let mut brands: BTreeMap<String, Brand> =
        DOCUMENTED.iter().map(|documented| (documented.name.to_owned(), documented.brand())).collect();
    for (name, given) in given {
        if !super::meaning::is_name(name) {
            problems.add(given.place, format!("brands.{name}"), super::meaning::WRITE_A_NAME);
        }
        let brand = brands.entry(name.clone()).or_insert_with(|| Brand::without_hosts(name));
        let mut host = |key: &str, given_url: &Option<Located<String>>, url: &mut Option<Url>| {
            if let Some(text) = given_url {
                match host_url(text, given.allow_insecure_http) {
                    Ok(parsed) => *url = Some(parsed),
                    Err(message) => problems.add(text.place, format!("brands.{name}.{key}"), message),
                }
            }
        };
        host("gateway_url", &given.gateway_url, &mut brand.gateway_url);
        host("api_url", &given.api_url, &mut brand.api_url);
        host("backoffice_url", &given.backoffice_url, &mut brand.backoffice_url);
        if let Some(path) = &given.ca_file {
            let file = folder.join(&path.value);
            if let Err(message) = check_certificates(&file) {
                problems.add(path.place, format!("brands.{name}.ca_file"), message);
            }
            brand.ca_file = Some(file);
        }
        if let Some(text) = &given.proxy_url {
            match text.parse::<Url>() {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => brand.proxy = Some(url.into()),
                // The address may hold credentials, so it is not repeated.
                _ => problems.add(
                    text.place,
                    format!("brands.{name}.proxy_url"),
                    "this is not the address of a proxy; write http:// or https://, a host and a port",
                ),
            }
        }
    }
    brands.into_iter().map(|(name, brand)| (name, Arc::new(brand))).collect()
}

/// Whether a file can hold certificates; the client reads them.
fn check_certificates(path: &Path) -> Result<(), String> {
    const WRITE: &str = "name a file of PEM certificates";
    let shown = shown(&path.to_string_lossy());
    let pem = fs::read(path).map_err(|error| format!("{shown} can't be read: {error}; {WRITE}"))?;
    let marker = b"-----BEGIN CERTIFICATE-----";
    if pem.windows(marker.len()).any(|window| window == marker) {
        Ok(())
    } else {
        Err(format!("{shown} holds no certificate; {WRITE}"))
    }
}

/// The address of a host that credentials may be sent to.
fn host_url(text: &str, allow_insecure_http: bool) -> Result<Url, String> {
    const WRITE: &str = "write https:// and a host, as https://gateway.example.com";
    if text.contains('@') {
        return Err(format!("the address holds credentials (not repeated here); {WRITE}"));
    }
    let url: Url = text.parse().map_err(|error| format!("this is not an address ({error}); {WRITE}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the address is neither https nor http; {WRITE}"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("found parameters behind the address; {WRITE}"));
    }
    if url.scheme() == "http" && !allow_insecure_http && !is_loopback(&url) {
        return Err(format!(
            "found plain http to {}, which would show the secret key to everyone on the way; write https, or \
             allow_insecure_http: true in the brand if that network is trusted",
            url.host_str().unwrap_or_default()
        ));
    }
    Ok(url)
}

/// Whether the brand is one of the platform's, be its hosts documented or not.
pub(super) fn is_known(brand: &str) -> bool {
    brand == "ecomcharge" || DOCUMENTED.iter().any(|documented| documented.name == brand)
}

/// The key that names an API's host.
pub(super) const fn url_key(api: Api) -> &'static str {
    match api {
        Api::ChannelBalances => "backoffice_url",
        Api::GatewayBalance => "gateway_url",
        Api::BeyagBalance => "api_url",
    }
}

/// Where a brand's API probably is, by other public pages: for people to ask about, never to be used unasked.
pub(super) fn likely_host(brand: &str, api: Api) -> Option<&'static str> {
    match (brand, api) {
        ("bepaid", Api::BeyagBalance) => Some("https://api.bepaid.by"),
        ("bepaid", Api::ChannelBalances) => Some("https://merchant.bepaid.by"),
        ("paycross", Api::BeyagBalance) => Some("https://data.pay-cross.com"),
        ("paycross", Api::ChannelBalances) => Some("https://admin.pay-cross.com"),
        ("ecomcharge", Api::GatewayBalance) => {
            Some("https://gateway.ecomcharge.com or https://processing.ecomcharge.com")
        }
        _ => None,
    }
}
