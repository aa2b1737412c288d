//! Faults: when they are in force, whom they strike, and what they make of an answer.
//!
//! The same fields are read from a scenario file and from the control endpoint. Knows no clock and no connection.

use std::num::NonZeroU64;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::file::{Span, Word};
use super::ledger::millis;
use super::problem::Problems;
use super::reply::{Delivery, Outcome, Reply};
use super::seed::Seed;
use crate::domain::query::Api;
use crate::yaml::{Located, Place};

/// The longest `pad`: well above what a client may be expected to take.
const MAX_PAD: u64 = 64 * 1024 * 1024;

/// Something that goes wrong with answers.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    window: Window,
    api: Option<Api>,
    shop_id: Option<String>,
    gateway: Option<u64>,
    probability: f64,
    delay: Duration,
    replacement: Replacement,
    headers: Vec<(HeaderName, HeaderValue)>,
    pad: usize,
    ending: Ending,
    /// The fault as it is told at the control endpoint.
    told: Map<String, Value>,
}

/// Who asks for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) api: Option<Api>,
    /// The shop id the request claims.
    pub(super) shop_id: Option<&'a str>,
    pub(super) gateway: Option<u64>,
}

impl Fault {
    pub(super) fn is_in_force(&self, elapsed: Duration) -> bool {
        self.window.holds(millis(elapsed))
    }

    /// Whether it strikes a request; `chance` is another one for each request and fault.
    pub(super) fn strikes(&self, elapsed: Duration, target: Target<'_>, chance: Seed) -> bool {
        self.is_in_force(elapsed)
            && self.api.is_none_or(|api| target.api == Some(api))
            && self.shop_id.as_deref().is_none_or(|shop_id| target.shop_id == Some(shop_id))
            && self.gateway.is_none_or(|gateway| target.gateway == Some(gateway))
            && chance.hits(self.probability)
    }

    /// What becomes of an answer.
    pub(super) fn strike(&self, mut reply: Reply, chance: Seed) -> Outcome {
        match &self.replacement {
            Replacement::None => {}
            Replacement::Garbage => {
                let len = u64::try_from(chance.between(1, 64, 512)).unwrap_or_default();
                reply = Reply { body: chance.garbage(len).into(), ..Reply::ok(&()) };
            }
            Replacement::Text { status, body } => {
                reply = Reply::message(*status, status.canonical_reason().unwrap_or_default());
                if let Some(body) = body {
                    reply.body = body.clone();
                }
            }
        }
        for (name, value) in &self.headers {
            if *name == hyper::header::CONTENT_TYPE {
                reply.content_type = value.clone();
            } else {
                reply.headers.push((name.clone(), value.clone()));
            }
        }
        if self.pad > 0 {
            let mut padded = vec![b' '; self.pad];
            padded.extend_from_slice(&reply.body);
            reply.body = padded.into();
        }
        let delivery = match self.ending {
            Ending::Whole => Delivery::Whole(reply),
            Ending::Truncated => {
                reply.body.truncate(reply.body.len() / 2);
                Delivery::Whole(reply)
            }
            Ending::CutInBody if !reply.body.is_empty() => Delivery::CutInBody(reply),
            Ending::CutInBody | Ending::Cut => Delivery::Cut,
            Ending::Hang => Delivery::Hang,
        };
        Outcome { delay: self.delay, delivery }
    }

    /// The fault in the fields it was read from.
    pub(super) const fn told(&self) -> &Map<String, Value> {
        &self.told
    }
}

/// The time a fault is in force, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: u64,
    lasts: Option<u64>,
    repeat: Option<NonZeroU64>,
}

impl Window {
    fn holds(self, now: u64) -> bool {
        let Some(since) = now.checked_sub(self.from) else { return false };
        let phase = self.repeat.map_or(since, |repeat| since % repeat);
        self.lasts.is_none_or(|lasts| phase < lasts)
    }
}

#[derive(Clone, Debug)]
enum Replacement {
    None,
    Garbage,
    Text { status: StatusCode, body: Option<Bytes> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Whole,
    Truncated,
    CutInBody,
    Cut,
    Hang,
}

/// A fault as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultFile {
    from: Option<Span>,
    until: Option<Located<Span>>,
    repeat: Option<Located<Span>>,
    api: Option<ApiName>,
    shop_id: Option<Word>,
    gateway: Option<u64>,
    probability: Option<Located<f64>>,
    delay: Option<Span>,
    status: Option<Located<u16>>,
    body: Option<String>,
    content_type: Option<Located<String>>,
    retry_after: Option<Located<Word>>,
    location: Option<Located<String>>,
    pad: Option<Located<u64>>,
    #[serde(default)]
    garbage: bool,
    #[serde(default)]
    truncate: bool,
    cut: Option<Cut>,
    #[serde(default)]
    hang: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ApiName {
    ChannelBalances,
    GatewayBalance,
    BeyagBalance,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cut {
    Headers,
    Body,
}

impl FaultFile {
    /// The fault, its times counted from `start`; what is wrong with it is told under `key`.
    pub(super) fn check(self, place: Place, key: &str, start: Duration, problems: &mut Problems<'_>) -> Fault {
        let window = self.window(key, start, problems);
        let told = self.told(start);
        let ending = self.ending(place, key, problems);
        let headers = self.headers(key, problems);
        let probability = self.probability.as_ref().map_or(1.0, |probability| {
            if !(0.0..=1.0).contains(&probability.value) {
                let message = "found a number that is no probability; write one from 0 to 1";
                problems.tell(probability.place, format!("{key}.probability"), message);
            }
            probability.value
        });
        let status = self.status.as_ref().map(|status| {
            let code = StatusCode::from_u16(status.value).ok().filter(|_| (200..600).contains(&status.value));
            code.unwrap_or_else(|| {
                let message = "found a number that ends no answer; write an HTTP status from 200 to 599";
                problems.tell(status.place, format!("{key}.status"), message);
                StatusCode::OK
            })
        });
        let pad = self.pad.as_ref().map_or(0, |pad| {
            if pad.value > MAX_PAD {
                problems.tell(
                    pad.place,
                    format!("{key}.pad"),
                    format!("found too much; write {MAX_PAD} bytes at most"),
                );
            }
            usize::try_from(pad.value.min(MAX_PAD)).unwrap_or_default()
        });
        let body = self.body.map(|body| Bytes::from(body.into_bytes()));
        let replacement = match (self.garbage, status, body) {
            (true, ..) => Replacement::Garbage,
            (false, None, None) => Replacement::None,
            (false, status, body) => Replacement::Text { status: status.unwrap_or(StatusCode::OK), body },
        };
        Fault {
            window,
            api: self.api.map(Into::into),
            shop_id: self.shop_id.map(|shop_id| shop_id.0),
            gateway: self.gateway,
            probability,
            delay: self.delay.map_or(Duration::ZERO, |delay| delay.0),
            replacement,
            headers,
            pad,
            ending,
            told,
        }
    }

    fn window(&self, key: &str, start: Duration, problems: &mut Problems<'_>) -> Window {
        let from = self.from.map_or(Duration::ZERO, |from| from.0);
        let lasts = self.until.as_ref().map(|until| {
            if until.value.0 <= from {
                let message = "found a time that is not after `from`; write a later one";
                problems.tell(until.place, format!("{key}.until"), message);
            }
            millis(until.value.0.saturating_sub(from))
        });
        let repeat = self.repeat.as_ref().and_then(|repeat| {
            let millis = millis(repeat.value.0);
            if lasts.is_none_or(|lasts| millis < lasts) {
                let message =
                    "found no pause between two times; write `until`, and a repeat longer than from `from` to it";
                problems.tell(repeat.place, format!("{key}.repeat"), message);
            }
            NonZeroU64::new(millis)
        });
        Window { from: millis(start.saturating_add(from)), lasts, repeat }
    }

    fn ending(&self, place: Place, key: &str, problems: &mut Problems<'_>) -> Ending {
        let answered = self.status.is_some()
            || self.body.is_some()
            || self.content_type.is_some()
            || self.retry_after.is_some()
            || self.location.is_some()
            || self.pad.is_some()
            || self.garbage;
        let endings = [
            (self.hang, Ending::Hang),
            (self.cut == Some(Cut::Headers), Ending::Cut),
            (self.cut == Some(Cut::Body), Ending::CutInBody),
            (self.truncate, Ending::Truncated),
        ];
        let mut chosen = endings.into_iter().filter_map(|(on, ending)| on.then_some(ending));
        let ending = chosen.next().unwrap_or(Ending::Whole);
        let mut wrong = |message| problems.tell(place, key, message);
        if chosen.next().is_some() {
            wrong("found more than one of hang, cut and truncate; keep one");
        }
        if answered && matches!(ending, Ending::Hang | Ending::Cut) {
            wrong("found an answer where none arrives; keep `hang` or `cut: headers`, or what the answer looks like");
        }
        if self.garbage && (self.status.is_some() || self.body.is_some()) {
            wrong("found both garbage and a status or body; keep one");
        }
        if !answered && ending == Ending::Whole && self.delay.is_none() {
            wrong(
                "found nothing that goes wrong; write one of delay, status, body, content_type, retry_after, location, \
                 pad, garbage, truncate, cut, hang",
            );
        }
        ending
    }

    fn headers(&self, key: &str, problems: &mut Problems<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let written = [
            (hyper::header::CONTENT_TYPE, "content_type", self.content_type.as_ref().map(|v| (&*v.value, v.place))),
            (RETRY_AFTER, "retry_after", self.retry_after.as_ref().map(|v| (&*v.value.0, v.place))),
            (LOCATION, "location", self.location.as_ref().map(|v| (&*v.value, v.place))),
        ];
        let mut headers = Vec::new();
        for (name, field, value) in written {
            let Some((value, place)) = value else { continue };
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.push((name, value));
            } else {
                let message = "found characters no header holds; write one line of visible ASCII";
                problems.tell(place, format!("{key}.{field}"), message);
            }
        }
        headers
    }

    fn told(&self, start: Duration) -> Map<String, Value> {
        let time = |time: Duration| {
            let time = Duration::from_millis(millis(time));
            json!(humantime::format_duration(time).to_string())
        };
        let from = self.from.map_or(Duration::ZERO, |from| from.0);
        let fields = [
            ("from", Some(time(start.saturating_add(from)))),
            ("until", self.until.as_ref().map(|until| time(start.saturating_add(until.value.0)))),
            ("repeat", self.repeat.as_ref().map(|repeat| time(repeat.value.0))),
            ("api", self.api.map(|api| json!(Api::from(api).as_str()))),
            ("shop_id", self.shop_id.as_ref().map(|shop_id| json!(shop_id.0))),
            ("gateway", self.gateway.map(|gateway| json!(gateway))),
            ("probability", self.probability.as_ref().map(|probability| json!(probability.value))),
            ("delay", self.delay.map(|delay| time(delay.0))),
            ("status", self.status.as_ref().map(|status| json!(status.value))),
            ("body", self.body.as_ref().map(|body| json!(body))),
            ("content_type", self.content_type.as_ref().map(|value| json!(value.value))),
            ("retry_after", self.retry_after.as_ref().map(|value| json!(value.value.0))),
            ("location", self.location.as_ref().map(|value| json!(value.value))),
            ("pad", self.pad.as_ref().map(|pad| json!(pad.value))),
            ("garbage", self.garbage.then_some(json!(true))),
            ("truncate", self.truncate.then_some(json!(true))),
            ("cut", self.cut.map(|cut| json!(if cut == Cut::Headers { "headers" } else { "body" }))),
            ("hang", self.hang.then_some(json!(true))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl From<ApiName> for Api {
    fn from(name: ApiName) -> Self {
        match name {
            ApiName::ChannelBalances => Self::ChannelBalances,
            ApiName::GatewayBalance => Self::GatewayBalance,
            ApiName::BeyagBalance => Self::BeyagBalance,
        }
    }
}
