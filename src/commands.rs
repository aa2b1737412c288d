//! One file per subcommand: what a user asks for, put together from the rooms below.

mod check;
mod demo;
mod health;
mod platform;
mod query;
mod serve;
mod simulate;

use std::io::{self, Write};

use crate::cli::{Cli, Command};
use crate::config::ConfigError;

/// Why a command ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line or the configuration is wrong: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// The command failed at its work: exit code 1.
    #[error("{0}")]
    Work(String),
}

impl Error {
    /// The exit code of a process that ends for it.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Work(_) => 1,
        }
    }

    fn work(error: &dyn std::error::Error) -> Self {
        Self::Work(error.to_string())
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<crate::begateway::ClientError> for Error {
    fn from(error: crate::begateway::ClientError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<crate::web::WebConfigurationError> for Error {
    fn from(error: crate::web::WebConfigurationError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Runs the command that was asked for.
pub async fn run(cli: Cli) -> Result<(), Error> {
    match cli.command {
        None => serve::run(&cli.serve).await,
        Some(Command::Serve(flags)) => serve::run(&flags).await,
        Some(Command::Check(flags)) => check::run(&flags),
        Some(Command::Query(flags)) => query::run(&flags).await,
        Some(Command::Demo(flags)) => demo::run(&flags).await,
        Some(Command::Simulate(flags)) => simulate::run(&flags).await,
        Some(Command::Health(flags)) => health::run(&flags).await,
    }
}

/// Writes to standard output. A reader that has gone away, as `head` does, is no failure.
fn print(text: &str) -> Result<(), Error> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::work(&error)),
        _ => Ok(()),
    }
}
