//! A TLS client that can do as little as a test wants, and tells what came of its handshake.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::{Exporter, Paper};
use crate::exporter::PATIENCE;

/// What a client can do and whom it trusts.
#[derive(Clone)]
pub(super) struct Client {
    roots: RootCertStore,
    paper: Option<Paper>,
    provider: CryptoProvider,
    versions: Vec<&'static SupportedProtocolVersion>,
    protocols: Vec<Vec<u8>>,
}

/// What came of a handshake and a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) version: String,
    pub(super) suite: String,
    pub(super) group: String,
}

impl Client {
    /// A client that can do everything.
    pub(super) fn trusting(authority: &str) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
            roots.add(certificate.expect("PEM")).expect("a certificate");
        }
        Self {
            roots,
            paper: None,
            provider: aws_lc_rs::default_provider(),
            versions: vec![&TLS13, &TLS12],
            protocols: Vec::new(),
        }
    }

    /// One that shows this certificate where it is asked for one.
    pub(super) fn with_paper(self, paper: &Paper) -> Self {
        Self { paper: Some(paper.clone()), ..self }
    }

    pub(super) fn with_versions(self, versions: &[&'static SupportedProtocolVersion]) -> Self {
        Self { versions: versions.to_vec(), ..self }
    }

    /// One of TLS 1.2 with these cipher suites alone, by their names.
    pub(super) fn with_suites(mut self, names: &[&str]) -> Self {
        let named = |name: &&str| {
            let mut suites = aws_lc_rs::ALL_CIPHER_SUITES.iter();
            *suites.find(|suite| suite.suite().as_str() == Some(name)).expect("a cipher suite")
        };
        self.provider.cipher_suites = names.iter().map(named).collect();
        self.with_versions(&[&TLS12])
    }

    pub(super) fn with_groups(mut self, groups: &[&'static dyn SupportedKxGroup]) -> Self {
        self.provider.kx_groups = groups.to_vec();
        self
    }

    pub(super) fn with_protocols(self, protocols: &[&str]) -> Self {
        Self { protocols: protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect(), ..self }
    }

    pub(super) fn config(&self) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(self.provider.clone()))
            .with_protocol_versions(&self.versions)
            .expect("versions of these cipher suites")
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.paper {
            None => builder.with_no_client_auth(),
            Some(Paper { certificate, key }) => {
                let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<_, _>>();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
                let key = self.provider.key_provider.load_private_key(key).expect("a key of a known kind");
                // Whether the two belong together is for the exporter to find out.
                let shown = SingleCertAndKey::from(CertifiedKey::new(chain.expect("PEM"), key));
                builder.with_client_cert_resolver(Arc::new(shown))
            }
        };
        config.alpn_protocols.clone_from(&self.protocols);
        config
    }

    /// A client for HTTP that does the same.
    pub(super) fn http(&self) -> reqwest::Client {
        reqwest::Client::builder().no_proxy().tls_backend_preconfigured(self.config()).build().expect("a client")
    }

    /// A handshake, which with TLS 1.3 may end well although the client is refused.
    pub(super) async fn connect(&self, exporter: &Exporter) -> Result<TlsStream<TcpStream>, String> {
        let stream = TcpStream::connect(address(exporter)).await.expect("it listens");
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(self.config())).connect(name, stream).await.map_err(|error| error.to_string())
    }

    /// A handshake and a request.
    pub(super) async fn ask(&self, exporter: &Exporter) -> Result<Answer, String> {
        let mut stream = self.connect(exporter).await?;
        let head = ask(&mut stream).await?;
        let (_, connection) = stream.get_ref();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(head)?;
        Ok(Answer {
            status,
            version: format!("{:?}", connection.protocol_version().expect("a version")),
            suite: format!("{:?}", connection.negotiated_cipher_suite().expect("a cipher suite").suite()),
            group: format!("{:?}", connection.negotiated_key_exchange_group().expect("a group").name()),
        })
    }
}

/// Where the exporter listens.
pub(super) fn address(exporter: &Exporter) -> String {
    let (_, rest) = exporter.metrics_url.split_once("://").expect("a scheme");
    rest.split('/').next().expect("never empty").to_owned()
}

/// Asks whether the exporter is healthy, and reads the answer to its end.
pub(super) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<String, String> {
    let request = b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let asked = async {
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("in time").map_err(|error| error.to_string())
}
