//! `tls_server_config`.

use super::*;

/// A `tls_server_config` with a certificate, a key and these lines.
fn tls(lines: &[&str]) -> String {
    let mut text = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n".to_owned();
    for line in lines {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn good_tls(lines: &[&str]) -> TlsSettings {
    good(&tls(lines)).tls.unwrap()
}

#[test]
fn what_enables_tls_is_what_enables_it_in_exporter_toolkit() {
    for text in [tls(&[]), "tls_server_config: {cert: c, key: k}".to_owned(), tls(&["client_auth_type: NoClientCert"])]
    {
        assert!(good(&text).tls.is_some(), "{text}");
    }
    for text in [
        "tls_server_config: {}",
        "tls_server_config: {min_version: TLS12, prefer_server_cipher_suites: true}",
        "tls_server_config: {cert_file: '', key_file: '', client_auth_type: ''}",
    ] {
        assert!(good(text).tls.is_none(), "{text}");
    }
    for enabling in ["client_ca_file: ca.crt", "client_auth_type: RequireAndVerifyClientCert"] {
        assert!(read(&format!("tls_server_config: {{{enabling}}}")).is_err(), "{enabling}");
    }
}

#[test]
fn paths_start_at_the_files_folder() {
    let settings = good_tls(&["client_ca_file: /elsewhere/ca.crt", "client_auth_type: RequestClientCert"]);
    let path = |pem: &Pem| match &pem.source {
        Source::File(path) => path.display().to_string(),
        Source::Inline(_) => String::new(),
    };
    let paths = [&settings.certificate, &settings.key, settings.client_ca.as_ref().unwrap()].map(path);
    assert_eq!(paths, ["/folder/server.crt", "/folder/server.key", "/elsewhere/ca.crt"]);
}

#[test]
fn a_certificate_that_is_missing_or_empty_is_told() {
    for certificate in ["", "cert_file: '', ", "cert: '', ", "cert: , "] {
        refused(
            &format!("tls_server_config: {{{certificate}key_file: server.key}}"),
            &["web.yml:1:20: tls_server_config: found neither of cert and cert_file; write one of them"],
        );
    }
}

#[test]
fn a_key_that_is_missing_or_empty_is_told() {
    for key in ["", "key_file: '', ", "key: '', "] {
        refused(
            &format!("tls_server_config: {{{key}cert_file: server.crt}}"),
            &["web.yml:1:20: tls_server_config: found neither of key and key_file; write one of them"],
        );
    }
}

#[test]
fn certificate_and_key_that_are_both_empty_are_both_told() {
    refused(
        "tls_server_config:\n  cert_file: ''\n  key_file: ''\n  client_auth_type: x\n",
        &["neither of cert and cert_file", "neither of key and key_file", "client_auth_type: found another word"],
    );
}

#[test]
fn a_document_given_inline_and_by_a_file_is_refused() {
    refused(&tls(&["cert: c"]), &["web.yml:4:9: tls_server_config.cert: found beside cert_file; keep one"]);
    refused(&tls(&["key: k"]), &["web.yml:4:8: tls_server_config.key: found beside key_file; keep one"]);
    refused(
        &tls(&["client_ca: a", "client_ca_file: b", "client_auth_type: RequestClientCert"]),
        &["web.yml:4:14: tls_server_config.client_ca: found beside client_ca_file; keep one"],
    );
}

#[test]
fn every_client_auth_type_is_known() {
    for (name, expected) in [
        ("''", ClientAuth::NoClientCert),
        ("NoClientCert", ClientAuth::NoClientCert),
        ("RequestClientCert", ClientAuth::RequestClientCert),
        ("RequireAnyClientCert", ClientAuth::RequireAnyClientCert),
        ("RequireClientCert", ClientAuth::RequireAnyClientCert),
        ("VerifyClientCertIfGiven", ClientAuth::VerifyClientCertIfGiven),
        ("RequireAndVerifyClientCert", ClientAuth::RequireAndVerifyClientCert),
    ] {
        assert_eq!(good_tls(&[&format!("client_auth_type: {name}")]).client_auth, expected, "{name}");
    }
    refused(
        &tls(&["client_auth_type: requireandverifyclientcert"]),
        &["web.yml:4:21: tls_server_config.client_auth_type: found another word; write NoClientCert, "],
    );
}

#[test]
fn authorities_of_clients_that_are_not_asked_are_refused() {
    refused(
        &tls(&["client_ca_file: /dev/null"]),
        &["web.yml:4:19: tls_server_config.client_ca_file: clients are not asked for certificates; write client_auth"],
    );
}

#[test]
fn names_of_clients_that_are_not_asked_are_refused() {
    refused(
        &tls(&["client_allowed_sans: [one]"]),
        &["web.yml:4:24: tls_server_config.client_allowed_sans: clients are not asked for certificates"],
    );
}

#[test]
fn clients_prove_who_they_are_where_a_verified_certificate_is_a_must() {
    for (lines, expected) in [
        (&["client_auth_type: RequireAndVerifyClientCert"][..], true),
        (&["client_auth_type: VerifyClientCertIfGiven", "client_allowed_sans: [one]"], true),
        (&["client_auth_type: VerifyClientCertIfGiven"], false),
        (&["client_auth_type: RequireAnyClientCert", "client_allowed_sans: [one]"], false),
        (&[], false),
    ] {
        assert_eq!(good(&tls(lines)).authenticates(), expected, "{lines:?}");
    }
}

#[test]
fn versions_are_tls_1_2_to_1_3_unless_given() {
    let versions = |lines: &[&str]| -> Vec<_> {
        good_tls(lines).versions.iter().map(|version| format!("{:?}", version.version)).collect()
    };
    assert_eq!(versions(&[]), ["TLSv1_3", "TLSv1_2"]);
    assert_eq!(versions(&["min_version: TLS13"]), ["TLSv1_3"]);
    assert_eq!(versions(&["max_version: TLS12"]), ["TLSv1_2"]);
    assert_eq!(versions(&["min_version: TLS12", "max_version: TLS13"]), ["TLSv1_3", "TLSv1_2"]);
}

#[test]
fn versions_that_rustls_has_not_are_told_as_that() {
    for version in ["TLS10", "TLS11"] {
        refused(
            &tls(&[&format!("min_version: {version}")]),
            &["web.yml:4:16: tls_server_config.min_version: found a version that rustls has not; write TLS12 or TLS13"],
        );
    }
    refused(
        &tls(&["max_version: TLS11"]),
        &["web.yml:4:16: tls_server_config.max_version: found a version that rustls has not"],
    );
    refused(&tls(&["min_version: TLS111"]), &["min_version: found another word; write TLS12 or TLS13"]);
}

#[test]
fn a_last_version_before_the_first_is_refused() {
    refused(
        &tls(&["min_version: TLS13", "max_version: TLS12"]),
        &["web.yml:5:16: tls_server_config.max_version: found a version below min_version"],
    );
}

#[test]
fn every_cipher_suite_of_go_that_rustls_has_is_known() {
    let names = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ];
    let settings = good_tls(&[&format!("cipher_suites: [{}]", names.join(", "))]);
    assert_eq!(settings.provider.cipher_suites.len(), 9);
    // Those of TLS 1.3 are always on; those of TLS 1.2 in the order of the file.
    let of_tls12: Vec<_> = settings.provider.cipher_suites[3..].iter().map(|suite| suite.suite().as_str()).collect();
    assert_eq!(of_tls12, names[..6].iter().copied().map(Some).collect::<Vec<_>>());
}

#[test]
fn cipher_suites_that_rustls_has_not_are_told_as_that() {
    for suite in [
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    ] {
        refused(
            &tls(&[&format!("cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, {suite}]")]),
            &["web.yml:4:58: tls_server_config.cipher_suites[1]: found a suite with CBC, RC4 or RSA key exchange, \
               which rustls has not; write some of TLS_AES_256_GCM_SHA384, "],
        );
    }
}

#[test]
fn an_invented_cipher_suite_is_refused() {
    refused(
        &tls(&["cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]"]),
        &["web.yml:4:19: tls_server_config.cipher_suites[0]: found an unknown cipher suite; write some of TLS_AES_256"],
    );
}

#[test]
fn without_a_suite_that_http2_needs_http2_is_to_be_switched_off() {
    let suites = &["cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]", "max_version: TLS12"];
    refused(&tls(suites), &["web.yml:4:18: tls_server_config.cipher_suites: found no suite that HTTP/2 needs"]);
    let without = tls(suites) + "http_server_config:\n  http2: false\n";
    assert!(!good(&without).http2);
    good(&tls(&["cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]", "min_version: TLS13"]));
    good(&tls(&["cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"]));
}

#[test]
fn tls_1_2_alone_needs_a_suite_of_its_own() {
    let text = tls(&["cipher_suites: [TLS_AES_128_GCM_SHA256]", "max_version: TLS12"]);
    refused(
        &(text + "http_server_config:\n  http2: false\n"),
        &["web.yml:4:18: tls_server_config.cipher_suites: found no suite of TLS 1.2"],
    );
}

#[test]
fn curves_are_taken_in_their_order() {
    let names = |lines: &[&str]| -> Vec<_> {
        good_tls(lines).provider.kx_groups.iter().map(|group| format!("{:?}", group.name())).collect()
    };
    assert_eq!(names(&["curve_preferences: [CurveP384, X25519, CurveP256]"]), ["secp384r1", "X25519", "secp256r1"]);
    assert!(names(&[]).len() >= 3 && names(&["curve_preferences: []"]).len() >= 3);
}

#[test]
fn a_curve_that_rustls_has_not_is_told_as_that() {
    refused(
        &tls(&["curve_preferences: [X25519, CurveP521]"]),
        &["web.yml:4:31: tls_server_config.curve_preferences[1]: found a curve that rustls exchanges no keys on; \
           write some of X25519, CurveP256, CurveP384"],
    );
    refused(&tls(&["curve_preferences: [CurveP257]"]), &["found an unknown curve; write some of X25519"]);
}

#[test]
fn the_servers_order_counts_unless_it_is_switched_off() {
    assert!(good_tls(&[]).own_order);
    assert!(!good_tls(&["prefer_server_cipher_suites: false"]).own_order);
}
