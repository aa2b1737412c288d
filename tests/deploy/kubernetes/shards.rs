//! Shards: each pod knows which it is and how many there are, whatever number is written, in the one place it is written in.

use serde_json::{Value, json};

use super::super::{at, list, text};
use super::{Build, build, kustomizations, payouts};

fn variable<'a>(set: &'a Value, name: &str) -> &'a Value {
    let variables = list(set, "/spec/template/spec/containers/0/env");
    variables.iter().find(|variable| variable["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Both replicas have so many pods, and every pod knows it.
fn assert_shards(build: &Build, shards: u64) {
    for name in ["overpay-exporter-a", "overpay-exporter-b"] {
        let set = build.named("StatefulSet", name);
        assert_eq!(at(set, "/spec/replicas"), &json!(shards), "{} {name}", build.name);
        let total = variable(set, "OVERPAY_EXPORTER_SHARD_TOTAL");
        assert_eq!(total["value"], json!(shards.to_string()), "{} {name}", build.name);
    }
    assert_eq!(build.all("StatefulSet").len(), 2);
}

#[test]
fn pods_and_total_agree_as_shipped_and_in_the_example() {
    assert_shards(build("sharded"), 4);
    assert_shards(build("sharded with TLS"), 4);
    assert_shards(build("the example with shards"), 8);
}

#[test]
fn any_number_is_carried_on() {
    let example = &kustomizations()[1];
    assert!(example.contains("count: 8"));
    let folder = payouts(&example.replace("count: 8", "count: 31"));
    assert_shards(&Build::of("31", &folder.path().join("payouts")), 31);
}

#[test]
fn a_pod_is_the_shard_of_its_own_number() {
    for name in ["sharded", "sharded with TLS", "the example with shards"] {
        for set in build(name).all("StatefulSet") {
            let index = variable(set, "OVERPAY_EXPORTER_SHARD_INDEX");
            assert_eq!(text(index, "/valueFrom/fieldRef/fieldPath"), "metadata.name", "{name}");
            assert!(set["spec"].get("ordinals").is_none(), "{name}: they count from 0");
        }
    }
}

#[test]
fn the_replicas_do_not_select_each_others_pods_and_keep_away_from_them() {
    let build = build("sharded");
    for (name, other) in [("a", "b"), ("b", "a")] {
        let set = build.named("StatefulSet", &format!("overpay-exporter-{name}"));
        assert_eq!(set["spec"]["selector"]["matchLabels"]["replica"], name);
        assert_eq!(set["spec"]["template"]["metadata"]["labels"]["replica"], name);
        let terms =
            list(set, "/spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution");
        assert_eq!(terms[0]["podAffinityTerm"]["labelSelector"]["matchLabels"]["replica"], other);
    }
}

#[test]
fn the_sets_are_behind_a_headless_service() {
    let build = build("sharded");
    let service = build.the("Service");
    assert_eq!(service["spec"]["clusterIP"], "None");
    for set in build.all("StatefulSet") {
        assert_eq!(set["spec"]["serviceName"], service["metadata"]["name"]);
        assert_eq!(set["spec"]["podManagementPolicy"], "Parallel");
    }
}

#[test]
fn one_replica_can_be_left_out() {
    let patch = "patches:\n  - patch: |-\n      $patch: delete\n      apiVersion: apps/v1\n      kind: StatefulSet\n      \
                 metadata: {name: overpay-exporter-b}\n";
    let folder = payouts(&(kustomizations()[1].clone() + patch));
    let build = Build::of("one replica", &folder.path().join("payouts"));
    let set = build.the("StatefulSet");
    assert_eq!(set["metadata"]["name"], "overpay-exporter-a");
    assert_eq!(variable(set, "OVERPAY_EXPORTER_SHARD_TOTAL")["value"], "8");
}
