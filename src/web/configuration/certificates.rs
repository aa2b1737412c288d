//! Certificates and keys become what TLS is served with, and become it again once one of their files has changed.
//!
//! Looks at these files and at nothing else. Each problem is told at the key that gives the document, without the
//! document or its file's name.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};
use secrecy::zeroize::Zeroizing;

use super::clients::{Certified, Clients};
use super::settings::{ClientAuth, Pem, Source, TlsSettings};
use crate::watched::Watched;
use crate::yaml::{Place, Problems};

/// The documents that a configuration gives, and what was made of them.
pub(super) struct Certificates {
    certificate: Document,
    key: Document,
    client_ca: Option<Document>,
    made: Option<Result<Arc<ServerConfig>, Problems>>,
}

impl Certificates {
    /// Those of a configuration, not looked at yet.
    pub(super) fn of(tls: &TlsSettings) -> Self {
        Self {
            certificate: Document::of(&tls.certificate),
            key: Document::of(&tls.key),
            client_ca: tls.client_ca.as_ref().map(Document::of),
            made: None,
        }
    }

    /// What TLS is served with now. Looks at the files, and parses nothing where none has changed.
    pub(super) fn look(&mut self, file: &str, tls: &TlsSettings, http2: bool) -> Result<Arc<ServerConfig>, Problems> {
        let mut problems = Problems::new(file);
        let mut changed = false;
        for document in [&mut self.certificate, &mut self.key].into_iter().chain(&mut self.client_ca) {
            match document.look() {
                Ok(new) => changed |= new,
                Err(fault) => fault.tell(&mut problems),
            }
        }
        let kept = self.made.take().filter(|_| !changed);
        problems.or(())?;
        let made = kept.unwrap_or_else(|| {
            self.make(tls, http2).map_err(|fault| {
                let mut problems = Problems::new(file);
                fault.tell(&mut problems);
                problems
            })
        });
        self.made = Some(made.clone());
        made
    }

    fn make(&self, tls: &TlsSettings, http2: bool) -> Result<Arc<ServerConfig>, Fault> {
        let unusable = |error: &Error| self.certificate.fault(format!("this can't be served with TLS: {error}"));
        let builder = ServerConfig::builder_with_provider(Arc::clone(&tls.provider))
            .with_protocol_versions(&tls.versions)
            .map_err(|error| unusable(&error))?;
        let builder = match tls.client_auth {
            ClientAuth::NoClientCert => builder.with_no_client_auth(),
            _ => builder.with_client_cert_verifier(Arc::new(self.clients(tls)?)),
        };
        let mut config =
            builder.with_single_cert(self.certificate.certificates()?, self.key.private_key()?).map_err(|error| {
                match error {
                    Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        self.key.fault("found the key of another certificate; write that of cert or cert_file")
                    }
                    Error::InvalidCertificate(_) => unusable(&error),
                    error => self.key.fault(format!("this can't be served with TLS: {error}")),
                }
            })?;
        config.ignore_client_order = tls.own_order;
        config.alpn_protocols = if http2 { vec![b"h2".to_vec()] } else { Vec::new() };
        config.alpn_protocols.push(b"http/1.1".to_vec());
        if tls.client_auth != ClientAuth::NoClientCert {
            // A session that is resumed would let in whoever was let in when it began.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Arc::new(config))
    }

    fn clients(&self, tls: &TlsSettings) -> Result<Clients, Fault> {
        let algorithms = tls.provider.signature_verification_algorithms;
        let certified = if tls.client_auth.verifies() { Some(self.certified(tls)?) } else { None };
        Ok(Clients::new(tls.client_auth.requires(), certified, tls.allowed_sans.clone(), algorithms))
    }

    /// Who certifies clients.
    fn certified(&self, tls: &TlsSettings) -> Result<Certified, Fault> {
        let mut roots = RootCertStore::empty();
        let own = match &self.client_ca {
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                Vec::new()
            }
            Some(document) => {
                let own = document.certificates()?;
                for certificate in &own {
                    let unusable = |error| document.fault(format!("a certificate in it is of no use: {error}"));
                    roots.add(certificate.clone()).map_err(unusable)?;
                }
                own
            }
        };
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&tls.provider)).build();
        let nobody = "clients are to be verified, and the system has no authorities; write client_ca_file";
        Ok(Certified::new(verifier.map_err(|_| self.certificate.fault(nobody))?, own))
    }
}

/// What is wrong with a document.
struct Fault {
    place: Place,
    key: &'static str,
    message: String,
}

impl Fault {
    fn tell(self, problems: &mut Problems) {
        problems.add(self.place, format!("tls_server_config.{}", self.key), self.message);
    }
}

/// A PEM document, and the key that gives it.
struct Document {
    place: Place,
    key: &'static str,
    content: Content,
}

enum Content {
    Inline(Zeroizing<Vec<u8>>),
    File(Watched),
}

impl Document {
    fn of(pem: &Pem) -> Self {
        let content = match &pem.source {
            Source::Inline(text) => Content::Inline(text.clone()),
            Source::File(path) => Content::File(Watched::new(path.clone())),
        };
        Self { place: pem.place, key: pem.key, content }
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault { place: self.place, key: self.key, message: message.into() }
    }

    /// Whether it is another than the last time.
    fn look(&mut self) -> Result<bool, Fault> {
        let looked = match &mut self.content {
            Content::Inline(_) => Ok(false),
            Content::File(file) => file.look(),
        };
        looked.map_err(|error| {
            let folder = "relative paths start at this file's folder";
            self.fault(format!("the file can't be read: {error}; name one that can; {folder}"))
        })
    }

    fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Inline(text) => text,
            Content::File(file) => file.content(),
        }
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, Fault> {
        CertificateDer::pem_slice_iter(self.bytes())
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|certificates| !certificates.is_empty())
            .ok_or_else(|| {
                self.fault("found no certificate in PEM; write -----BEGIN CERTIFICATE----- and what belongs to it")
            })
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, Fault> {
        PrivateKeyDer::from_pem_slice(self.bytes()).map_err(|_| {
            self.fault("found no private key in PEM; write one of PKCS #8, PKCS #1 or SEC1, not encrypted")
        })
    }
}

#[cfg(test)]
mod tests;
