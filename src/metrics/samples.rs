//! Building the `prometheus` crate's families out of samples.

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram as HistogramSample, LabelPair, Metric, MetricFamily, MetricType,
};

use super::families::{Family, Kind};
use crate::store::Histogram;

/// The samples of several families while they are collected.
#[derive(Default)]
pub(super) struct Samples {
    families: HashMap<&'static str, MetricFamily>,
}

impl Samples {
    /// Adds a sample. `labels` are the values of the family's labels, in its order; an empty one is left out.
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: f64) {
        let mut metric = Metric::from_label(pairs(family, labels));
        if family.kind == Kind::Counter {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.push(family, metric);
    }

    /// Adds a histogram's samples.
    pub(super) fn add_histogram(&mut self, family: &Family, labels: &[&str], histogram: &Histogram) {
        let buckets = histogram.cumulative().map(|(bound, count)| {
            let mut bucket = Bucket::default();
            bucket.set_upper_bound(bound);
            bucket.set_cumulative_count(count);
            bucket
        });
        let mut sample = HistogramSample::default();
        sample.set_bucket(buckets.collect());
        sample.set_sample_count(histogram.count());
        sample.set_sample_sum(histogram.sum());
        let mut metric = Metric::from_label(pairs(family, labels));
        metric.set_histogram(sample);
        self.push(family, metric);
    }

    /// The families that have samples.
    pub(super) fn into_families(self) -> Vec<MetricFamily> {
        self.families.into_values().collect()
    }

    fn push(&mut self, family: &Family, metric: Metric) {
        let collected = self.families.entry(family.name).or_insert_with(|| {
            let mut collected = MetricFamily::default();
            collected.set_name(family.name.to_owned());
            collected.set_help(family.help.to_owned());
            collected.set_field_type(match family.kind {
                Kind::Gauge => MetricType::GAUGE,
                Kind::Counter => MetricType::COUNTER,
                Kind::Histogram => MetricType::HISTOGRAM,
            });
            collected
        });
        collected.mut_metric().push(metric);
    }
}

fn pairs(family: &Family, values: &[&str]) -> Vec<LabelPair> {
    debug_assert_eq!(family.labels.len(), values.len(), "labels of {}", family.name);
    let given = family.labels.iter().zip(values).filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value((*value).to_owned());
            pair
        })
        .collect()
}

/// What the registry wants to know of the families of a collector.
pub(super) fn described<'a>(families: impl IntoIterator<Item = &'a Family>) -> prometheus::Result<Vec<Desc>> {
    families
        .into_iter()
        .map(|family| {
            let labels = family.labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(family.name.to_owned(), family.help.to_owned(), labels, HashMap::new())
        })
        .collect()
}
