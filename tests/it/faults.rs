//! The fault matrix of `docs/reliability.md`: each fault made for real, against each API, in one run of the real program.
//!
//! A [`row::Row`] is a fault and what is promised meanwhile. `run` lets every cell be answered well, injects all faults at
//! once, heals them again and keeps what the exporter showed and wrote; `judge` holds each cell to its row. Every cell
//! has a host of its own, and so disturbs no other; that is asserted too.

/// Makes a test of each cell, named `row::api`, and `TESTED`, which lists them.
macro_rules! cells {
    (@apis all) => { &["channel_balances", "gateway_balance", "beyag_balance"] };
    (@apis [$($api:ident)+]) => { &[$(stringify!($api)),+] };
    (@tests $row:ident all) => { cells!(@tests $row [channel_balances gateway_balance beyag_balance]); };
    (@tests $row:ident [$($api:ident)+]) => {
        mod $row {
            $(
                #[test]
                fn $api() {
                    crate::faults::judge::cell(stringify!($row), stringify!($api));
                }
            )+
        }
    };
    ($($row:ident: $apis:tt;)+) => {
        /// The cells that are tested, by row.
        pub(super) const TESTED: &[(&str, &[&str])] = &[$((stringify!($row), cells!(@apis $apis))),+];

        $(cells!(@tests $row $apis);)+
    };
}

mod answers;
mod body;
mod certificates;
mod connection;
mod currencies;
mod evidence;
mod fields;
mod host;
mod http;
mod judge;
mod page;
mod proxy;
mod redirects;
mod refusals;
mod row;
mod run;
mod secrets;
mod tls;

use self::row::Row;

/// A part of the matrix: its heading, its rows, and the cells that have a test.
struct Group {
    module: &'static str,
    heading: &'static str,
    rows: Vec<Row>,
    tested: &'static [(&'static str, &'static [&'static str])],
}

/// The whole matrix, in the order of the page.
fn groups() -> Vec<Group> {
    let group = |module, heading, rows, tested| Group { module, heading, rows, tested };
    vec![
        group("connection", "The connection", connection::rows(), connection::TESTED),
        group("tls", "TLS", tls::rows(), tls::TESTED),
        group("proxy", "A proxy on the way", proxy::rows(), proxy::TESTED),
        group("http", "HTTP", http::rows(), http::TESTED),
        group("redirects", "Redirects", redirects::rows(), redirects::TESTED),
        group("refusals", "Refusals, by code and by HTTP status", refusals::rows(), refusals::TESTED),
        group("body", "The body", body::rows(), body::TESTED),
        group("fields", "Wrong types", fields::rows(), fields::TESTED),
        group("currencies", "Amounts, currencies and rows", currencies::rows(), currencies::TESTED),
    ]
}

/// Every row of the matrix.
fn rows() -> Vec<Row> {
    groups().into_iter().flat_map(|group| group.rows).collect()
}
