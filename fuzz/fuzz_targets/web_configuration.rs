//! Fuzzes the function of its name.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::web_configuration::check(input));
