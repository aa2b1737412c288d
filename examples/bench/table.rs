//! Figures and how they are told: a table of Markdown, and below it what each process used.

use std::fmt::Write as _;
use std::time::Duration;

use crate::process::Usage;

/// A line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) what: String,
    /// What the exporter needs, and what is beside it.
    pub(crate) exporter: String,
    pub(crate) beside: String,
    pub(crate) ratio: String,
    pub(crate) aim: &'static str,
}

/// What one process used while something was measured.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) what: String,
    pub(crate) length: Duration,
    pub(crate) usage: Usage,
}

/// All that was measured so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
    used: Vec<Used>,
}

impl Table {
    /// Adds a figure that stands beside another, and their ratio.
    pub(crate) fn compare(
        &mut self,
        what: impl Into<String>,
        unit: &str,
        exporter: f64,
        beside: f64,
        aim: &'static str,
    ) {
        let beside_text = format!("{beside:.2} {unit}");
        let ratio = format!("{:.2} : 1", exporter / beside);
        self.line(what, format!("{exporter:.2} {unit}"), beside_text, ratio, aim);
    }

    /// Adds a figure that stands alone.
    pub(crate) fn figure(&mut self, what: impl Into<String>, exporter: impl Into<String>, aim: &'static str) {
        self.line(what, exporter, String::new(), String::new(), aim);
    }

    pub(crate) fn line(
        &mut self,
        what: impl Into<String>,
        exporter: impl Into<String>,
        beside: String,
        ratio: String,
        aim: &'static str,
    ) {
        let line = Line { what: what.into(), exporter: exporter.into(), beside, ratio, aim };
        eprintln!("{}: {} {} {}", line.what, line.exporter, line.beside, line.ratio);
        self.lines.push(line);
    }

    /// Notes what a process used.
    pub(crate) fn used(&mut self, what: impl Into<String>, length: Duration, usage: Usage) {
        self.used.push(Used { what: what.into(), length, usage });
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = "| what | exporter | beside it | ratio | aim |\n|---|---|---|---|---|\n".to_owned();
        for Line { what, exporter, beside, ratio, aim } in &self.lines {
            writeln!(text, "| {what} | {exporter} | {beside} | {ratio} | {aim} |")?;
        }
        text.push_str("\n| process, while | s | CPU s | user | system | resident | peak | switches |\n");
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for Used { what, length, usage } in &self.used {
            let Usage { cpu, user, system, switches, resident, peak } = *usage;
            let (length, cpu) = (length.as_secs_f64(), cpu.as_secs_f64());
            let (resident, peak) = (mebibytes(resident), mebibytes(peak));
            writeln!(
                text,
                "| {what} | {length:.1} | {cpu:.3} | {user:.2} | {system:.2} | {resident} | {peak} | {switches} |"
            )?;
        }
        f.write_str(&text)
    }
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The median of some numbers.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
