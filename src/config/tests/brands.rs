//! Credentials go to documented hosts, or to those the configuration names, and to no other.

use std::path::PathBuf;

use super::*;
use crate::domain::query::Api;

/// What is told of a brand x with that address of its gateway.
fn told_of_url(url: &str) -> String {
    told(&format!("brands:\n  x:\n    gateway_url: {url}\n"))
}

fn url(config: &Config, api: Api) -> Option<&str> {
    config.shops[0].brand.url(api).map(url::Url::as_str)
}

/// The configuration of a shop of that brand, under those brands.
fn of_brand(brand: &str, brands: &str) -> Result<Config, ConfigError> {
    load(&format!("{SHOP}  brand: {brand}\nbrands: {{{brands}}}\n"))
}

#[test]
fn overpay_is_the_brand_unless_told_otherwise() {
    let config = good("");
    assert_eq!(url(&config, Api::GatewayBalance), Some("https://gateway.overpay.io/"));
    assert_eq!(url(&config, Api::BeyagBalance), Some("https://api.overpay.io/"));
    assert_eq!(url(&config, Api::ChannelBalances), Some("https://backoffice.overpay.io/"));
}

#[test]
fn bepaid_and_paycross_have_the_gateway_that_is_documented_and_no_other_host() {
    for (brand, gateway) in [("bepaid", "https://gateway.bepaid.by/"), ("paycross", "https://gateway.pay-cross.com/")] {
        let config = of_brand(brand, "").unwrap();
        assert_eq!(url(&config, Api::GatewayBalance), Some(gateway));
        assert_eq!((url(&config, Api::BeyagBalance), url(&config, Api::ChannelBalances)), (None, None));
    }
}

#[test]
fn what_the_file_gives_is_merged_over_a_built_in_brand() {
    let config = of_brand("bepaid", "bepaid: {api_url: 'https://api.example.test'}").unwrap();
    assert_eq!(url(&config, Api::GatewayBalance), Some("https://gateway.bepaid.by/"));
    assert_eq!(url(&config, Api::BeyagBalance), Some("https://api.example.test/"));
}

#[test]
fn a_built_in_host_can_be_replaced() {
    let config = of_brand("overpay", "overpay: {gateway_url: 'https://other.example.test'}").unwrap();
    assert_eq!(url(&config, Api::GatewayBalance), Some("https://other.example.test/"));
    assert_eq!(url(&config, Api::BeyagBalance), Some("https://api.overpay.io/"));
}

#[test]
fn a_brand_of_the_files_own_has_the_hosts_it_gives() {
    let config = of_brand("sandbox", "sandbox: {api_url: 'http://127.0.0.1:9400'}").unwrap();
    assert_eq!(url(&config, Api::BeyagBalance), Some("http://127.0.0.1:9400/"));
    assert_eq!(url(&config, Api::GatewayBalance), None);
}

#[test]
fn an_unknown_brand_is_told_with_those_that_are_known() {
    assert_eq!(
        told("  brand: overpayy\nbrands: {sandbox: {}}\n"),
        "f.yml:5:10: shops[0].brand: no brand \"overpayy\" is known; write one of bepaid, overpay, paycross, sandbox, \
         or describe it under brands:"
    );
}

#[test]
fn the_queries_of_an_unknown_brand_are_not_told_to_lack_a_host() {
    let told = told("  brand: overpayy\n  beyag_balances: [{gateway: 1}]\n");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn a_query_whose_brand_lacks_the_host_is_told_the_key_and_the_likely_host() {
    let cases = [
        ("bepaid", "beyag_balances: [{gateway: 1}]", "brands.bepaid.api_url (likely https://api.bepaid.by,"),
        (
            "bepaid",
            "channel_balances: [{gateway: 1, currencies: all}]",
            "brands.bepaid.backoffice_url (likely https://merchant.bepaid.by,",
        ),
        ("paycross", "beyag_balances: [{gateway: 1}]", "brands.paycross.api_url (likely https://data.pay-cross.com,"),
        (
            "paycross",
            "channel_balances: [{gateway: 1, currencies: all}]",
            "brands.paycross.backoffice_url (likely https://admin.pay-cross.com,",
        ),
        (
            "ecomcharge",
            "gateway_balances: [{gateway: 1}]",
            "brands.ecomcharge.gateway_url (likely https://gateway.ecomcharge.com or \
             https://processing.ecomcharge.com,",
        ),
    ];
    for (brand, query, expected) in cases {
        let told = told(&format!("  brand: {brand}\n  {query}\n"));
        assert!(told.contains(expected), "{told}");
        assert!(told.contains("ask the account manager"), "{told}");
    }
}

#[test]
fn a_query_of_a_brand_nobody_knows_a_host_of_is_told_the_key_alone() {
    let told = told("  brand: x\n  beyag_balances:\n  - gateway: 1\nbrands: {x: {}}\n");
    assert_eq!(
        told,
        "f.yml:7:14: shops[0].beyag_balances[0]: the brand x has no documented host for beyag_balance; ask the account \
         manager and set brands.x.api_url"
    );
}

#[test]
fn plain_http_to_this_machine_is_taken() {
    for url in ["http://127.0.0.1:9400", "http://localhost:9400", "http://127.8.8.8", "'http://[::1]:9400'"] {
        assert!(load(&format!("{SHOP}brands: {{x: {{gateway_url: {url}}}}}\n")).is_ok(), "{url}");
    }
}

#[test]
fn plain_http_to_another_machine_is_told() {
    assert_eq!(
        told_of_url("http://gateway.example.com:8080"),
        "f.yml:7:18: brands.x.gateway_url: found plain http to gateway.example.com, which would show the secret key to \
         everyone on the way; write https, or allow_insecure_http: true in the brand if that network is trusted"
    );
}

#[test]
fn plain_http_to_a_host_that_only_looks_like_this_machine_is_told() {
    for url in ["http://localhost.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1", "http://0.0.0.0"] {
        assert!(told_of_url(url).contains("found plain http"), "{url}");
    }
}

#[test]
fn plain_http_to_another_machine_can_be_allowed() {
    let brands = "x: {gateway_url: 'http://gateway.example.com', allow_insecure_http: true}";
    assert_eq!(url(&of_brand("x", brands).unwrap(), Api::GatewayBalance), Some("http://gateway.example.com/"));
}

#[test]
fn an_address_that_is_not_http_is_told() {
    assert_eq!(
        told_of_url("ftp://gateway.example.com"),
        "f.yml:7:18: brands.x.gateway_url: the address is neither https nor http; write https:// and a host, as \
         https://gateway.example.com"
    );
}

#[test]
fn a_host_without_a_scheme_is_told() {
    assert_eq!(
        told_of_url("gateway.example.com"),
        "f.yml:7:18: brands.x.gateway_url: this is not an address (relative URL without a base); write https:// \
         and a host, as https://gateway.example.com"
    );
}

#[test]
fn an_address_with_parameters_is_told() {
    for url in ["https://gateway.example.com/?shop=1", "'https://gateway.example.com/#top'"] {
        assert!(told_of_url(url).contains("found parameters behind the address"), "{url}");
    }
}

#[test]
fn an_address_with_credentials_is_told_and_not_repeated() {
    for url in ["https://user:hunter2@gateway.example.com", "'https://hunter2@'", "'hunter2@gateway'"] {
        let told = told_of_url(url);
        assert!(told.contains("the address holds credentials (not repeated here)"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn each_host_of_a_brand_is_judged() {
    let told = told("brands:\n  x:\n    gateway_url: ftp://a\n    api_url: ftp://a\n    backoffice_url: ftp://a\n");
    let places: Vec<&str> = told.lines().map(|line| line.split(": the address").next().unwrap()).collect();
    assert_eq!(
        places,
        ["f.yml:7:18: brands.x.gateway_url", "f.yml:8:14: brands.x.api_url", "f.yml:9:21: brands.x.backoffice_url"]
    );
}

#[test]
fn a_proxy_may_have_credentials_and_shows_none() {
    let config = of_brand("overpay", "overpay: {proxy_url: 'http://me:hunter2@proxy.example:3128'}").unwrap();
    let brand = &config.shops[0].brand;
    assert_eq!(brand.proxy.as_ref().unwrap().expose().password(), Some("hunter2"));
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_proxy_that_is_none_is_told_and_not_repeated() {
    for url in ["proxy.example:3128", "socks5://me:hunter2@proxy.example", "'http://me:hunter2@:80'", "hunter2"] {
        assert_eq!(
            told(&format!("brands: {{x: {{proxy_url: {url}}}}}\n")),
            "f.yml:5:25: brands.x.proxy_url: this is not the address of a proxy; write http:// or https://, a host and \
             a port",
            "{url}"
        );
    }
}

/// The certificate file of overpay, read in a folder that holds this one.
fn certificates(given: &str, content: &str) -> Result<(PathBuf, Config), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, content).unwrap();
    let text =
        format!("{SHOP}brands:\n  overpay:\n    ca_file: {}\n", given.replace("HERE", folder.path().to_str().unwrap()));
    match Config::read("f.yml", &text, folder.path(), &environment()) {
        Ok(config) => Ok((file, config)),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_relative_certificate_file_starts_at_the_files_folder() {
    let (file, config) = certificates("ca.pem", "-----BEGIN CERTIFICATE-----\n").unwrap();
    assert_eq!(config.shops[0].brand.ca_file, Some(file));
}

#[test]
fn an_absolute_certificate_file_stays() {
    let (file, config) = certificates("HERE/ca.pem", "-----BEGIN CERTIFICATE-----\n").unwrap();
    assert_eq!(config.shops[0].brand.ca_file, Some(file));
}

#[test]
fn a_certificate_file_that_is_not_there_is_told() {
    let told = certificates("other.pem", "").unwrap_err();
    assert!(told.starts_with("f.yml:7:14: brands.overpay.ca_file: "), "{told}");
    assert!(told.ends_with("; name a file of PEM certificates"), "{told}");
}

#[test]
fn a_certificate_file_without_a_certificate_is_told() {
    let told = certificates("ca.pem", "-----BEGIN PRIVATE KEY-----\nhunter2\n").unwrap_err();
    assert!(told.starts_with("f.yml:7:14: brands.overpay.ca_file: ") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_brand_whose_name_can_be_no_label_is_told() {
    assert_eq!(
        told("brands: {b b: {}}\n"),
        "f.yml:5:15: brands.b b: this is not a name; write letters, digits, `_`, `.` and `-`"
    );
}
