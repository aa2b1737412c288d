//! The pods: how they are confined, and that what they are given is what the program takes.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::{Running, at, free_port, list, outcome, pause, program, said, text};
use super::BUILDS;

/// The pod templates with the names of their builds.
fn pods() -> impl Iterator<Item = (&'static str, &'static Value)> {
    BUILDS.iter().flat_map(|build| {
        build.workloads().into_iter().map(|workload| (build.name, at(workload, "/spec/template/spec")))
    })
}

/// The pods with their only containers.
fn containers() -> impl Iterator<Item = (&'static str, &'static Value)> {
    pods().map(|(name, pod)| {
        let [container] = list(pod, "/containers") else { panic!("{name}: one container") };
        (name, container)
    })
}

#[test]
fn a_pod_is_nobody_and_may_do_nothing() {
    for (name, pod) in pods() {
        assert_eq!(pod["automountServiceAccountToken"], json!(false), "{name}");
        let context = &pod["securityContext"];
        assert_eq!(context["runAsNonRoot"], json!(true), "{name}");
        assert_eq!(context["seccompProfile"], json!({"type": "RuntimeDefault"}), "{name}");
        assert_eq!(context["runAsUser"], context["fsGroup"], "{name}");
        assert!(context["runAsUser"].as_u64() > Some(0), "{name}");
    }
    for (name, container) in containers() {
        let expected = json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        });
        assert_eq!(container["securityContext"], expected, "{name}");
        for limit in ["/requests/cpu", "/requests/memory", "/limits/cpu", "/limits/memory"] {
            assert!(at(&container["resources"], limit).is_string(), "{name}: {limit}");
        }
    }
}

#[test]
fn no_pod_runs_whatever_is_newest() {
    for (name, container) in containers() {
        let tag = text(container, "/image").rsplit_once(':').map(|(_, tag)| tag);
        assert_eq!(tag, Some(env!("CARGO_PKG_VERSION")), "{name}");
    }
}

#[test]
fn secrets_are_read_only_files_of_a_folder_that_only_the_group_may_read() {
    for (name, pod) in pods() {
        let mounts = list(&pod["containers"][0], "/volumeMounts");
        for volume in list(pod, "/volumes") {
            let mount = mounts.iter().find(|mount| mount["name"] == volume["name"]).expect("it is mounted");
            assert_eq!(mount["readOnly"], json!(true), "{name}");
            assert_eq!(mount.get("subPath"), None, "{name}: would never change");
            assert_eq!(volume.get("optional"), None, "{name}");
            match (volume.get("secret"), volume.get("configMap")) {
                (Some(secret), None) => assert_eq!(secret["defaultMode"], json!(0o440), "{name}"),
                (None, Some(_)) => {}
                _ => panic!("{name}: another volume: {volume}"),
            }
        }
        let keys = mounts.iter().find(|mount| mount["mountPath"] == "/etc/overpay_exporter/keys").expect("keys");
        let volume = list(pod, "/volumes").iter().find(|volume| volume["name"] == keys["name"]).expect("a volume");
        assert_eq!(volume["secret"]["secretName"], "overpay-exporter-keys", "{name}");
    }
}

#[test]
fn what_is_mounted_is_made_here_or_told_in_the_documentation() {
    let told = super::read("docs/kubernetes.md");
    for build in BUILDS.iter() {
        for workload in build.workloads() {
            for volume in list(workload, "/spec/template/spec/volumes") {
                if let Some(map) = volume.pointer("/configMap/name") {
                    build.named("ConfigMap", map.as_str().expect("a name"));
                } else {
                    let secret = text(volume, "/secret/secretName");
                    assert!(told.contains(secret), "{secret}");
                }
            }
        }
    }
}

/// What a container's environment sets to a text.
fn settings(container: &Value) -> Vec<(&str, &str)> {
    let variables = list(container, "/env").iter().filter(|variable| variable.get("value").is_some());
    variables.map(|variable| (text(variable, "/name"), text(variable, "/value"))).collect()
}

#[test]
fn every_variable_is_one_of_serve_and_no_other_is_set_twice() {
    let help = said(program().args(["serve", "--help"]), "");
    for (name, container) in containers() {
        let mut seen = BTreeSet::new();
        for variable in list(container, "/env") {
            let variable = text(variable, "/name");
            assert!(help.contains(&format!("[env: {variable}=]")), "{name}: {variable}");
            assert!(seen.insert(variable), "{name}: {variable} twice");
        }
        assert!(seen.contains("OVERPAY_EXPORTER_CONFIG_WATCH"), "{name}");
    }
}

#[test]
fn serve_takes_the_values_it_is_given() {
    for (name, container) in containers() {
        let (code, told) = outcome(program().arg("serve").envs(settings(container)), "");
        // Every flag was understood, so that all it misses is a file.
        assert_eq!(code, Some(2), "{name}: {told}");
        assert!(told.contains("/etc/overpay_exporter/") && told.contains("can't be read"), "{name}: {told}");
    }
}

#[test]
fn the_configuration_is_looked_for_where_it_is_mounted() {
    for (name, pod) in pods() {
        let container = &pod["containers"][0];
        let settings = settings(container);
        let files = settings.iter().filter(|(variable, _)| variable.ends_with("CONFIG_FILE"));
        for (variable, path) in files {
            let (folder, file) = path.rsplit_once('/').expect("a path");
            let mount = list(container, "/volumeMounts").iter().find(|mount| mount["mountPath"] == folder);
            let volume =
                mount.and_then(|mount| list(pod, "/volumes").iter().find(|other| other["name"] == mount["name"]));
            let map = text(volume.unwrap_or_else(|| panic!("{name}: nothing at {folder}")), "/configMap/name");
            let build = BUILDS.iter().find(|build| build.name == name).expect("it is built");
            assert!(build.named("ConfigMap", map)["data"].get(file).is_some(), "{name}: {variable}");
        }
    }
}

#[test]
fn it_listens_on_the_port_that_is_probed_and_scraped() {
    for (name, container) in containers() {
        let port = at(container, "/ports/0/containerPort");
        let address =
            settings(container).into_iter().find(|(name, _)| name.ends_with("LISTEN_ADDRESS")).expect("an address");
        assert_eq!(address.1, format!(":{port}"), "{name}");
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            assert_eq!(container[probe]["httpGet"]["port"], container["ports"][0]["name"], "{name}: {probe}");
        }
    }
}

#[test]
fn the_probes_ask_for_pages_that_are_served() {
    let port = free_port();
    let mut demo = program();
    let _demo = Running::start(demo.args(["demo", "--web.listen-address", &format!("127.0.0.1:{port}")]), port);
    for (name, container) in containers() {
        for (probe, expected) in
            [("startupProbe", "/-/healthy"), ("livenessProbe", "/-/healthy"), ("readinessProbe", "/-/ready")]
        {
            let path = text(&container[probe], "/httpGet/path");
            assert_eq!(path, expected, "{name}: {probe}");
            let end = Instant::now() + Duration::from_mins(1);
            while !get(port, path).starts_with("HTTP/1.1 200 ") {
                assert!(Instant::now() < end, "{path}: {}", get(port, path));
                pause();
            }
        }
    }
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
