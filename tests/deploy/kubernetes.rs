//! `deploy/kubernetes`: what kustomize makes of it, and of the examples in `docs/kubernetes.md`. No cluster has seen it.

mod pods;
mod shards;

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use super::{at, document, documents, list, outcome, program, project, read, said, text, tool};

/// What kustomize makes of one folder.
pub(super) struct Build {
    name: &'static str,
    yaml: String,
    documents: Vec<Value>,
}

impl Build {
    fn of(name: &'static str, folder: &Path) -> Self {
        let yaml = said(tool("kubectl").arg("kustomize").arg(folder), "");
        let documents = documents(&yaml);
        Self { name, yaml, documents }
    }

    /// The one document of that kind.
    fn the(&self, kind: &str) -> &Value {
        let [found] = self.all(kind).try_into().unwrap_or_else(|found: Vec<_>| panic!("{}: {found:?}", self.name));
        found
    }

    fn named(&self, kind: &str, name: &str) -> &Value {
        let found = self.all(kind).into_iter().find(|document| document["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{}: no {kind} {name}", self.name))
    }

    fn all(&self, kind: &str) -> Vec<&Value> {
        self.documents.iter().filter(|document| document["kind"] == kind).collect()
    }

    /// The Deployment or the `StatefulSet`s.
    fn workloads(&self) -> Vec<&Value> {
        let workloads = [self.all("Deployment"), self.all("StatefulSet")].concat();
        assert!(!workloads.is_empty(), "{}", self.name);
        workloads
    }
}

/// The overlays as they are, each with TLS, and the two examples of the documentation.
static BUILDS: LazyLock<Vec<Build>> = LazyLock::new(|| {
    let overlay = |name| project("deploy/kubernetes/overlays").join(name);
    let (alone, divided) = (overlay("single"), overlay("sharded"));
    let mut builds = vec![Build::of("single", &alone), Build::of("sharded", &divided)];
    for (name, overlay) in [("single with TLS", "single"), ("sharded with TLS", "sharded")] {
        let kustomization = format!(
            "resources: [../overpay_exporter/deploy/kubernetes/overlays/{overlay}]\n\
             components: [../overpay_exporter/deploy/kubernetes/tls]\n"
        );
        builds.push(Build::of(name, payouts(&kustomization).path().join("payouts").as_path()));
    }
    for (name, index) in [("the example", 0), ("the example with shards", 1)] {
        builds.push(Build::of(name, payouts(&kustomizations()[index]).path().join("payouts").as_path()));
    }
    builds
});

fn build(name: &str) -> &'static Build {
    BUILDS.iter().find(|build| build.name == name).expect("it is built")
}

/// A folder of a user's, beside this repository, with that kustomization and the documentation's configuration.
fn payouts(kustomization: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(project(""), folder.path().join("overpay_exporter")).expect("a link");
    let payouts = folder.path().join("payouts");
    std::fs::create_dir(&payouts).expect("a folder");
    std::fs::write(payouts.join("kustomization.yaml"), kustomization).expect("written");
    std::fs::write(payouts.join("overpay_exporter.yml"), example("shops:")).expect("written");
    folder
}

/// The YAML examples of the documentation that begin so.
fn examples(beginning: &str) -> Vec<String> {
    let text = read("docs/kubernetes.md");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with(beginning)).map(str::to_owned).collect()
}

fn example(beginning: &str) -> String {
    let [example] = examples(beginning).try_into().expect("one example");
    example
}

/// The kustomizations of the documentation: of one exporter, and of shards.
fn kustomizations() -> [String; 2] {
    examples("apiVersion: kustomize").try_into().expect("two examples")
}

fn validate(yaml: &str) -> (Option<i32>, String) {
    outcome(tool("python").arg(project("tests/deploy/validate.py")).arg("kubernetes"), yaml)
}

#[test]
fn every_document_is_as_the_schemas_of_kubernetes_and_of_the_operator_want_it() {
    let all: Vec<&str> = BUILDS.iter().map(|build| build.yaml.as_str()).collect();
    assert_eq!(validate(&all.join("\n---\n")), (Some(0), "\n".to_owned()));
}

#[test]
fn the_schemas_are_held_to() {
    let yaml = &build("sharded").yaml;
    for (right, wrong, told) in [
        ("clusterIP:", "clusterIp:", "Service overpay-exporter: Kubernetes 1.25: spec: Additional properties"),
        (
            "maxUnavailable: 1\n",
            "maxUnavailable: []\n",
            "PodDisruptionBudget overpay-exporter: Kubernetes 1.37: spec.max",
        ),
        ("scrapeTimeout:", "timeout:", "ServiceMonitor overpay-exporter: spec.endpoints.0.timeout: unknown key"),
        ("interval: 30s", "interval: often", "ServiceMonitor overpay-exporter: spec.endpoints.0.interval"),
        ("kind: NetworkPolicy", "kind: NetworkRule", "Couldn't find schema for kind NetworkRule"),
        ("kind: ServiceMonitor", "kind: Monitor", "the operator knows no Monitor"),
    ] {
        let document = yaml.split("\n---\n").find(|document| document.contains(right)).expect(right);
        let (code, said) = validate(&document.replace(right, wrong));
        assert_eq!(code, Some(1), "{wrong}");
        assert!(said.contains(told), "{wrong}: {said}");
    }
}

#[test]
fn the_rules_are_those_for_prometheus() {
    let rules = document(&read("alerts/overpay.rules.yml"));
    for build in BUILDS.iter() {
        assert_eq!(build.the("PrometheusRule")["spec"]["groups"], rules["groups"], "{}", build.name);
    }
}

#[test]
fn the_dashboards_are_the_files_byte_for_byte_under_the_label_that_grafana_looks_for() {
    for build in BUILDS.iter() {
        let labelled = |map: &&Value| map["metadata"]["labels"]["grafana_dashboard"] == "1";
        let maps: Vec<_> = build.all("ConfigMap").into_iter().filter(labelled).collect();
        let mut files = std::fs::read_dir(project("dashboards"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"))
            .collect::<Vec<_>>();
        let mut names = Vec::new();
        for map in maps {
            for (name, content) in map["data"].as_object().expect("files") {
                assert!(content.as_str() == Some(&read(&format!("dashboards/{name}"))), "{}: {name}", build.name);
                names.push(name.clone());
            }
            // What `kubectl apply` notes in an annotation may have 256 KiB.
            assert!(map.to_string().len() < 256 * 1024, "{}", map["metadata"]["name"]);
        }
        names.sort();
        files.sort();
        assert_eq!(names, files, "{}", build.name);
    }
}

#[test]
fn the_configuration_is_accepted_and_has_its_keys_where_the_secret_is_mounted() {
    for build in BUILDS.iter() {
        let configuration = text(build.named("ConfigMap", "overpay-exporter"), "/data/overpay_exporter.yml");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("overpay_exporter.yml");
        std::fs::write(&file, configuration).expect("written");
        said(program().args(["check", "--no-secrets", "--config.file"]).arg(&file), "");
        let mut keys = 0;
        for line in configuration.lines().filter_map(|line| line.trim().strip_prefix("secret_key_file: ")) {
            assert!(line.starts_with("/etc/overpay_exporter/keys/"), "{}: {line}", build.name);
            keys += 1;
        }
        assert_eq!(keys, 1, "{}", build.name);
    }
    let example = example("shops:");
    for name in ["the example", "the example with shards"] {
        assert_eq!(
            build(name).named("ConfigMap", "overpay-exporter")["data"]["overpay_exporter.yml"],
            example,
            "{name}"
        );
    }
}

#[test]
fn prometheus_finds_the_pods_and_gives_their_series_the_job_of_rules_and_dashboards() {
    for build in BUILDS.iter() {
        let (service, monitor) = (build.the("Service"), build.the("ServiceMonitor"));
        assert_contains(at(service, "/metadata/labels"), at(monitor, "/spec/selector/matchLabels"), build.name);
        let [endpoint] = list(monitor, "/spec/endpoints") else { panic!("one endpoint") };
        let [port] = list(service, "/spec/ports") else { panic!("one port") };
        assert_eq!(endpoint["port"], port["name"], "{}", build.name);
        let job = list(endpoint, "/relabelings").iter().find(|rule| rule["targetLabel"] == "job").expect("a job");
        let job = text(job, "/replacement");
        let rules = read("alerts/overpay.rules.yml");
        assert!(rules.contains(&format!("{{job=\"{job}\"}}")), "{job}");
        for workload in build.workloads() {
            let labels = at(workload, "/spec/template/metadata/labels");
            assert_contains(labels, at(service, "/spec/selector"), build.name);
            let [own] = list(workload, "/spec/template/spec/containers/0/ports") else { panic!("one port") };
            assert_eq!(own["name"], port["targetPort"], "{}", build.name);
        }
    }
}

#[test]
fn the_network_policy_and_the_budget_are_of_the_pods() {
    for build in BUILDS.iter() {
        let (policy, budget) = (build.the("NetworkPolicy"), build.the("PodDisruptionBudget"));
        for workload in build.workloads() {
            let labels = at(workload, "/spec/template/metadata/labels");
            for selector in [at(policy, "/spec/podSelector/matchLabels"), at(budget, "/spec/selector/matchLabels")] {
                assert_contains(labels, selector, build.name);
            }
        }
        assert_eq!(policy["spec"]["policyTypes"], serde_json::json!(["Ingress", "Egress"]), "{}", build.name);
        let [ingress] = list(policy, "/spec/ingress") else { panic!("one way in") };
        let [from] = list(ingress, "/from") else { panic!("from one") };
        let namespace = text(from, "/namespaceSelector/matchLabels/kubernetes.io~1metadata.name");
        let expected = if build.name == "the example" { "observability" } else { "monitoring" };
        assert_eq!(namespace, expected, "{}", build.name);
    }
}

#[test]
fn an_example_puts_all_of_it_into_its_namespace_under_its_image_and_labels() {
    let build = build("the example");
    for document in &build.documents {
        assert_eq!(document["metadata"]["namespace"], "payouts", "{document}");
        assert_eq!(document["metadata"]["labels"]["release"], "kube-prometheus-stack");
    }
    let image = text(build.the("Deployment"), "/spec/template/spec/containers/0/image");
    assert_eq!(image, concat!("registry.example.com/overpay_exporter:", env!("CARGO_PKG_VERSION")));
}

#[test]
fn with_tls_prometheus_and_probes_speak_it_and_the_web_configuration_is_accepted() {
    for name in ["single with TLS", "sharded with TLS"] {
        let build = build(name);
        let endpoint = &list(build.the("ServiceMonitor"), "/spec/endpoints")[0];
        assert_eq!(endpoint["scheme"], "https", "{name}");
        assert_eq!(endpoint["tlsConfig"]["ca"]["secret"]["name"], "overpay-exporter-tls", "{name}");
        for workload in build.workloads() {
            let container = at(workload, "/spec/template/spec/containers/0");
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                assert_eq!(container[probe]["httpGet"]["scheme"], "HTTPS", "{name}: {probe}");
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let [web, configuration] = ["web.yml", "overpay_exporter.yml"].map(|file| folder.path().join(file));
        let content = text(build.named("ConfigMap", "overpay-exporter-web"), "/data/web.yml");
        std::fs::write(&web, content).expect("written");
        std::fs::write(&configuration, example("shops:")).expect("written");
        let mut check = program();
        check.args(["check", "--no-secrets", "--config.file"]).arg(configuration).arg("--web.config.file").arg(web);
        said(&mut check, "");
    }
}

/// Every label of the selector is among the labels.
fn assert_contains(labels: &Value, selector: &Value, name: &str) {
    let selector = selector.as_object().expect("labels");
    assert!(!selector.is_empty(), "{name}: everything is selected");
    for (key, value) in selector {
        assert_eq!(labels.get(key), Some(value), "{name}: {key}");
    }
}
