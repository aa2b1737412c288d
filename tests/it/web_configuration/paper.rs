//! Certificates and keys, made anew for each test.

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};

use super::Files;

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub(super) struct Paper {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Paper {
    /// Writes both into files of that name.
    pub(super) fn write(&self, files: &Files, name: &str) {
        files.write(&format!("{name}.crt"), &self.certificate);
        files.write(&format!("{name}.key"), &self.key);
    }

    /// A client's certificate that signs itself and says that it is an authority's, as `openssl req -x509` makes them.
    pub(super) fn self_signed(names: &[SanType]) -> Self {
        let mut params = of_client(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { certificate: params.self_signed(&key).expect("signed").pem(), key: key.serialize_pem() }
    }
}

/// Somebody who certifies others.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) certificate: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        // Each has a name of its own.
        let name = key.public_key_pem();
        params.distinguished_name.push(DnType::CommonName, &name[100..130]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("signed").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Of the exporter on loopback.
    pub(super) fn server(&self) -> Paper {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        self.certify(&CertificateParams::new(names).expect("names"))
    }

    /// Of a client with these names.
    pub(super) fn client(&self, names: &[SanType]) -> Paper {
        self.certify(&of_client(names))
    }

    pub(super) fn certify(&self, params: &CertificateParams) -> Paper {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        Paper { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

pub(super) fn of_client(names: &[SanType]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "client");
    params.subject_alt_names = names.to_vec();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// A name of the domain name system.
pub(super) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("a name"))
}
