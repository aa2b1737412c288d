//! What the file means: shops and queries, or every problem of meaning at once.

mod names;
mod pace;
mod queries;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use self::pace::DefaultPace;
use super::secrets::{self, Environment};
use super::{Config, brands, file};
use crate::domain::money::{Currency, Exponent, Exponents};
use crate::domain::shop::{Brand, Shop};
use crate::yaml::{Located, Place, Problems, shown};

const DEFAULT_BRAND: &str = "overpay";
const DEFAULT_IN_FLIGHT: usize = 32;
pub(super) const WRITE_A_NAME: &str = "this is not a name; write letters, digits, `_`, `.` and `-`";

/// The configuration that a file describes. Relative paths start at `folder`.
pub(super) fn of(
    content: &file::File,
    file: &str,
    folder: &Path,
    environment: &Environment,
) -> Result<Config, Problems> {
    let (mut problems, mut warnings) = (Problems::new(file), Problems::new(file));
    let brands = brands::all(&content.brands, folder, &mut problems);
    let exponents = exponents(&content.currencies, &mut problems);
    let default_pace = DefaultPace::of(&content.poll, &mut problems);
    let max_in_flight_per_host = in_flight(&content.poll, &mut problems);
    let mut shop_names = BTreeMap::new();
    let (mut shops, mut queries) = (Vec::new(), Vec::new());
    for (index, given) in content.shops.iter().enumerate() {
        let key = format!("shops[{index}]");
        check_shop_name(given, &key, &mut shop_names, &mut problems);
        let brand = brand(given, &key, &brands, &mut problems);
        let names = names::of(given, &key, &mut problems);
        let shop = Arc::new(Shop {
            name: given.name.as_str().into(),
            brand: brand.clone().unwrap_or_else(|| Arc::new(Brand::without_hosts(DEFAULT_BRAND))),
            shop_id: shop_id(given, &key, &mut problems),
            secret_key: secrets::secret_key(given, &key, folder, environment, &mut problems, &mut warnings),
            gateway_names: names.gateways,
            channel_names: names.channels,
            expected_channels: names.expected_channels,
            asked_elsewhere: BTreeSet::new(),
        });
        let context = queries::Context {
            shop: &shop,
            place: given.name.place,
            brand_is_known: brand.is_some(),
            default_pace: &default_pace,
            account_labels: content.account_labels,
        };
        queries.extend(queries::of(given, &key, context, &mut problems));
        shops.push(shop);
    }
    problems.or(Config { shops, queries, exponents: Arc::new(exponents), max_in_flight_per_host, warnings })
}

/// Whether the text can be a name in labels and addresses: `[A-Za-z0-9_.-]+`.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

fn exponents(given: &BTreeMap<String, Located<u8>>, problems: &mut Problems) -> Exponents {
    let mut exponents = BTreeMap::new();
    for (code, places) in given {
        let key = format!("currencies.{code}");
        let Some(currency) = currency(code, places.place, &key, problems) else { continue };
        match Exponent::new(places.value) {
            Some(exponent) => {
                exponents.insert(currency, exponent);
            }
            None => problems.add(
                places.place,
                key,
                format!("found {}; write the number of decimal places, 0 to {}", places.value, Exponent::MAX),
            ),
        }
    }
    Exponents::new(exponents)
}

fn in_flight(poll: &file::Poll, problems: &mut Problems) -> usize {
    match &poll.max_in_flight_per_host {
        Some(limit) if limit.value == 0 => {
            problems.add(limit.place, "poll.max_in_flight_per_host", "found 0; write 1 or more");
            DEFAULT_IN_FLIGHT
        }
        Some(limit) => limit.value,
        None => DEFAULT_IN_FLIGHT,
    }
}

fn check_shop_name(given: &file::Shop, key: &str, names: &mut BTreeMap<String, Place>, problems: &mut Problems) {
    let key = format!("{key}.name");
    if !is_name(&given.name) {
        problems.add(given.name.place, key, WRITE_A_NAME);
    } else if let Some(first) = names.insert(given.name.value.clone(), given.name.place) {
        let message =
            format!("the shop at line {} is named {} too; name each shop differently", first.line, &*given.name);
        problems.add(given.name.place, key, message);
    }
}

/// The shop's brand; none, and a problem, if nothing is known of it.
fn brand(
    given: &file::Shop,
    key: &str,
    brands: &BTreeMap<String, Arc<Brand>>,
    problems: &mut Problems,
) -> Option<Arc<Brand>> {
    let name = given.brand.as_ref().map_or(DEFAULT_BRAND, |brand| brand.as_str());
    if let Some(brand) = brands.get(name) {
        return Some(Arc::clone(brand));
    }
    // A brand of the platform without documented hosts: the queries say which hosts are to be set.
    if brands::is_known(name) {
        return Some(Arc::new(Brand::without_hosts(name)));
    }
    let place = given.brand.as_ref().map_or(given.name.place, |brand| brand.place);
    let known = brands.keys().map(String::as_str).filter(|name| is_name(name)).collect::<Vec<_>>().join(", ");
    let message = format!("no brand {} is known; write one of {known}, or describe it under brands:", shown(name));
    problems.add(place, format!("{key}.brand"), message);
    None
}

fn shop_id(given: &file::Shop, key: &str, problems: &mut Problems) -> String {
    // A colon would end the user's name in HTTP Basic.
    if given.shop_id.is_empty() || given.shop_id.contains(':') || given.shop_id.chars().any(char::is_control) {
        problems.add(given.shop_id.place, format!("{key}.shop_id"), "this is not a shop id; write the platform's id");
    }
    given.shop_id.value.clone()
}

/// The currency of that code, or a problem.
fn currency(code: &str, place: Place, key: &str, problems: &mut Problems) -> Option<Currency> {
    code.parse().map_err(|error| problems.add(place, key, format!("found {}; {error}", shown(code)))).ok()
}
