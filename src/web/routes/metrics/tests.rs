//! Which coding a client takes.

use hyper::header::{ACCEPT_ENCODING, HeaderMap, HeaderValue};

use super::accepts_gzip;

fn accepts(lines: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
    }
    accepts_gzip(&headers)
}

#[test]
fn who_names_no_coding_gets_none() {
    assert!(!accepts(&[]));
    assert!(!accepts(&[""]));
}

#[test]
fn gzip_is_taken_where_it_is_named() {
    for line in ["gzip", "GZip", " gzip ", "deflate, gzip;q=0.5, br", "gzip;q=1.0, identity; q=0.5", "gzip;q=0.001"] {
        assert!(accepts(&[line]), "{line}");
    }
}

#[test]
fn gzip_is_taken_where_everything_is() {
    for line in ["*", "br;q=1.0, *;q=0.1"] {
        assert!(accepts(&[line]), "{line}");
    }
}

#[test]
fn a_weight_of_0_refuses() {
    for line in ["gzip;q=0", "gzip; q=0.000", "gzip;Q=0", "*;q=0", "br, gzip;q=0"] {
        assert!(!accepts(&[line]), "{line}");
    }
}

#[test]
fn what_is_said_of_gzip_counts_more_than_what_is_said_of_everything() {
    assert!(!accepts(&["gzip;q=0, *"]));
    assert!(accepts(&["*;q=0, gzip"]));
}

#[test]
fn other_codings_are_no_gzip() {
    for line in ["identity", "deflate, br, zstd", "gzipped", "xgzip"] {
        assert!(!accepts(&[line]), "{line}");
    }
}

#[test]
fn a_weight_that_is_no_number_refuses() {
    assert!(!accepts(&["gzip;q=much"]));
}

#[test]
fn several_header_lines_are_one_list() {
    assert!(accepts(&["br", "gzip"]));
}
