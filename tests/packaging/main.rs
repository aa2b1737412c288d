//! What the packages bring beside the program is true: man pages and completions say what the command line says, the
//! files for `/etc` can be used as they are, and what it is made of is told.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may assume")]

mod etc;
mod manual;
mod materials;

use std::collections::BTreeMap;
use std::process::Command;

/// A flag as `--help` shows it.
struct Flag {
    /// What it does, on one line.
    text: String,
    default: Option<String>,
    variable: Option<String>,
}

/// The commands that `--help` names.
fn commands() -> Vec<String> {
    let help = help(&[]);
    let list = help.split_once("\nCommands:\n").and_then(|(_, rest)| rest.split_once("\n\n")).expect("commands").0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// The flags that `--help` shows for a command, by name; those of the program itself for `""`.
fn flags(command: &str) -> BTreeMap<String, Flag> {
    let help = help(&[command].map(str::to_owned).into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>());
    let options = help.split_once("\nOptions:\n").expect("options").1;
    let begins = |line: &str| line.trim_start().starts_with('-') && line.len() - line.trim_start().len() <= 6;
    let lines: Vec<&str> = options.lines().collect();
    let mut flags = BTreeMap::new();
    for flag in lines.chunk_by(|_, next| !begins(next)) {
        let (head, body) = (flag[0], flag[1..].join(" "));
        let name = head.split([' ', ',']).find(|word| word.starts_with("--")).expect("a long name");
        let body: Vec<&str> = body.split_whitespace().collect();
        let body = body.join(" ");
        let noted = |note: &str| Some(body.split_once(&format!("[{note}: "))?.1.split_once(']')?.0.to_owned());
        let text = ["[default: ", "[env: ", "Possible values:"]
            .iter()
            .fold(body.as_str(), |text, note| text.split(note).next().unwrap_or_default());
        let (text, default) = (text.trim().to_owned(), noted("default"));
        let variable = noted("env").map(|variable| variable.trim_end_matches('=').to_owned());
        flags.insert(name.to_owned(), Flag { text, default, variable });
    }
    flags
}

fn help(command: &[String]) -> String {
    // A variable that is set would be shown with its value.
    let output = Command::new(env!("CARGO_BIN_EXE_overpay_exporter")).args(command).arg("--help").env_clear().output();
    let output = output.expect("the program starts");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}
