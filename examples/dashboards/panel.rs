//! One panel: its queries and how values look. It knows Grafana's JSON of panels, and nothing of what is queried.

use serde_json::{Map, Value, json};

/// The data source of everything, which the variable chooses.
pub(crate) fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

/// A value, or a range of values, told in words with a colour.
pub(crate) struct Word {
    pub(crate) from: f64,
    /// Included.
    pub(crate) to: f64,
    pub(crate) text: &'static str,
    pub(crate) color: &'static str,
}

/// Mappings of numbers to words.
pub(crate) fn words(words: &[Word]) -> Value {
    let mapping = |(index, word): (usize, &Word)| {
        let result = json!({"text": word.text, "color": word.color, "index": index});
        json!({"type": "range", "options": {"from": word.from, "to": word.to, "result": result}})
    };
    words.iter().enumerate().map(mapping).collect()
}

/// Colours from limits on; the first limit is nothing at all.
pub(crate) fn steps(first: &str, more: &[(f64, &str)]) -> Value {
    let base = json!({"color": first, "value": null});
    let more = more.iter().map(|(from, color)| json!({"color": color, "value": from}));
    json!({"mode": "absolute", "steps": std::iter::once(base).chain(more).collect::<Value>()})
}

/// A panel while it is made.
pub(crate) struct Panel {
    kind: &'static str,
    title: String,
    description: String,
    targets: Vec<Value>,
    defaults: Map<String, Value>,
    overrides: Vec<Value>,
    options: Value,
    more: Map<String, Value>,
    annotated: bool,
}

impl Panel {
    fn new(kind: &'static str, title: &str, description: &str, options: Value) -> Self {
        Self {
            kind,
            title: title.to_owned(),
            description: description.to_owned(),
            targets: Vec::new(),
            defaults: Map::new(),
            overrides: Vec::new(),
            options,
            more: Map::new(),
            annotated: false,
        }
    }

    /// One value, or a few side by side, with their names.
    pub(crate) fn stat(title: &str, description: &str) -> Self {
        let options = json!({
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": false},
            "colorMode": "background_solid", "graphMode": "none", "justifyMode": "center", "orientation": "vertical",
            "textMode": "value_and_name", "wideLayout": false, "showPercentChange": false,
            "text": {"titleSize": 13, "valueSize": 28},
        });
        Self::new("stat", title, description, options).default("color", json!({"mode": "thresholds"}))
    }

    /// Lines over time. A gap in the data is a gap in the line.
    pub(crate) fn graph(title: &str, description: &str) -> Self {
        let options = json!({
            "legend": {"showLegend": true, "displayMode": "table", "placement": "right", "calcs": ["lastNotNull"]},
            "tooltip": {"mode": "multi", "sort": "asc"},
        });
        let custom = json!({
            "drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "pointSize": 4,
            "spanNulls": false, "axisSoftMin": 0,
        });
        Self::new("timeseries", title, description, options)
            .default("color", json!({"mode": "palette-classic"}))
            .default("custom", custom)
    }

    /// The names below the graph, which leaves it its width.
    pub(crate) fn names_below(self) -> Self {
        self.option("legend", json!({"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []}))
    }

    /// One row for each series, with its states in words over time.
    pub(crate) fn timeline(title: &str, description: &str, states: &Value) -> Self {
        let options = json!({
            "mergeValues": true, "showValue": "auto", "alignValue": "left", "rowHeight": 0.85,
            "legend": {"showLegend": true, "displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "single", "sort": "none"},
        });
        Self::new("state-timeline", title, description, options)
            .default("color", json!({"mode": "thresholds"}))
            .default("custom", json!({"fillOpacity": 80, "lineWidth": 0, "spanNulls": false}))
            .default("mappings", states.clone())
    }

    /// A table; what it shows is made by `table`.
    pub(crate) fn table(title: &str, description: &str) -> Self {
        let custom = json!({"align": "auto", "cellOptions": {"type": "auto"}, "inspect": false, "filterable": false, "minWidth": 80});
        Self::new("table", title, description, json!({"showHeader": true, "cellHeight": "sm"}))
            .default("custom", custom)
            .unit("none")
    }

    fn target(mut self, mut target: Value) -> Self {
        let letter = char::from(b'A' + u8::try_from(self.targets.len()).unwrap_or(u8::MAX - b'A'));
        target["refId"] = letter.to_string().into();
        target["datasource"] = datasource();
        target["editorMode"] = "code".into();
        self.targets.push(target);
        self
    }

    /// A query over the time range; `{{label}}` in the legend stands for a label.
    pub(crate) fn query(self, legend: &str, expression: &str) -> Self {
        self.target(json!({"expr": expression, "legendFormat": legend, "range": true, "instant": false}))
    }

    /// A query over the time range, for each hour of it.
    pub(crate) fn hourly(self, legend: &str, expression: &str) -> Self {
        let target =
            json!({"expr": expression, "legendFormat": legend, "interval": "1h", "range": true, "instant": false});
        self.target(target)
    }

    /// A query at the end of the time range.
    pub(crate) fn now(self, legend: &str, expression: &str) -> Self {
        self.target(json!({"expr": expression, "legendFormat": legend, "range": false, "instant": true}))
    }

    /// A query at the end of the time range, whose labels become columns.
    pub(crate) fn columns(self, expression: &str) -> Self {
        let target =
            json!({"expr": expression, "legendFormat": "", "format": "table", "range": false, "instant": true});
        self.target(target)
    }

    /// How values are written, as one of Grafana's units.
    pub(crate) fn unit(self, unit: &str) -> Self {
        self.default("unit", unit.into())
    }

    pub(crate) fn decimals(self, decimals: u8) -> Self {
        self.default("decimals", decimals.into())
    }

    /// Amounts in major units, with the decimal places they have.
    pub(crate) fn money(self) -> Self {
        self.unit("locale").decimals(8)
    }

    /// What is shown where there is no value at all.
    pub(crate) fn none(self, text: &str) -> Self {
        self.default("noValue", text.into())
    }

    pub(crate) fn steps(self, first: &str, more: &[(f64, &str)]) -> Self {
        self.default("thresholds", steps(first, more))
    }

    pub(crate) fn words(self, mappings: &Value) -> Self {
        self.default("mappings", mappings.clone())
    }

    pub(crate) fn default(mut self, name: &str, value: Value) -> Self {
        self.defaults.insert(name.to_owned(), value);
        self
    }

    /// Changes one of the settings that are particular to this kind of panel.
    pub(crate) fn custom(mut self, name: &str, value: Value) -> Self {
        self.defaults.entry("custom").or_insert_with(|| json!({}))[name] = value;
        self
    }

    pub(crate) fn option(mut self, name: &str, value: Value) -> Self {
        self.options[name] = value;
        self
    }

    /// Properties of the fields that a matcher finds: `byName`, `byRegexp`, `byFrameRefID`.
    pub(crate) fn where_(mut self, matcher: &str, which: &str, properties: &[(&str, Value)]) -> Self {
        let properties: Value = properties.iter().map(|(id, value)| json!({"id": id, "value": value})).collect();
        self.overrides.push(json!({"matcher": {"id": matcher, "options": which}, "properties": properties}));
        self
    }

    pub(crate) fn more(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// One panel for each value of a variable, so many beside each other.
    pub(crate) fn for_each(self, variable: &str, beside: u32) -> Self {
        self.more("repeat", variable.into()).more("repeatDirection", "h".into()).more("maxPerRow", beside.into())
    }

    /// The dashboard's annotations are drawn in it. They tell of any currency, so graphs of one are without.
    pub(crate) fn annotated(mut self) -> Self {
        self.annotated = true;
        self
    }

    pub(crate) fn is_annotated(&self) -> bool {
        self.annotated
    }

    pub(crate) fn placed(self, id: u32, at: &Value) -> Value {
        let mut panel = json!({
            "id": id,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": at,
            "datasource": datasource(),
            "targets": self.targets,
            "fieldConfig": {"defaults": self.defaults, "overrides": self.overrides},
            "options": self.options,
        });
        for (name, value) in self.more {
            panel[name] = value;
        }
        panel
    }
}
