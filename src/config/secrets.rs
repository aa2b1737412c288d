//! Where secret keys come from: a file, an environment variable or a systemd credential, and nowhere else.
//!
//! No message here repeats what such a key of the configuration says: it might be the secret itself, put in the wrong
//! place.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::file;
use crate::domain::shop::SecretKey;
use crate::yaml::{self, Alias, Problems};

/// Looks up an environment variable.
type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What of the process's surroundings a configuration may name.
pub struct Environment {
    variable: Box<Variable>,
    has_secrets: bool,
}

impl Environment {
    /// The process's own environment.
    pub fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }

    /// An environment of that look-up alone.
    pub fn new(variable: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { variable: Box::new(variable), has_secrets: true }
    }

    /// The same, but for secret keys: they are not there, and not looked for. Every key is empty.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        Self { has_secrets: false, ..self }
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// The secret key of a shop, read from the one source it names.
pub(super) fn secret_key(
    shop: &file::Shop,
    key: &str,
    folder: &Path,
    environment: &Environment,
    problems: &mut Problems,
    warnings: &mut Problems,
) -> SecretKey {
    const SOURCES: &str = "secret_key_file, secret_key_env, secret_key_credential";
    let none = SecretKey::from(String::new());
    let sources = [
        shop.secret_key_file.as_ref().map(|path| (path.place, Source::File(folder.join(&path.value)))),
        shop.secret_key_env.as_ref().map(|name| (name.place, Source::Variable(&name.value))),
        shop.secret_key_credential.as_ref().map(|name| (name.place, Source::Credential(&name.value))),
    ];
    let mut sources = sources.into_iter().flatten();
    let Some((place, source)) = sources.next() else {
        problems.add(shop.name.place, key, format!("no source of the secret key; write one of {SOURCES}"));
        return none;
    };
    if let Some((place, _)) = sources.next() {
        problems.add(place, key, format!("several sources of the secret key; keep one of {SOURCES}"));
        return none;
    }
    if !environment.has_secrets {
        return none;
    }
    if source.is_open_to_all() {
        let message = "every user of this machine can read the key file; take that from others with chmod o-r";
        warnings.add(place, format!("{key}.{}", source.key()), message);
    }
    let found = source.read(environment).and_then(|secret| {
        // The newline that ends a file is not of the key.
        match secret.trim_end_matches(['\r', '\n']) {
            "" => Err("the source of the secret key is empty; put the key there".to_owned()),
            secret if secret.chars().any(char::is_control) => {
                Err("the source holds more than one line, or a control character; put the key there alone".to_owned())
            }
            secret => Ok(SecretKey::from(secret.to_owned())),
        }
    });
    found.unwrap_or_else(|message| {
        problems.add(place, format!("{key}.{}", source.key()), message);
        none
    })
}

/// The sources of secret keys that an alias repeats behind another key, where messages may show them.
pub(super) fn repeated(file: &str, text: &str) -> Result<(), Problems> {
    let is_source = |key: &str| key.starts_with("secret_key");
    let mut problems = Problems::new(file);
    for Alias { behind, place, repeated_behind } in yaml::aliases(text) {
        if let Some(key) = behind.filter(|key| is_source(key))
            && !repeated_behind.as_deref().is_some_and(is_source)
        {
            problems.add(place, key, "an alias repeats this behind another key; write it without");
        }
    }
    problems.or(())
}

/// Where a shop's secret key is.
enum Source<'a> {
    File(PathBuf),
    Variable(&'a str),
    Credential(&'a str),
}

impl Source<'_> {
    const fn key(&self) -> &'static str {
        match self {
            Self::File(_) => "secret_key_file",
            Self::Variable(_) => "secret_key_env",
            Self::Credential(_) => "secret_key_credential",
        }
    }

    /// Whether it is a file that others than its owner and group may read.
    fn is_open_to_all(&self) -> bool {
        const READ_BY_OTHERS: u32 = 0o004;
        let Self::File(path) = self else { return false };
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & READ_BY_OTHERS != 0)
    }

    fn read(&self, environment: &Environment) -> Result<Zeroizing<String>, String> {
        match self {
            Self::File(path) => fs::read_to_string(path)
                .map(Zeroizing::new)
                .map_err(|error| format!("the key file can't be read: {error}; name a file this process may read")),
            Self::Variable(name) => environment
                .variable(name)
                .map(Zeroizing::new)
                .ok_or_else(|| "no such environment variable is set, or it is not UTF-8; set it".to_owned()),
            Self::Credential(name) => of_credential(name, environment),
        }
    }
}

fn of_credential(name: &str, environment: &Environment) -> Result<Zeroizing<String>, String> {
    if name.is_empty() || name.contains('/') {
        return Err("this is not the name of a credential; write the name that LoadCredential= gives it".to_owned());
    }
    let Some(folder) = environment.variable("CREDENTIALS_DIRECTORY") else {
        return Err("systemd passed no credentials to this process; add LoadCredential= to its unit".to_owned());
    };
    fs::read_to_string(Path::new(&folder).join(name))
        .map(Zeroizing::new)
        .map_err(|error| format!("the credential can't be read: {error}; name one that LoadCredential= passes"))
}
