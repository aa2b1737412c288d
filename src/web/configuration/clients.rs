//! Which clients' certificates are taken: any, those that somebody has certified, those of certain names.
//!
//! In every case whoever shows a certificate has to prove, as rustls checks it, that its key is theirs.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::oid::db::rfc5280::{ANY_EXTENDED_KEY_USAGE, ID_KP_CLIENT_AUTH};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};

/// The clients that are let in.
#[derive(Debug)]
pub(super) struct Clients {
    required: bool,
    certified: Option<Certified>,
    /// The names of which each must have one, where not all are let in.
    allowed: Option<Vec<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Those that somebody has certified.
#[derive(Debug)]
pub(super) struct Certified {
    verifier: Arc<dyn ClientCertVerifier>,
    /// The authorities, where they are the file's own. A client may show one of these themselves.
    own: Vec<CertificateDer<'static>>,
}

impl Certified {
    pub(super) const fn new(verifier: Arc<dyn ClientCertVerifier>, own: Vec<CertificateDer<'static>>) -> Self {
        Self { verifier, own }
    }

    fn verify(&self, shown: &CertificateDer<'_>, others: &[CertificateDer<'_>], now: UnixTime) -> Result<(), Error> {
        if !self.own.contains(shown) {
            return self.verifier.verify_client_cert(shown, others, now).map(|_| ());
        }
        // A certificate that signs itself, as people make them, says that it is an authority's. webpki takes none of those
        // from a client; Go takes one that is named as an authority.
        let certificate = parsed(shown)?;
        let validity = certificate.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        if now.as_secs() < seconds(validity.not_before) {
            return Err(CertificateError::NotValidYet.into());
        }
        if now.as_secs() > seconds(validity.not_after) {
            return Err(CertificateError::Expired.into());
        }
        let usage: Option<(bool, ExtendedKeyUsage)> =
            certificate.tbs_certificate().get_extension().map_err(|_| CertificateError::BadEncoding)?;
        let is_for_clients = |(_, usage): (bool, ExtendedKeyUsage)| {
            usage.0.iter().any(|usage| [ID_KP_CLIENT_AUTH, ANY_EXTENDED_KEY_USAGE].contains(usage))
        };
        if usage.is_none_or(is_for_clients) { Ok(()) } else { Err(CertificateError::InvalidPurpose.into()) }
    }
}

impl Clients {
    pub(super) const fn new(
        required: bool,
        certified: Option<Certified>,
        allowed: Option<Vec<String>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Self {
        Self { required, certified, allowed, algorithms }
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        // Without a certificate nobody has one of the names.
        self.required || self.allowed.is_some()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.certified {
            Some(Certified { verifier, own }) if !own.is_empty() => verifier.root_hint_subjects(),
            // All of the system's would be long, and whoever has any certificate may show it.
            _ => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(certified) = &self.certified {
            certified.verify(end_entity, intermediates, now)?;
        }
        if let Some(allowed) = &self.allowed
            && !names(end_entity)?.iter().any(|name| allowed.contains(name))
        {
            return Err(CertificateError::NotValidForName.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn parsed(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding.into())
}

/// The subject's alternative names, as Go writes them: DNS names, email addresses, IP addresses and URIs.
fn names(certificate: &CertificateDer<'_>) -> Result<Vec<String>, Error> {
    let certificate = parsed(certificate)?;
    let names: Option<(bool, SubjectAltName)> =
        certificate.tbs_certificate().get_extension().map_err(|_| CertificateError::BadEncoding)?;
    let name = |name: GeneralName| match name {
        GeneralName::DnsName(name) | GeneralName::Rfc822Name(name) | GeneralName::UniformResourceIdentifier(name) => {
            Some(name.to_string())
        }
        GeneralName::IpAddress(bytes) => address(bytes.as_bytes()).map(|address| address.to_string()),
        _ => None,
    };
    Ok(names.map(|(_, names)| names.0.into_iter().filter_map(name).collect()).unwrap_or_default())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from);
    // Go writes an IPv4 address that is mapped into IPv6 as an IPv4 address.
    four().or_else(sixteen).map(|address| address.to_canonical())
}
