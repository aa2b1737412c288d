//! What the unit keeps the exporter from, tried by a process that systemd starts in its place.
//!
//! A drop-in replaces nothing but the command, so that every directive of the unit is in force. What is tried is told on
//! standard error, a line each: `could: …` or `could not: …`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::net::{AddressFamily, SocketType, socket};

use crate::machine::{KEYS, MATERIAL, Machine, SERVICE, write};

const DROP_IN: &str = "/run/systemd/system/overpay_exporter.service.d/attempt.conf";

/// Families that exist, and that a process with nothing but a job has no use for.
const FAMILIES: [(&str, AddressFamily); 8] = [
    ("AF_NETLINK", AddressFamily::NETLINK),
    ("AF_PACKET", AddressFamily::PACKET),
    ("AF_ALG", AddressFamily::from_raw(38)),
    ("AF_VSOCK", AddressFamily::VSOCK),
    ("AF_BLUETOOTH", AddressFamily::BLUETOOTH),
    ("AF_CAN", AddressFamily::CAN),
    ("AF_TIPC", AddressFamily::TIPC),
    ("AF_XDP", AddressFamily::XDP),
];

/// Has something tried in the exporter's place, and gives what was told of it.
async fn tried(machine: &Machine, attempt: &str) -> String {
    let cursor = machine.journal_cursor().await;
    fs::create_dir_all(Path::new(DROP_IN).parent().expect("a folder")).expect("it is ours");
    write(
        DROP_IN,
        &format!(
            "[Service]\nType=oneshot\nWatchdogSec=0\nRestart=no\nExecStart=\nExecStart={MATERIAL}/test {attempt}\n\
             ExecPaths={MATERIAL}/test\n"
        ),
    );
    machine.systemctl("daemon-reload").await.well();
    machine.systemctl(&format!("stop {SERVICE} overpay_exporter.socket")).await.well();
    let started = machine.systemctl(&format!("start {SERVICE}")).await;
    fs::remove_file(DROP_IN).expect("it is there");
    machine.systemctl("daemon-reload").await.well();
    let told = machine.journal_after(&cursor).await;
    assert_eq!(started.code, Some(0), "{told}");
    machine.systemctl(&format!("start {SERVICE}")).await.well();
    told
}

/// That the same is possible where nothing confines it, so that it would be told.
async fn is_possible_elsewhere(machine: &Machine, attempt: &str, what: &str) {
    let told = machine.shell(&format!("{MATERIAL}/test {attempt}")).await.well();
    assert!(told.contains(&format!("could: {what}\n")), "{told}");
}

/// That nothing was possible, and so much was tried.
fn nothing_was_possible(told: &str, tried: usize) {
    let could: Vec<&str> = told.lines().filter(|line| line.starts_with("could: ")).collect();
    assert!(could.is_empty(), "{could:?}");
    let could_not = told.lines().filter(|line| line.starts_with("could not: ")).count();
    assert!(could_not >= tried, "{could_not} of {tried}: {told}");
}

pub(crate) async fn it_can_write_nowhere(machine: &mut Machine) {
    is_possible_elsewhere(machine, "write", "write to /etc").await;
    let told = tried(machine, "write").await;
    nothing_was_possible(&told, 500);
    for folder in ["/", "/etc", "/etc/overpay_exporter", "/tmp", "/usr/bin", "/var/lib", "/var/tmp", "/dev/shm", "/run"]
    {
        assert!(told.contains(&format!("could not: write to {folder}\n")), "{folder} was not tried: {told}");
    }
}

pub(crate) async fn it_sees_neither_homes_nor_keys_nor_other_processes(machine: &mut Machine) {
    for folder in ["/root", "/home/somebody"] {
        fs::create_dir_all(folder).expect("it is ours");
        write(format!("{folder}/diary"), "secret\n");
    }
    machine.shell("chmod -R go+rX /root /home").await.well();
    is_possible_elsewhere(machine, "see", "read /root/diary").await;
    is_possible_elsewhere(machine, "see", "see other processes").await;
    let told = tried(machine, "see").await;
    machine.shell("chmod go-rx /root; rm -r /root/diary /home/somebody").await.well();
    nothing_was_possible(&told, 5);
}

pub(crate) async fn it_gains_no_privileges(machine: &mut Machine) {
    is_possible_elsewhere(machine, "gain", "execute /bin/sh").await;
    is_possible_elsewhere(machine, "gain", "gain privileges by executing").await;
    let told = tried(machine, "gain").await;
    nothing_was_possible(&told, 12);
}

pub(crate) async fn it_opens_no_other_address_families(machine: &mut Machine) {
    is_possible_elsewhere(machine, "connect", "open AF_NETLINK").await;
    let told = tried(machine, "connect").await;
    assert!(told.contains("could: open AF_INET\n"), "those of its job it can: {told}");
    let told = told.replace("could: open AF_INET\n", "").replace("could: open AF_INET6\n", "");
    nothing_was_possible(&told.replace("could: open AF_UNIX\n", ""), FAMILIES.len());
    for (name, _) in FAMILIES {
        assert!(told.contains(&format!("could not: open {name}\n")), "{name}: {told}");
    }
}

/// Tries something, in the exporter's place.
pub(crate) fn attempt(what: &str) -> ExitCode {
    match what {
        "write" => write_everywhere(Path::new("/")),
        "see" => see(),
        "gain" => gain(),
        "connect" => {
            let own = [
                ("AF_INET", AddressFamily::INET),
                ("AF_INET6", AddressFamily::INET6),
                ("AF_UNIX", AddressFamily::UNIX),
            ];
            for (name, family) in own.into_iter().chain(FAMILIES) {
                let kinds = [SocketType::STREAM, SocketType::DGRAM, SocketType::RAW, SocketType::SEQPACKET];
                tell(kinds.iter().any(|kind| socket(family, *kind, None).is_ok()), &format!("open {name}"));
            }
        }
        unknown => panic!("nobody knows how to {unknown}"),
    }
    ExitCode::SUCCESS
}

/// On standard error, as the exporter's log; standard output goes nowhere.
#[expect(clippy::print_stderr, reason = "the journal is read")]
fn tell(could: bool, what: &str) {
    eprintln!("{}: {what}", if could { "could" } else { "could not" });
}

/// Tries to make a file in each folder that can be found, but for those of the kernel's own.
fn write_everywhere(folder: &Path) {
    let file = folder.join("overpay-exporter-was-here");
    tell(fs::write(&file, "x").is_ok() && fs::remove_file(&file).is_ok(), &format!("write to {}", folder.display()));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let skipped = ["/proc", "/sys"].iter().any(|skipped| path == Path::new(skipped));
        if !skipped && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            write_everywhere(&path);
        }
    }
}

fn see() {
    for path in ["/root/diary", "/home/somebody/diary", KEYS, "/etc/shadow"] {
        let path = Path::new(path);
        tell(fs::read_dir(path).is_ok() || fs::read(path).is_ok(), &format!("read {}", path.display()));
    }
    let own = std::process::id().to_string();
    let numbers =
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let others = numbers.filter(|name| name.parse::<u32>().is_ok() && *name != own).count();
    tell(others > 0, "see other processes");
}

fn gain() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("?").trim().to_owned();
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        tell(line(set) != "0000000000000000", &format!("have capabilities, {set} {}", line(set)));
    }
    tell(line("NoNewPrivs:") != "1", "gain privileges by executing");
    tell(line("Seccomp:") != "2", "make every system call");
    tell(fs::metadata("/proc/self").map_or(true, |own| own.uid() == 0), "be root");
    for program in ["/bin/sh", "/bin/su", "/bin/mount", "/usr/bin/apt-get"] {
        tell(Command::new(program).arg("--version").spawn().is_ok(), &format!("execute {program}"));
    }
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
    tell(core.split_whitespace().nth(4) != Some("0"), "leave its memory behind in a core dump");
}
