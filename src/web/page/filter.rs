//! Which part of the state the page shows: what stands behind the question mark of its address.

use url::form_urlencoded;

/// Which part of the state is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// One shop alone, by its name.
    pub(super) shop: Option<String>,
    /// Balances and queries in one state alone.
    pub(super) show: Show,
}

/// Balances and queries in which state are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    /// All.
    #[default]
    All,
    /// Those of queries that fail.
    Failing,
    /// Those whose last answer is too old.
    Stale,
    /// Those below a threshold.
    Low,
}

impl Show {
    const ALL: [Self; 4] = [Self::All, Self::Failing, Self::Stale, Self::Low];

    const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failing => "failing",
            Self::Stale => "stale",
            Self::Low => "low",
        }
    }
}

impl Filter {
    /// The filter in that part of an address. What is not known there counts as not given.
    pub(super) fn of(query: Option<&str>) -> Self {
        let mut filter = Self::default();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "shop" if !value.is_empty() => filter.shop = Some(value.into_owned()),
                "state" => filter.show = Show::ALL.into_iter().find(|show| show.as_str() == value).unwrap_or_default(),
                _ => {}
            }
        }
        filter
    }

    /// Whether a shop of that name is shown.
    pub(super) fn takes_shop(&self, name: &str) -> bool {
        self.shop.as_deref().is_none_or(|shop| shop == name)
    }

    /// The address of the page below that prefix with this filter.
    pub(super) fn address(&self, prefix: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(shop) = &self.shop {
            query.append_pair("shop", shop);
        }
        if self.show != Show::All {
            query.append_pair("state", self.show.as_str());
        }
        let query = query.finish();
        if query.is_empty() { format!("{prefix}/") } else { format!("{prefix}/?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_back_to_its_filter() {
        for address in ["", "shop=main", "state=low", "shop=main&state=failing", "shop=a%26b"] {
            let filter = Filter::of(Some(address));
            let back = filter.address("/x");
            assert_eq!(Filter::of(back.split_once('?').map(|(_, query)| query)), filter, "{back}");
        }
    }

    #[test]
    fn what_is_not_known_shows_all() {
        assert_eq!(Filter::of(Some("state=%3Cscript%3E&shop=&x=1&&=")), Filter::default());
        assert_eq!(Filter::of(None), Filter::default());
    }
}
