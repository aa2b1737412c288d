//! The exporter's own log: one line an event, on standard error, as logfmt or JSON.

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
        // A text that was put together may hold anything, a secret too; one that stands in the code can't.
        let why = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        error!(place, why, "panicked; please report this");
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
