//! The table of events: what it may replace, and what becomes of the result when it cannot be written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Ended, Process, Signal, eventually, read, repetitions, text};

use crate::{HELD, folder, scenario};

/// Simulates a scenario once more, with its events in this table.
async fn simulated(scenario: &Path, out: &Path, table: &Path) -> Ended {
    let asked = ["simulate", text(scenario), "--out", text(out)];
    Process::run(&[&asked[..], &["--events", text(table)]].concat()).await
}

/// The drafts that lie in a folder.
fn drafts(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder");
    let names = names.map(|one| one.expect("a file").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|name| Path::new(name).extension().is_some_and(|it| it == "part"))
        .collect()
}

#[tokio::test]
async fn a_table_takes_the_place_of_another_table_alone() {
    let folder = folder("events-over");
    let scenario = scenario(&folder, HELD);
    let (first, table) = (folder.join("first"), folder.join("events.csv"));
    assert!(simulated(&scenario, &first, &table).await.status.success());
    let (written, rows) = (read(&scenario), read(&table));
    let result = read(&first.join("result.json"));

    let mut refused = Vec::new();
    for (number, place) in [scenario.clone(), first.join("result.json")]
        .iter()
        .enumerate()
    {
        let out = folder.join(format!("refused-{number}"));
        refused.push(simulated(&scenario, &out, place).await);
        assert!(!out.exists(), "nothing was started");
    }
    // Neither is there yet, and both would be needed.
    for name in ["result.json", "plan.json"] {
        let out = folder.join(format!("own-{name}"));
        fs::create_dir(&out).expect("a folder");
        refused.push(simulated(&scenario, &out, &out.join(name)).await);
    }
    let again = simulated(&scenario, &folder.join("again"), &table).await;

    for ended in refused {
        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        assert!(
            ended.said("--events") && ended.said("choose another file"),
            "{ended:#?}"
        );
    }
    assert_eq!(read(&scenario), written);
    assert_eq!(read(&first.join("result.json")), result);
    assert!(again.status.success(), "{again:#?}");
    assert_eq!(read(&table), rows);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_followed_and_a_draft_of_somebody_else_is_left_alone() {
    let folder = folder("events-link");
    let scenario = scenario(&folder, HELD);
    let (link, real) = (folder.join("link.csv"), folder.join("real.csv"));
    std::os::unix::fs::symlink("real.csv", &link).expect("a link");
    let mine = [folder.join(".link.csv.part"), folder.join(".real.csv.part")];
    for draft in &mine {
        fs::write(draft, "mine").expect("a file");
    }

    let ended = simulated(&scenario, &folder.join("out"), &link).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert!(read(&real).starts_with("kind,seed,instance"));
    for draft in &mine {
        assert_eq!(read(draft), "mine");
    }
}

#[tokio::test]
async fn two_simulations_with_the_same_table_do_not_mix() {
    let folder = folder("events-shared");
    let scenario = scenario(&folder, HELD);
    let table = folder.join("events.csv");
    let out = folder.join("long");
    let asked = ["simulate", text(&scenario), "--repeat", "10000"];
    let asked = [&asked[..], &["--out", text(&out), "--events", text(&table)]].concat();
    let long = Process::start(&asked);
    eventually("the long one writes", async || {
        (!drafts(&folder).is_empty()).then_some(())
    })
    .await;

    let short = simulated(&scenario, &folder.join("short"), &table).await;
    let rows = read(&table);
    long.signal(Signal::Interrupt);
    let long = long.ended(Duration::from_secs(30)).await;

    assert!(short.status.success(), "{short:#?}");
    let planned = |out: &Path| -> u64 {
        let runs = repetitions(out);
        runs.iter()
            .filter_map(|run| run["load"]["planned"].as_u64())
            .sum()
    };
    let calls = |rows: &str| rows.lines().filter(|row| row.starts_with("call,")).count() as u64;
    assert_eq!(calls(&rows), planned(&folder.join("short")));
    assert_eq!(long.status.code(), Some(1), "{long:#?}");
    // What the run that was cut told is in neither.
    assert_eq!(calls(&read(&table)), planned(&out));
    assert!(drafts(&folder).is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_result_is_kept_when_the_table_cannot_be_written() {
    let folder = folder("events-full");
    let scenario = scenario(&folder, HELD);
    let out = folder.join("out");

    let ended = simulated(&scenario, &out, Path::new("/dev/full")).await;

    assert_eq!(ended.status.code(), Some(1), "{ended:#?}");
    assert!(ended.said("cannot write /dev/full"), "{ended:#?}");
    assert!(ended.said("[held]   openings >= 3"), "{ended:#?}");
    assert_eq!(repetitions(&out).len(), 1);
}
