//! The dashboards, without Prometheus: every expression parses, every name in it exists in the code,
//! and the rules of Grafana's dashboard linter hold.

mod promql;

use std::collections::BTreeSet;

use end_to_end::{Query, QueryKind, dashboards, queries};
use promql::assert_known;
use serde_json::Value;

fn all_queries() -> Vec<Query> {
    let dashboards = dashboards();
    let queries = dashboards
        .iter()
        .flat_map(|(file, dashboard)| queries(file, dashboard));
    queries.collect()
}

#[test]
fn every_expression_parses_and_names_only_what_the_code_exports() {
    let queries = all_queries();
    assert!(queries.len() >= 45, "{}", queries.len());
    for query in queries {
        if query.kind == QueryKind::Variable {
            let inside = query
                .written
                .strip_prefix("label_values(")
                .and_then(|it| it.strip_suffix(')'));
            let (selector, label) = inside
                .and_then(|inside| inside.rsplit_once(", "))
                .unwrap_or_else(|| panic!("{query:?}"));
            assert!(["job", "instance", "breaker"].contains(&label), "{query:?}");
            let selector = Query {
                written: selector.to_owned(),
                ..query.clone()
            };
            assert_known(&query.place, &selector.sent("60s"));
        } else {
            assert_known(&query.place, &query.sent("60s"));
        }
    }
}

#[test]
fn series_of_instances_are_chosen_by_job_and_instance() {
    for query in all_queries() {
        let chooses = query.written.matches("{job=~\"$job\"").count();
        let selects = query.written.matches("circuit_breaker_").count();
        let is_first_variable = query.place.ends_with("variable job")
            || query.kind == QueryKind::Variable && query.place.ends_with("variable instance");
        assert!(
            chooses >= selects || is_first_variable || selects == 0,
            "{query:?}"
        );
    }
}

#[test]
fn counters_are_read_as_rates_over_ranges_that_fit_the_graph() {
    for query in all_queries() {
        for (place, _) in query.written.match_indices("_total{") {
            let before = &query.written[..place];
            let function = before
                .rfind('(')
                .map(|at| &before[..at])
                .unwrap_or_default();
            let function = function
                .rsplit(|letter: char| !letter.is_ascii_alphabetic())
                .next();
            assert!(matches!(function, Some("rate" | "increase")), "{query:?}");
        }
        for range in query
            .written
            .split('[')
            .skip(1)
            .filter_map(|rest| rest.split(']').next())
        {
            let fixed = ["1m", "30s"].contains(&range);
            assert!(
                fixed || ["$__rate_interval", "$__range"].contains(&range),
                "{query:?}"
            );
        }
    }
}

fn texts<'a>(items: &'a Value, key: &str) -> Vec<&'a str> {
    let items = items.as_array().expect("a list");
    items
        .iter()
        .map(|item| item[key].as_str().unwrap_or_default())
        .collect()
}

#[test]
fn the_dashboards_are_what_grafana_expects() {
    let mut uids = BTreeSet::new();
    for (file, dashboard) in dashboards() {
        assert_eq!(dashboard["schemaVersion"], 42, "{file}");
        assert_eq!(dashboard["editable"], false, "{file}");
        let uid = dashboard["uid"].as_str().expect("a uid").to_owned();
        assert!(uid.len() <= 40 && uids.insert(uid), "{file}");
        let variables = texts(&dashboard["templating"]["list"], "name");
        assert_eq!(
            variables,
            ["datasource", "job", "instance", "breaker"],
            "{file}"
        );
        let panels = dashboard["panels"].as_array().expect("panels");
        let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(ids.len(), panels.len(), "{file}: ids differ");
        for panel in panels {
            assert_panel(&file, panel);
        }
        assert_no_overlap(&file, panels);
    }
    assert_eq!(
        uids,
        ["breaker-fleet", "breaker-one"].map(str::to_owned).into()
    );
}

fn assert_panel(file: &str, panel: &Value) {
    let title = panel["title"].as_str().unwrap_or_default();
    let description = panel["description"].as_str().unwrap_or_default();
    assert!(
        !title.is_empty() && description.len() >= 30,
        "{file}: {title}: {description}"
    );
    let has_unit = panel["fieldConfig"]["defaults"]["unit"].is_string();
    assert!(has_unit, "{file}: {title} has a unit");
    assert_eq!(
        panel["datasource"]["uid"], "${datasource}",
        "{file}: {title}"
    );
    let targets = panel["targets"].as_array().expect("targets");
    let references: BTreeSet<_> = texts(&panel["targets"], "refId").into_iter().collect();
    assert!(
        !targets.is_empty() && references.len() == targets.len(),
        "{file}: {title}"
    );
    for target in targets {
        assert_eq!(
            target["datasource"]["uid"], "${datasource}",
            "{file}: {title}"
        );
    }
}

/// Left, top, width and height.
fn place(panel: &Value) -> [u64; 4] {
    ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a place"))
}

fn assert_no_overlap(file: &str, panels: &[Value]) {
    for (number, panel) in panels.iter().enumerate() {
        let [x, y, w, h] = place(panel);
        assert!(x + w <= 24, "{file}: {}", panel["title"]);
        for other in &panels[..number] {
            let [other_x, other_y, other_w, other_h] = place(other);
            let apart = x + w <= other_x
                || other_x + other_w <= x
                || y + h <= other_y
                || other_y + other_h <= y;
            assert!(apart, "{file}: {} and {}", panel["title"], other["title"]);
        }
    }
}

#[test]
fn the_first_screen_of_the_fleet_tells_the_story() {
    let dashboards = dashboards();
    let (_, fleet) = dashboards
        .iter()
        .find(|(file, _)| file == "fleet.json")
        .expect("it exists");
    let panels = fleet["panels"].as_array().expect("panels");
    // A row of the grid has 38 pixels; on a laptop's screen about 13 of them are seen at once.
    let timeline = panels
        .iter()
        .find(|panel| panel["type"] == "state-timeline");
    let [_, y, width, height] = place(timeline.expect("a timeline"));
    assert_eq!(width, 24);
    assert!(y + height <= 13);
    let first: Vec<_> = panels.iter().filter(|panel| place(panel)[1] == 0).collect();
    let titles: Vec<_> = first
        .iter()
        .filter_map(|panel| panel["title"].as_str())
        .collect();
    for title in [
        "Distinct states",
        "Fleet open",
        "Openings in a minute",
        "Fast failures",
    ] {
        assert!(titles.contains(&title), "{titles:?}");
    }
}
