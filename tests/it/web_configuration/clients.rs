//! Certificates of clients.

use rcgen::{ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::paper::{dns, of_client};
use super::{Authority, Paper, TLS, Web};

/// A web configuration that asks clients for certificates in that way.
fn asking(client_auth_type: &str, lines: &str) -> String {
    format!("{TLS}  client_auth_type: {client_auth_type}\n{lines}")
}

const CA: &str = "  client_ca_file: client_ca.crt\n";

/// Whether each of them is served: without a certificate, with one that nobody known has certified, with a certified one.
async fn served(client_auth_type: &str, lines: &str) -> [bool; 3] {
    let authority = Authority::new();
    let text = asking(client_auth_type, lines);
    let web = Web::start_with(&text, &[("client_ca.crt", &authority.certificate)]).await;
    let papers = [None, Some(Authority::new().client(&[dns("client")])), Some(authority.client(&[dns("client")]))];
    let mut served = [false; 3];
    for (paper, served) in papers.iter().zip(&mut served) {
        let client = paper.as_ref().map_or_else(|| web.client(), |paper| web.client().with_paper(paper));
        // Of both versions alike.
        let [one, other] = [&TLS12, &TLS13].map(|version| client.clone().with_versions(&[version]));
        let answers =
            [web.ask(&one).await, web.ask(&other).await].map(|answer| answer.is_ok_and(|it| it.status == 200));
        assert_eq!(answers[0], answers[1], "{client_auth_type}");
        *served = answers[0];
    }
    served
}

#[tokio::test]
async fn nobody_is_asked_unless_the_file_says_so() {
    assert_eq!(served("NoClientCert", "").await, [true, true, true]);
}

#[tokio::test]
async fn a_certificate_that_is_only_asked_for_may_be_any_or_none() {
    assert_eq!(served("RequestClientCert", "").await, [true, true, true]);
}

#[tokio::test]
async fn any_certificate_is_taken_where_one_is_required() {
    for name in ["RequireAnyClientCert", "RequireClientCert"] {
        assert_eq!(served(name, "").await, [false, true, true], "{name}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_given_is_verified() {
    assert_eq!(served("VerifyClientCertIfGiven", CA).await, [true, false, true]);
}

#[tokio::test]
async fn a_certified_client_is_served() {
    assert_eq!(served("RequireAndVerifyClientCert", CA).await, [false, false, true]);
}

#[tokio::test]
async fn without_authorities_of_its_own_the_systems_certify() {
    assert_eq!(served("VerifyClientCertIfGiven", "").await, [true, false, false]);
    assert_eq!(served("RequireAndVerifyClientCert", "").await, [false, false, false]);
}

#[tokio::test]
async fn who_is_refused_is_told_why() {
    let authority = Authority::new();
    let text = asking("RequireAndVerifyClientCert", &format!("{CA}  client_allowed_sans: [good]\n"));
    let web = Web::start_with(&text, &[("client_ca.crt", &authority.certificate)]).await;
    let mut expired = of_client(&[dns("good")]);
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut of_server = of_client(&[dns("good")]);
    of_server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    for (paper, alert) in [
        (None, "CertificateRequired"),
        (Some(Authority::new().client(&[dns("good")])), "UnknownCA"),
        (Some(authority.client(&[dns("bad")])), "BadCertificate"),
        (Some(authority.certify(&expired)), "CertificateExpired"),
        (Some(authority.certify(&of_server)), "UnsupportedCertificate"),
    ] {
        let client = paper.as_ref().map_or_else(|| web.client(), |paper| web.client().with_paper(paper));
        let told = web.ask(&client).await.expect_err("refused");
        assert!(told.contains(alert), "{alert} is not in {told}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_that_is_named_as_an_authority_is_taken() {
    let (paper, stranger) = (Paper::self_signed(&[dns("test")]), Paper::self_signed(&[dns("test")]));
    let web =
        Web::start_with(&asking("RequireAndVerifyClientCert", CA), &[("client_ca.crt", &paper.certificate)]).await;
    for version in [&TLS12, &TLS13] {
        let client = web.client().with_versions(&[version]);
        assert_eq!(web.ask(&client.clone().with_paper(&paper)).await.expect("an answer").status, 200);
        web.ask(&client.with_paper(&stranger)).await.expect_err("of the same name, with another key");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_of_no_use() {
    let paper = Paper::self_signed(&[dns("test")]);
    let stolen = Paper { key: Paper::self_signed(&[dns("test")]).key, ..paper.clone() };
    for (client_auth_type, lines) in
        [("RequestClientCert", ""), ("RequireAnyClientCert", ""), ("RequireAndVerifyClientCert", CA)]
    {
        let web = Web::start_with(&asking(client_auth_type, lines), &[("client_ca.crt", &paper.certificate)]).await;
        for version in [&TLS12, &TLS13] {
            let client = web.client().with_versions(&[version]);
            assert!(web.ask(&client.clone().with_paper(&paper)).await.is_ok(), "{client_auth_type}");
            let told = web.ask(&client.with_paper(&stolen)).await.expect_err("the key is another's");
            assert!(told.contains("DecryptError"), "{client_auth_type}: {told}");
        }
    }
}

#[tokio::test]
async fn only_clients_of_an_allowed_name_are_served() {
    let authority = Authority::new();
    let sans =
        "  client_allowed_sans: [one, 'spiffe://example/two', 'three@example.com', '192.0.2.4', '2001:db8::5']\n";
    let text = asking("RequireAndVerifyClientCert", &format!("{CA}{sans}"));
    let web = Web::start_with(&text, &[("client_ca.crt", &authority.certificate)]).await;
    let uri = |uri: &str| SanType::URI(uri.try_into().expect("a URI"));
    let email = |address: &str| SanType::Rfc822Name(address.try_into().expect("an address"));
    let address = |address: &str| SanType::IpAddress(address.parse().expect("an address"));
    for (names, allowed) in [
        (vec![dns("one")], true),
        (vec![dns("other"), dns("one")], true),
        (vec![uri("spiffe://example/two")], true),
        (vec![email("three@example.com")], true),
        (vec![address("192.0.2.4")], true),
        (vec![address("2001:db8::5")], true),
        (vec![dns("other")], false),
        // An exact match: no wildcards, no other case, no part of it.
        (vec![dns("*.one")], false),
        (vec![dns("ONE")], false),
        (vec![dns("one.example")], false),
        (vec![uri("spiffe://example/two/more")], false),
        (vec![address("192.0.2.5")], false),
        (vec![], false),
    ] {
        let answer = web.ask(&web.client().with_paper(&authority.client(&names))).await;
        assert_eq!(answer.is_ok(), allowed, "{names:?}");
    }
}

#[tokio::test]
async fn where_names_are_asked_for_a_certificate_is_a_must() {
    let sans = "  client_allowed_sans: [client]\n";
    assert_eq!(served("VerifyClientCertIfGiven", &format!("{CA}{sans}")).await, [false, false, true]);
    assert_eq!(served("RequestClientCert", sans).await, [false, true, true]);
    assert_eq!(served("RequireAnyClientCert", "  client_allowed_sans: []\n").await, [false, false, false]);
}
