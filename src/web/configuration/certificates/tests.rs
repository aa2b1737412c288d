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
struct Folder {
    folder: TempDir,
    settings: Settings,
    certificates: Certificates,
}

impl Folder {
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
    pem.lines().map(|line| format!("    {line}\n")).collect()
}

#[test]
fn files_that_belong_together_are_served() {
    let config = Folder::new(FILES).look().unwrap();
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn certificate_and_key_may_stand_in_the_file() {
    let (certificate, key) = pair();
    let lines = format!("  cert: |\n{}  key: |\n{}", indented(&certificate), indented(&key));
    assert!(Folder::new(&lines).look().is_ok());
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
        let mut folder = Folder::new(FILES);
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        folder.write("server.crt", &certificate.pem());
        folder.write("server.key", &key.serialize_pem());
        assert!(folder.look().is_ok(), "{algorithm:?}");
    }
}

#[test]
fn files_that_are_not_there_are_all_told() {
    Folder::new("  cert_file: somefile\n  key_file: otherfile\n  client_ca_file: third\n  client_auth_type: RequestClientCert\n")
        .refused(&[
            "web.yml:2:14: tls_server_config.cert_file: the file can't be read: No such file or directory",
            "web.yml:3:13: tls_server_config.key_file: the file can't be read: No such file or directory",
            "web.yml:4:19: tls_server_config.client_ca_file: the file can't be read: No such file or directory",
        ]);
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let mut folder = Folder::new(FILES);
    folder.write("server.key", &pair().1);
    folder.refused(&["web.yml:3:13: tls_server_config.key_file: found the key of another certificate"]);
}

#[test]
fn documents_that_hold_nothing_of_their_kind_are_told() {
    let mut folder = Folder::new(FILES);
    let (certificate, key) = pair();
    folder.write("server.crt", &key);
    folder.refused(&["web.yml:2:14: tls_server_config.cert_file: found no certificate in PEM"]);
    folder.write("server.crt", &certificate);
    folder.write("server.key", &certificate);
    folder.refused(&["web.yml:3:13: tls_server_config.key_file: found no private key in PEM"]);
    folder.write("server.key", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    folder.refused(&["web.yml:3:13: tls_server_config.key_file: "]);
    assert!(!folder.look().unwrap_err().contains("hunter2"));
    folder.write("server.key", &key);
    folder.write("server.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    folder.refused(&[
        "web.yml:2:14: tls_server_config.cert_file: this can't be served with TLS: invalid peer certificate",
    ]);
}

#[test]
fn authorities_that_are_none_are_told() {
    let mut folder =
        Folder::new(&(FILES.to_owned() + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"));
    folder.write("ca.crt", "");
    folder.refused(&["web.yml:4:19: tls_server_config.client_ca_file: found no certificate in PEM"]);
    folder.write("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    folder.refused(&["web.yml:4:19: tls_server_config.client_ca_file: a certificate in it is of no use"]);
}

#[test]
fn nothing_is_parsed_again_where_nothing_has_changed() {
    let mut folder = Folder::new(FILES);
    let [one, other] = [(), ()].map(|()| folder.look().unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let content = fs::read(folder.folder.path().join("server.crt")).unwrap();
    fs::write(folder.folder.path().join("server.crt"), content).unwrap();
    assert!(Arc::ptr_eq(&one, &folder.look().unwrap()));
}

#[test]
fn a_pair_that_was_exchanged_is_served_at_once() {
    let mut folder = Folder::new(FILES);
    let before = folder.look().unwrap();
    let (certificate, key) = pair();
    folder.write("server.crt", &certificate);
    folder.refused(&["found the key of another certificate"]);
    folder.write("server.key", &key);
    assert!(!Arc::ptr_eq(&before, &folder.look().unwrap()));
}

#[test]
fn a_file_that_is_good_again_is_served_again() {
    let mut folder = Folder::new(FILES);
    let content = fs::read_to_string(folder.folder.path().join("server.key")).unwrap();
    folder.look().unwrap();
    fs::remove_file(folder.folder.path().join("server.key")).unwrap();
    folder.refused(&["tls_server_config.key_file: the file can't be read"]);
    folder.write("server.key", &content);
    assert!(folder.look().is_ok());
}

#[test]
fn sessions_of_clients_with_certificates_are_not_resumed() {
    let mut folder = Folder::new(&(FILES.to_owned() + "  client_auth_type: RequireAnyClientCert\n"));
    let config = folder.look().unwrap();
    assert!(!config.session_storage.can_cache() && config.send_tls13_tickets == 0);
    assert!(Folder::new(FILES).look().unwrap().session_storage.can_cache());
}
