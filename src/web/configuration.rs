//! The web configuration file: TLS, who is let in, headers and limits, in the format of Prometheus' exporter-toolkit and
//! with its semantics.
//!
//! The file, and those it names, count as read again for each request and each handshake: they are looked at each time,
//! on a thread where that may take long, and read again when they have changed. Knows neither paths nor answers.

mod certificates;
mod clients;
mod file;
mod limit;
mod names;
mod passwords;
mod settings;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use rustls::ServerConfig;
use tokio::time::Instant;
use tracing::{error, info};

use self::certificates::Certificates;
use self::limit::Limiter;
use self::passwords::{Passwords, Verdict};
use self::settings::Settings;
use crate::basic::Credentials;
use crate::watched::Watched;
use crate::yaml::{Problems, Unreadable};

/// What the web configuration file says; without a file: no TLS, nobody asked who they are, no headers, no limit.
#[derive(Default)]
pub struct WebConfiguration {
    of_file: Option<OfFile>,
}

struct OfFile {
    /// Held while the files are looked at.
    files: Arc<tokio::sync::Mutex<Files>>,
    uses_tls: bool,
    authenticates: AtomicBool,
    limiter: Mutex<Limiter>,
    passwords: Passwords,
}

/// What is decided about a request before its path is looked at.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Why it is not answered, if so.
    pub(super) refused: Option<Refused>,
    /// The headers to add to what is answered.
    pub(super) headers: HeaderMap,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The file can't be used any more.
    Unreadable,
    /// More requests than the limit lets through, or more passwords than can be checked.
    TooManyRequests,
    /// Not the credentials of a user.
    Unauthenticated,
}

impl WebConfiguration {
    /// Reads the file, and the certificates and keys it names.
    pub fn load(path: &Path) -> Result<Self, WebConfigurationError> {
        let mut files = Files::new(path);
        let settings = files.settings()?;
        files.http2 = settings.http2;
        let uses_tls = settings.tls.is_some();
        if uses_tls {
            files.tls()?;
        }
        let of_file = OfFile {
            files: Arc::new(tokio::sync::Mutex::new(files)),
            uses_tls,
            authenticates: AtomicBool::new(settings.authenticates()),
            limiter: Mutex::default(),
            passwords: Passwords::new().ok_or(WebConfigurationError::NoRandomNumbers)?,
        };
        Ok(Self { of_file: Some(of_file) })
    }

    /// Reads the text of a file of that name and the certificates and keys it names, and tells what is wrong with it.
    /// Relative paths in it start at that folder.
    pub fn check(file: &str, text: &str, folder: &Path) -> Result<(), WebConfigurationError> {
        let settings = Settings::read(file, text, folder)?;
        if let Some(tls) = &settings.tls {
            Certificates::of(tls).look(file, tls, settings.http2)?;
        }
        Ok(())
    }

    /// Reads the file, and none of the certificates and keys it names, and tells what is wrong with it.
    pub fn check_file_alone(path: &Path) -> Result<(), WebConfigurationError> {
        Files::new(path).settings().map(|_| ())
    }

    /// Whether connections are TLS. That stays as it was when the file was read first.
    pub fn uses_tls(&self) -> bool {
        self.of_file.as_ref().is_some_and(|of_file| of_file.uses_tls)
    }

    /// Whether clients have to prove who they are, as the file stood when it was looked at last.
    pub fn authenticates(&self) -> bool {
        self.of_file.as_ref().is_some_and(|of_file| of_file.authenticates.load(Ordering::Relaxed))
    }

    /// What to serve the next connection's TLS with.
    pub(super) async fn tls(&self) -> Result<Arc<ServerConfig>, WebConfigurationError> {
        match &self.of_file {
            Some(of_file) => of_file.look(Files::tls).await,
            None => Err(WebConfigurationError::NoTls { file: String::new() }),
        }
    }

    /// What is decided about a request with those headers.
    pub(super) async fn judge(&self, headers: &HeaderMap) -> Judgement {
        match &self.of_file {
            Some(of_file) => of_file.judge(headers).await,
            None => Judgement::default(),
        }
    }
}

impl fmt::Debug for WebConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebConfiguration").field("uses_tls", &self.uses_tls()).finish_non_exhaustive()
    }
}

impl OfFile {
    /// In the order of exporter-toolkit: the file, the limit, the headers, the password.
    async fn judge(&self, headers: &HeaderMap) -> Judgement {
        let refused = |refused, headers| Judgement { refused: Some(refused), headers };
        let Ok(settings) = self.look(Files::settings_told).await else {
            return refused(Refused::Unreadable, HeaderMap::new());
        };
        self.authenticates.store(settings.authenticates(), Ordering::Relaxed);
        if !self.lets_through(&settings) {
            return refused(Refused::TooManyRequests, HeaderMap::new());
        }
        let added = settings.headers.clone();
        if settings.users.is_empty() {
            return Judgement { refused: None, headers: added };
        }
        let Some(credentials) = headers.get(AUTHORIZATION).and_then(|value| Credentials::read(value.as_bytes())) else {
            return refused(Refused::Unauthenticated, added);
        };
        match self.passwords.verdict(&credentials, &settings.users).await {
            Verdict::LetIn => Judgement { refused: None, headers: added },
            Verdict::Refused => refused(Refused::Unauthenticated, added),
            Verdict::Busy => refused(Refused::TooManyRequests, added),
        }
    }

    fn lets_through(&self, settings: &Settings) -> bool {
        // Nothing panics while it holds the lock.
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        limiter.lets_through(settings.limit, Instant::now())
    }

    /// Looks at the files, one request at a time: where they are on a network that is gone, one thread waits for them,
    /// and nothing else does but who asks.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Files) -> Result<T, WebConfigurationError> + Send + 'static,
    ) -> Result<T, WebConfigurationError> {
        let mut files = Arc::clone(&self.files).lock_owned().await;
        let looked = tokio::task::spawn_blocking(move || look(&mut files));
        looked.await.unwrap_or(Err(WebConfigurationError::Interrupted))
    }
}

/// The files, and what they said when they were looked at last.
struct Files {
    path: PathBuf,
    file: Watched,
    /// As it was when the file was read first, which is when exporter-toolkit decides it.
    http2: bool,
    settings: Option<Result<Arc<Settings>, WebConfigurationError>>,
    certificates: Option<Certificates>,
    /// What is wrong with the file, as the log has told it.
    told: Option<WebConfigurationError>,
}

impl Files {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: Watched::new(path.to_owned()),
            http2: true,
            settings: None,
            certificates: None,
            told: None,
        }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What the file says now.
    fn settings(&mut self) -> Result<Arc<Settings>, WebConfigurationError> {
        let unopened = |file, problem| WebConfigurationError::Unopened { file, problem };
        match (self.file.look(), &self.settings) {
            (Ok(false), Some(settings)) => return settings.clone(),
            (Ok(_), _) => {}
            (Err(error), _) => return Err(unopened(self.name(), error.to_string())),
        }
        self.certificates = None;
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let settings = match std::str::from_utf8(self.file.content()) {
            Ok(text) => Settings::read(&self.name(), text, folder).map(Arc::new),
            Err(_) => Err(unopened(self.name(), "it is not UTF-8".to_owned())),
        };
        self.settings = Some(settings.clone());
        settings
    }

    /// What TLS is served with, as the certificates and keys are now.
    fn tls(&mut self) -> Result<Arc<ServerConfig>, WebConfigurationError> {
        let (settings, file) = (self.settings()?, self.name());
        let Some(tls) = &settings.tls else { return Err(WebConfigurationError::NoTls { file }) };
        let certificates = self.certificates.get_or_insert_with(|| Certificates::of(tls));
        Ok(certificates.look(&file, tls, self.http2)?)
    }

    /// What the file says now. What is wrong, or no longer is, goes into the log unless it was the same the last time.
    fn settings_told(&mut self) -> Result<Arc<Settings>, WebConfigurationError> {
        let settings = self.settings();
        let error = settings.as_ref().err();
        if self.told.as_ref() != error {
            self.told = error.cloned();
            if let Some(error) = error {
                for problem in error.to_string().lines() {
                    error!(problem, "the web configuration can't be used: requests are answered with 500");
                }
            } else {
                info!(file = self.name(), "the web configuration can be used again");
            }
        }
        settings
    }
}

/// Why there is no web configuration, or none any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebConfigurationError {
    /// The file can't be opened or read.
    #[error("{file}: can't be read: {problem}; name a file that can with --web.config.file")]
    Unopened {
        /// The file.
        file: String,
        /// Why.
        problem: String,
    },
    /// The file is not YAML of the documented shape.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The file can be read, and does not make sense, or names files that do not.
    #[error("{0}")]
    Problems(Problems),
    /// The file has no TLS any more.
    #[error("{file}: found no tls_server_config; write it again, or restart the exporter to serve without TLS")]
    NoTls {
        /// The file.
        file: String,
    },
    /// The system has no random numbers.
    #[error("the system gives no random numbers, which passwords are kept safe with")]
    NoRandomNumbers,
    /// The program has a fault, or ends.
    #[error("reading the web configuration was interrupted")]
    Interrupted,
}

impl From<Problems> for WebConfigurationError {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

#[cfg(test)]
mod tests;
