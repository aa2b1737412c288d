//! Tells the program what it is built from.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=OVERPAY_EXPORTER_REVISION");
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let revision = env::var("OVERPAY_EXPORTER_REVISION").ok();
    let revision = revision.or_else(|| output("git", &["rev-parse", "--short=12", "HEAD"]));
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rust_version = output(&rustc, &["--version"]).and_then(|text| Some(text.split(' ').nth(1)?.to_owned()));
    let unknown = || "unknown".to_owned();
    println!("cargo::rustc-env=BUILD_REVISION={}", revision.unwrap_or_else(unknown));
    println!("cargo::rustc-env=BUILD_RUST_VERSION={}", rust_version.unwrap_or_else(unknown));
    println!("cargo::rustc-env=BUILD_TARGET={}", env::var("TARGET").unwrap_or_else(|_| unknown()));
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
