//! A store with an answer for each of its queries, ten channels each, and what is published of it.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use overpay_exporter::begateway;
use overpay_exporter::config::Config;
use overpay_exporter::domain::moment::Moment;
use overpay_exporter::domain::observation::Answer;
use overpay_exporter::domain::shard::Shard;
use overpay_exporter::gzip::Piece;
use overpay_exporter::metrics::Metrics;
use overpay_exporter::store::{Recorded, Store, Timing};

use crate::answers::{channel_balances, configuration, response};

/// Channels of each query.
const CHANNELS: usize = 10;
/// Gateways of each shop.
const GATEWAYS: usize = 100;
const TIMING: Timing = Timing { duration: Duration::from_millis(120), queued: Duration::from_millis(1) };

pub(crate) struct Filled {
    config: Config,
    pub(crate) store: Arc<Store>,
    metrics: Metrics,
    /// The memory of the last text.
    spare: RefCell<Vec<Vec<u8>>>,
    /// How many answers there were, so that the next has other balances.
    answers: Cell<u64>,
}

impl Filled {
    /// A store of so many channels.
    pub(crate) fn with(channels: usize) -> Self {
        let config = configuration(&text(channels / CHANNELS));
        let store = Arc::new(Store::default());
        store.configure(&config.shops, &config.queries, &config.exponents, SystemTime::now());
        let metrics = Metrics::new(Arc::clone(&store), Shard::WHOLE).expect("metrics");
        let filled = Self { config, store, metrics, spare: RefCell::default(), answers: Cell::new(0) };
        filled.record_all();
        filled
    }

    pub(crate) fn queries(&self) -> usize {
        self.config.queries.len()
    }

    /// Another answer to the query at that position.
    pub(crate) fn next_answer(&self, position: usize) -> Answer {
        let query = &self.config.queries[position];
        let gateway = query.ask.gateway().expect("each names one").0;
        let number = self.answers.replace(self.answers.get() + 1);
        let body = channel_balances(gateway, CHANNELS, number);
        let reading = begateway::read(query, &response(body.as_bytes())).expect("a good answer");
        Answer::of(query, reading, &self.config.exponents, SystemTime::now()).expect("a good answer")
    }

    pub(crate) fn record(&self, position: usize, answer: Answer) -> Recorded {
        let recorded = self.store.record(position, Ok(answer), TIMING, Moment::now());
        assert!(recorded.failure.is_none(), "{:?}", recorded.failure);
        recorded
    }

    /// Records another answer to every query.
    pub(crate) fn record_all(&self) {
        for position in 0..self.queries() {
            self.record(position, self.next_answer(position));
        }
    }

    /// All that follows from the store as text, written where the last text was. Gives its length.
    pub(crate) fn encode(&self) -> usize {
        let (text, _) = self.metrics.balances(self.spare.take());
        let length = text.iter().map(Vec::len).sum();
        self.spare.replace(text);
        length
    }

    /// The same, compressed while it is written.
    pub(crate) fn compress(&self) -> Piece {
        self.metrics.balances_compressed().expect("memory takes all").0
    }
}

fn text(queries: usize) -> String {
    let mut text = "brands: {bench: {backoffice_url: \"https://bench.example.test\"}}\nshops:\n".to_owned();
    for query in 0..queries {
        if query % GATEWAYS == 0 {
            let shop = query / GATEWAYS;
            write!(text, "  - name: shop-{shop}\n    brand: bench\n    shop_id: {shop}\n    secret_key_env: KEY\n")
                .and_then(|()| text.write_str("    channel_balances:\n"))
                .expect("a text takes all");
        }
        let thresholds = "thresholds: {USD: {warning: 20000, critical: 5000}}";
        writeln!(text, "      - {{gateway: {}, currencies: [USD], {thresholds}}}", 1_000_001 + query)
            .expect("a text takes all");
    }
    text
}
