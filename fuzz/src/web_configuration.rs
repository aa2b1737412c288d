//! What holds of the web configuration file, whatever stands in it: no message repeats a hash or an inline key, and what is
//! taken can be served.

use std::path::Path;

use overpay_exporter::web::WebConfiguration;

/// What stands for a hash, or in a key: nothing of it may be told.
const PLANTED: &str = "pl4nt3d";
/// A hash as bcrypt makes them, and one that is none.
const HASHES: [&str; 2] = ["$2y$04$pl4nt3dpl4nt3dpl4nt3dupl4nt3dpl4nt3dpl4nt3dpl4nt3d112", "$2y$pl4nt3d"];
/// A key as PEM that nobody can read.
const KEY: &str = "-----BEGIN PRIVATE KEY-----pl4nt3d-----END PRIVATE KEY-----";

/// Reads the input as a web configuration file.
///
/// # Panics
///
/// Where something does not hold.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // Not what is only planted, nor files that may never end.
    if ["/dev", "/proc", "/sys", PLANTED].iter().any(|found| text.contains(found)) {
        return;
    }
    read(text);
    for hash in HASHES {
        read(&planted(text, hash));
    }
}

fn read(text: &str) {
    // What is taken is made ready to be served.
    let Err(error) = WebConfiguration::check("f.yml", text, Path::new("/nowhere")) else { return };
    let shown = error.to_string();
    for told in [&shown, &format!("{error:?}")] {
        assert!(!told.contains(PLANTED), "{told}");
        // What stands where a user's name does is told as one.
        let mut elsewhere = told.lines().filter(|line| !line.contains("basic_auth_users."));
        assert!(!elsewhere.any(|line| line.contains("BEGIN PRIVATE")), "{told}");
    }
    assert!(shown.lines().all(|line| line.starts_with("f.yml:")), "{shown}\nof\n{text}");
}

/// The text with a hash in place of every one it has, and the key in place of every value of `key`.
fn planted(text: &str, hash: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let behind_key = line.split_once("key: ").filter(|(before, _)| before.trim().is_empty());
        match (line.find("$2"), behind_key) {
            (_, Some((before, rest))) if !rest.starts_with(['|', '>', '&', '*', '!', '"', '\'', '{', '[']) => {
                out.push_str(before);
                out.push_str("key: ");
                out.push_str(KEY);
                out.push('\n');
            }
            (Some(at), _) => {
                let (before, rest) = line.split_at(at);
                let end = rest.find([' ', '"', '\'', ',', '}', ']', '\n', '#']).unwrap_or(rest.len());
                out.push_str(before);
                out.push_str(hash);
                out.push_str(&rest[end..]);
            }
            _ => out.push_str(line),
        }
    }
    out
}
