//! The command line: flags and subcommands, nothing else.

use std::ffi::OsStr;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use tracing::Level;

use crate::build;
use crate::telemetry;

/// More processes than that divide nobody's queries.
const MOST_SHARDS: u32 = 10_000;

/// Prometheus exporter for payout headroom and account balances on the beGateway platform (Overpay, bePaid, PayCross,
/// eComCharge and other brands).
///
/// Without a command it polls and serves. Every flag can also be given as an environment variable.
#[derive(Debug, Parser)]
#[command(name = "overpay_exporter", version = build::DESCRIPTION, max_term_width = 120)]
pub struct Cli {
    /// What to do; `serve` unless given.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to log.
    #[command(flatten)]
    pub log: LogFlags,
    /// The flags of `serve`, which may also be given without it.
    #[command(flatten)]
    pub serve: ServeFlags,
}

impl Cli {
    /// Reads the process's command line and environment; ends the process where they are wrong or ask for help.
    pub fn from_process() -> Self {
        let matches = without_empty_variables(Self::command()).get_matches();
        Self::of(&matches).unwrap_or_else(|error| error.exit())
    }

    fn of(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut cli = Self::from_arg_matches(matches)?;
        let Some((command, own)) = matches.subcommand() else { return Ok(cli) };
        let given = |matches: &ArgMatches, id: &str| {
            matches.value_source(id).is_some_and(|source| source == ValueSource::CommandLine)
        };
        let before = matches.ids().map(clap::Id::as_str).filter(|id| !["level", "format"].contains(id));
        let before: Vec<&str> = before.filter(|id| given(matches, id)).collect();
        if let Some(Command::Serve(flags)) = &mut cli.command {
            // These flags are of `serve`, on whichever side of its name they stand.
            flags.take_over(&cli.serve, |id| before.contains(&id) && !given(own, id));
            return Ok(cli);
        }
        // Another command would pass over them without a word.
        if let Some(flag) = before.into_iter().find_map(flag_of) {
            let message = format!("--{flag} stands before {command}; write it behind the command it is for\n");
            return Err(Self::command().error(clap::error::ErrorKind::ArgumentConflict, message));
        }
        Ok(cli)
    }
}

/// The command, in which an environment variable that is empty counts as not set: so do files that set them all.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |variable: &OsStr| std::env::var_os(variable).is_some_and(|value| value.is_empty());
    command
        .mut_args(|argument| match argument.get_env() {
            Some(variable) if is_empty(variable) => argument.env(None::<&'static str>),
            _ => argument,
        })
        .mut_subcommands(without_empty_variables)
}

fn flag_of(id: &str) -> Option<String> {
    let command = Cli::command();
    let argument = command.get_arguments().find(|argument| argument.get_id() == id)?;
    argument.get_long().map(str::to_owned)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Poll and serve; the default.
    Serve(ServeFlags),
    /// Read the configuration and say what it means, or what is wrong and where.
    Check(CheckFlags),
    /// Ask every query once, now. Exit code 0 if all are answered, 1 if some fail.
    Query(QueryFlags),
    /// Poll and serve against the built-in simulator: no credentials, no file.
    Demo(DemoFlags),
    /// Serve the built-in simulator of the platform alone.
    Simulate(SimulateFlags),
    /// Exit code 0 if the exporter at an address is healthy: for containers without a shell.
    Health(HealthFlags),
}

/// How to log.
#[derive(Args, Clone, Copy, Debug)]
pub struct LogFlags {
    /// The least severe lines to log: error, warn, info, debug or trace.
    #[arg(long = "log.level", env = "OVERPAY_EXPORTER_LOG_LEVEL", default_value = "info", global = true)]
    pub level: Level,
    /// How to write the lines of the log.
    #[arg(long = "log.format", env = "OVERPAY_EXPORTER_LOG_FORMAT", default_value = "logfmt", global = true)]
    pub format: telemetry::Format,
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub struct ConfigFlags {
    /// The configuration file.
    #[arg(
        long = "config.file",
        env = "OVERPAY_EXPORTER_CONFIG_FILE",
        value_name = "FILE",
        default_value = "overpay_exporter.yml"
    )]
    pub config_file: PathBuf,
}

/// Whether the configuration is looked at.
#[derive(Args, Clone, Copy, Debug)]
pub struct WatchFlags {
    /// Looks this often, as 10s, whether the configuration file, the key files or CA files that it names have changed,
    /// and reloads them then, as on SIGHUP; never unless given.
    #[arg(
        long = "config.watch",
        env = "OVERPAY_EXPORTER_CONFIG_WATCH",
        value_name = "DURATION",
        value_parser = time_between_looks
    )]
    pub config_watch: Option<Duration>,
}

fn time_between_looks(text: &str) -> Result<Duration, String> {
    let given = humantime::parse_duration(text).ok();
    given
        .filter(|every| *every >= Duration::from_secs(1))
        .ok_or_else(|| "write a duration of 1s or more with its unit, as 10s or 1m".to_owned())
}

/// Where and what to serve.
#[derive(Args, Clone, Debug)]
pub struct WebFlags {
    /// An address and port to listen on; may be repeated, or separated by commas. :10119 listens on all addresses,
    /// port 0 takes a free one.
    #[arg(
        long = "web.listen-address",
        env = "OVERPAY_EXPORTER_WEB_LISTEN_ADDRESS",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:10119",
        value_delimiter = ',',
        value_parser = listen_address
    )]
    pub listen_address: Vec<SocketAddr>,
    /// A file with TLS, users, headers and limits, in the format of Prometheus' exporters.
    #[arg(long = "web.config.file", env = "OVERPAY_EXPORTER_WEB_CONFIG_FILE", value_name = "FILE")]
    pub web_config_file: Option<PathBuf>,
    /// Listens on the sockets that systemd passes, instead of --web.listen-address.
    #[arg(long = "web.systemd-socket", env = "OVERPAY_EXPORTER_WEB_SYSTEMD_SOCKET")]
    pub systemd_socket: bool,
    /// Lets clients have the configuration reloaded (POST /-/reload) and a query asked at once
    /// (POST /api/v1/queries/SHOP/QUERY/poll).
    #[arg(long = "web.enable-lifecycle", env = "OVERPAY_EXPORTER_WEB_ENABLE_LIFECYCLE")]
    pub enable_lifecycle: bool,
    /// The path of the metrics.
    #[arg(
        long = "web.telemetry-path",
        env = "OVERPAY_EXPORTER_WEB_TELEMETRY_PATH",
        value_name = "PATH",
        default_value = "/metrics",
        value_parser = telemetry_path
    )]
    pub telemetry_path: String,
    /// The prefix of every path.
    #[arg(
        long = "web.route-prefix",
        env = "OVERPAY_EXPORTER_WEB_ROUTE_PREFIX",
        value_name = "PATH",
        default_value = "/",
        value_parser = path
    )]
    pub route_prefix: String,
}

/// An address, or a name that has one; without a host, as in `:10119`, all of this machine's.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let all = text.starts_with(':').then(|| format!("[::]{text}"));
    let found = all.as_deref().unwrap_or(text).to_socket_addrs();
    let mut found: Vec<SocketAddr> = found.map(Iterator::collect).unwrap_or_default();
    // A name may have addresses of both kinds; the older one is there everywhere.
    found.sort_by_key(SocketAddr::is_ipv6);
    found.into_iter().next().ok_or_else(|| {
        "write an address and a port, as 127.0.0.1:10119, [::1]:10119 or localhost:10119; :10119 is all addresses of \
         this machine"
            .to_owned()
    })
}

/// A path of the metrics, which must not stand in the way of the exporter's own pages.
fn telemetry_path(text: &str) -> Result<String, String> {
    let taken = ["/-/", "/api/"].iter().any(|folder| text.starts_with(folder)) || text == "/config";
    if taken { Err("this path is taken; write another, as /metrics".to_owned()) } else { path(text) }
}

fn path(text: &str) -> Result<String, String> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%' | b'"' | b'<' | b'>'));
    if text.starts_with('/') && plain { Ok(text.to_owned()) } else { Err("write a path that begins with /".to_owned()) }
}

/// Which part of the queries to ask.
#[derive(Args, Clone, Copy, Debug)]
pub struct ShardFlags {
    /// Which of the shards this process is, from 0; also the name of a pod that ends in it, as overpay-exporter-3.
    #[arg(
        long = "shard.index",
        env = "OVERPAY_EXPORTER_SHARD_INDEX",
        value_name = "N|POD",
        default_value = "0",
        value_parser = shard_index
    )]
    pub shard_index: u32,
    /// How many processes divide the queries between them; replicas of the same shard count once.
    #[arg(
        long = "shard.total",
        env = "OVERPAY_EXPORTER_SHARD_TOTAL",
        value_name = "N",
        default_value = "1",
        value_parser = shard_total
    )]
    pub shard_total: NonZeroU32,
}

/// The number of a shard, or that behind the last hyphen of a pod's name: a stateful set counts its pods from 0.
fn shard_index(text: &str) -> Result<u32, String> {
    let number = match text.rsplit_once('-') {
        Some((set, ordinal)) if !set.is_empty() => ordinal,
        Some(_) => "",
        None => text,
    };
    whole(number).ok_or_else(|| {
        "write the number of the shard, from 0, or the name of a StatefulSet's pod, which ends in it, as \
         overpay-exporter-3"
            .to_owned()
    })
}

fn shard_total(text: &str) -> Result<NonZeroU32, String> {
    let total = whole(text).and_then(NonZeroU32::new).filter(|total| total.get() <= MOST_SHARDS);
    total.ok_or_else(|| format!("write a whole number from 1 to {MOST_SHARDS}"))
}

/// A number of digits alone.
fn whole(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The flags of `serve`.
#[derive(Args, Clone, Debug)]
#[expect(missing_docs, reason = "the groups document themselves")]
pub struct ServeFlags {
    #[command(flatten)]
    pub config: ConfigFlags,
    #[command(flatten)]
    pub watch: WatchFlags,
    #[command(flatten)]
    pub web: WebFlags,
    #[command(flatten)]
    pub shard: ShardFlags,
}

impl ServeFlags {
    /// Takes the values of other flags, where they are given.
    fn take_over(&mut self, other: &Self, given: impl Fn(&str) -> bool) {
        if given("config_file") {
            self.config = other.config.clone();
        }
        if given("config_watch") {
            self.watch = other.watch;
        }
        if given("listen_address") {
            self.web.listen_address.clone_from(&other.web.listen_address);
        }
        if given("web_config_file") {
            self.web.web_config_file.clone_from(&other.web.web_config_file);
        }
        if given("systemd_socket") {
            self.web.systemd_socket = other.web.systemd_socket;
        }
        if given("enable_lifecycle") {
            self.web.enable_lifecycle = other.web.enable_lifecycle;
        }
        if given("telemetry_path") {
            self.web.telemetry_path.clone_from(&other.web.telemetry_path);
        }
        if given("route_prefix") {
            self.web.route_prefix.clone_from(&other.web.route_prefix);
        }
        if given("shard_index") {
            self.shard.shard_index = other.shard.shard_index;
        }
        if given("shard_total") {
            self.shard.shard_total = other.shard.shard_total;
        }
    }
}

/// The flags of `check`.
#[derive(Args, Clone, Debug)]
#[expect(missing_docs, reason = "the groups document themselves")]
pub struct CheckFlags {
    #[command(flatten)]
    pub config: ConfigFlags,
    /// A web configuration file to check too.
    #[arg(long = "web.config.file", env = "OVERPAY_EXPORTER_WEB_CONFIG_FILE", value_name = "FILE")]
    pub web_config_file: Option<PathBuf>,
    /// Reads no secret key, and none of the certificates and keys that a web configuration names: for where they are
    /// not, as in a pipeline.
    #[arg(long = "no-secrets", env = "OVERPAY_EXPORTER_NO_SECRETS")]
    pub no_secrets: bool,
    /// For so many shards, how many queries each of them asks.
    #[arg(
        long = "shard.total",
        env = "OVERPAY_EXPORTER_SHARD_TOTAL",
        value_name = "N",
        default_value = "1",
        value_parser = shard_total
    )]
    pub shard_total: NonZeroU32,
}

/// The flags of `query`.
#[derive(Args, Clone, Debug)]
pub struct QueryFlags {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigFlags,
    /// How to write the answers. raw: status, headers and body with secrets and accounts taken out, for a support
    /// ticket.
    #[arg(long, env = "OVERPAY_EXPORTER_OUTPUT", default_value = "table")]
    pub output: Output,
    /// Only the queries of this shop.
    #[arg(long, env = "OVERPAY_EXPORTER_SHOP", value_name = "NAME")]
    pub shop: Option<String>,
    /// Only the query of this name.
    #[arg(long, env = "OVERPAY_EXPORTER_QUERY", value_name = "NAME")]
    pub query: Option<String>,
}

/// How `query` writes the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table for people.
    Table,
    /// One JSON document.
    Json,
    /// What came back, without secrets and accounts.
    Raw,
}

/// The flags of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoFlags {
    /// Where and what to serve.
    #[command(flatten)]
    pub web: WebFlags,
}

/// The flags of `simulate`.
#[derive(Args, Clone, Debug)]
pub struct SimulateFlags {
    /// The address to listen on. Port 0 takes a free one.
    #[arg(
        long,
        env = "OVERPAY_EXPORTER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9400",
        value_parser = listen_address
    )]
    pub listen: SocketAddr,
    /// The scenario to play; a built-in one unless given.
    #[arg(long = "scenario.file", env = "OVERPAY_EXPORTER_SCENARIO_FILE", value_name = "FILE")]
    pub scenario_file: Option<PathBuf>,
}

/// The flags of `health`.
#[derive(Args, Clone, Debug)]
pub struct HealthFlags {
    /// The address of the exporter, route prefix included; with https, the system's roots have to certify it. A user and
    /// a password in it are sent.
    #[arg(long, env = "OVERPAY_EXPORTER_URL", default_value = "http://127.0.0.1:10119", value_parser = http_url)]
    pub url: url::Url,
}

fn http_url(text: &str) -> Result<url::Url, String> {
    let url: Option<url::Url> = text.parse().ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| "write an address with its scheme, as http://127.0.0.1:10119".to_owned())
}

#[cfg(test)]
mod tests;
