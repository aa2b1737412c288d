//! What `tls_server_config` means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::SupportedProtocolVersion;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::version::{TLS12, TLS13};
use secrecy::zeroize::Zeroizing;

use super::super::file::{List, Text, Tls};
use super::super::names::{Version, curve, suite, suits_http2};
use super::given;
use crate::yaml::{Located, Place, Problems};

const BLOCK: &str = "tls_server_config";

/// How TLS is to be served.
pub(in super::super) struct TlsSettings {
    pub(in super::super) certificate: Pem,
    pub(in super::super) key: Pem,
    /// Who certifies clients; the system's roots where it is not given.
    pub(in super::super) client_ca: Option<Pem>,
    pub(in super::super) client_auth: ClientAuth,
    /// The names of which a client's certificate must have one, where only some are let in.
    pub(in super::super) allowed_sans: Option<Vec<String>>,
    /// The cipher suites and curves, in order.
    pub(in super::super) provider: Arc<CryptoProvider>,
    pub(in super::super) versions: Vec<&'static SupportedProtocolVersion>,
    /// Whether the server's order of cipher suites counts, not the client's.
    pub(in super::super) own_order: bool,
}

/// Where a PEM document comes from, and the key that says so.
pub(in super::super) struct Pem {
    pub(in super::super) source: Source,
    pub(in super::super) key: &'static str,
    pub(in super::super) place: Place,
}

/// See [`Pem`].
pub(in super::super) enum Source {
    Inline(Zeroizing<Vec<u8>>),
    File(PathBuf),
}

/// What is asked of clients, as Go's `tls.ClientAuthType` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum ClientAuth {
    #[default]
    NoClientCert,
    RequestClientCert,
    RequireAnyClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

impl ClientAuth {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "NoClientCert" => Self::NoClientCert,
            "RequestClientCert" => Self::RequestClientCert,
            "RequireAnyClientCert" | "RequireClientCert" => Self::RequireAnyClientCert,
            "VerifyClientCertIfGiven" => Self::VerifyClientCertIfGiven,
            "RequireAndVerifyClientCert" => Self::RequireAndVerifyClientCert,
            _ => return None,
        })
    }

    /// Whether a certificate that is shown has to be certified.
    pub(in super::super) const fn verifies(self) -> bool {
        matches!(self, Self::VerifyClientCertIfGiven | Self::RequireAndVerifyClientCert)
    }

    /// Whether there is no connection without a certificate.
    pub(in super::super) const fn requires(self) -> bool {
        matches!(self, Self::RequireAnyClientCert | Self::RequireAndVerifyClientCert)
    }
}

impl TlsSettings {
    /// What the block means; nothing where it says nothing that needs TLS, as in exporter-toolkit.
    pub(super) fn of(block: Located<Tls>, http2: bool, folder: &Path, problems: &mut Problems) -> Option<Self> {
        let Located { value: block, place } = block;
        let is_given = |texts: [&Text; 2]| texts.into_iter().flatten().any(|text| !text.is_empty());
        let [has_certificate, has_key, has_client_ca] =
            [[&block.cert, &block.cert_file], [&block.key, &block.key_file], [&block.client_ca, &block.client_ca_file]]
                .map(is_given);
        let enabled = has_certificate || has_key || has_client_ca || is_given([&block.client_auth_type, &None]);
        for (has, keys) in [(has_certificate, "cert and cert_file"), (has_key, "key and key_file")] {
            if enabled && !has {
                problems.add(place, BLOCK, format!("found neither of {keys}; write one of them"));
            }
        }
        let certificate = pem(("cert", block.cert), ("cert_file", block.cert_file), folder, problems);
        let key = pem(("key", block.key), ("key_file", block.key_file), folder, problems);
        let client_ca = pem(("client_ca", block.client_ca), ("client_ca_file", block.client_ca_file), folder, problems);
        let client_auth = client_auth(block.client_auth_type.as_ref(), client_ca.as_ref(), problems);
        let allowed_sans = block.client_allowed_sans;
        if let Some(sans) = &allowed_sans
            && client_auth == Some(ClientAuth::NoClientCert)
        {
            let message = "clients are not asked for certificates; write client_auth_type: RequireAndVerifyClientCert";
            problems.add(sans.place, format!("{BLOCK}.client_allowed_sans"), message);
        }
        let versions = versions(block.min_version, block.max_version, problems);
        let provider = provider(block.cipher_suites, block.curve_preferences, &versions, http2, problems);
        Some(Self {
            certificate: certificate?,
            key: key?,
            client_ca,
            client_auth: client_auth?,
            allowed_sans: allowed_sans.map(|sans| sans.value),
            provider: Arc::new(provider),
            versions,
            own_order: block.prefer_server_cipher_suites.unwrap_or(true),
        })
    }

    /// Whether nobody has a connection without a certificate that somebody has certified.
    pub(super) fn authenticates(&self) -> bool {
        self.client_auth.verifies() && (self.client_auth.requires() || self.allowed_sans.is_some())
    }
}

/// The document that one of two keys gives.
fn pem(
    (inline_key, inline): (&'static str, Text),
    (file_key, file): (&'static str, Text),
    folder: &Path,
    problems: &mut Problems,
) -> Option<Pem> {
    match (given(inline), given(file)) {
        (Some((_, place)), Some(_)) => {
            problems.add(
                place,
                format!("{BLOCK}.{inline_key}"),
                format!("found beside {file_key}; keep one of the two"),
            );
            None
        }
        (Some((text, place)), None) => {
            Some(Pem { source: Source::Inline(Zeroizing::new(text.into_bytes())), key: inline_key, place })
        }
        (None, Some((path, place))) => Some(Pem { source: Source::File(folder.join(path)), key: file_key, place }),
        (None, None) => None,
    }
}

fn client_auth(name: Option<&Located<String>>, client_ca: Option<&Pem>, problems: &mut Problems) -> Option<ClientAuth> {
    let client_auth = match name {
        None => ClientAuth::default(),
        Some(Located { value, place }) => ClientAuth::named(value).or_else(|| {
            let message = "found another word; write NoClientCert, RequestClientCert, RequireAnyClientCert, \
                           VerifyClientCertIfGiven or RequireAndVerifyClientCert";
            problems.add(*place, format!("{BLOCK}.client_auth_type"), message);
            None
        })?,
    };
    if let Some(client_ca) = client_ca
        && client_auth == ClientAuth::NoClientCert
    {
        let message = "clients are not asked for certificates; write client_auth_type: RequireAndVerifyClientCert";
        problems.add(client_ca.place, format!("{BLOCK}.{}", client_ca.key), message);
    }
    Some(client_auth)
}

fn versions(min: Text, max: Text, problems: &mut Problems) -> Vec<&'static SupportedProtocolVersion> {
    let mut version = |key: &str, text: Text, default| {
        let Some(Located { value, place }) = text else { return (default, None) };
        let version = Version::named(&value).unwrap_or_else(|message| {
            problems.add(place, format!("{BLOCK}.{key}"), message);
            default
        });
        (version, Some(place))
    };
    let (min, _) = version("min_version", min, Version::Tls12);
    let (max, place) = version("max_version", max, Version::Tls13);
    let versions: Vec<_> = [(Version::Tls13, &TLS13), (Version::Tls12, &TLS12)]
        .into_iter()
        .filter(|(version, _)| (min..=max).contains(version))
        .map(|(_, supported)| supported)
        .collect();
    if versions.is_empty() {
        let message = "found a version below min_version; write it, or a later one";
        problems.add(place.unwrap_or_default(), format!("{BLOCK}.max_version"), message);
    }
    versions
}

/// Go's list of cipher suites counts for TLS 1.2 alone: those of TLS 1.3 are always on.
fn provider(
    suites: List,
    curves: List,
    versions: &[&SupportedProtocolVersion],
    http2: bool,
    problems: &mut Problems,
) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let place = suites.as_ref().map(|suites| suites.place).unwrap_or_default();
    let named = each("cipher_suites", suites, suite, problems);
    if !named.is_empty() {
        let key = format!("{BLOCK}.cipher_suites");
        let of_tls12: Vec<_> = named.iter().copied().filter(|suite| suite.tls13().is_none()).collect();
        let serves = |version| versions.contains(&version);
        if http2 && serves(&TLS12) && !named.iter().any(|suite| suits_http2(*suite)) {
            let message = "found no suite that HTTP/2 needs; write TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or \
                           TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 too, or http_server_config.http2: false";
            problems.add(place, key, message);
        } else if of_tls12.is_empty() && !serves(&TLS13) && !versions.is_empty() {
            problems.add(place, key, "found no suite of TLS 1.2, which max_version asks for; write one");
        }
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        provider.cipher_suites.extend(of_tls12);
    }
    let curves: Vec<&'static dyn SupportedKxGroup> = each("curve_preferences", curves, curve, problems);
    if !curves.is_empty() {
        provider.kx_groups = curves;
    }
    provider
}

/// What the elements of a list name, as far as they do.
fn each<T>(key: &str, list: List, named: impl Fn(&str) -> Result<T, String>, problems: &mut Problems) -> Vec<T> {
    let list = list.map(|list| list.value).unwrap_or_default();
    let mut found = Vec::with_capacity(list.len());
    for (index, Located { value, place }) in list.into_iter().enumerate() {
        match named(&value) {
            Ok(named) => found.push(named),
            Err(message) => problems.add(place, format!("{BLOCK}.{key}[{index}]"), message),
        }
    }
    found
}
