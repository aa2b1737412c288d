//! Reloads: configurations that change, keys that are written again, and now and then a file that can't be used.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::faults::Struck;
use crate::fleet::{Fleet, Form};
use crate::judge::Configured;
use crate::process::{Log, signal, unix_now};

/// How long a reload may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Who reloads.
pub(crate) struct Reloads {
    pub(crate) folder: PathBuf,
    pub(crate) fleet: Fleet,
    pub(crate) configured: Arc<Mutex<Configured>>,
    pub(crate) log: Arc<Log>,
    pub(crate) pid: u32,
    pub(crate) done: u64,
    pub(crate) refused: u64,
    pub(crate) violations: Vec<String>,
}

impl Reloads {
    /// Reloads until stopped.
    pub(crate) async fn go_on(
        mut self,
        form: Form,
        struck: Arc<Struck>,
        mut dice: Dice,
        stop: CancellationToken,
    ) -> Self {
        loop {
            let mut pause = Duration::from_secs(dice.between(form.reload_every.0, form.reload_every.1 + 1));
            if struck.refused.swap(false, Ordering::Relaxed) {
                // Queries that were refused are asked again at a reload only, or much later.
                pause = pause.min(Duration::from_secs(form.fault_lasts.1));
            }
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                return self;
            }
            if dice.one_in(3) {
                self.break_file(&mut dice).await;
                let _ = stop.run_until_cancelled(sleep(Duration::from_secs(2))).await;
            }
            self.fleet.shuffle(&mut dice);
            if dice.one_in(2) {
                self.fleet.write_keys(&self.folder, &mut dice);
            }
            self.reload().await;
        }
    }

    /// Reloads with every query, whatever was there before.
    pub(crate) async fn complete(&mut self) {
        self.fleet.complete();
        self.reload().await;
    }

    async fn reload(&mut self) {
        std::fs::write(file(&self.folder), self.fleet.file()).expect("it can be written");
        self.configured.lock().expect("not poisoned").expect(unix_now(), self.fleet.queries());
        let reloaded = self.log.reloaded.subscribe();
        if self.hang_up(reloaded).await {
            self.done += 1;
        } else {
            self.violations.push(format!("a reload did not happen within {LIMIT:?}"));
        }
        // The next one waits for a scrape that shows this one.
        let settled = || self.configured.lock().expect("not poisoned").is_settled();
        while !settled() {
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn break_file(&mut self, dice: &mut Dice) {
        let good = self.fleet.file();
        let half = good[..good.len() / 2].rfind('{').expect("there are queries") + 5;
        let broken = [
            String::new(),
            good[..half].to_owned(),
            good.replace("poll:", "pol:"),
            good.replace("brand: direct", "brand: nobody"),
            good.replace("secret_key_file: 500001.key", "secret_key_file: nowhere.key"),
            format!("{good}{good}"),
        ];
        std::fs::write(file(&self.folder), dice.of(&broken)).expect("it can be written");
        let refused = self.log.not_reloaded.subscribe();
        if self.hang_up(refused).await {
            self.refused += 1;
            self.configured.lock().expect("not poisoned").refuse(unix_now());
        } else {
            self.violations.push(format!("a broken file was not refused within {LIMIT:?}"));
        }
    }

    /// Asks for a reload; whether the log tells of it.
    async fn hang_up(&self, mut told: watch::Receiver<u64>) -> bool {
        let before = *told.borrow_and_update();
        signal(self.pid, "HUP").await;
        let told = told.wait_for(|times| *times > before);
        tokio::time::timeout(LIMIT, told).await.is_ok()
    }
}

pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("overpay_exporter.yml")
}
