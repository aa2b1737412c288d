//! Tables of what is now: one query for each column of values, merged by the labels they share. It knows how Grafana
//! merges, sorts and names columns, and nothing of what is in them.

use serde_json::{Map, Value, json};

use super::panel::Panel;

/// A column, in the order in which they are shown.
pub(crate) struct Column {
    heading: &'static str,
    what: What,
    width: Option<u32>,
    properties: Vec<(&'static str, Value)>,
}

enum What {
    /// A label of the first query.
    Label(&'static str),
    /// The values of a query.
    Values(String),
}

impl Column {
    pub(crate) fn label(label: &'static str, heading: &'static str) -> Self {
        Self { heading, what: What::Label(label), width: None, properties: Vec::new() }
    }

    pub(crate) fn values(heading: &'static str, expression: impl Into<String>) -> Self {
        Self { heading, what: What::Values(expression.into()), width: None, properties: Vec::new() }
    }

    /// At least so many pixels.
    pub(crate) fn wide(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }

    pub(crate) fn with(mut self, id: &'static str, value: Value) -> Self {
        self.properties.push((id, value));
        self
    }

    pub(crate) fn unit(self, unit: &str) -> Self {
        self.with("unit", unit.into())
    }

    /// Amounts in major units, with the decimal places they have.
    pub(crate) fn money(self) -> Self {
        self.unit("locale").with("decimals", 8.into())
    }

    pub(crate) fn duration(self) -> Self {
        self.unit("s").with("decimals", 1.into())
    }

    /// What a cell without a value says.
    pub(crate) fn none(self, text: &str) -> Self {
        self.with("noValue", text.into())
    }

    /// Words for its numbers, on a ground of their colour.
    pub(crate) fn states(self, mappings: &Value) -> Self {
        self.with("mappings", mappings.clone())
            .with("custom.cellOptions", json!({"type": "color-background", "mode": "basic"}))
            .with("custom.align", "left".into())
    }

    /// Words for its numbers, in their colour.
    pub(crate) fn words(self, mappings: &Value) -> Self {
        self.with("mappings", mappings.clone())
            .with("custom.cellOptions", json!({"type": "color-text"}))
            .with("custom.align", "left".into())
    }

    /// Long text, which may take several lines.
    pub(crate) fn text(self, mappings: Value) -> Self {
        self.with("mappings", mappings).with("custom.cellOptions", json!({"type": "auto", "wrapText": true}))
    }

    pub(crate) fn link(self, title: &str, url: &str) -> Self {
        self.with("links", json!([{"title": title, "url": url}]))
    }

    /// There for links, and not shown.
    pub(crate) fn hidden(self) -> Self {
        // The older name of the setting, and the newer.
        self.with("custom.hidden", true.into())
            .with("custom.hideFrom", json!({"viz": true, "legend": false, "tooltip": false}))
    }
}

/// A table with these columns, sorted by the values of one of them, the smallest first.
pub(crate) fn table(title: &str, description: &str, sorted_by: &str, columns: Vec<Column>) -> Panel {
    let mut panel = Panel::table(title, description);
    // What Grafana calls the values of a query that has company.
    let queries = columns.iter().filter(|column| matches!(column.what, What::Values(_))).count();
    let (mut names, mut order, mut letter) = (Map::new(), Map::new(), b'A');
    let mut sort = sorted_by.to_owned();
    for (place, column) in columns.into_iter().enumerate() {
        let field = match column.what {
            What::Label(label) => label.to_owned(),
            What::Values(expression) => {
                panel = panel.columns(&expression);
                let field = if queries == 1 { "Value".to_owned() } else { format!("Value #{}", char::from(letter)) };
                letter += 1;
                field
            }
        };
        if column.heading == sorted_by {
            sort.clone_from(&field);
        }
        let mut properties = column.properties;
        // What the panel says where there is no row at all is not for cells.
        if !properties.iter().any(|(id, _)| *id == "noValue") {
            properties.push(("noValue", "-".into()));
        }
        if let Some(width) = column.width {
            properties.push(("custom.width", width.into()));
        }
        panel = panel.where_("byName", column.heading, &properties);
        names.insert(field.clone(), column.heading.into());
        order.insert(field, place.into());
    }
    let fields: Vec<_> = names.keys().cloned().collect();
    panel.more(
        "transformations",
        json!([
            {"id": "merge", "options": {}},
            {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": sort, "desc": false}]}},
            {"id": "filterFieldsByName", "options": {"include": {"names": fields}}},
            {"id": "organize", "options": {"excludeByName": {}, "indexByName": order, "renameByName": names}},
        ]),
    )
}
