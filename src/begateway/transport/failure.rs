//! What kind of failure an error of the HTTP client is.
//!
//! Its own text can hold addresses and headers, so none of it is kept but a cause that is known to be harmless.

use std::error::Error;
use std::io;

use crate::domain::failure::{Failure, Reason};

/// The characters of a TLS error that are kept: it lists the names of a certificate, of which there may be very many.
const TLS_DETAIL: usize = 300;
/// Neither this process nor this machine has a descriptor left.
const EMFILE_AND_ENFILE: [i32; 2] = [24, 23];

pub(super) fn failure(error: &reqwest::Error, host: &str) -> Failure {
    let causes = Causes { error };
    if let Some(cause) = causes.find::<rustls::Error>() {
        let cause: String = cause.to_string().chars().take(TLS_DETAIL).collect();
        return Failure::new(Reason::Tls, format!("TLS with {host} failed: {cause}"));
    }
    if error.is_timeout() {
        return if error.is_connect() {
            Failure::new(Reason::Connect, format!("{host} can't be reached: no connection in time"))
        } else {
            Failure::new(Reason::Timeout, format!("{host} did not answer in time"))
        };
    }
    if causes.are_of_http(error) {
        let detail = format!("the answer of {host} is not HTTP, or its head is too large");
        return Failure::new(Reason::MalformedResponse, detail);
    }
    if error.is_decode() && causes.find::<hyper::Error>().is_none() {
        return Failure::new(Reason::MalformedResponse, format!("the answer of {host} can't be decompressed"));
    }
    let what = match causes.last_io() {
        Some(error) if error.raw_os_error().is_some_and(|code| EMFILE_AND_ENFILE.contains(&code)) => {
            let detail = format!("no connection to {host}: {error}; allow this process more open files");
            return Failure::new(Reason::Internal, detail);
        }
        _ if error.is_dns() => "the name is not resolved".to_owned(),
        Some(error) => error.kind().to_string(),
        None if error.is_connect() => "no connection".to_owned(),
        None => "the connection ended before the whole answer was there".to_owned(),
    };
    Failure::new(Reason::Connect, format!("{host} can't be reached: {what}"))
}

/// An error and what it comes from.
#[derive(Clone, Copy)]
struct Causes<'a> {
    error: &'a (dyn Error + 'static),
}

impl<'a> Causes<'a> {
    fn iter(self) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
        std::iter::successors(Some(self.error), |error| cause(*error))
    }

    fn find<T: Error + 'static>(self) -> Option<&'a T> {
        self.iter().find_map(<dyn Error>::downcast_ref)
    }

    fn last_io(self) -> Option<&'a io::Error> {
        self.iter().filter_map(<dyn Error>::downcast_ref).last()
    }

    /// Whether the host sent something that is no HTTP, or more of a head than is taken.
    fn are_of_http(self, error: &reqwest::Error) -> bool {
        // The length of a chunk that is none comes as invalid input.
        let misframed = self.last_io().is_some_and(|error| error.kind() == io::ErrorKind::InvalidInput);
        error.is_decode() && misframed
            || self.iter().filter_map(<dyn Error>::downcast_ref).any(hyper::Error::is_parse)
            // Found by this side, neither told by the other nor by the network.
            || self.find::<h2::Error>().is_some_and(|error| !error.is_remote() && !error.is_io())
    }
}

/// What an error comes from. `source()` of an I/O error steps over the very error it wraps.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
