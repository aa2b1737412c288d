//! `docs/operations.md` tells of every line that the program itself may write into its log, and of no other.
//!
//! The messages are found in the source by what stands in the macros that log: the one text among their arguments. What
//! is told at trace level is for those who have the source before them, and is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::tokens::{Token, tokens};

/// The macros that log, each named after its level.
const LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];
/// What logs too, and has its message where it would not be found.
const OTHERS: [&str; 2] = ["event", "log"];

/// The levels of each message.
type Lines = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_table_of_the_log_holds_every_message_of_the_source_and_no_other() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let logged = logged_below(&root.join("src"))?;
    let told = told(&fs::read_to_string(root.join("docs/operations.md"))?);
    let lacking: Vec<_> = logged.iter().filter(|(message, levels)| told.get(*message) != Some(*levels)).collect();
    let invented: Vec<_> = told.keys().filter(|message| !logged.contains_key(*message)).collect();
    assert!(lacking.is_empty(), "docs/operations.md does not tell of these, or not at these levels: {lacking:#?}");
    assert!(invented.is_empty(), "docs/operations.md tells of these, which the program does not log: {invented:#?}");
    Ok(())
}

fn logged_below(folder: &Path) -> io::Result<Lines> {
    let mut lines = Lines::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let of_it = if path.is_dir() {
            logged_below(&path)?
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let fault = |fault| io::Error::other(format!("{}: {fault}", path.display()));
            logged(&fs::read_to_string(&path)?).map_err(fault)?
        } else {
            continue;
        };
        for (message, levels) in of_it {
            lines.entry(message).or_default().extend(levels);
        }
    }
    Ok(lines)
}

/// What a source file logs.
fn logged(source: &str) -> Result<Lines, String> {
    let tokens = tokens(source);
    let mut lines = Lines::new();
    for (at, window) in tokens.windows(3).enumerate() {
        let [Token::Word(name), Token::Mark('!'), Token::Mark('(' | '[' | '{')] = window else { continue };
        if OTHERS.contains(&name.as_str()) {
            return Err(format!("{name}! has no level in its name; write {LEVELS:?}"));
        }
        if LEVELS.contains(&name.as_str()) {
            let message = message(&tokens[at + 2..]).map_err(|fault| format!("{name}! {fault}"))?;
            lines.entry(message).or_default().insert(name.clone());
        }
    }
    Ok(lines)
}

/// The message of a macro's arguments, which begin with their bracket: the text that is an argument of its own.
fn message(arguments: &[Token]) -> Result<String, &'static str> {
    let mut depth = 0;
    let mut found = None;
    for (at, token) in arguments.iter().enumerate() {
        match token {
            Token::Mark('(' | '[' | '{') => depth += 1,
            Token::Mark(')' | ']' | '}') => depth -= 1,
            Token::Text(text) if depth == 1 => {
                let is_an_argument = matches!(arguments[at - 1], Token::Mark('(' | '[' | '{' | ','));
                if is_an_argument && found.replace(text).is_some() {
                    return Err("has two messages");
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let message = found.ok_or("has no message")?;
    if message.contains(['{', '`', '|', '\n']) {
        return Err("has a message that is put together or can't stand in a table; write what differs into fields");
    }
    Ok(message.clone())
}

/// What the page tells: the rows of the tables below its heading of the log.
fn told(page: &str) -> Lines {
    let behind_heading = page.split_once("\n## Lines of the log\n").unwrap_or_default().1;
    let section = behind_heading.split("\n## ").next().unwrap_or_default();
    let mut lines = Lines::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let (message, levels) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
        let levels = levels.split(", ").map(str::to_owned).collect();
        let message = message.trim_matches('`').to_owned();
        assert!(lines.insert(message, levels).is_none(), "told twice: {row}");
        assert!(cells.filter(|cell| !cell.is_empty()).count() >= 2, "no meaning, or nothing to do: {row}");
    }
    lines
}

/// The levels of a message; none where it was not found.
fn levels<'a>(lines: &'a Lines, message: &str) -> Vec<&'a str> {
    lines.get(message).into_iter().flatten().map(String::as_str).collect()
}

#[test]
fn a_message_is_found_behind_fields_over_lines_and_in_other_macros() {
    let source = r#"
        fn shown() {
            info!("alone");
            tracing::warn!(%error, "behind a field",);
            error!(
                addresses = addresses.join(" "),
                quoted = "a value",
                "over \
                 lines, with \"quotes\""
            );
            assert!(seen(|error| debug!(%error, "within another")));
            warn!["in other brackets"];
        }
    "#;
    let found = logged(source).unwrap();
    assert_eq!(levels(&found, "alone"), ["info"]);
    assert_eq!(levels(&found, "behind a field"), ["warn"]);
    assert_eq!(levels(&found, "over lines, with \"quotes\""), ["error"]);
    assert_eq!(levels(&found, "within another"), ["debug"]);
    assert_eq!(levels(&found, "in other brackets"), ["warn"]);
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn a_message_at_two_levels_has_both() {
    let found = logged(r#"fn f() { error!("failing"); warn!(%query, "failing") }"#).unwrap();
    assert_eq!(levels(&found, "failing"), ["error", "warn"]);
}

#[test]
fn what_only_looks_like_a_line_of_the_log_is_none() {
    let source = r##"
        // error!("in a comment")
        /* warn!("in /* another */ one") */
        /// info!("in documentation")
        #[error("of a type")]
        fn shown<'a>(text: &'a str) -> char {
            let (quote, escaped, bytes) = ('"', '\'', b'"');
            let text = "info!(\"in a text\")";
            let raw = r#"warn!("in a raw one")"#;
            trace!("at trace level");
            if error != text { quote } else { escaped }
        }
    "##;
    assert_eq!(logged(source).unwrap(), Lines::new());
}

#[test]
fn a_line_without_a_message_of_its_own_is_refused() {
    assert_eq!(logged("fn f() { error!(%error) }").unwrap_err(), "error! has no message");
    assert_eq!(logged(r#"fn f() { warn!(why = "a value") }"#).unwrap_err(), "warn! has no message");
    assert_eq!(logged(r#"fn f() { info!("one", "two") }"#).unwrap_err(), "info! has two messages");
    assert!(logged(r#"fn f() { info!("{count} queries") }"#).unwrap_err().contains("put together"));
    assert!(logged(r#"fn f() { tracing::event!(Level::WARN, "so") }"#).unwrap_err().contains("level in its name"));
}
