//! The files in `alerts/`: made of one source, taken by Prometheus, tested, and explained to those who get
//! an alert. What Alertmanager makes of them is told by `alertmanager`, all of it with a real exporter by `alerting`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::process::Command;

use super::exporter::text;

pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a program in the project's folder to its end.
async fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    command.output().await.unwrap_or_else(|error| panic!("{program}: {error}; `make debian-packages` installs it"))
}

/// What a program that must succeed writes.
pub(crate) async fn said(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments).await;
    let said = text(&output.stdout);
    assert!(output.status.success(), "{program} {arguments:?}: {said}{}", text(&output.stderr));
    said
}

/// The rules with these parameters in place of the shipped ones.
pub(crate) async fn rules(parameters: &[&str]) -> String {
    said("alerts/generate", parameters).await
}

/// An alerting rule as the shipped file has it: its severity, and its lines.
pub(crate) struct Rule<'a> {
    pub(crate) alert: &'a str,
    pub(crate) severity: &'a str,
    lines: &'a str,
}

pub(crate) fn alerting_rules(rules: &str) -> Vec<Rule<'_>> {
    let blocks = rules.split("      - ").filter_map(|block| block.strip_prefix("alert: "));
    let rules = blocks.map(|lines| Rule {
        alert: lines.lines().next().expect("a name"),
        severity: lines.split("severity: ").last().and_then(|rest| rest.lines().next()).expect("a severity"),
        lines,
    });
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 25, "only {} alerts found", rules.len());
    rules
}

fn test_files() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(project("alerts/tests")).expect("a folder");
    let mut files: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn the_generated_rules_are_what_their_source_says() {
    let again = "run `make alerts`";
    assert!(rules(&[]).await == read("alerts/overpay.rules.yml"), "{again}");
    assert!(rules(&["--kubernetes"]).await == read("alerts/kubernetes/prometheusrule.yml"), "{again}");
}

#[test]
fn kubernetes_gets_the_same_rules() {
    let spec: String = read("alerts/overpay.rules.yml")
        .lines()
        .skip(1)
        .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
        .collect();
    assert!(read("alerts/kubernetes/prometheusrule.yml").ends_with(&format!("spec:\n{spec}")));
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused() {
    let output = run("alerts/generate", &["jop=payouts"]).await;
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(text(&output.stderr).contains("there is no parameter `jop`"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn an_interval_that_is_no_duration_is_refused() {
    let output = run("alerts/generate", &["interval=90"]).await;
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(
        text(&output.stderr).contains("`interval=90` is no duration; write one as 30s, 1m or 6h"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn every_parameter_is_used_and_documented() {
    let folder = std::fs::read_dir(project("alerts/source")).expect("a folder");
    let sources: String =
        folder.map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("readable")).collect();
    for line in read("alerts/parameters").lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (name, value) = line.split_once('=').expect("name=value");
        let used = [format!("${{{name}}}"), format!("${{{name}_seconds}}")].iter().any(|used| sources.contains(used));
        assert!(used, "{name} is not used");
        let row = read("docs/alerts.md").lines().any(|row| row.starts_with(&format!("| `{name}` | `{value}` |")));
        assert!(row, "docs/alerts.md does not tell of {name} and its {value}");
    }
}

#[tokio::test]
async fn promtool_has_nothing_to_say_about_the_rules() {
    let said = said("promtool", &["check", "rules", "--lint=all", "--lint-fatal", "alerts/overpay.rules.yml"]).await;
    assert!(said.contains("SUCCESS"), "{said}");
}

/// Each alert's severities that some test expects to fire at some time, and those that one expects not to fire at another,
/// as `alert/severity`.
fn tested() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut firing, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for file in test_files() {
        let text = std::fs::read_to_string(file).expect("readable");
        for test in text.split("      - expr: 'ALERTS{alertname=\"").skip(1) {
            let alert = test.split('"').next().expect("a name");
            let expected: String = test.lines().skip(1).take_while(|line| line.starts_with("        ")).collect();
            for severity in ["critical", "warning", "info", "none"] {
                let fires = expected.contains(&format!("severity=\"{severity}\""));
                if fires { &mut firing } else { &mut silent }.insert(format!("{alert}/{severity}"));
            }
        }
    }
    (firing, silent)
}

#[test]
fn of_every_alert_it_is_tested_that_it_fires_that_it_does_not_at_another_time_and_what_it_says() {
    let rules = read("alerts/overpay.rules.yml");
    let (firing, silent) = tested();
    let texts: String = test_files().iter().map(|file| std::fs::read_to_string(file).expect("readable")).collect();
    for Rule { alert, severity, .. } in alerting_rules(&rules) {
        let rule = format!("{alert}/{severity}");
        assert!(firing.contains(&rule), "no test expects {rule} to fire");
        assert!(silent.contains(&rule) || alert == "OverpayWatchdog", "no test expects {rule} not to fire");
        let text = format!("      - alertname: {alert}\n");
        let told = texts.split(&text).skip(1).any(|rest| rest.lines().nth(1).is_some_and(|l| l.contains("exp_alerts")));
        assert!(told, "no test of what {alert} says");
    }
}

#[test]
fn every_alert_says_what_is_wrong_and_where_to_read_what_to_do() {
    let rules = read("alerts/overpay.rules.yml");
    let mut pages: BTreeSet<_> = std::fs::read_dir(project("docs/runbooks"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    let overview = read("docs/alerts.md");
    let mut explained = BTreeMap::new();
    for Rule { alert, severity, lines } in alerting_rules(&rules) {
        for annotation in ["summary", "description", "dashboard_url"] {
            assert!(lines.contains(&format!("          {annotation}: ")), "{alert} has no {annotation}");
        }
        let runbook = format!("runbook_url: https://example.com/overpay_exporter/docs/runbooks/{alert}.md\n");
        assert!(lines.contains(&runbook), "{alert} has no runbook_url");
        let page = explained.entry(alert).or_insert_with(|| {
            assert!(pages.remove(&format!("{alert}.md")), "no runbook of {alert}");
            read(&format!("docs/runbooks/{alert}.md"))
        });
        for heading in ["# ", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"] {
            assert!(page.lines().any(|line| line.starts_with(heading)), "the runbook of {alert} has no {heading}");
        }
        let row = overview.lines().find(|line| line.starts_with(&format!("| [{alert}](runbooks/{alert}.md) |")));
        assert!(row.is_some_and(|row| row.contains(severity)), "docs/alerts.md does not tell of {alert} ({severity})");
    }
    assert!(pages.is_empty(), "runbooks of no alert: {pages:?}");
}

/// With what numbers, and nothing else, an expression compares balances.
fn numbers_beside_balances(expression: &str) -> Vec<&str> {
    let sides: Vec<&str> = expression.split(['<', '>']).collect();
    let compared = sides.windows(2).filter(|sides| sides[0].trim_end().ends_with(":newest"));
    let beside = compared.map(|sides| sides[1].trim_start_matches('=').trim_start());
    let words = beside.map(|right| right.split([',', ')', '\n']).next().unwrap_or_default().trim());
    words.filter(|word| word.parse::<f64>().is_ok()).collect()
}

#[test]
fn no_threshold_is_in_a_rule() {
    for Rule { alert, lines, .. } in alerting_rules(&read("alerts/overpay.rules.yml")) {
        let expression = lines.split("        labels:").next().expect("an expression");
        for number in numbers_beside_balances(expression) {
            // Empty is empty, whoever asks.
            assert!(number == "0", "{alert} compares a balance with {number}");
        }
        let joins = expression.contains("_threshold:max") || expression.contains(":seconds_left <");
        let judges = ["Low", "Unknown", "Exhaustion", "SuddenDrop"].iter().any(|name| alert.ends_with(name));
        assert!(joins || !judges, "{alert}");
    }
}
