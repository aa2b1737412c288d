//! What packages say the program is made of, as `examples/materials` writes it.

use serde_json::json;

#[path = "../../examples/materials/main.rs"]
#[expect(dead_code, reason = "the program's `main` is for releases")]
mod source;

const TREE: &str =
    "exporter v0.1.0 (/home/somebody/exporter)\nmoney v1.2.0\nderive v2.0.0 (proc-macro)\nmoney v1.2.0 (*)\n";

/// A bill that also names a library which is not built in, `optional`, as needed by one that is.
fn bill() -> serde_json::Value {
    let component =
        |name: &str, version: &str| json!({"bom-ref": format!("registry#{name}"), "name": name, "version": version});
    json!({
        "metadata": {"component": {"bom-ref": "path+file:///home/somebody/exporter#exporter@0.1.0", "name": "exporter"}},
        "components": [component("money", "1.2.0"), component("derive", "2.0.0"), component("optional", "1.0.0")],
        "dependencies": [
            {"ref": "path+file:///home/somebody/exporter#exporter@0.1.0", "dependsOn": ["registry#money"]},
            {"ref": "registry#money", "dependsOn": ["registry#derive", "registry#optional"]},
            {"ref": "registry#derive"},
            {"ref": "registry#optional"},
        ],
    })
}

#[test]
fn the_bill_names_what_is_built_in_and_nothing_else() {
    let corrected = source::bill::corrected(bill(), &source::libraries(TREE)).expect("a bill");
    let names: Vec<_> =
        corrected["components"].as_array().expect("a list").iter().map(|each| each["name"].clone()).collect();
    assert_eq!(names, ["money", "derive"]);
    assert_eq!(
        corrected["dependencies"],
        json!([
            {"ref": "path+file:///exporter#exporter@0.1.0", "dependsOn": ["registry#money"]},
            {"ref": "registry#money", "dependsOn": ["registry#derive"]},
            {"ref": "registry#derive"},
        ])
    );
}

#[test]
fn the_bill_does_not_tell_where_the_sources_lay() {
    let corrected = source::bill::corrected(bill(), &source::libraries(TREE)).expect("a bill");
    assert!(!corrected.to_string().contains("somebody"));
}

#[test]
fn a_bill_that_lacks_a_library_is_an_error() {
    let error = source::bill::corrected(bill(), &source::libraries(&format!("{TREE}late v3.0.0\n"))).unwrap_err();
    assert_eq!(error.to_string(), r#"the bill lacks [("late", "3.0.0")]"#);
}

#[test]
fn licences_have_each_text_once_behind_those_that_share_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let package = |name: &str, version: &str, file: &str, text: &str| {
        let own = folder.path().join(name);
        std::fs::create_dir_all(own.join("c")).expect("a folder");
        std::fs::write(own.join(file), text).expect("written");
        json!({"name": name, "version": version, "license": "MIT", "manifest_path": own.join("Cargo.toml")})
    };
    let packages = [
        package("money", "1.2.0", "LICENSE-MIT", "Permission is granted.  \n"),
        package("derive", "2.0.0", "c/COPYING", "\nPermission is granted."),
        package("optional", "1.0.0", "LICENSE", "Not built in."),
    ];
    let page = source::licences::of(&json!({"packages": packages}), &source::libraries(TREE)).expect("a page");
    assert!(page.contains("\nderive 2.0.0: MIT\nmoney 1.2.0: MIT\n"), "{page}");
    assert!(page.ends_with("\nderive 2.0.0, money 1.2.0\n\nPermission is granted.\n"), "{page}");
    assert!(!page.contains("Not built in"), "{page}");
}

#[test]
fn a_library_without_the_text_of_its_licence_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let packages =
        json!({"packages": [{"name": "money", "version": "1.2.0", "manifest_path": folder.path().join("Cargo.toml")}]});
    let built_in = source::libraries("exporter v0.1.0\nmoney v1.2.0\n");
    let error = source::licences::of(&packages, &built_in).unwrap_err();
    assert_eq!(error.to_string(), "money 1.2.0 has no text of a licence");
}
