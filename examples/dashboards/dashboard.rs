//! A dashboard: lines of panels from top to bottom, put on Grafana's grid of 24 columns. It knows the JSON around panels,
//! and nothing of what they show.

use serde_json::{Value, json};

use super::panel::Panel;

/// The classic schema. The newer one is not taken by file provisioning everywhere.
const SCHEMA: u32 = 41;

/// What a dashboard is besides its panels.
pub(crate) struct About {
    pub(crate) uid: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    /// The time range it opens with, as `now-24h`.
    pub(crate) from: &'static str,
    pub(crate) variables: Vec<Value>,
    pub(crate) annotations: Vec<Value>,
    pub(crate) links: Vec<Value>,
}

/// Panels as they are put on the grid, one after the other.
#[derive(Default)]
pub(crate) struct Layout {
    panels: Vec<Value>,
    /// The row that the next lines belong to, if it is closed: its panels are kept inside it.
    closed: Option<(Value, Vec<Value>)>,
    /// Panels in which annotations are drawn.
    annotated: Vec<u32>,
    y: u32,
    id: u32,
}

impl Layout {
    /// A line of panels of one height, with their widths from left to right: 24 in all.
    pub(crate) fn line<const N: usize>(mut self, height: u32, panels: [(u32, Panel); N]) -> Self {
        let mut x = 0;
        for (width, panel) in panels {
            let at = json!({"h": height, "w": width, "x": x, "y": self.y});
            x += width;
            self.id += 1;
            if panel.is_annotated() {
                self.annotated.push(self.id);
            }
            let panel = panel.placed(self.id, &at);
            match &mut self.closed {
                Some((_, inside)) => inside.push(panel),
                None => self.panels.push(panel),
            }
        }
        self.y += height;
        self
    }

    /// A row with a heading that is open when the dashboard opens.
    pub(crate) fn open(self, heading: &str) -> Self {
        self.row(heading, false)
    }

    /// A row with a heading that opens with a click.
    pub(crate) fn closed(self, heading: &str) -> Self {
        self.row(heading, true)
    }

    fn row(mut self, heading: &str, collapsed: bool) -> Self {
        self.end_row();
        self.id += 1;
        let row = json!({
            "id": self.id, "type": "row", "title": heading, "collapsed": collapsed,
            "gridPos": {"h": 1, "w": 24, "x": 0, "y": self.y}, "panels": [],
        });
        self.y += 1;
        if collapsed {
            self.closed = Some((row, Vec::new()));
        } else {
            self.panels.push(row);
        }
        self
    }

    fn end_row(&mut self) {
        if let Some((mut row, inside)) = self.closed.take() {
            row["panels"] = inside.into();
            self.panels.push(row);
        }
    }

    pub(crate) fn dashboard(mut self, about: About) -> Value {
        self.end_row();
        let annotations = about.annotations.into_iter().map(|mut annotation| {
            annotation["filter"] = json!({"exclude": false, "ids": self.annotated});
            annotation
        });
        json!({
            "uid": about.uid,
            "title": about.title,
            "description": about.description,
            "tags": ["overpay"],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": false,
            "graphTooltip": 1,
            "timezone": "browser",
            "time": {"from": about.from, "to": "now"},
            "refresh": "1m",
            "annotations": {"list": annotations.collect::<Value>()},
            "templating": {"list": about.variables},
            "links": about.links,
            "panels": self.panels,
        })
    }
}
