//! Judges what was logged: what changed, once, and not every poll.

use std::time::Duration;

use super::Judge;
use crate::faults::evidence::unix;
use crate::faults::row::{Balance, Sibling, Wait};

impl Judge<'_> {
    /// The fault is told once, and so is its end.
    pub(super) fn log(&self) {
        let mut told = self.told(self.cell.api.name()).into_iter();
        if let Some(reason) = self.row.reason {
            let line = told.next().expect("the failure was told");
            assert!(line.contains("level=warn") && line.contains("message=\"query failing\""), "{line}");
            assert!(line.contains(&format!("reason={reason} ")), "{line}");
            self.log_of_host(&line);
            let recovery = told.next();
            assert!(recovery.is_some() || !self.row.recovers(), "the recovery was told");
            if let Some(line) = recovery {
                assert!(line.contains("level=info") && line.contains("message=\"query recovered\""), "{line}");
            }
        } else {
            let line = told.next().expect("the rows withheld were told");
            assert!(line.contains("level=warn") && line.contains("message=\"rows of the answer withheld\""), "{line}");
        }
        let more: Vec<String> = told.collect();
        assert!(more.is_empty(), "{more:?}");
        if self.row.sibling == Sibling::GoesOn {
            let told = self.told(&format!("{}-sibling", self.cell.api.name()));
            assert!(told.is_empty(), "{told:?}");
        }
    }

    /// What is told of the host, once, beside the query whose failure that line tells.
    fn log_of_host(&self, line: &str) {
        let host = line.split_once(" host=").and_then(|(_, rest)| rest.split_once(' ')).expect("the line has it").0;
        let count = |text: &str| {
            let lines = self.evidence.lines.iter().filter(|line| time(line) >= self.evidence.faulty);
            let of_host = |line: &&String| line.contains(&format!(" host={host}")) && line.contains(text);
            lines.filter(of_host).filter(|line| !line.contains(" query=")).count()
        };
        let limited = matches!(self.row.wait, Wait::Limited(_) | Wait::LimitedDoubling);
        // Once for each limit; a good answer to the sibling ends one.
        assert_eq!(count("requests limited") > 0, limited, "a limit is told");
        let gone = usize::from(self.row.sibling == Sibling::Circuit);
        assert_eq!(count("host can\\'t be reached"), gone, "a host that is gone is told once");
        assert_eq!(count("host reached again"), gone, "and that it is back");
    }

    /// The lines about a query since the fault began.
    fn told(&self, query: &str) -> Vec<String> {
        let query = format!(" query={}/{query} ", self.row.name);
        let begun = if self.row.balance == Balance::Never { 0.0 } else { self.evidence.faulty };
        let lines = self.evidence.lines.iter().filter(|line| line.contains(&query));
        lines.filter(|line| time(line) >= begun).cloned().collect()
    }
}

/// When a line was written.
fn time(line: &str) -> f64 {
    let time = line.strip_prefix("ts=").and_then(|rest| rest.split_once(' ')).map(|(time, _)| time);
    time.and_then(|time| humantime::parse_rfc3339(time).ok()).map_or(Duration::ZERO.as_secs_f64(), unix)
}
