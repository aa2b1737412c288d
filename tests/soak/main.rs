//! A soak: the real program polls thousands of simulated queries while everything around it goes wrong, and every
//! number it publishes is compared with what the simulator held.
//!
//! Among the other tests it runs in its short form. `scripts/soak` runs it for minutes or hours; see there.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a test may assume, and this one tells a table")]

mod clients;
mod dice;
mod exposition;
mod faults;
mod fleet;
mod judge;
mod process;
mod reloads;
mod report;
mod road;
mod truth;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::dice::Dice;
use self::exposition::Scrape;
use self::faults::{Storm, Struck};
use self::fleet::{Fleet, Form, Hosts};
use self::judge::{Configured, Judge};
use self::process::{PATIENCE, Program, Vitals, unix_now};
use self::reloads::Reloads;
use self::report::{Allowance, Measured, Table};
use self::road::Road;
use self::truth::Truth;

/// From one scrape to the next.
const SCRAPE_EVERY: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // As any test: left out where the tests that are asked for have other names.
    if arguments.iter().any(|argument| !argument.starts_with('-') && !"soak".contains(argument.as_str())) {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { Run::start().await.go_on().await })
}

/// A value that the environment gives.
fn given<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| {
        println!("{name} is not a number: {text}");
        std::process::exit(2);
    }))
}

/// A run and everything that takes part in it.
struct Run {
    form: Form,
    short: bool,
    seed: u64,
    dice: Dice,
    folder: PathBuf,
    fleet: Fleet,
    simulator: Program,
    simulator_url: String,
    exporter: Program,
    metrics_url: String,
    road: Arc<Road>,
    truth: Arc<Truth>,
    judge: Judge,
    measured: Measured,
    timeline: String,
    plain: reqwest::Client,
    compressing: reqwest::Client,
    started: Instant,
}

impl Run {
    async fn start() -> Self {
        let minutes: Option<f64> = given("SOAK_MINUTES");
        let (short, form) = (minutes.is_none(), minutes.map_or_else(Form::short, Form::of_minutes));
        let seed = given("SOAK_SEED").unwrap_or_else(|| unix_now().to_bits() % 1_000_000);
        let folder = std::env::var_os("SOAK_FOLDER")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak"), PathBuf::from);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        println!("soak: SOAK_SEED={seed}, log and evidence in {}", folder.display());

        let mut dice = Dice::new(seed);
        let scenario = folder.join("scenario.yml");
        fs::write(&scenario, Fleet::scenario(&form, seed)).expect("it can be written");
        let arguments = ["simulate", "--listen", "127.0.0.1:0", "--scenario.file", &scenario.display().to_string()];
        let simulator = Program::start(&arguments, &folder.join("simulator.log"));
        let simulator_url = simulator.url().await;
        let truth = Truth::recorded(&simulator_url).await;
        let address: std::net::SocketAddr = simulator_url["http://".len()..].parse().expect("an address");
        let road = Road::to(address).await;
        let renamed = format!("http://localhost:{}", address.port());
        let hosts = Hosts { direct: simulator_url.clone(), renamed, road: road.url.clone() };
        let fleet = Fleet::new(form.clone(), hosts, &mut dice);
        fs::write(reloads::file(&folder), fleet.file()).expect("it can be written");
        fleet.write_keys(&folder, &mut dice);

        let configured = Configured::new(fleet.queries());
        let judge = Judge::new(Arc::clone(&truth), configured, form.timeout, folder.clone());
        let file = reloads::file(&folder).display().to_string();
        let arguments = ["--config.file", &file, "--web.listen-address", "127.0.0.1:0"];
        let exporter = Program::start(&arguments, &folder.join("exporter.log"));
        let metrics_url = exporter.url().await;
        let compressing = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(PATIENCE);
        let compressing = compressing.build().expect("a client");
        Self {
            form,
            short,
            seed,
            dice,
            folder,
            fleet,
            simulator,
            simulator_url,
            exporter,
            metrics_url,
            road,
            truth,
            judge,
            measured: Measured::default(),
            timeline: "seconds,phase,up,balances,resident_kib,descriptors,threads\n".to_owned(),
            plain: process::client(),
            compressing,
            started: Instant::now(),
        }
    }

    async fn go_on(mut self) -> ExitCode {
        let first = self.until_all(PATIENCE, "every query is answered at the start").await;
        self.watch("calm", self.form.calm.saturating_sub(first)).await;

        let stop = CancellationToken::new();
        let struck = Arc::<Struck>::default();
        let storm = Storm {
            simulator: self.simulator_url.clone(),
            fleet: self.fleet.clone(),
            form: self.form.clone(),
            road: Arc::clone(&self.road),
            struck: Arc::clone(&struck),
            dice: self.dice.another(),
        };
        let storm = tokio::spawn(storm.rage(stop.clone()));
        let reloads = Reloads {
            folder: self.folder.clone(),
            fleet: self.fleet.clone(),
            configured: self.judge.configured(),
            log: Arc::clone(&self.exporter.log),
            pid: self.exporter.pid(),
            done: 0,
            refused: 0,
            violations: Vec::new(),
        };
        let reloads =
            tokio::spawn(reloads.go_on(self.form.clone(), Arc::clone(&struck), self.dice.another(), stop.clone()));
        let address = self.metrics_url["http://".len()..].split('/').next().expect("never empty").to_owned();
        let clients = tokio::spawn(clients::come(address, self.dice.another(), stop.clone()));
        let hands = tokio::spawn(faults::hands(
            self.simulator_url.clone(),
            self.fleet.clone(),
            Arc::clone(&self.truth),
            self.dice.another(),
            stop.clone(),
        ));
        self.watch("storm", self.form.storm).await;

        stop.cancel();
        storm.await.expect("it does not panic");
        let by_hand = hands.await.expect("it does not panic");
        let came = clients.await.expect("it does not panic");
        let mut reloads = self.while_scraping(reloads).await;
        let completing = tokio::spawn(async move {
            reloads.complete().await;
            reloads
        });
        let mut reloads = self.while_scraping(completing).await;
        for what in std::mem::take(&mut reloads.violations) {
            self.judge.violate(what);
        }
        // Four intervals are the longest a failing query waits, then those that waited for it spread over a quarter.
        let limit = self.form.longest_interval() * 17 / 4 + self.form.timeout + Duration::from_secs(15);
        let recovered = self.until_all(limit, "every query is up and every balance there after the last fault").await;
        self.watch("after", if self.short { Duration::from_secs(6) } else { Duration::from_secs(30) }).await;
        self.finish(&struck, &reloads, came, by_hand, recovered).await
    }
}

impl Run {
    /// Watches for that long.
    async fn watch(&mut self, phase: &'static str, lasts: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < lasts && !self.exporter.has_ended() {
            self.tick(phase).await;
        }
    }

    /// Watches until every query is up and every balance is there, and gives how long that took.
    async fn until_all(&mut self, limit: Duration, what: &str) -> Duration {
        let begun = Instant::now();
        while !self.tick("recovery").await {
            if begun.elapsed() > limit || self.exporter.has_ended() {
                let down = self.judge.last().map(|scrape| scrape.health.iter().filter(|(_, health)| !health.up));
                let down: Vec<_> = down.into_iter().flatten().take(10).collect();
                self.judge.violate(format!("not within {limit:?}: {what}; for example {down:?}"));
                break;
            }
        }
        begun.elapsed()
    }

    /// Watches until the task has ended.
    async fn while_scraping<T>(&mut self, task: tokio::task::JoinHandle<T>) -> T {
        while !task.is_finished() && !self.exporter.has_ended() {
            self.tick("recovery").await;
        }
        task.await.expect("it does not panic")
    }

    /// One scrape, judged, and one look at the process; whether every query is up and every balance there.
    async fn tick(&mut self, phase: &'static str) -> bool {
        let begun = Instant::now();
        let client = if self.dice.one_in(2) { &self.plain } else { &self.compressing };
        let asked = unix_now();
        let answer = match client.get(&self.metrics_url).send().await {
            Ok(answer) if answer.status() == 200 => answer.text().await.map_err(|error| error.to_string()),
            Ok(answer) => Err(format!("HTTP {}", answer.status())),
            Err(error) => Err(error.to_string()),
        };
        let took = begun.elapsed();
        let scrape = answer.and_then(|text| Scrape::read(text, asked, unix_now()));
        let mut all = false;
        match scrape {
            Ok(scrape) => {
                self.measured.scrapes.push(took.as_secs_f64());
                self.measured.largest = self.measured.largest.max(scrape.text.len());
                all = self.judge.judge(scrape).await;
            }
            Err(what) => self.judge.violate(format!("a scrape failed: {what}")),
        }
        for line in self.exporter.log.wrong() {
            self.judge.violate(line);
        }
        match Vitals::of(self.exporter.pid()) {
            Some(vitals) => self.look(phase, vitals),
            None => self.judge.violate("the exporter has ended".into()),
        }
        sleep(SCRAPE_EVERY.saturating_sub(begun.elapsed())).await;
        all
    }

    fn look(&mut self, phase: &'static str, vitals: Vitals) {
        match phase {
            "calm" => self.measured.calm.push(vitals),
            "storm" => self.measured.storm.push(vitals),
            "after" => self.measured.after.push(vitals),
            _ => {}
        }
        let Some(scrape) = self.judge.last() else { return };
        let up = scrape.health.values().filter(|health| health.up).count();
        let Vitals { resident, descriptors, threads } = vitals;
        let (seconds, balances) = (self.started.elapsed().as_secs(), scrape.balances.len());
        let _ = writeln!(self.timeline, "{seconds},{phase},{up},{balances},{resident},{descriptors},{threads}");
        if seconds.is_multiple_of(10) {
            fs::write(self.folder.join("timeline.csv"), &self.timeline).expect("it can be written");
        }
    }

    async fn finish(
        mut self,
        struck: &Struck,
        reloads: &Reloads,
        came: u64,
        by_hand: u64,
        recovered: Duration,
    ) -> ExitCode {
        for what in self.measured.growth(Allowance::of(self.short)) {
            self.judge.violate(what);
        }
        if self.truth.strayed() > 0 {
            self.judge.violate(format!("{} redirects were followed", self.truth.strayed()));
        }
        let failures = self.judge.failures();
        if failures.values().sum::<f64>() == 0.0 || struck.kinds().is_empty() {
            self.judge.violate("no fault struck".into());
        }
        if self.judge.counts.equal == 0 || self.judge.counts.not_known * 20 > self.judge.counts.equal {
            self.judge.violate("the truth of too many samples is not known: this machine is too busy".into());
        }
        let mut table = Table::new();
        self.tell(&mut table, struck, reloads, came, by_hand, recovered);
        fs::write(self.folder.join("timeline.csv"), &self.timeline).expect("it can be written");
        if self.exporter.end().await != Some(0) {
            self.judge.violate("the exporter did not end well when it was asked to".into());
        }
        drop(self.simulator);
        let violations = self.judge.violations();
        table.row("violations", violations.len().to_string());
        println!("{}", table.text());
        for violation in violations.iter().take(20) {
            println!("violation: {violation}");
        }
        fs::write(self.folder.join("report.md"), table.text()).expect("it can be written");
        fs::write(self.folder.join("violations.txt"), violations.join("\n")).expect("it can be written");
        if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn tell(
        &self,
        table: &mut Table,
        struck: &Struck,
        reloads: &Reloads,
        came: u64,
        by_hand: u64,
        recovered: Duration,
    ) {
        let counts = &self.judge.counts;
        let faults = self.form.storm;
        table.row(
            "length, of which faults struck; seed",
            format!("{}, {}; {}", report::human(self.started.elapsed()), report::human(faults), self.seed),
        );
        table.row("queries of shops", format!("{} of {}", self.fleet.queries().len(), self.form.shops));
        let compared = counts.equal + counts.not_known;
        table.row(
            "samples compared: equal to the truth, truth not known",
            format!("{}, {}", counts.equal, counts.not_known),
        );
        #[expect(clippy::cast_precision_loss, reason = "a count of samples is far below 2^53")]
        let absent = counts.absent as f64 / (counts.absent as f64 + compared as f64) * 100.0;
        table.row("balances absent", format!("{} ({absent:.1} of 100)", counts.absent));
        table.row("last known balances equal to the truth", counts.last_known_equal.to_string());
        table.row("oldest balance published, as a ratio of `stale_after`", format!("{:.3} : 1", counts.oldest));
        table.row("counters compared", counts.counters.to_string());
        if let Some(scrape) = self.judge.last() {
            let polls = scrape.sum("overpay_poll_duration_seconds_count", "");
            table.row("polls, of which failed", format!("{polls}, {}", self.judge.failures().values().sum::<f64>()));
            table.row("polls sent within, ms: half, 99 of 100", report::lateness(scrape));
        }
        let list = |(what, count): (&String, &f64)| format!("{what} {count}");
        let by_reason: Vec<_> = self.judge.failures().iter().filter(|(_, count)| **count > 0.0).map(list).collect();
        table.row("failures by reason", by_reason.join(", "));
        let kinds = struck.kinds();
        table.row("faults put in place, kinds", format!("{}, {}", kinds.values().sum::<u64>(), kinds.len()));
        table.row("reloads done, refused", format!("{}, {}", reloads.done, reloads.refused));
        table.row("channels changed by hand", by_hand.to_string());
        table.row("scrapes; clients that left early or misbehaved", format!("{}; {came}", counts.scrapes));
        table.row("answers of the simulator's state", self.truth.questions().to_string());
        self.measured.rows(table);
        table.row("a query's next poll in the past, s at most", format!("{:.1}", counts.overdue.max(0.0)));
        table.row(
            "a query nothing strikes: longest without an answer above its interval, s",
            format!("{:.1}", counts.quiet_late),
        );
        table.row("all up and all there after the last fault within, s", recovered.as_secs().to_string());
        let log = &self.exporter.log;
        table.row(
            "lines of the log, of which warnings",
            format!(
                "{}, {}",
                log.lines.load(std::sync::atomic::Ordering::Relaxed),
                log.warnings.load(std::sync::atomic::Ordering::Relaxed)
            ),
        );
    }
}
