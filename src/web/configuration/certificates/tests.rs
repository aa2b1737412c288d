//! Certificates and keys good and bad, by what is told of them.

use std::fs;

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use super::super::settings::Settings;
use super::*;

/// A certificate and its key, as PEM.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// A folder with `server.crt`, `server.key` and a web configuration of these lines.
struct Served {
    folder: TempDir,
    settings: Settings,
    certificates: Certificates,
}

impl Served {
    fn new(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::read("web.yml", &format!("tls_server_config:\n{lines}"), folder.path());
        let settings = settings.unwrap_or_else(|error| panic!("{error}"));
        let certificates = Certificates::of(settings.tls.as_ref().unwrap());
        let made = Self { folder, settings, certificates };
        let (certificate, key) = pair();
        made.write("server.crt", &certificate);
        made.write("server.key", &key);
        made
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn look(&mut self) -> Result<Arc<ServerConfig>, String> {
        let tls = self.settings.tls.as_ref().unwrap();
        self.certificates.look("web.yml", tls, true).map_err(|problems| problems.to_string())
    }

    #[track_caller]
    fn refused(&mut self, expected: &[&str]) {
        let told = self.look().unwrap_err();
        for expected in expected {
            assert!(told.contains(expected), "{expected}\nis not in\n{told}");
        }
        assert!(!told.contains("BEGIN") || told.contains("write -----BEGIN"), "{told}");
        assert_eq!(told.lines().count(), expected.len(), "{told}");
    }
}

const FILES: &str = "  cert_file: server.crt\n  key_file: server.key\n";

fn indented(pem: &str) -> String {
    format!("    {}\n", pem.trim_end().replace('\n', "\n    "))
}

#[test]
fn files_that_belong_together_are_served() {
    let config = Served::new(FILES).look().unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn certificate_and_key_may_stand_in_the_file() {
    let (certificate, key) = pair();
    let lines = format!("  cert: |\n{}  key: |\n{}", indented(&certificate), indented(&key));
    assert!(Served::new(&lines).look().is_ok());
}

#[test]
fn keys_of_every_usual_kind_are_served() {
    let algorithms = [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ];
    for algorithm in algorithms {
        let mut served = Served::new(FILES);
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        served.write("server.crt", &certificate.pem());
        served.write("server.key", &key.serialize_pem());
        assert!(served.look().is_ok(), "{algorithm:?}");
    }
}

#[test]
fn files_that_are_not_there_are_all_told() {
    Served::new("  cert_file: somefile\n  key_file: otherfile\n  client_ca_file: third\n  client_auth_type: RequestClientCert\n")
        .refused(&[
            "web.yml:2:14: tls_server_config.cert_file: the file can't be read: No such file or directory",
            "web.yml:3:13: tls_server_config.key_file: the file can't be read: No such file or directory",
            "web.yml:4:19: tls_server_config.client_ca_file: the file can't be read: No such file or directory",
        ]);
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let mut served = Served::new(FILES);
    served.write("server.key", &pair().1);
    served.refused(&["web.yml:3:13: tls_server_config.key_file: found the key of another certificate"]);
}

#[test]
fn documents_that_hold_nothing_of_their_kind_are_told() {
    let mut served = Served::new(FILES);
    let (certificate, key) = pair();
    served.write("server.crt", &key);
    served.refused(&["web.yml:2:14: tls_server_config.cert_file: found no certificate in PEM"]);
    served.write("server.crt", &certificate);
    served.write("server.key", &certificate);
    served.refused(&["web.yml:3:13: tls_server_config.key_file: found no private key in PEM"]);
    served.write("server.key", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    served.refused(&["web.yml:3:13: tls_server_config.key_file: "]);
    assert!(!served.look().unwrap_err().contains("hunter2"));
    served.write("server.key", &key);
    served.write("server.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    served.refused(&[
        "web.yml:2:14: tls_server_config.cert_file: this can't be served with TLS: invalid peer certificate",
    ]);
}

#[test]
fn authorities_that_are_none_are_told() {
    let mut served =
        Served::new(&(FILES.to_owned() + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"));
    served.write("ca.crt", "");
    served.refused(&["web.yml:4:19: tls_server_config.client_ca_file: found no certificate in PEM"]);
    served.write("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    served.refused(&["web.yml:4:19: tls_server_config.client_ca_file: a certificate in it is of no use"]);
}

#[test]
fn nothing_is_parsed_again_where_nothing_has_changed() {
    let mut served = Served::new(FILES);
    let [one, other] = [(), ()].map(|()| served.look().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let content = fs::read(served.folder.path().join("server.crt")).unwrap();
    fs::write(served.folder.path().join("server.crt"), content).unwrap();
    assert!(Arc::ptr_eq(&one, &served.look().unwrap()));
}

#[test]
fn a_pair_that_was_exchanged_is_served_at_once() {
    let mut served = Served::new(FILES);
    let before = served.look().unwrap();
    let (certificate, key) = pair();
    served.write("server.crt", &certificate);
    served.refused(&["found the key of another certificate"]);
    served.write("server.key", &key);
    assert!(!Arc::ptr_eq(&before, &served.look().unwrap()));
}

#[test]
fn a_file_that_is_good_again_is_served_again() {
    let mut served = Served::new(FILES);
    let content = fs::read_to_string(served.folder.path().join("server.key")).unwrap();
    served.look().unwrap();
    fs::remove_file(served.folder.path().join("server.key")).unwrap();
    served.refused(&["tls_server_config.key_file: the file can't be read"]);
    served.write("server.key", &content);
    assert!(served.look().is_ok());
}

#[test]
fn sessions_of_clients_with_certificates_are_not_resumed() {
    let mut served = Served::new(&(FILES.to_owned() + "  client_auth_type: RequireAnyClientCert\n"));
    let config = served.look().unwrap();
    assert!(!config.session_storage.can_cache() && config.send_tls13_tickets == 0);
    assert!(Served::new(FILES).look().unwrap().session_storage.can_cache());
}
