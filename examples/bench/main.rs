//! Measures the release build against its own simulator, beside nginx and a bare client: `scripts/bench`.
//!
//! Each side is a process of its own, and all that is told of one is what the system says of it: the program is not asked to
//! measure itself, but for how many polls it made and how late they were. What is compared is measured in turn in one run;
//! what is told is the median.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded for people")]

mod exposition;
mod fleet;
mod nginx;
mod peers;
mod polls;
mod process;
mod scraper;
mod scrapes;
mod small;
mod stage;
mod table;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use self::stage::Programs;
use self::table::Table;

/// Measures one thing, or all.
#[derive(Debug, Parser)]
struct Flags {
    /// What to measure.
    #[arg(default_value = "all")]
    what: Vec<What>,
    /// Shorter and fewer runs, for trying out.
    #[arg(long)]
    quick: bool,
    /// How many queries `platform` has.
    #[arg(long)]
    queries: Option<usize>,
    /// The exporter, as it is handed out.
    #[arg(long, default_value = "target/release/overpay_exporter")]
    exporter: PathBuf,
    /// The Python that runs the scripts of `peers`.
    #[arg(long, default_value = "target/bench/python/bin/python")]
    python: PathBuf,
    /// Where `by-number` writes its figures.
    #[arg(long, default_value = "target/bench/by-number.csv")]
    csv: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// All of these.
    All,
    /// A scrape when nothing changed, beside nginx.
    Unchanged,
    /// Fifty scrapers at once, beside nginx.
    Crowd,
    /// A scrape when everything changed.
    Changed,
    /// A poll, beside a bare client.
    Poll,
    /// How fast the simulator is.
    Simulator,
    /// A hundred thousand queries a minute.
    Platform,
    /// Ten queries.
    Idle,
    /// From the start to the first whole scrape.
    Start,
    /// The size of the program.
    Size,
    /// What a query costs, from a hundred to a hundred thousand.
    ByNumber,
    /// What people would run instead; not one of `all`.
    Peers,
}

/// How to measure.
#[derive(Clone, Debug)]
struct Bench {
    programs: Programs,
    quick: bool,
    queries: Option<usize>,
}

impl Bench {
    /// How often what is compared by rates or processor time is measured.
    const fn runs(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    // What runs is ended then, too.
    tokio::select! {
        ended = measure(flags) => ended,
        _ = interrupted.recv() => anyhow::bail!("interrupted"),
        _ = terminated.recv() => anyhow::bail!("terminated"),
    }
}

async fn measure(flags: Flags) -> anyhow::Result<()> {
    let programs = Programs { exporter: flags.exporter, bare: std::env::current_exe()?.with_file_name("bare_client") };
    let bench = Bench { programs, quick: flags.quick, queries: flags.queries };
    let mut table = Table::default();
    let every = What::value_variants().iter().filter(|what| ![What::All, What::Peers].contains(what));
    let whats: Vec<What> = if flags.what.contains(&What::All) { every.copied().collect() } else { flags.what };
    for what in whats {
        match what {
            What::All => {}
            What::Unchanged => {
                for channels in [10_000, 100_000] {
                    scrapes::unchanged(&bench, channels, &mut table).await?;
                }
            }
            What::Crowd => scrapes::crowd(&bench, &mut table).await?,
            What::Changed => {
                for channels in [10_000, 100_000] {
                    scrapes::changed(&bench, channels, &mut table).await?;
                }
            }
            What::Poll => {
                for tls in [false, true] {
                    polls::cost_of_one(&bench, tls, &mut table).await?;
                }
            }
            What::Simulator => polls::simulator(&bench, &mut table).await?,
            What::Platform => polls::platform(&bench, &mut table).await?,
            What::Idle => small::idle(&bench, &mut table).await?,
            What::Start => small::start(&bench, &mut table).await?,
            What::Size => small::size(&bench, &mut table)?,
            What::Peers => peers::peers(&bench, &flags.python, &mut table).await?,
            What::ByNumber => polls::cost_by_number(&bench, &flags.csv, &mut table).await?,
        }
    }
    println!("{table}");
    Ok(())
}
