//! Queries of the dashboards: those of every panel, annotation and variable.

use serde_json::Value;

use crate::binary::repository;

/// One query of a dashboard.
#[derive(Clone, Debug)]
pub struct Query {
    /// Dashboard and panel, annotation or variable.
    pub place: String,
    /// What asks.
    pub kind: QueryKind,
    /// As it is written in the dashboard.
    pub written: String,
}

/// What asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// A panel that shows the present moment.
    Instant,
    /// A panel that shows a range.
    Range,
    /// Marks in all panels.
    Annotation,
    /// The values of a variable.
    Variable,
}

impl Query {
    /// The query as Grafana sends it, with all instances chosen and `range` as the range shown.
    pub fn sent(&self, range: &str) -> String {
        self.sent_at(1, range)
    }

    /// The same for a graph whose points stand `step` seconds apart.
    pub fn sent_at(&self, step: u32, range: &str) -> String {
        let rate_interval = format!("{}s", (step + 1).max(4));
        [
            ("$__rate_interval", rate_interval.as_str()),
            ("$__range", range),
            ("$__interval", &format!("{step}s")),
            ("$job", ".+"),
            ("$instance", ".+"),
            ("$breaker", ".+"),
        ]
        .iter()
        .fold(self.written.clone(), |query, (name, value)| {
            query.replace(name, value)
        })
    }
}

/// The dashboards, by name of their file.
///
/// # Panics
/// If one is no JSON.
pub fn dashboards() -> Vec<(String, Value)> {
    let folder = repository().join("grafana/dashboards");
    let files = std::fs::read_dir(folder).expect("there are dashboards");
    let mut dashboards: Vec<_> = files
        .map(|file| {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("a dashboard can be read");
            let dashboard = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = path.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), dashboard)
        })
        .collect();
    dashboards.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(dashboards.len() >= 2, "fleet and breaker");
    dashboards
}

/// All queries of a dashboard.
pub fn queries(file: &str, dashboard: &Value) -> Vec<Query> {
    let mut queries = Vec::new();
    for panel in list(&dashboard["panels"]) {
        for target in list(&panel["targets"]) {
            queries.push(Query {
                place: format!("{file}: {}", text(&panel["title"])),
                kind: if target["instant"] == true {
                    QueryKind::Instant
                } else {
                    QueryKind::Range
                },
                written: text(&target["expr"]),
            });
        }
    }
    for annotation in list(&dashboard["annotations"]["list"]) {
        if annotation["builtIn"] != 1 {
            queries.push(Query {
                place: format!("{file}: annotation {}", text(&annotation["name"])),
                kind: QueryKind::Annotation,
                written: text(&annotation["target"]["expr"]),
            });
        }
    }
    for variable in list(&dashboard["templating"]["list"]) {
        if variable["type"] == "query" {
            queries.push(Query {
                place: format!("{file}: variable {}", text(&variable["name"])),
                kind: QueryKind::Variable,
                written: text(&variable["query"]["query"]),
            });
        }
    }
    queries
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
