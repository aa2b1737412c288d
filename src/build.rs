//! What this program was built from.

/// Its version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The revision of its source, or `unknown` where it was not built from a checkout.
pub const REVISION: &str = env!("BUILD_REVISION");
/// The compiler's version.
pub const RUST_VERSION: &str = env!("BUILD_RUST_VERSION");
/// What it was built for, as `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("BUILD_TARGET");
/// What `--version` prints behind the program's name.
pub const DESCRIPTION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (revision ",
    env!("BUILD_REVISION"),
    ", ",
    env!("BUILD_TARGET"),
    ", rustc ",
    env!("BUILD_RUST_VERSION"),
    ")"
);
