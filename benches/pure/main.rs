//! The pure parts, timed: reading answers, recording them, the snapshot, the families and their text, compression.
//!
//! `cargo bench --bench pure` times all of them by criterion. `pure once NAME` does one of them once, so that
//! `scripts/bench-guard` can have its instructions counted; `pure names` tells what there is.

#![expect(clippy::expect_used, clippy::panic, reason = "a bench that can't be set up has to fail")]
#![expect(clippy::print_stdout, reason = "the names are for a script")]

mod answers;
mod filled;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group};

use self::answers::Asked;
use self::filled::Filled;

/// How many channels a store is filled with where it is published.
const CHANNELS: [usize; 3] = [1_000, 10_000, 100_000];

/// One thing to do once, its instructions counted.
type Once = (&'static str, fn());

const ONCE: [Once; 9] = [
    ("read channel_balances, the documents' example", || once_read(&Asked::channel_balances())),
    ("read channel_balances, 100 rows", || once_read(&Asked::channel_balances_of(100))),
    ("read gateway_balance, the documents' example", || once_read(&Asked::gateway_balance())),
    ("read beyag_balance, the documents' example", || once_read(&Asked::beyag_balance())),
    ("trust an answer of 100 rows", || {
        let asked = Asked::channel_balances_of(100);
        let reading = asked.read();
        drop(measured(|| asked.trust(reading)));
    }),
    ("record an answer of 10 rows among 1000 queries", || {
        let filled = Filled::with(10_000);
        let answer = filled.next_answer(500);
        drop(measured(|| filled.record(500, answer)));
    }),
    ("snapshot of 1000 queries", || {
        let filled = Filled::with(10_000);
        drop(measured(|| filled.store.snapshot()));
    }),
    ("write 10000 channels", || {
        let filled = Filled::with(10_000);
        filled.encode();
        filled.record_all();
        measured(|| filled.encode());
    }),
    ("write and compress 10000 channels", || {
        let filled = Filled::with(10_000);
        drop(measured(|| filled.compress()));
    }),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["names"] => ONCE.iter().for_each(|(name, _)| println!("{name}")),
        ["once", name] => {
            let found = ONCE.iter().find(|(known, _)| *known == name);
            found.unwrap_or_else(|| panic!("{name} is none of `pure names`")).1();
        }
        _ => {
            pure();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}

/// What is done in here is counted.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    let done = work();
    // It is looked at in here, so that the work is not left to a jump, which the counting would not follow.
    black_box(&done);
    done
}

fn once_read(asked: &Asked) {
    drop(measured(|| asked.read()));
}

criterion_group!(pure, readers, store, publication);

fn readers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (name, asked) in [
        ("channel_balances, the documents' example", Asked::channel_balances()),
        ("channel_balances, 100 rows", Asked::channel_balances_of(100)),
        ("gateway_balance, the documents' example", Asked::gateway_balance()),
        ("beyag_balance, the documents' example", Asked::beyag_balance()),
    ] {
        group.throughput(Throughput::Bytes(asked.response.body.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| asked.read()));
    }
    group.finish();
    let asked = Asked::channel_balances_of(100);
    let reading = asked.read();
    criterion.bench_function("trust/100 rows", |bencher| {
        bencher.iter_batched(|| reading.clone(), |reading| asked.trust(reading), BatchSize::SmallInput);
    });
}

fn store(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store");
    for channels in CHANNELS {
        let filled = Filled::with(channels);
        let queries = filled.queries();
        let mut position = 0;
        let mut next = || {
            position = (position + 1) % queries;
            (position, filled.next_answer(position))
        };
        group.bench_function(format!("record 10 rows among {queries} queries"), |bencher| {
            bencher.iter_batched(
                &mut next,
                |(position, answer)| filled.record(position, answer),
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("snapshot of {queries} queries"), |bencher| {
            bencher.iter(|| filled.store.snapshot());
        });
        // What a snapshot holds is copied before it is changed.
        group.bench_function(format!("record 10 rows among {queries} queries, snapshot held"), |bencher| {
            bencher.iter_batched(
                || (filled.store.snapshot(), next()),
                |(snapshot, (position, answer))| (filled.record(position, answer), snapshot),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn publication(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish");
    group.sample_size(20);
    for channels in CHANNELS {
        let filled = Filled::with(channels);
        group.throughput(Throughput::Bytes(filled.encode() as u64));
        group.bench_function(format!("write {channels} channels"), |bencher| {
            bencher.iter_batched(|| filled.record_all(), |()| filled.encode(), BatchSize::PerIteration);
        });
        group.bench_function(format!("write and compress {channels} channels"), |bencher| {
            bencher.iter_batched(|| filled.record_all(), |()| filled.compress(), BatchSize::PerIteration);
        });
    }
    group.finish();
}
