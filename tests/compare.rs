//! The command `compare`, which shows figures and says when they must not be trusted.

use end_to_end::{Process, empty_folder, read, repetitions, text};

#[tokio::test]
async fn a_run_that_is_not_valid_is_named_with_status_3_by_run_and_by_compare() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "compare-invalid");
    let scenario = |name: &str, limit: &str| {
        let path = folder.join(format!("{name}.toml"));
        let content = format!(
            "title = \"{name}\"\nduration = \"1s\"\n\
             [load]\nrate = 50\nlateness_limit = \"{limit}\"\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        std::fs::write(&path, content).expect("the scenario can be written");
        text(&path).to_owned()
    };
    let out = |name: &str| {
        let path = folder.join(name);
        text(&path).to_owned()
    };
    let (valid, late) = (out("valid"), out("late"));

    let ran = Process::run(&["run", &scenario("fine", "1h"), "--out", &valid]).await;
    let ran_late = Process::run(&["run", &scenario("late", "1ns"), "--out", &late]).await;
    let compared = Process::run(&["compare", &valid, &late]).await;
    let with_itself = Process::run(&["compare", &valid, &valid]).await;

    assert_eq!(ran.status.code(), Some(0), "{ran:#?}");
    assert_eq!(with_itself.status.code(), Some(0), "{with_itself:#?}");
    for (ended, words) in [(ran_late, ""), (compared, "late, run 1 is void: ")] {
        assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
        let why = ended.stderr.last().expect("a reason");
        assert!(
            why.contains(words) && why.contains("lateness_limit = 1ns"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn two_scenarios_take_turns_with_the_same_seeds_and_are_compared() {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), "compare-turns");
    let write = |name: &str, seed: u64, rate: u64| {
        let path = folder.join(format!("{name}.toml"));
        let content = format!(
            "title = \"{name}\"\nseed = {seed}\nduration = \"1s\"\n[load]\nrate = {rate}\nlateness_limit = \"1h\"\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        std::fs::write(&path, content).expect("the scenario can be written");
        path
    };
    let (few, many) = (write("few", 7, 30), write("many", 1, 90));
    let out = folder.join("out");

    let arguments = [
        "run",
        text(&few),
        text(&many),
        "--repeat",
        "2",
        "--out",
        text(&out),
        "--quiet",
    ];
    let ended = Process::run(&arguments).await;

    assert!(ended.status.success(), "{ended:#?}");
    let lines = ended.stdout.iter().map(String::as_str);
    let order: Vec<&str> = lines
        .filter(|line| ["few:", "many:"].contains(line))
        .collect();
    assert_eq!(order, ["few:", "many:", "many:", "few:"], "{ended:#?}");
    for name in ["few", "many"] {
        let runs = repetitions(&out.join(name));
        let seeds: Vec<_> = runs.iter().map(|run| run["seed"].clone()).collect();
        assert_eq!(seeds, [7, 8], "{name}");
        assert!(out.join(name).join("scenario.toml").exists(), "{name}");
    }
    assert!(ended.said("in 2 pairs of one seed each"), "{ended:#?}");
    assert!(
        ended.said("Too few runs: nothing can be marked"),
        "{ended:#?}"
    );
    let table = ended
        .stdout
        .iter()
        .filter(|line| line.starts_with("goodput"));
    assert_eq!(table.count(), 1, "{ended:#?}");
    let page = out.join("comparison.html");
    let said = format!("report in {}", page.display());
    assert!(ended.said(&said), "{ended:#?}");
    let (html, markdown) = (read(&page), read(&out.join("comparison.md")));
    for part in ["few/scenario.toml --seed 7 --repeat 2", "goodput"] {
        assert!(html.contains(part) && markdown.contains(part), "{markdown}");
    }

    let with_events = ["run", text(&few), text(&many), "--events", "events.csv"];
    let refused = Process::run(&with_events).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:#?}");
    assert!(
        refused.said("--events events.csv is not allowed with several scenarios"),
        "{refused:#?}"
    );
}
