//! Certificates good and bad, made anew for each run.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::row::Certificate;

/// What hosts show to prove who they are.
#[derive(Clone)]
pub(super) struct Certificates {
    /// The authority that is trusted, as PEM.
    pub(super) authority: String,
    good: TlsAcceptor,
    expired: TlsAcceptor,
    of_another_host: TlsAcceptor,
    untrusted: TlsAcceptor,
}

impl Certificates {
    pub(super) fn new() -> Self {
        let (trusted, pem) = authority();
        // Of the same name, with a key that nobody trusts.
        let (stranger, _) = authority();
        let expired = |params: &mut CertificateParams| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        };
        Self {
            authority: pem,
            good: acceptor("localhost", &trusted, |_| {}),
            expired: acceptor("localhost", &trusted, expired),
            of_another_host: acceptor("elsewhere.example", &trusted, |_| {}),
            untrusted: acceptor("localhost", &stranger, |_| {}),
        }
    }

    /// The end of a host that shows the good certificate, or a bad one.
    pub(super) fn acceptor(&self, bad: Option<Certificate>) -> TlsAcceptor {
        match bad {
            None => self.good.clone(),
            Some(Certificate::Expired) => self.expired.clone(),
            Some(Certificate::OfAnotherHost) => self.of_another_host.clone(),
            Some(Certificate::Untrusted) => self.untrusted.clone(),
        }
    }
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).expect("a certificate").pem();
    (Issuer::new(params, key), pem)
}

fn acceptor(host: &str, issuer: &Issuer<'static, KeyPair>, change: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
    change(&mut params);
    let certificate = params.signed_by(&key, issuer).expect("signed");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}
