//! What the bench reads of `/metrics`: sums over families and shares of histograms.

/// A text of samples.
#[derive(Clone, Debug)]
pub(crate) struct Exposition(String);

impl Exposition {
    pub(crate) fn new(body: Vec<u8>) -> anyhow::Result<Self> {
        Ok(Self(String::from_utf8(body)?))
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.0.lines().filter(|line| !line.starts_with('#')).count()
    }

    /// The samples of a name: labels and value.
    fn samples<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let rest = move |line: &'a str| line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']));
        self.0.lines().filter_map(rest).filter_map(|rest| rest.rsplit_once(' '))
    }

    /// How many samples of a name there are.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.samples(name).count()
    }

    /// The sum of all samples of a name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.samples(name).filter_map(|(_, value)| value.parse::<f64>().ok()).sum()
    }

    /// The sum of a histogram's buckets up to that bound.
    pub(crate) fn up_to(&self, histogram: &str, bound: &str) -> f64 {
        let (name, bound) = (format!("{histogram}_bucket"), format!("le=\"{bound}\""));
        self.samples(&name)
            .filter(|(labels, _)| labels.contains(&bound))
            .filter_map(|(_, n)| n.parse::<f64>().ok())
            .sum()
    }

    /// The share of a name's samples that another text has with another value, or not.
    pub(crate) fn changed(&self, before: &Self, name: &str) -> f64 {
        let old: std::collections::HashMap<&str, &str> = before.samples(name).collect();
        let (mut all, mut changed) = (0_u32, 0_u32);
        for (labels, value) in self.samples(name) {
            all += 1;
            changed += u32::from(old.get(labels) != Some(&value));
        }
        f64::from(changed) / f64::from(all.max(1))
    }
}
