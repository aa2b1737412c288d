//! `--web.config.file` of the real program, asked by real TLS clients: what exporter-toolkit's own tests hold of it.
//!
//! | exporter-toolkit (`web/*_test.go`) | here |
//! |---|---|
//! | `TestYAMLFiles`: every file, run and validate | `files::every_file_that_exporter_toolkit_refuses_is_refused_by_check_and_serve_alike`; each message beside the code, in `settings/tests.rs` and `certificates/tests.rs` |
//! | empty config yml | `requests::an_empty_file_changes_nothing` |
//! | `TestServerBehaviour`: no file, default client | all other tests of this program |
//! | no file, TLS client | `versions::without_tls_a_client_that_begins_with_tls_gets_none` |
//! | valid tls, default client | `versions::with_tls_a_client_that_begins_without_gets_no_answer` |
//! | valid tls, tls client | `versions::a_certificate_and_its_key_are_served` |
//! | cert and key inline | `versions::a_certificate_and_its_key_may_stand_in_the_file` |
//! | TLS 1.1 client | `versions::a_client_of_tls_1_1_is_refused` |
//! | all ciphers | `versions::every_cipher_suite_that_rustls_has_is_served`; with CBC suites the file is refused, since rustls has none |
//! | some ciphers | `versions::a_client_with_one_of_the_cipher_suites_is_served` |
//! | no common cipher | `versions::a_client_without_one_of_the_cipher_suites_is_refused` |
//! | multiple client ciphers | `versions::the_servers_order_of_cipher_suites_counts` |
//! | multiple client ciphers, client chooses | `versions::the_clients_order_of_cipher_suites_counts_where_the_file_says_so` |
//! | all curves | `versions::every_curve_that_rustls_has_is_served`; with P-521 the file is refused, since rustls has none |
//! | some curves, no common curves | `versions::a_client_with_the_curve_is_served_and_one_without_is_refused` |
//! | non-http2 ciphers, with http2 off and on | `versions::http2_is_offered_unless_it_is_switched_off`, `files` (the file is refused where it is read, not where it is served) |
//! | valid headers, `TestHTTPHeaders` | `requests::headers_are_on_every_answer` |
//! | invalid headers | `files` |
//! | `RequireAnyClientCert`, cert present (also inline key) | `clients::any_certificate_is_taken_where_one_is_required` |
//! | `RequireAndVerifyClientCert`, cert present | `clients::a_certified_client_is_served`, `clients::a_self_signed_certificate_that_is_named_as_an_authority_is_taken` |
//! | good SAN, invalid SAN | `clients::only_clients_of_an_allowed_name_are_served` |
//! | rate limiter, none and one second | `requests::a_limit_of_nothing_limits_nothing`, `requests::beyond_the_limit_requests_are_refused_without_headers` |
//! | `TestConfigReloading` | `changes::a_file_that_lets_nobody_in_and_then_everybody_is_followed` |
//! | `TestUsers` | `requests::users_are_let_in_with_their_passwords_over_tls_and_without` |
//! | `TestTLSConfigIsEnabled` | `settings::tests::what_enables_tls_is_what_enables_it_in_exporter_toolkit` |
//! | `TestBasicAuthCache` | `requests::hundreds_of_requests_at_once_have_the_right_answers` |
//! | `TestBasicAuthWithFakepassword` | `requests::users_are_let_in_with_their_passwords_over_tls_and_without` |
//! | `TestByPassBasicAuthVuln` | `passwords::tests::what_an_unknown_user_was_told_lets_nobody_in` |
//! | `TestCache*` (`cache_test.go`) | `passwords::verdicts::tests` |

mod changes;
mod client;
mod clients;
mod files;
mod paper;
mod requests;
mod scraped;
mod versions;

use std::path::PathBuf;

use self::client::{Answer, Client};
use self::paper::{Authority, Paper};
use super::exporter::{Exporter, Files, configuration};

/// The keys of `tls_server_config` that every file with TLS here has.
const TLS: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// An exporter with a web configuration, and whoever certified it.
struct Web {
    files: Files,
    exporter: Exporter,
    authority: Authority,
}

impl Web {
    /// An exporter whose web configuration is that text, in a folder with `server.crt` and `server.key`.
    async fn start(text: &str) -> Self {
        Self::start_with(text, &[]).await
    }

    /// The same with more files in the folder.
    async fn start_with(text: &str, more: &[(&str, &str)]) -> Self {
        let (files, authority) = (Files::new(&configuration("http://127.0.0.1:9", "")), Authority::new());
        authority.server().write(&files, "server");
        for (name, content) in more {
            files.write(name, content);
        }
        let path = files.write("web.yml", text).display().to_string();
        let exporter = Exporter::serve(&files.configuration(), &["--web.config.file", &path]).await;
        Self { files, exporter, authority }
    }

    /// A client that trusts the exporter's authority.
    fn client(&self) -> Client {
        Client::trusting(&self.authority.certificate)
    }

    /// Asks whether the exporter is healthy, as that client.
    async fn ask(&self, client: &Client) -> Result<Answer, String> {
        client.ask(&self.exporter).await
    }

    fn write(&self, text: &str) -> PathBuf {
        self.files.write("web.yml", text)
    }
}
