//! Files good and bad, by what is told of them.

mod tls_server_config;

use super::*;

fn read(text: &str) -> Result<Settings, String> {
    Settings::read("web.yml", text, Path::new("/folder")).map_err(|error| error.to_string())
}

fn good(text: &str) -> Settings {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let told = read(text).err().unwrap_or_else(|| panic!("it is taken: {text}"));
    for expected in expected {
        assert!(told.contains(expected), "{expected}\nis not in\n{told}");
    }
    assert_eq!(told.lines().count(), expected.len(), "{told}");
}

mod whole {
    use super::*;

    #[test]
    fn an_empty_file_asks_for_nothing() {
        for text in ["", "\n", "# nothing yet\n", "---\n", "{}", "tls_server_config:\nhttp_server_config:\n"] {
            let settings = good(text);
            assert!(settings.tls.is_none() && settings.headers.is_empty() && settings.users.is_empty(), "{text:?}");
            assert!(settings.http2 && settings.limit.is_none() && !settings.authenticates(), "{text:?}");
        }
    }

    #[test]
    fn junk_is_refused_with_its_place() {
        refused("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", &["web.yml:1:1: "]);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        refused(
            "tls_server_config:\n  cert_filse: server.crt\n",
            &["web.yml:2:3: tls_server_config.cert_filse: unknown key; known here: cert, cert_file, "],
        );
        refused("users: {}\n", &["web.yml:1:1: users: unknown key; known here: tls_server_config, "]);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        refused(
            "tls_server_config:\n  cert: a\n  cert_file: b\n  min_version: TLS9\nrate_limit: {interval: 1}\n",
            &[
                "web.yml:2:9: ",
                "web.yml:2:3: tls_server_config: found neither of key",
                "web.yml:4:16: ",
                "web.yml:5:24: ",
            ],
        );
    }
}

mod http_server_config {
    use super::*;

    #[test]
    fn the_five_headers_are_taken() {
        let headers = good(
            "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: max-age=31536000; \
             includeSubDomains\n    X-Content-Type-Options: nosniff\n    X-XSS-Protection: 1\n    \
             Content-Security-Policy: \"default-src 'self' *.test.example.net\"\n",
        )
        .headers;
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        headers.sort_unstable();
        assert_eq!(
            headers,
            [
                ("content-security-policy", "default-src 'self' *.test.example.net"),
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "deny"),
                ("x-xss-protection", "1"),
            ]
        );
    }

    #[test]
    fn a_header_left_blank_is_not_set() {
        assert!(good("http_server_config: {headers: {X-Frame-Options: '', X-XSS-Protection: }}").headers.is_empty());
    }

    #[test]
    fn values_that_the_two_closed_headers_do_not_have_are_refused() {
        refused(
            "http_server_config:\n  headers:\n    X-Content-Type-Options: sniff\n    X-Frame-Options: foo\n",
            &[
                "web.yml:3:29: http_server_config.headers.X-Content-Type-Options: found another word; write nosniff",
                "web.yml:4:22: http_server_config.headers.X-Frame-Options: found another word; write deny or sameorigin",
            ],
        );
        good("http_server_config: {headers: {X-Frame-Options: sameorigin}}");
    }

    #[test]
    fn other_headers_are_refused() {
        for header in ["Content-Type: foo", "x-frame-options: deny", "Server: none"] {
            refused(
                &format!("http_server_config: {{headers: {{{header}}}}}"),
                &["unknown key; known here: Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, \
                   X-XSS-Protection, Strict-Transport-Security"],
            );
        }
    }

    #[test]
    fn a_value_of_two_lines_is_refused() {
        refused(
            "http_server_config: {headers: {Content-Security-Policy: \"a\\r\\nSet-Cookie: b\"}}",
            &["http_server_config.headers.Content-Security-Policy: found a text that no header can hold"],
        );
    }

    #[test]
    fn http2_is_true_or_false() {
        assert!(!good("http_server_config: {http2: false}").http2);
        refused("http_server_config: {http2: no}", &["http_server_config.http2: found a text; write true or false"]);
    }
}

mod users_and_limits {
    use super::*;

    const HASH: &str = "$2y$10$uw5JwHDIuLcWTkUwHvC0DeFkLw0uUMe8AqdkGS9a9uPzUdKzKJ0XS";

    #[test]
    fn users_with_bcrypt_hashes_are_taken() {
        let settings = good(&format!("basic_auth_users:\n  alice: {HASH}\n  bob: {HASH}\n"));
        assert!(!settings.users.is_empty() && settings.authenticates());
        assert!(good("basic_auth_users:\n").users.is_empty() && good("basic_auth_users: {}").users.is_empty());
    }

    #[test]
    fn a_password_in_clear_is_refused_and_not_repeated() {
        let text = "basic_auth_users:\n  john: doe\n";
        refused(text, &["web.yml:2:9: basic_auth_users.john: this is no bcrypt hash; write what `htpasswd"]);
        assert!(!read(text).err().unwrap().contains("doe"));
    }

    #[test]
    fn a_user_who_stands_there_twice_is_refused() {
        refused(
            &format!("basic_auth_users:\n  alice: {HASH}\n  alice: {HASH}\n"),
            &["web.yml:3:3: basic_auth_users.alice: this key stands here twice"],
        );
    }

    #[test]
    fn a_rate_limit_is_read_as_go_reads_it() {
        let limit = |text: &str| good(text).limit;
        let second = |burst| Some(Limit { interval: std::time::Duration::from_secs(1), burst });
        assert_eq!(limit("rate_limit: {interval: 1s, burst: 5}"), second(5));
        assert_eq!(limit("rate_limit: {interval: \"1s\", burst: 0}"), second(0));
        assert_eq!(limit("rate_limit: {interval: 1s}"), second(0));
        for none in
            ["rate_limit: {interval: 0, burst: 0}", "rate_limit: {interval: 0s, burst: 5}", "rate_limit: {burst: 5}"]
        {
            assert_eq!(limit(none), None, "{none}");
        }
    }

    #[test]
    fn a_rate_limit_that_is_none_is_refused() {
        for interval in ["5", "fast", "-1s"] {
            refused(
                &format!("rate_limit: {{interval: {interval}, burst: 5}}"),
                &["web.yml:1:24: rate_limit.interval: this is no duration; write numbers with units"],
            );
        }
        refused(
            "rate_limit: {interval: 1s, burst: -1}",
            &["rate_limit.burst: found a number or text; write a whole number"],
        );
    }
}
