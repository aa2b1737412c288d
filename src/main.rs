//! Parses the command line, starts the log, runs one command and turns its error into an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use overpay_exporter::cli::Cli;
use overpay_exporter::{commands, telemetry};

fn main() -> ExitCode {
    let cli = Cli::from_process();
    let outcome = telemetry::start(cli.log.level, cli.log.format)
        .map_err(|error| commands::Error::Work(error.to_string()))
        .and_then(|()| run(cli));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where standard error is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<(), commands::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| commands::Error::Work(format!("the runtime can't start: {error}")))?;
    let outcome = runtime.block_on(commands::run(cli));
    // A name being resolved can't be interrupted, and must not hold up the end.
    runtime.shutdown_background();
    outcome
}
