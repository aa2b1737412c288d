//! systemd: the sockets it hands over, and what it is told of how the exporter is.
//!
//! Knows the protocols alone: neither who serves the sockets, nor what is alive.

mod notifier;
mod sockets;

pub use self::notifier::Notifier;
pub use self::sockets::{PassedError, sockets};
