//! The dashboards, without Prometheus: every expression parses, every name in it exists in the code,
//! and the rules of Grafana's dashboard linter hold.

mod palette;
mod promql;
mod shape;
mod shape_findings;

use std::collections::BTreeSet;

use end_to_end::{Query, QueryKind, System, dashboards, healthy, queries};
use fusebox::HoldStage;
use fusebox_fleet::host::Apart;
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
    assert!(queries.len() >= 65, "{}", queries.len());
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
                .rsplit(|letter: char| !(letter.is_ascii_alphabetic() || letter == '_'))
                .next();
            // The others are of what counts exactly: how a sum grew between its last values.
            let known = [
                "rate",
                "increase",
                "resets",
                "last_over_time",
                "max_over_time",
                "min_over_time",
            ];
            assert!(function.is_some_and(|it| known.contains(&it)), "{query:?}");
        }
        for range in query
            .written
            .split('[')
            .skip(1)
            .filter_map(|rest| rest.split(']').next())
        {
            // Five minutes are how far Prometheus itself looks back for a last value.
            let fixed = ["1m", "30s", "5m"].contains(&range);
            assert!(
                fixed || ["$__rate_interval", "$__interval", "$__range"].contains(&range),
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
    for uid in ["breaker-fleet", "breaker-one", "breaker-coordination"] {
        assert!(uids.contains(uid), "{uids:?}");
    }
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

#[test]
fn every_dashboard_has_the_shape_of_the_published_schema() {
    for (file, dashboard) in dashboards() {
        let findings = shape::findings(&dashboard);
        assert!(findings.is_empty(), "{file}:\n{}", findings.join("\n"));
    }
}

/// All panels, with their files and titles as names.
fn all_panels() -> Vec<(String, Value)> {
    let dashboards = dashboards();
    let panels = dashboards.iter().flat_map(|(file, dashboard)| {
        let panels = dashboard["panels"].as_array().expect("panels");
        panels.iter().map(move |panel| {
            let name = format!("{file}: {}", panel["title"].as_str().unwrap_or_default());
            (name, panel.clone())
        })
    });
    panels.collect()
}

/// Whatever a label's value is, its place on the coordination dashboard has words of its own.
#[test]
fn every_stage_and_every_reason_to_be_apart_has_words_in_the_timeline() {
    let (_, panel) = all_panels()
        .into_iter()
        .find(|(name, _)| name.starts_with("coordination.json: What the fleet does"))
        .expect("the timeline");
    let asked = panel["targets"][0]["expr"].as_str().expect("a query");
    let words = &panel["fieldConfig"]["defaults"]["mappings"][0]["options"];
    let stages = HoldStage::ALL.iter();
    let stages = stages.map(|it| format!("fleet_stage{{$, stage=\"{}\"}}", it.as_str()));
    let apart = Apart::ALL.iter();
    let apart = apart.map(|it| format!("fleet_apart{{$, reason=\"{it}\"}}"));
    let chosen = r#"job=~"$job", instance=~"$instance", breaker=~"$breaker""#;
    for series in stages.chain(apart) {
        let series = format!("* circuit_breaker_{}", series.replace('$', chosen));
        let before = asked.split(&series).next().unwrap_or_default();
        assert_ne!(before, asked, "{series}");
        let number = before.trim_end().rsplit([' ', '(']).next();
        let number = number.expect("a factor");
        assert!(words[number]["text"].is_string(), "{series}: {number}");
    }
}

#[test]
fn a_state_has_one_colour_everywhere() {
    for (file, dashboard) in dashboards() {
        let colours = palette::colours_of_states(&dashboard);
        assert!(colours.len() >= 8, "{file}: {colours:?}");
        for (name, colour) in colours {
            let mut states = palette::STATES.iter();
            let state = states.find(|(label, word, _)| [*label, *word].contains(&name.as_str()));
            let (_, _, wanted) = state.expect("they are states");
            assert_eq!(colour, wanted.to_string(), "{file}: {name}");
        }
    }
}

/// Grafana draws nothing then.
#[test]
fn no_panel_stacks_shares_between_bounds() {
    for (name, panel) in all_panels() {
        let defaults = &panel["fieldConfig"]["defaults"];
        if defaults["custom"]["stacking"]["mode"] == "percent" {
            assert!(
                defaults["min"].is_null() && defaults["max"].is_null(),
                "{name}"
            );
        }
    }
}

/// Prometheus answers about one moment in no order, and the next time in another.
#[test]
fn bars_stand_in_the_order_of_their_names() {
    for (name, panel) in all_panels() {
        if panel["type"] != "bargauge" {
            continue;
        }
        let steps = panel["transformations"].as_array();
        let last = steps.and_then(|steps| steps.last()).expect("a step");
        assert_eq!(last["options"]["orderByMode"], "auto", "{name}");
        assert_eq!(last["options"]["orderBy"][0]["type"], "name", "{name}");
    }
}

/// One slow call, or one lost engine, must not flatten all others to the floor. Zero has no place on a logarithmic
/// scale.
#[test]
fn times_are_on_a_logarithmic_scale() {
    let mut seen = 0;
    for (name, panel) in all_panels() {
        let defaults = &panel["fieldConfig"]["defaults"];
        if panel["type"] == "timeseries" && defaults["unit"] == "s" {
            let scale = &defaults["custom"]["scaleDistribution"];
            assert_eq!(scale["type"], "log", "{name}");
            assert!(defaults["min"].is_null(), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

#[test]
fn every_setting_of_a_breaker_is_compared_between_instances() {
    let definitions = telemetry::names::ALL.concat();
    let info = definitions
        .iter()
        .find(|it| it.name == "circuit_breaker_config_info");
    let labels = info.expect("it is exported").labels;
    let queries = all_queries();
    let compared = queries
        .iter()
        .find(|query| query.written.contains("\"setting\""))
        .expect("the settings are compared");
    for setting in labels.iter().filter(|label| **label != "breaker") {
        let counted = format!("count by ({setting})");
        let named = format!("\"setting\", \"{setting}\"");
        for part in [counted, named] {
            assert!(compared.written.contains(&part), "{part}");
        }
    }
}

/// Paths below `/call` belong to the same calls, and have a route of their own.
#[tokio::test]
async fn the_dashboards_show_calls_of_every_path() {
    let system = System::with_instances(&["A"], &healthy(), &[]).await;
    for path in ["/call", "/call/", "/call/orders/7"] {
        assert_eq!(system.instance(0).get(path).await.status, 200, "{path}");
    }
    let metrics = system.instance(0).metrics().await;
    let answers = metrics.with("http_server_request_duration_seconds_count");
    let routes: Vec<&str> = answers
        .iter()
        .filter(|(_, count)| **count > 0.0)
        .filter_map(|(labels, _)| labels.split("route=\"").nth(1)?.split('"').next())
        .filter(|route| route.starts_with("/call"))
        .collect();
    assert_eq!(routes.len(), 2, "{answers:?}");

    let mut asked = 0;
    for (file, dashboard) in dashboards() {
        for query in queries(&file, &dashboard) {
            let chosen = query.written.split("route=~\"").nth(1);
            let Some(chosen) = chosen.and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            asked += 1;
            for route in &routes {
                let is_chosen = chosen.split('|').any(|one| match one.strip_suffix(".*") {
                    Some(start) => route.starts_with(start),
                    None => one == *route,
                });
                assert!(is_chosen, "{}: {route}", query.place);
            }
        }
    }
    assert!(asked >= 3, "{asked}");
}
