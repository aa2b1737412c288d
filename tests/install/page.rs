//! docs/install.md, followed command by command.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use crate::machine::{CONFIGURATION, MATERIAL, Machine, read, write};
use crate::platform::{KEY, configuration};
use crate::scraper::get;

/// What stands for the administrator's editor: it writes a configuration into the file.
const EDITOR: &str = "/run/editor";

/// The commands of the page that are for the machine it installs on.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1).map(|block| block.split("```").next().expect("never empty"));
    blocks.filter(|block| !block.starts_with("make ")).collect()
}

pub(crate) async fn the_page_on_installation_leads_from_a_bare_machine_to_ready(machine: &mut Machine) {
    write(EDITOR, &format!("#!/bin/sh\ncat > \"$1\" <<'END'\n{}END\n", configuration("USD, EUR")));
    std::fs::set_permissions(EDITOR, Permissions::from_mode(0o755)).expect("it is ours");
    let page = read(format!("{MATERIAL}/install.md"));
    let commands = commands(&page);
    assert!(commands.len() >= 6, "{commands:?}");
    let mut said = String::new();
    for block in commands {
        if block.contains("overpay_exporter query") {
            // It was installed by now, and brings the platform that there is to ask.
            machine.platform.start(machine, KEY).await;
        }
        // Line by line, as they are typed; one that ends in a backslash goes on.
        for command in block.replace("\\\n", " ").lines() {
            let command = format!("export EDITOR={EDITOR}; {command}");
            let typed = match &command {
                command if command.contains("/dev/stdin") => format!("{KEY}\n"),
                // Yes, with what it depends on.
                command if command.contains("apt-get") => "y\n".to_owned(),
                _ => String::new(),
            };
            // Every query is tried once soon after the start, not at once.
            if command.contains("/-/ready") {
                crate::machine::eventually("ready", || async {
                    get("/-/ready").await.ok().filter(|(status, _)| *status == 200)
                })
                .await;
            }
            said = machine.shell_with(&command, &typed).await.well();
            if command.contains("overpay_exporter query") {
                assert!(said.contains("45,410.04"), "{said}");
            }
        }
    }
    assert!(said.starts_with("ready\n"), "the page ends with a green /-/ready: {said}");
    assert!(read(CONFIGURATION).contains("sandbox"));
}
