//! `check`, the command line, and what a user reads when either is wrong.

use super::exporter::{Files, configuration, run, text};

#[tokio::test]
async fn check_says_what_a_configuration_means() {
    let files = Files::new(&configuration(
        "http://127.0.0.1:9400",
        "channel_balances:\n  - {gateway: 3405, currencies: [USD, EUR]}\nbeyag_balances:\n  - {gateway: 7, interval: 1m}",
    ));
    let output = run(&["check", "--config.file", &files.configuration()]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(said.contains("shops: 1, queries: 3"), "{said}");
    assert!(said.contains("main/channel_balances-3405-USD  every 5s, timeout 3s, stale after 18s"), "{said}");
    assert!(said.contains("127.0.0.1:9400  25.0"), "{said}");
}

#[tokio::test]
async fn check_warns_where_the_limits_cannot_carry_the_load() {
    let queries: String = (0..20).map(|currency| format!("X{currency:02}")).collect::<Vec<_>>().join(", ");
    let files = Files::new(&configuration(
        "http://127.0.0.1:9400",
        &format!("channel_balances:\n  - {{gateway: 3405, currencies: [{queries}]}}"),
    ));
    let output = run(&["check", "--config.file", &files.configuration()]).await;
    let said = text(&output.stdout);
    assert!(said.contains("warning: shop main, gateway 3405: the in-flight limit"), "{said}");
    assert!(said.contains("0.25s or less"), "{said}");
}

#[tokio::test]
async fn check_warns_of_thresholds_nobody_meets_and_of_questions_asked_twice() {
    let files = Files::new(&configuration(
        "http://127.0.0.1:9400",
        "channel_balances:\n  - {gateway: 1, currencies: [USD], thresholds: {UDS: {critical: 1}}}\n  - {gateway: 2, \
         currencies: [USD]}\n  - {gateway: 2, currencies: all}",
    ));
    let output = run(&["check", "--config.file", &files.configuration()]).await;
    let said = text(&output.stdout);
    assert!(said.contains("warning: shop main, gateway 1: thresholds in UDS, not asked for there"), "{said}");
    assert!(said.contains("warning: shop main, gateway 2: asked for all currencies at once"), "{said}");
}

#[tokio::test]
async fn every_problem_is_told_at_once_with_its_place_and_exit_code_2() {
    let files = Files::new(
        "poll:\n  interval: 2s\nshops:\n  - name: a b\n    brand: bepaid\n    shop_id: 1\n    secret_key_file: nowhere.key\n    \
         channel_balances:\n      - gateway: 1\n        currencies: [usd]\n",
    );
    let output = run(&["check", "--config.file", &files.configuration()]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    for expected in [
        "overpay_exporter.yml:2:13: poll.interval: found 2s; write 5s or more",
        "overpay_exporter.yml:4:11: shops[0].name: this is not a name",
        "overpay_exporter.yml:7:22: shops[0].secret_key_file: the key file can't be read",
        "overpay_exporter.yml:9:18: shops[0].channel_balances[0]: the brand bepaid has no documented host for channel_balances",
        "overpay_exporter.yml:10:22: shops[0].channel_balances[0].currencies[0]: found \"usd\"",
    ] {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
    assert!(said.contains("https://merchant.bepaid.by"), "the likely host is named: {said}");
    assert_eq!(said.lines().count(), 5, "{said}");
    assert!(!said.contains("nowhere.key"), "{said}");
}

#[tokio::test]
async fn a_secret_written_into_the_file_is_refused_and_not_repeated() {
    let files = Files::new("shops:\n  - name: main\n    shop_id: 1\n    secret_key: hunter2\n");
    let output = run(&["serve", "--config.file", &files.configuration()]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("overpay_exporter.yml:4:5: shops[0].secret_key: unknown key"), "{said}");
    assert!(said.contains("secret_key_file"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_missing_file_is_told_by_name_with_exit_code_2() {
    let output = run(&["check", "--config.file", "/nowhere/exporter.yml"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("/nowhere/exporter.yml: can't be read: No such file"),
        "{}",
        text(&output.stderr)
    );
}

#[tokio::test]
async fn an_unknown_flag_ends_with_exit_code_2() {
    let output = run(&["--web.listen-adress", "127.0.0.1:0"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--web.listen-address"), "a near miss is named");
}

#[tokio::test]
async fn a_flag_of_serve_before_another_command_is_refused() {
    let output = run(&["--web.telemetry-path", "/m", "check"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--web.telemetry-path stands before check"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn flags_read_their_environment_variables() {
    let files = Files::new(&configuration("http://127.0.0.1:9400", ""));
    let mut command = super::exporter::program();
    let output = command.env("OVERPAY_EXPORTER_CONFIG_FILE", files.configuration()).arg("check").output().await;
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("warning: nothing is asked"));
}

#[tokio::test]
async fn an_empty_environment_variable_counts_as_not_set() {
    let files = Files::new(&configuration("http://127.0.0.1:9400", ""));
    let mut command = super::exporter::program();
    command.env("OVERPAY_EXPORTER_SHARD_TOTAL", "").env("OVERPAY_EXPORTER_CONFIG_FILE", "");
    let output = command.args(["check", "--config.file", &files.configuration()]).output().await.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = super::exporter::program().env("OVERPAY_EXPORTER_CONFIG_FILE", "").arg("check").output().await;
    let said = text(&output.expect("it starts").stderr);
    assert!(said.starts_with("overpay_exporter.yml: can't be read"), "the default counts: {said}");
}

#[tokio::test]
async fn version_names_version_revision_and_build_target() {
    let output = run(&["--version"]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    assert!(said.starts_with(concat!("overpay_exporter ", env!("CARGO_PKG_VERSION"), " (revision ")), "{said}");
    assert!(said.contains("-linux-"), "{said}");
}

#[tokio::test]
async fn help_lists_every_command_and_flag_of_the_contract() {
    let said = text(&run(&["--help"]).await.stdout);
    let commands = ["serve", "check", "query", "demo", "simulate", "health"];
    let flags = [
        "--config.file",
        "--web.listen-address",
        "--web.telemetry-path",
        "--web.route-prefix",
        "--shard.index",
        "--shard.total",
        "--log.level",
        "--log.format",
    ];
    for expected in commands.into_iter().chain(flags) {
        assert!(said.contains(expected), "{expected} is not in\n{said}");
    }
    assert!(said.contains("OVERPAY_EXPORTER_CONFIG_FILE"), "{said}");
}

#[tokio::test]
async fn a_shard_outside_the_total_ends_with_exit_code_2() {
    let output = run(&["--shard.index", "3", "--shard.total", "3"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--shard.index 3 of --shard.total 3"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn without_secrets_a_file_is_checked_where_its_keys_and_certificates_are_not() {
    let good =
        configuration("http://127.0.0.1:9400", "").replace("secret_key_file: main.key", "secret_key_credential: x");
    let files = Files::new(&good);
    let web = files.write(
        "web.yml",
        "tls_server_config: {cert_file: nowhere.crt, key_file: nowhere.key}\nhttp_server_config: {http2: false}\n",
    );
    let (file, web) = (files.configuration(), web.display().to_string());
    let arguments = ["check", "--config.file", &file, "--web.config.file", &web];
    let told = run(&arguments).await;
    assert_eq!(told.status.code(), Some(2), "with them it is wrong");

    let told = run(&[&arguments[..], &["--no-secrets"]].concat()).await;
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let said = text(&told.stdout);
    assert!(said.contains("overpay_exporter.yml: ok; secret keys were not read"), "{said}");
    assert!(said.contains("web.yml: ok; certificates and keys were not read"), "{said}");
}

#[tokio::test]
async fn without_secrets_everything_else_is_told_as_ever() {
    let files = Files::new("poll: {interval: 2s}\nshops:\n  - {name: main, shop_id: 363}\n");
    let web = files.write("web.yml", "http_server_config: {http3: true}\n").display().to_string();
    let told = run(&["check", "--no-secrets", "--config.file", &files.configuration()]).await;
    let said = text(&told.stderr);
    assert_eq!(told.status.code(), Some(2));
    assert!(said.contains("poll.interval: found 2s") && said.contains("no source of the secret key"), "{said}");

    files.write("overpay_exporter.yml", &configuration("http://127.0.0.1:9400", ""));
    let told =
        run(&["check", "--no-secrets", "--config.file", &files.configuration(), "--web.config.file", &web]).await;
    assert_eq!(told.status.code(), Some(2), "{}", text(&told.stdout));
    assert!(text(&told.stderr).contains("web.yml:1:22: http_server_config: unknown key"), "{}", text(&told.stderr));
}

/// A configuration that asks one gateway in so many currencies as there are shards to get some of it.
const DIVIDED: &str = "channel_balances:
  - {gateway: 1, currencies: [USD, EUR, GBP]}
  - {gateway: 2, currencies: [USD, EUR, GBP]}
";

#[tokio::test]
async fn check_tells_what_each_of_so_many_shards_would_ask() {
    let files = Files::new(&configuration("http://127.0.0.1:9400", DIVIDED));
    let output = run(&["check", "--config.file", &files.configuration(), "--shard.total", "3"]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (_, table) = said.split_once("queries and requests per minute by shard\n").expect("the shards are told");
    let rows: Vec<Vec<&str>> = table.lines().take(3).map(|line| line.split_whitespace().collect()).collect();
    let queries: usize = rows.iter().map(|row| row[3].parse::<usize>().expect("a number of queries")).sum();
    let shards: Vec<String> = rows.iter().map(|row| row[..3].join(" ")).collect();
    assert_eq!((shards, queries), (vec!["0 of 3".into(), "1 of 3".into(), "2 of 3".into()], 6), "{said}");
    let whole = run(&["check", "--config.file", &files.configuration()]).await;
    assert!(!text(&whole.stdout).contains("by shard"), "{}", text(&whole.stdout));
}

#[tokio::test]
async fn the_name_of_a_pod_is_the_index_of_a_shard_and_another_name_is_refused() {
    let files = Files::new(&configuration("http://127.0.0.1:9400", DIVIDED));
    let exporter = super::exporter::Exporter::serve(
        &files.configuration(),
        &["--shard.index", "overpay-exporter-a-2", "--shard.total", "3"],
    )
    .await;
    let scrape = exporter.scrape_until("the first scrape", |_| true).await;
    assert!(scrape.0.contains("overpay_exporter_shard_info{index=\"2\",total=\"3\"} 1\n"), "{}", scrape.0);
    let output = run(&["--shard.index", "overpay-exporter-7d9f8c6b5-x2k4l", "--shard.total", "3"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("or the name of a StatefulSet's pod"), "{}", text(&output.stderr));
}
