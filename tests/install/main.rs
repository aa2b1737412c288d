//! The package as an administrator meets it: installed on a Debian that systemd has booted, configured, started, reloaded,
//! starved, killed, upgraded and purged.
//!
//! Not for the machine it was built on: `scripts/test-install` makes a bare Debian, boots it without any network but its
//! loopback, and has this run there as root. The steps are in the order in which an administrator takes them, and each
//! finds the machine as the last has left it, so the first that fails is the last.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test may assume, and tells")]

mod confined;
mod life;
mod machine;
mod operations;
mod package;
mod page;
mod platform;
mod scraper;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time::timeout;

use self::machine::Machine;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

type Step = (&'static str, for<'a> fn(&'a mut Machine) -> Pin<Box<dyn Future<Output = ()> + 'a>>);

macro_rules! steps {
    ($($room:ident :: $step:ident),* $(,)?) => {
        [$((concat!(stringify!($room), "::", stringify!($step)), |machine| Box::pin($room::$step(machine)))),*]
    };
}

const STEPS: &[Step] = &steps![
    page::the_page_on_installation_leads_from_a_bare_machine_to_ready,
    package::the_package_brings_what_the_page_says,
    package::systemd_finds_nothing_to_say_about_the_units,
    life::balances_are_published_and_the_status_tells_how_many_queries_are_up,
    life::a_reload_takes_a_good_configuration_and_keeps_what_is_known,
    life::a_bad_configuration_fails_the_reload_and_the_old_one_goes_on,
    life::a_rotated_key_is_taken_by_a_restart_and_not_by_a_reload,
    life::no_scrape_is_refused_while_it_restarts,
    life::it_comes_back_after_kill_9,
    life::a_process_that_stands_still_is_killed_and_started_anew,
    life::it_stops_within_a_second_though_a_poll_hangs_and_a_client_idles,
    life::a_start_with_a_wrong_configuration_fails_with_its_place_and_is_not_repeated,
    confined::it_can_write_nowhere,
    confined::it_sees_neither_homes_nor_keys_nor_other_processes,
    confined::it_gains_no_privileges,
    confined::it_opens_no_other_address_families,
    operations::check_and_query_run_by_hand_with_the_keys_of_the_unit,
    operations::tls_and_users_come_by_a_drop_in_and_a_web_configuration,
    operations::another_address_comes_by_a_drop_in_of_the_socket,
    operations::it_is_stopped_for_good_by_stopping_both_units,
    package::an_upgrade_keeps_what_the_administrator_wrote_and_refuses_no_scrape,
    package::a_downgrade_is_the_same_the_other_way,
    package::removing_stops_it_and_keeps_what_the_administrator_wrote,
    package::purging_leaves_nothing,
];

fn main() -> ExitCode {
    if let Some(attempt) = std::env::args().nth(1) {
        // Started by systemd in place of the exporter, confined as it would be.
        return confined::attempt(&attempt);
    }
    assert!(Machine::is_bare(), "this changes the machine it runs on: run it with `make test-install`");
    let (runtime, mut machine) = (Runtime::new().expect("a runtime"), Machine::new());
    let (mut passed, mut failed) = (0, 0);
    println!("\nrunning {} steps", STEPS.len());
    for (name, step) in STEPS {
        let start = Instant::now();
        let step = || runtime.block_on(async { timeout(PATIENCE, step(&mut machine)).await });
        let outcome = catch_unwind(AssertUnwindSafe(step));
        let took = start.elapsed().as_secs_f64();
        if matches!(outcome, Ok(Ok(()))) {
            println!("test {name} ... ok ({took:.1} s)");
            passed += 1;
        } else {
            println!("test {name} ... FAILED after {took:.1} s; the steps behind it were not tried");
            println!("{}", runtime.block_on(machine.end_of_journal()));
            failed += 1;
            break;
        }
    }
    println!("\n{passed} passed, {failed} failed, {} skipped", STEPS.len() - passed - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
