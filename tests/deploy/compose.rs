//! `deploy/compose`: held to the schema, and what it mounts is there and valid. It was not run.

use super::{document, list, outcome, project, read, said, text, tool};

const FILE: &str = "deploy/compose/compose.yaml";

fn validate(text: &str) -> (Option<i32>, String) {
    outcome(tool("python").arg(project("tests/deploy/validate.py")).arg("compose"), text)
}

#[test]
fn the_file_is_as_the_schema_of_compose_wants_it() {
    assert_eq!(validate(&read(FILE)), (Some(0), "\n".to_owned()));
}

#[test]
fn the_schema_is_held_to() {
    let (code, said) = validate(&read(FILE).replace("read_only:", "readonly:"));
    assert_eq!(code, Some(1));
    assert!(said.contains("'readonly' was unexpected"), "{said}");
}

#[test]
fn all_of_it_listens_on_this_machine_alone() {
    let compose = document(&read(FILE));
    let services = compose["services"].as_object().expect("services");
    assert_eq!(services.len(), 4);
    for (name, service) in services {
        for port in list(service, "/ports") {
            assert!(port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")), "{name}: {port}");
        }
    }
}

#[test]
fn no_image_is_whatever_is_newest() {
    let compose = document(&read(FILE));
    for (name, service) in compose["services"].as_object().expect("services") {
        let (_, tag) = text(service, "/image").rsplit_once(':').expect("a tag");
        assert!(tag.trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit()), "{name}: {tag}");
    }
}

#[test]
fn what_is_mounted_and_built_is_there() {
    let compose = document(&read(FILE));
    let folder = project("deploy/compose");
    let mut mounts = 0;
    for (name, service) in compose["services"].as_object().expect("services") {
        let volumes = service.get("volumes").and_then(|volumes| volumes.as_array()).cloned().unwrap_or_default();
        for volume in volumes.iter().filter_map(|volume| volume.as_str()).filter(|volume| volume.starts_with('.')) {
            let (source, target) = volume.split_once(':').expect("a source and a target");
            assert!(folder.join(source).exists(), "{name}: {source} is not there");
            assert!(target.ends_with(":ro"), "{name}: {volume} can be written to");
            mounts += 1;
        }
    }
    assert_eq!(mounts, 6);
    let build = &compose["services"]["exporter"]["build"];
    assert!(folder.join(text(build, "/context")).join(text(build, "/dockerfile")).exists());
}

#[test]
fn prometheus_takes_its_configuration_with_the_rules_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    std::fs::copy(project("deploy/compose/prometheus.yml"), &config).expect("copied");
    std::fs::copy(project("alerts/overpay.rules.yml"), folder.path().join("overpay.rules.yml")).expect("copied");
    let told = said(std::process::Command::new("promtool").args(["check", "config"]).arg(&config), "");
    assert!(told.contains("1 rule files found") && !told.contains("FAILED"), "{told}");
}

#[test]
fn alertmanager_takes_its_configuration() {
    let file = project("deploy/compose/alertmanager.yml");
    let told = said(std::process::Command::new("amtool").arg("check-config").arg(file), "");
    assert!(told.contains("SUCCESS"), "{told}");
}

#[test]
fn grafana_finds_the_dashboards_where_its_provider_looks() {
    let compose = document(&read(FILE));
    let grafana = &compose["services"]["grafana"];
    let provider = document(&read("dashboards/provisioning/dashboards/overpay_exporter.yml"));
    let path = text(&provider, "/providers/0/options/path");
    let mounted = format!("../../dashboards:{path}:ro");
    assert!(list(grafana, "/volumes").iter().any(|volume| volume == mounted.as_str()), "{mounted}");
    let home = text(grafana, "/environment/GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
    assert!(project("dashboards").join(home.strip_prefix(path).expect("below it").trim_start_matches('/')).exists());
}

#[test]
fn everybody_is_called_by_the_name_of_a_service() {
    let compose = document(&read(FILE));
    let prometheus = document(&read("deploy/compose/prometheus.yml"));
    let targets = [
        (text(&prometheus, "/scrape_configs/0/static_configs/0/targets/0"), "exporter"),
        (text(&prometheus, "/alerting/alertmanagers/0/static_configs/0/targets/0"), "alertmanager"),
    ];
    let datasource = document(&read("deploy/compose/datasource.yml"));
    let url = text(&datasource, "/datasources/0/url").strip_prefix("http://").expect("http");
    for (address, name) in targets.into_iter().chain([(url, "prometheus")]) {
        let (host, port) = address.split_once(':').expect("a port");
        assert_eq!(host, name);
        let published = text(&compose["services"][host], "/ports/0");
        assert!(published.ends_with(&format!(":{port}")), "{name} listens on {published}, not {port}");
    }
}
