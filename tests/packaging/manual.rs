//! The man pages and the completions, as `examples/manual` writes them.

use std::process::Command;

use super::{commands, flags};

#[path = "../../examples/manual/main.rs"]
#[expect(dead_code, reason = "the program's `main` is for packages")]
mod source;

/// The page of a command as a reader sees it, on one line: without marks of type and with the characters as they are.
fn page(command: &str) -> String {
    let dash = if command.is_empty() { "" } else { "-" };
    let pages = source::pages(None).expect("pages");
    let page = pages.get(&format!("man/overpay_exporter{dash}{command}.1")).expect("a page for each command");
    let marks = [(r"\fB", ""), (r"\fI", ""), (r"\fR", ""), (r"\-", "-"), (r"\*(Aq", "'"), (r"\&", ""), (r"\\", r"\")];
    let plain = marks.iter().fold(page.clone(), |text, (mark, plain)| text.replace(mark, plain));
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_command_has_a_page_and_no_other() {
    let commands = commands();
    assert!(commands.len() > 4, "{commands:?}");
    assert_eq!(source::pages(None).expect("pages").len(), commands.len() + 1);
    for command in &commands {
        assert!(page(command).contains(&format!(".SH NAME overpay_exporter-{command} - ")), "{command}");
        assert!(page("").contains(&format!("overpay_exporter-{command}(1)")), "{command}");
    }
}

#[test]
fn every_flag_of_help_stands_in_its_page_with_the_same_words() {
    let mut held = 0;
    for command in commands().iter().map(String::as_str).chain([""]) {
        let page = page(command);
        for (name, flag) in flags(command) {
            assert!(page.contains(&format!(".TP {name} ")) || page.contains(&format!(", {name} ")), "{command} {name}");
            assert!(!flag.text.is_empty() && page.contains(&flag.text), "{command} {name}: {}", flag.text);
            if let Some(default) = flag.default {
                assert!(page.contains(&format!("[default: {default}]")), "{command} {name}: {default}");
            }
            if let Some(variable) = flag.variable {
                assert!(page.contains(&variable), "{command} {name}: {variable}");
            }
            held += 1;
        }
    }
    assert!(held > 40, "only {held} flags were found");
}

#[test]
fn a_page_tells_what_people_look_for_in_one_of_a_daemon() {
    for command in ["", "serve"] {
        for section in ["SYNOPSIS", "DESCRIPTION", "SIGNALS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
            assert!(
                page(command).contains(&format!(".SH \"{section}\""))
                    || page(command).contains(&format!(".SH {section}"))
            );
        }
    }
}

#[test]
fn pages_and_completions_depend_on_nothing_but_the_date_they_are_given() {
    let dated = source::pages(Some("1795000000")).expect("pages");
    for (name, page) in source::pages(None).expect("pages") {
        assert!(!page.contains(overpay_exporter::build::REVISION), "{name} tells the revision");
        let head = page.lines().next().expect("a head").replacen(" \"\" ", " \"2026-11-18\" ", 1);
        let expected = format!("{head}\n{}", page.split_once('\n').expect("more lines").1);
        assert_eq!(dated[&name], expected);
        assert!(expected.contains("2026-11-18"), "{name}");
    }
    for (name, text) in source::completions() {
        assert!(!text.contains(overpay_exporter::build::REVISION), "{name} tells the revision");
    }
    assert!(source::pages(Some("yesterday")).is_err());
}

/// What bash offers for the last of these words.
fn completed(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("overpay_exporter");
    std::fs::write(&file, &source::completions()["bash/overpay_exporter"]).expect("written");
    let script = r#"
        . "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        function=$(complete -p overpay_exporter | sed 's/.* -F \([^ ]*\).*/\1/')
        "$function" overpay_exporter "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output =
        Command::new("bash").args(["-c", script, "bash"]).arg(&file).args(words).output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    assert_eq!(completed(&["overpay_exporter", "ch"]), ["check"]);
    assert_eq!(completed(&["overpay_exporter", "serve", "--web.en"]), ["--web.enable-lifecycle"]);
    assert_eq!(completed(&["overpay_exporter", "query", "--output", ""]), ["table", "json", "raw"]);
}

#[test]
fn fish_is_given_no_flag_with_a_dot_to_find_the_command_by() {
    let text = &source::completions()["fish/overpay_exporter.fish"];
    let flags = text.lines().find(|line| line.contains("string join")).expect("the flags before a command");
    assert!(flags.contains(" web-listen-address= ") && !flags.contains('.'), "{flags}");
    assert!(text.contains("argparse -s (__fish_overpay_exporter_global_optspecs) -- (string replace -a . - -- $cmd)"));
}
