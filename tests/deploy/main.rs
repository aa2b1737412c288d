//! What `deploy/` has for containers is true and can be used: manifests are built by kustomize and held to schemas, the image's
//! files are put together and run, and what each names is there. Nothing here asks a cluster, an engine or a registry.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may assume")]

mod compose;
mod image;
mod kubernetes;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_overpay_exporter");

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A program that `make` installs for these tests.
fn tool(name: &str) -> Command {
    let program = project("target/tools/deploy/bin").join(name);
    assert!(program.exists(), "{name} is missing; `make target/tools/deploy/installed` installs it");
    Command::new(program)
}

/// What a command that must succeed writes.
fn said(command: &mut Command, input: &str) -> String {
    let (code, said) = outcome(command, input);
    assert_eq!(code, Some(0), "{command:?}: {said}");
    said
}

/// The exit code of a command, and all it writes.
fn outcome(command: &mut Command, input: &str) -> (Option<i32>, String) {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_owned();
    let writing = thread::spawn(move || {
        // It may end before it has read all of it.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writing.join().expect("written");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text.into_owned())
}

/// The documents of a YAML file.
fn documents(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).expect("YAML")
}

fn document(text: &str) -> Value {
    let [document] = documents(text).try_into().expect("one document");
    document
}

/// A value by its path, which must be there.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_else(|| panic!("{pointer} is no text in {value}"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).as_array().unwrap_or_else(|| panic!("{pointer} is no list in {value}"))
}

/// The program, without settings of the environment that this test runs in.
fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear();
    command
}

/// A process that ends with the test.
struct Running(Child);

impl Running {
    /// Starts a command that listens on that port, and waits until its health page says so.
    fn start(command: &mut Command, port: u16) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut running = Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        let end = Instant::now() + Duration::from_mins(1);
        while !is_up(port) {
            let ended = running.0.try_wait().expect("it is ours");
            assert!(ended.is_none() && Instant::now() < end, "{command:?} does not serve: {ended:?}");
            pause();
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A moment before a condition is looked at again.
#[expect(clippy::disallowed_methods, reason = "nothing here is async")]
fn pause() {
    thread::sleep(Duration::from_millis(50));
}

fn is_up(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn every_recipe_is_for_the_same_version_of_the_program() {
    let image = format!("overpay_exporter:{}", env!("CARGO_PKG_VERSION"));
    for (file, times) in [
        ("deploy/kubernetes/pod/pod.yaml", 1),
        ("deploy/compose/compose.yaml", 1),
        ("deploy/container/Containerfile", 2),
    ] {
        let text = read(file);
        assert_eq!(text.matches("overpay_exporter:").count(), times, "{file}");
        assert_eq!(text.matches(&image).count(), times, "{file} is not for {image}");
    }
}
