//! What a man page tells behind the flags: signals, exit status, environment, files, and which page to read next.

use clap::Command;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::name;

/// A section: its title, and its terms with what each means.
type Section = (&'static str, &'static [(&'static str, &'static str)]);

const ENDS: &str = "Ends the process. Answers under way to clients get half a second.";
const RELOADS: &str = "Reads the configuration and the secret keys again. If anything is wrong, the old ones go on and the \
    log says why. Queries that ask the same as before keep their values.";

const OF_THE_SERVER: [Section; 3] = [
    ("SIGNALS", &[("SIGHUP", RELOADS), ("SIGTERM, SIGINT", ENDS)]),
    (
        "EXIT STATUS",
        &[
            ("0", "A signal ended it."),
            ("1", "It failed at its work: an address is taken, for example."),
            ("2", "The command line or the configuration is wrong; standard error says where and what to write."),
        ],
    ),
    ("ENVIRONMENT", &ENVIRONMENT),
];
const OF_CHECK: [Section; 2] = [
    (
        "EXIT STATUS",
        &[
            ("0", "The configuration can be served. There may be warnings."),
            ("2", "The command line or the configuration is wrong; every problem is told with its line and column."),
        ],
    ),
    ("ENVIRONMENT", &[KEYS, CREDENTIALS]),
];
const OF_QUERY: [Section; 2] = [
    (
        "EXIT STATUS",
        &[
            ("0", "Every query was answered."),
            ("1", "A query failed."),
            ("2", "The command line or the configuration is wrong, or no query is selected."),
        ],
    ),
    ("ENVIRONMENT", &ENVIRONMENT),
];
const OF_A_SIMULATION: [Section; 2] = [
    ("SIGNALS", &[("SIGTERM, SIGINT", "Ends the process.")]),
    (
        "EXIT STATUS",
        &[
            ("0", "A signal ended it."),
            ("1", "It failed at its work: an address is taken, for example."),
            ("2", "The command line or a file it names is wrong."),
        ],
    ),
];
const OF_HEALTH: [Section; 1] = [(
    "EXIT STATUS",
    &[
        ("0", "The exporter is healthy."),
        ("1", "It is not, or it did not answer within 5 seconds."),
        ("2", "The command line is wrong."),
    ],
)];

const KEYS: (&str, &str) =
    ("the variables that secret_key_env names", "The secret keys of the shops that are configured so.");
const CREDENTIALS: (&str, &str) =
    ("CREDENTIALS_DIRECTORY", "Where the credentials are that secret_key_credential names. systemd sets it in a unit.");
const ENVIRONMENT: [(&str, &str); 3] = [
    KEYS,
    CREDENTIALS,
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy for brands without a proxy_url of their own. Hosts on loopback are asked through none.",
    ),
];

const FILES: Section = (
    "FILES",
    &[
        (
            "overpay_exporter.yml",
            "The configuration, in the folder the program is started in unless --config.file names another.",
        ),
        (
            "/etc/overpay_exporter/overpay_exporter.yml",
            "The configuration of the packaged unit. The administrator writes it.",
        ),
        ("/etc/overpay_exporter/overpay_exporter.example.yml", "An example to begin with."),
        (
            "/etc/overpay_exporter/keys/",
            "A secret key in each file, for root alone. To the packaged unit a file main is the credential key_main.",
        ),
        ("/etc/default/overpay_exporter", "Flags of the packaged unit, as environment variables."),
        (
            "/usr/share/overpay_exporter/",
            "Rules for Prometheus, dashboards for Grafana, the JSON Schema of the configuration.",
        ),
    ],
);

/// The sections of a command's page.
pub(super) fn of(command: &Command, main: &Command) -> Roff {
    let sections: &[Section] = match command.get_name() {
        "check" => &OF_CHECK,
        "query" => &OF_QUERY,
        "demo" | "simulate" => &OF_A_SIMULATION,
        "health" => &OF_HEALTH,
        _ => &OF_THE_SERVER,
    };
    let has_files = command.get_arguments().any(|argument| argument.get_id() == "config_file");
    let mut roff = Roff::new();
    for (title, terms) in sections.iter().chain(has_files.then_some(&FILES)) {
        roff.control("SH", [*title]);
        for (term, meaning) in *terms {
            roff.control("TP", []).text([marked(term)]).text([roman(*meaning)]);
        }
    }
    see_also(&mut roff, command, main);
    roff
}

/// A term in the type that man pages give it: files and what stands for something else italic, the rest bold.
fn marked(term: &str) -> Inline {
    if term.contains(char::is_lowercase) { italic(term) } else { bold(term) }
}

fn see_also(roff: &mut Roff, command: &Command, main: &Command) {
    roff.control("SH", ["SEE ALSO"]);
    let pages = std::iter::once(main).chain(main.get_subcommands()).filter(|page| name(page) != name(command));
    let mut text: Vec<Inline> = pages.flat_map(|page| [bold(name(page)), roman("(1), ")]).collect();
    text.extend([bold("systemd.exec"), roman("(5)")]);
    roff.text(text);
    roff.control("PP", []);
    roff.text([
        roman("The documentation in "),
        italic("/usr/share/doc/overpay-exporter/"),
        roman(" tells every key of the configuration, every metric and every alert."),
    ]);
}
