//! Fuzzes the reader of HTTP Basic.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::http_basic::check(input));
