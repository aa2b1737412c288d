//! The exporter's own log: one line an event, on standard error, as logfmt or JSON.

use std::any::Any;
use std::io;
use std::panic;

use tracing::{Level, error};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// `level=info msg=…`
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Starts the log, which tells of panics too. Of the libraries only warnings are kept: what they say in detail holds
/// requests with their headers.
pub fn start(level: Level, format: Format) -> Result<(), TryInitError> {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(place, why = why(panic.payload()), "panicked; please report this");
    }));
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(level)))
        .with_target("overpay_exporter", level);
    let registry = tracing_subscriber::registry();
    match format {
        Format::Logfmt => {
            let layer = tracing_subscriber::fmt::layer()
                .event_format(tracing_logfmt::EventsFormatter::default())
                .fmt_fields(tracing_logfmt::FieldsFormatter::default())
                .with_ansi(false)
                .with_writer(io::stderr);
            registry.with(layer.with_filter(targets)).try_init()
        }
        Format::Json => {
            let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(io::stderr);
            registry.with(layer.with_filter(targets)).try_init()
        }
    }
}

/// Why a panic happened, as far as it can be shown: a text that was put together may hold anything, a secret too; one
/// that stands in the code can't.
fn why(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(not shown)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(panics: fn()) -> &'static str {
        why(&*panic::catch_unwind(panics).unwrap_err())
    }

    #[test]
    fn a_text_of_the_code_is_shown() {
        assert_eq!(shown(|| panic!("no such place")), "no such place");
    }

    #[test]
    fn a_text_that_was_put_together_is_not_shown() {
        assert_eq!(shown(|| panic!("no {}", String::from("s3cr3t"))), "(not shown)");
        // The standard library quotes a text that is cut inside a character.
        let cut = || assert!(std::hint::black_box("s\u{e9}cr3t").split_at(2).0.is_empty());
        assert_eq!(shown(cut), "(not shown)");
    }
}
