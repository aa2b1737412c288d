//! The reference of all families, as a page for people.

use std::fmt::Write as _;

use super::families::ALL;

/// The text of `docs/metrics.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\n\
         <!-- Generated from the code by `make docs`; a test holds the two equal. -->\n\n\
         Names, labels and meanings change only with a major version. Amounts are in **major** units of the series' \
         `currency`, timestamps in Unix seconds, durations in seconds. `gateway`, `channel`, `account` and `currency` \
         are what the *answer* says. A label without a value is left out. No sample carries a timestamp of its own.\n\n\
         | family | type | labels | meaning |\n|---|---|---|---|\n",
    );
    for family in ALL {
        let labels = family.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(" ");
        // Writing to a string does not fail.
        let _ = writeln!(page, "| `{}` | {} | {labels} | {} |", family.name, family.kind.as_str(), family.help);
    }
    page
}
