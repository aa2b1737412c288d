//! What of TLS there is, by the names that Go gives it: versions, cipher suites, curves.
//!
//! What Go has and rustls has not is told as that. No message repeats the name that was found.

use rustls::SupportedCipherSuite;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, kx_group};

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Tls12,
    Tls13,
}

impl Version {
    pub(super) fn named(name: &str) -> Result<Self, String> {
        match name {
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            "TLS10" | "TLS11" => Err("found a version that rustls has not; write TLS12 or TLS13".to_owned()),
            _ => Err("found another word; write TLS12 or TLS13".to_owned()),
        }
    }
}

/// Without one of these, Go refuses to serve HTTP/2 over TLS 1.2 (RFC 9113, section 9.2.2).
const OF_HTTP2: [&str; 2] = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];

pub(super) fn suite(name: &str) -> Result<SupportedCipherSuite, String> {
    ALL_CIPHER_SUITES.iter().copied().find(|suite| go_name(*suite) == name).ok_or_else(|| {
        let is_left_out = ["_CBC_", "_RC4_", "TLS_RSA_WITH_"].iter().any(|part| name.contains(part));
        let found = if is_left_out && name.starts_with("TLS_") {
            "a suite with CBC, RC4 or RSA key exchange, which rustls has not"
        } else {
            "an unknown cipher suite"
        };
        let names: Vec<String> = ALL_CIPHER_SUITES.iter().copied().map(go_name).collect();
        format!("found {found}; write some of {}", names.join(", "))
    })
}

pub(super) fn suits_http2(suite: SupportedCipherSuite) -> bool {
    OF_HTTP2.contains(&go_name(suite).as_str())
}

/// The name in Go, which has no number in those of TLS 1.3.
fn go_name(suite: SupportedCipherSuite) -> String {
    suite.suite().as_str().unwrap_or_default().replace("TLS13_", "TLS_")
}

pub(super) fn curve(name: &str) -> Result<&'static dyn SupportedKxGroup, String> {
    let found = match name {
        "X25519" => return Ok(kx_group::X25519),
        "CurveP256" => return Ok(kx_group::SECP256R1),
        "CurveP384" => return Ok(kx_group::SECP384R1),
        "CurveP521" => "a curve that rustls exchanges no keys on",
        _ => "an unknown curve",
    };
    Err(format!("found {found}; write some of X25519, CurveP256, CurveP384"))
}
