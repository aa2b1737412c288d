//! The sockets that systemd listens on in the exporter's stead.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;

/// systemd has passed no socket that can be served.
#[derive(Debug, thiserror::Error)]
pub enum PassedError {
    /// None at all.
    #[error(
        "systemd has passed no socket; start the exporter by a .socket unit with ListenStream=, or listen with \
         --web.listen-address in place of --web.systemd-socket"
    )]
    None,
    /// One of another kind, or one that is broken.
    #[error(
        "socket {number} of those that systemd has passed: {source}; write ListenStream= with a TCP port in the .socket unit"
    )]
    Unusable {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        source: io::Error,
    },
    /// A connection, which another has been accepted on.
    #[error("socket {number} of those that systemd has passed is a connection; write Accept=no in the .socket unit")]
    Connected {
        /// Its number, from 1.
        number: usize,
    },
}

/// The TCP sockets that systemd has passed to this process, one at least, all of them non-blocking. They can be taken
/// once.
pub fn sockets() -> Result<Vec<TcpListener>, PassedError> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::with_capacity(passed.len());
    for number in 1..=passed.len() {
        let unusable = |source| PassedError::Unusable { number, source };
        if let Some(listener) = passed.take_tcp_listener(number - 1).map_err(unusable)? {
            if !rustix::net::sockopt::socket_acceptconn(&listener).map_err(|errno| unusable(errno.into()))? {
                return Err(PassedError::Connected { number });
            }
            // systemd passes them as they are, and the runtime refuses those that block.
            listener.set_nonblocking(true).map_err(unusable)?;
            listeners.push(listener);
        }
    }
    if listeners.is_empty() { Err(PassedError::None) } else { Ok(listeners) }
}
