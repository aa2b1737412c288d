//! Writes the man pages and the completions of the command line: `cargo run --example manual FOLDER`.
//!
//! Flags and their texts are those of `--help`, for both come from `Cli::command()`; `sections` has what a page tells beside
//! them. It knows the command line, and nothing of what commands do. Nothing in the files depends on when or where they
//! are written, but for the pages' date, which is that of `SOURCE_DATE_EPOCH` and absent without it.

mod sections;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use overpay_exporter::build;
use overpay_exporter::cli::Cli;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("which folder to write to? cargo run --example manual FOLDER")?;
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok();
    for (name, text) in pages(epoch.as_deref())?.into_iter().chain(completions()) {
        let file = Path::new(&folder).join(&name);
        let parent = file.parent().context("a file in the folder")?;
        std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// The man pages by file: `man/overpay_exporter.1`, and one for each subcommand. `epoch` is their date, in seconds.
pub(crate) fn pages(epoch: Option<&str>) -> anyhow::Result<BTreeMap<String, String>> {
    let date = epoch.map(date).transpose()?.unwrap_or_default();
    let main = command();
    let commands = std::iter::once(&main).chain(main.get_subcommands());
    commands.map(|command| Ok((format!("man/{}.1", name(command)), page(command, &main, &date)?))).collect()
}

/// The completions, each in the folder that is its shell's and under the name by which the shell finds it.
pub(crate) fn completions() -> BTreeMap<String, String> {
    let shells = [
        (Shell::Bash, "bash/overpay_exporter"),
        (Shell::Zsh, "zsh/_overpay_exporter"),
        (Shell::Fish, "fish/overpay_exporter.fish"),
    ];
    let written = |shell| {
        let mut text = Vec::new();
        generate(shell, &mut Cli::command(), "overpay_exporter", &mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    let mut files: BTreeMap<_, _> = shells.map(|(shell, file)| (file.to_owned(), written(shell))).into();
    files.entry("fish/overpay_exporter.fish".to_owned()).and_modify(|text| *text = for_fish(text));
    files
}

/// The same with dashes where fish looks for the command among the words: its `argparse` takes no flag with a dot.
fn for_fish(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix(r"    string join \n ") {
        Some(flags) => format!("    string join \\n {}\n", flags.replace('.', "-")),
        None => format!("{}\n", line.replace("-- $cmd 2>/dev/null", "-- (string replace -a . - -- $cmd) 2>/dev/null")),
    };
    text.lines().map(line).collect()
}

/// The command line, every command with the flags it takes and with the usage that its `--help` gives.
fn command() -> Command {
    let mut command = Cli::command().disable_help_subcommand(true).subcommand_help_heading("COMMANDS");
    command.build();
    with_usage(command).mut_subcommands(with_usage)
}

fn with_usage(mut command: Command) -> Command {
    let usage = command.render_usage().to_string();
    command.override_usage(usage.trim_start_matches("Usage: ").to_owned())
}

fn page(command: &Command, main: &Command, date: &str) -> anyhow::Result<String> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    let title = name(command).to_uppercase();
    writeln!(
        page,
        r#".TH {title} 1 "{date}" "{} {}" "Payout headroom and balances""#,
        main.get_name(),
        build::VERSION
    )?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    sections::of(command, main).to_writer(&mut page)?;
    Ok(for_every_formatter(&String::from_utf8(page)?))
}

/// The same page without what a formatter may warn of or show wrongly: empty lines, and characters beyond ASCII.
fn for_every_formatter(page: &str) -> String {
    let plain = |character: char| match character {
        character if character.is_ascii() => character.to_string(),
        character => format!(r"\[u{:04X}]", u32::from(character)),
    };
    page.replace(".br\n\n.br\n", ".sp\n").chars().map(plain).collect()
}

/// The name of its page.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn date(epoch: &str) -> anyhow::Result<String> {
    let seconds = epoch.parse().with_context(|| format!("SOURCE_DATE_EPOCH is not a number of seconds: {epoch}"))?;
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    Ok(humantime::format_rfc3339_seconds(time).to_string().chars().take_while(|character| *character != 'T').collect())
}
