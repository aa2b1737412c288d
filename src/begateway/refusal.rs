//! Success or failure: what the platform's status words, codes and error bodies mean.
//!
//! Judged by code first, then by HTTP status, never by text: texts come in some 26 languages.

use serde::Deserialize;
use serde_json::Value;

use super::json::{self, Text};
use super::transport::Response;
use crate::domain::failure::{Failure, Reason};

/// The one code that is a word.
const UNAUTHORIZED: &str = "unauthorized";

/// Passes an answer that does not say that it failed: 2xx, a JSON object, and neither a code nor a status word of a
/// failure. `promised` is the field that says so in this API.
pub(super) fn success(response: &Response, promised: Promised) -> Result<(), Failure> {
    if !(200..300).contains(&response.status) {
        return Err(of(response));
    }
    let heading: Heading<'_> = json::read_object(&response.body)?;
    let code = Text::filled(heading.code.as_ref());
    let status = Text::filled(heading.status.as_ref());
    if code.is_some_and(|code| !is_success_code(code)) || status.is_some_and(|status| !is_success_status(status)) {
        return Err(of(response));
    }
    let (found, field) = match promised {
        Promised::Code => (code, "code"),
        Promised::Status => (status, "status"),
    };
    match found {
        Some(_) => Ok(()),
        None if Known::in_body(&response.body).is_some() => Err(of(response)),
        None => Err(json::missing(field)),
    }
}

/// Which field of an API's answer says that it succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promised {
    /// A code of the family S.
    Code,
    /// The word "successful".
    Status,
}

#[derive(Deserialize)]
struct Heading<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    code: Option<Text<'a>>,
}

/// The failure that an answer tells of, by its code or else its HTTP status.
pub(super) fn of(response: &Response) -> Failure {
    let status = response.status;
    let Known { code, message } = Known::in_body(&response.body).unwrap_or_default();
    let by_code = code.as_deref().and_then(reason_of_code);
    let reason = by_code.unwrap_or_else(|| reason_of_status(status));
    let found = match &code {
        Some(code) => format!("HTTP {status}, code {code}"),
        None => format!("HTTP {status}"),
    };
    let detail = match reason {
        Reason::Unauthorized => format!(
            "the credentials are refused ({found}); check shop_id and secret key, and ask the account manager whether \
             the shop may ask for balances"
        ),
        Reason::RateLimited => format!("too many requests ({found}); raise the interval"),
        Reason::BadRequest => format!(
            "the request is refused ({found}); check gateway, account and currency: which of them a bank wants, the \
             account manager knows"
        ),
        _ => format!("no balance from the platform, the bank or the provider ({found})"),
    };
    Failure { status: Some(status), code, message, by_code: by_code.is_some(), ..Failure::new(reason, detail) }
}

/// The class of a code; none for one of success or of no known family.
fn reason_of_code(code: &str) -> Option<Reason> {
    match code {
        "F.0100" | "F.0101" | "F.0102" | "F.0103" | "F.0001" => Some(Reason::Unauthorized),
        "F.0104" | "F.0110" | "F.0113" | "F.0128" => Some(Reason::BadRequest),
        _ if code.eq_ignore_ascii_case(UNAUTHORIZED) => Some(Reason::Unauthorized),
        _ if code.starts_with("E.") => Some(Reason::BadRequest),
        _ if code.starts_with("F.") || code.starts_with("P.") => Some(Reason::ProviderError),
        _ => None,
    }
}

fn reason_of_status(status: u16) -> Reason {
    match status {
        401 | 403 => Reason::Unauthorized,
        429 => Reason::RateLimited,
        // The proxy refuses, too slow, too early: the request was fine.
        407 | 408 | 425 => Reason::ProviderError,
        400..500 => Reason::BadRequest,
        _ => Reason::ProviderError,
    }
}

fn is_success_code(code: &str) -> bool {
    code.starts_with("S.")
}

fn is_success_status(status: &str) -> bool {
    status.eq_ignore_ascii_case("successful")
}

/// What the known error bodies tell: a code, a message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    code: Option<String>,
    message: Option<String>,
}

impl Known {
    /// Reads any of the platform's known error bodies; none if the body is not one.
    fn in_body(body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let places = ["", "/response", "/error", "/result"].map(|place| body.pointer(place));
        let of = |field: &str| places.iter().flatten().find_map(|place| place.get(field)).and_then(Value::as_str);
        let code = of("code").filter(|code| is_code(code)).map(str::to_owned);
        let message = of("message").or_else(|| of("friendly_message"));
        let errors = places.iter().flatten().find_map(|place| place.get("errors"));
        let message = message.or_else(|| errors.and_then(first_text)).or_else(|| body.get("error")?.as_str());
        if code.is_none() && message.is_none() && errors.is_none() && of("status").is_none() {
            return None;
        }
        Some(Self { code, message: message.map(str::to_owned) })
    }
}

/// Whether a text is a code: a family and a number, as `F.0100`, or the one word that is known. Codes are shown, so
/// nothing else passes for one.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(|family: char| family.is_ascii_uppercase()).and_then(|rest| rest.strip_prefix('.'));
    let numbered = digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    numbered || text.eq_ignore_ascii_case(UNAUTHORIZED)
}

/// The first text among `errors`, whose leaves are texts, lists or objects.
fn first_text(errors: &Value) -> Option<&str> {
    match errors {
        Value::String(text) => Some(text),
        Value::Array(errors) => errors.iter().find_map(first_text),
        Value::Object(errors) => errors.values().find_map(first_text),
        _ => None,
    }
}
