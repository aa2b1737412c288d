//! Files that are refused, by `check` and `serve` alike.

use super::super::exporter::{run, text};
use super::{Authority, Files, TLS, configuration};

const HASH: &str = "$2y$10$uw5JwHDIuLcWTkUwHvC0DeFkLw0uUMe8AqdkGS9a9uPzUdKzKJ0XS";

/// What `check` and `serve` tell of a file, which has to be the same, with exit code 2.
async fn told(content: &str) -> String {
    let files = Files::new(&configuration("http://127.0.0.1:9", ""));
    Authority::new().server().write(&files, "server");
    let (web, config) = (files.write("web.yml", content).display().to_string(), files.configuration());
    let mut told = Vec::new();
    for command in ["check", "serve"] {
        let output = run(&[command, "--config.file", &config, "--web.config.file", &web]).await;
        assert_eq!(output.status.code(), Some(2), "{command}: {content}");
        told.push(errors(&output.stderr));
    }
    assert_eq!(told[0], told[1], "{content}");
    assert!(told[0].lines().all(|line| line.starts_with(&web)), "{}", told[0]);
    told.remove(0).replace(&web, "web.yml")
}

/// What a command has written, without its log.
fn errors(written: &[u8]) -> String {
    text(written).lines().filter(|line| !line.starts_with("ts=")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_file_that_exporter_toolkit_refuses_is_refused_by_check_and_serve_alike() {
    let with = |lines: &str| format!("{TLS}{lines}");
    let found = "the file can't be read: No such file";
    for (content, expected) in [
        ("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n".to_owned(), "web.yml:1:1: found a text; write a block of keys"),
        ("tls_server_config:\n  cert_filse: server.crt\n".to_owned(), "tls_server_config.cert_filse: unknown key"),
        ("tls_server_config: {cert_file: '', key_file: server.key}".to_owned(), "found neither of cert and cert_file"),
        ("tls_server_config: {cert: '', key_file: server.key}".to_owned(), "found neither of cert and cert_file"),
        ("tls_server_config: {cert_file: server.crt, key_file: ''}".to_owned(), "found neither of key and key_file"),
        ("tls_server_config: {cert_file: server.crt, key: ''}".to_owned(), "found neither of key and key_file"),
        (
            "tls_server_config: {cert_file: '', key_file: '', client_auth_type: x}".to_owned(),
            "found neither of cert and cert_file",
        ),
        ("tls_server_config: {cert_file: somefile, key_file: server.key}".to_owned(), found),
        ("tls_server_config: {cert_file: server.crt, key_file: somefile}".to_owned(), found),
        ("tls_server_config: {cert_file: somefile, key_file: somefile}".to_owned(), found),
        (with("  client_ca_file: /dev/null\n"), "client_ca_file: clients are not asked for certificates"),
        (with("  client_ca_file: somefile\n  client_auth_type: RequireAndVerifyClientCert\n"), found),
        (with("basic_auth_users:\n  john: doe\n"), "basic_auth_users.john: this is no bcrypt hash"),
        (with("  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]\n"), "found an unknown cipher suite"),
        (with("  curve_preferences: [CurveP257]\n"), "found an unknown curve"),
        (with("  min_version: TLS111\n"), "min_version: found another word; write TLS12 or TLS13"),
        (
            with("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n"),
            "found no suite that HTTP/2 needs",
        ),
        ("http_server_config: {headers: {X-Content-Type-Options: sniff}}".to_owned(), "write nosniff"),
        ("http_server_config: {headers: {X-Frame-Options: foo}}".to_owned(), "write deny or sameorigin"),
        (
            "http_server_config: {headers: {Content-Type: foo}}".to_owned(),
            "unknown key; known here: Content-Security-Policy",
        ),
        // What it takes and rustls has not.
        (with("  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n"), "which rustls has not; write some of TLS_"),
        (with("  curve_preferences: [CurveP521]\n"), "write some of X25519, CurveP256, CurveP384"),
        (with("  min_version: TLS11\n"), "found a version that rustls has not; write TLS12 or TLS13"),
    ] {
        let told = told(&content).await;
        assert!(told.contains(expected), "{expected}\nis not in\n{told}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_by_name() {
    let files = Files::new(&configuration("http://127.0.0.1:9", ""));
    for command in ["check", "serve"] {
        let output =
            run(&[command, "--config.file", &files.configuration(), "--web.config.file", "/nowhere/web.yml"]).await;
        assert_eq!(output.status.code(), Some(2));
        let told = errors(&output.stderr);
        assert!(told.starts_with("/nowhere/web.yml: can't be read: No such file"), "{told}");
    }
}

#[tokio::test]
async fn check_names_a_file_that_is_well() {
    let files = Files::new(&configuration("http://127.0.0.1:9", ""));
    let web = files.write("web.yml", &format!("basic_auth_users: {{alice: {HASH}}}")).display().to_string();
    let output = run(&["check", "--config.file", &files.configuration(), "--web.config.file", &web]).await;
    let told = text(&output.stdout);
    assert!(output.status.success() && told.contains(&format!("{web}: ok\n")), "{told}{}", text(&output.stderr));
}
