//! `deploy/container`: the recipe is linted, and what goes into the image is put together and run, with these files alone for
//! its root. The image itself was not built.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{PROGRAM, Running, free_port, outcome, program, project, read, said, tool};

const RECIPE: &str = "deploy/container/Containerfile";

#[test]
fn hadolint_finds_nothing_in_the_recipe() {
    let told = said(tool("hadolint").args(["--failure-threshold", "style"]).arg(project(RECIPE)), "");
    assert_eq!(told, "");
}

#[test]
fn hadolint_is_listened_to() {
    let shell =
        read(RECIPE).replace(r#"ENTRYPOINT ["/usr/bin/overpay_exporter"]"#, "ENTRYPOINT /usr/bin/overpay_exporter");
    let (code, told) = outcome(tool("hadolint").args(["--failure-threshold", "style", "-"]), &shell);
    assert_eq!(code, Some(1), "{told}");
}

/// The instructions of the last stage, the parts of each on one line.
fn last_stage() -> Vec<String> {
    let recipe = read(RECIPE).replace("\\\n", " ");
    let stage = recipe.rsplit_once("\nFROM ").expect("a stage").1;
    let instructions = stage.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    instructions.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn instruction(name: &str) -> String {
    let stage = last_stage();
    let found = stage.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {name} in {stage:?}")).to_owned()
}

#[test]
fn the_image_begins_with_nothing_and_ends_with_a_user_without_rights() {
    assert_eq!(last_stage()[0], "scratch");
    assert_eq!(instruction("COPY"), "--from=build /image /");
    assert_eq!(instruction("USER"), "10119:10119");
}

#[test]
fn no_instruction_of_the_image_needs_a_shell() {
    assert_eq!(instruction("ENTRYPOINT"), r#"["/usr/bin/overpay_exporter"]"#);
    let health = instruction("HEALTHCHECK");
    assert!(health.ends_with(r#" CMD ["/usr/bin/overpay_exporter", "health"]"#), "{health}");
    assert!(!last_stage().iter().any(|line| line.starts_with("RUN")));
}

#[test]
fn the_image_is_built_with_the_rust_that_the_program_asks_for_and_with_its_locked_crates() {
    let recipe = read(RECIPE);
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert!(recipe.contains(&format!("FROM docker.io/library/rust:{version}.0-bookworm AS build")), "{version}");
    assert!(recipe.contains("cargo build --locked --release"));
}

#[test]
fn what_the_recipe_sets_are_variables_of_the_program() {
    let help = said(program().args(["serve", "--help"]), "");
    let variables = instruction("ENV");
    for (name, _) in variables.split(' ').map(|assignment| assignment.split_once('=').expect("a value")) {
        assert!(help.contains(&format!("[env: {name}=]")), "{name}");
    }
}

/// All files of the image, in a folder that everybody may read.
fn assembled() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("ours");
    said(Command::new(project("deploy/container/assemble")).arg(PROGRAM).arg(folder.path()), "");
    folder
}

/// The program of the image with that folder for its root, as the image's user where this test may become that.
fn inside(image: &Path) -> Command {
    let mut command;
    if rustix::process::geteuid().is_root() {
        command = Command::new("chroot");
        command.arg("--userspec=10119:10119").arg(image);
    } else {
        command = Command::new("unshare");
        command.arg("--map-root-user").arg(format!("--root={}", image.display()));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).arg("/usr/bin/overpay_exporter");
    command
}

#[test]
fn the_files_of_the_image_are_enough_for_the_demo_and_its_health_check() {
    let image = assembled();
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}");
    let health = || outcome(inside(image.path()).args(["health", "--url", &url]), "").0;
    assert_eq!(health(), Some(1), "nobody listens yet");
    let demo = Running::start(inside(image.path()).args(["demo", "--web.listen-address", &address]), port);
    assert_eq!(health(), Some(0));
    drop(demo);
}

#[test]
fn the_image_has_no_shell_and_nothing_but_the_program_its_libraries_and_the_certificates() {
    let image = assembled();
    let mut files = Vec::new();
    let mut folders = vec![image.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let name = |path: &Path| path.strip_prefix(image.path()).expect("inside").display().to_string();
    let others: Vec<_> = files.iter().map(|path| name(path)).filter(|name| !name.contains(".so.")).collect();
    let mut expected = [
        "etc/group",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "usr/bin/overpay_exporter",
    ];
    let mut others: Vec<&str> = others.iter().map(String::as_str).collect();
    others.sort_unstable();
    expected.sort_unstable();
    assert_eq!(others, expected);
}

#[test]
fn the_program_trusts_the_certificates_of_the_image() {
    let image = assembled();
    let folder = tempfile::tempdir().expect("a folder");
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).expect("written");
    write("server.crt", &own.cert.pem());
    write("server.key", &own.signing_key.serialize_pem());
    write("web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key}\n");
    let port = free_port();
    let (address, url) = (format!("127.0.0.1:{port}"), format!("https://127.0.0.1:{port}"));
    let mut demo = program();
    demo.args(["demo", "--web.listen-address", &address, "--web.config.file"]).arg(folder.path().join("web.yml"));
    let _demo = Running::start(&mut demo, port);
    let health = || outcome(inside(image.path()).args(["health", "--url", &url]), "");
    let (code, told) = health();
    assert_eq!(code, Some(1), "nobody certifies it: {told}");
    let roots = image.path().join("etc/ssl/certs/ca-certificates.crt");
    let mut all = std::fs::read_to_string(&roots).expect("they are there");
    assert!(all.matches("BEGIN CERTIFICATE").count() > 50, "those of Debian");
    all.push_str(&own.cert.pem());
    std::fs::write(&roots, all).expect("written");
    assert_eq!(health(), (Some(0), String::new()));
}
