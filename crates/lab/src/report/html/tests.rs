use experiment::result::{Machine, Performer, SCHEMA, Versions};

use super::*;

/// A simulated run of this scenario, as a result.
fn result(text: &str, runs: u64) -> RunResult {
    let scenario = Scenario::parse(text).unwrap();
    let options = simulator::Options::default();
    let runs = (1..=runs).map(|seed| simulator::run(&scenario, seed, &options));
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: "</title><script>alert(1)</script>".to_owned(),
        title: scenario.title().to_owned(),
        started_unix_s: 0.0,
        versions: Versions {
            breaker_lab: "0".to_owned(),
            build: "debug".to_owned(),
            commit: None,
        },
        machine: Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cpu: None,
            cores: 1,
            load: None,
        },
        repetitions: runs.collect(),
    }
}

const SHORT: &str = "title = \"a <b> & \\\"c\\\"\"\nduration = \"1s\"\n\
    [fleet]\ninstances = [\"A\", \"x-1\"]\n[load]\nrate = 50\n\
    [faults]\nphases = [{ name = \"</script><i>\" }]\n";

/// What stands in the element of the data.
fn data_of(html: &str) -> serde_json::Value {
    let (_, rest) = html.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn all_modules_of_the_report_are_joined_and_each_is_there_once() {
    let script = script();

    // All that are imported from the entry on.
    let mut names = vec!["report.js"];
    let mut place = 0;
    while let Some(name) = names.get(place) {
        let lines = text_of(name).unwrap().lines();
        let imported = lines.filter_map(|line| line.split_once("from \"./")?.1.strip_suffix("\";"));
        for name in imported {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        place += 1;
    }
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        let name = name.trim_end_matches(".js").replace('-', "_");
        let begin = format!("const module_{name} = (() => {{");
        assert_eq!(script.matches(&begin).count(), 1, "{name}");
    }
    assert!(!script.contains("module_main"), "the live page's own entry");
    assert!(!script.contains("</script"), "the element would end there");
}

#[test]
fn a_run_of_a_second_without_transitions_is_whole_and_whatever_names_hold_is_text() {
    let result = result(SHORT, 1);
    assert!(
        result.repetitions[0]
            .fleet
            .instances
            .iter()
            .all(|one| one.transitions.is_empty())
    );
    let scenario = Scenario::parse(SHORT).unwrap();

    let html = html(&result, &Context::default(), Some(&scenario));

    assert!(html.starts_with(BEGINNING));
    // Those of the file itself: the data, and the script.
    assert_eq!(html.matches("<script").count(), 2);
    assert_eq!(html.matches("</script").count(), 2);
    assert!(html.contains("<h1>&lt;/title&gt;&lt;script&gt;alert(1)"));
    assert!(html.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
    assert!(!html.contains(" style=\""), "the policy allows none");
    let data = data_of(&html);
    let run = &data["runs"][0];
    assert_eq!(run["history"]["f"][0][1], "</script><i>");
    assert_eq!(run["hello"]["instances"][1]["name"], "x-1");
    assert!(run["hello"]["instances"][0]["breaker"]["minimum_calls"].is_u64());
    let answers = run["history"]["ticks"][0]["i"][0][0].as_u64();
    assert!(answers > Some(0), "{run}");
}

#[test]
fn several_runs_have_medians_and_a_part_each() {
    let mut result = result(SHORT, 3);
    result.repetitions[1].cut_short = true;
    result.repetitions[2].performer = Performer::Live;

    let html = html(&result, &Context::default(), None);

    for part in [
        "id=\"run-1\"",
        "id=\"run-3\"",
        "<option value=\"2\">3: seed 3",
        "95 % interval",
        "The folder has no scenario.toml",
        "1 of the runs was stopped",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(data_of(&html)["runs"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_calm_minute_of_three_instances_takes_8_kilobytes() {
    let text = "title = \"t\"\nduration = \"1m\"\n[faults]\nphases = [{ name = \"healthy\" }]\n";
    let result = result(text, 1);
    assert_eq!(result.repetitions[0].fleet.instances.len(), 3);

    let size = data(&told(&result, None)).len();

    assert!(size < 8_192, "{size}");
}
