//! Tests of the feed of the live page.

mod orders;
mod waits;

use experiment::fleet::{Change, Evidence};
use experiment::load::Profile;
use fusebox::{Cause, State};
use serde_json::{Value, json};

use super::*;
use crate::load::{LoadControl, LoadView};
use crate::page::source::{PhaseStart, Row, SecondLatencies, TruthStep};
use crate::page::standing::{FleetNote, Standing};

/// A feed of two instances.
pub(in crate::page) fn feed() -> Arc<Feed> {
    let config = fusebox::Config::default();
    let instances = ["A", "B"].map(|name| super::super::Described {
        name: name.to_owned(),
        began: State::Closed,
        url: "http://127.0.0.1:1".to_owned(),
        running: true,
        breaker: (&config).into(),
        settings: crate::settings::BreakerSettings::default().settled(),
    });
    Arc::new(Feed::new(Description {
        seed: 7,
        rate: 90.0,
        load: load(90.0, false),
        until_s: None,
        unhealthy_at: 0.5,
        downstream: "http://127.0.0.1:2".to_owned(),
        coordination: None,
        instances: instances.into(),
    }))
}

/// What is asked of a load.
fn load(rate: f64, paused: bool) -> LoadView {
    let control = LoadControl::new(&Profile::default(), 7);
    let change = json!({ "rate": rate, "paused": paused });
    control
        .change(serde_json::from_value(change).unwrap())
        .unwrap();
    control.view()
}

/// A look at `millis`, at which each instance has answered one call since the last one.
pub(in crate::page) fn look(millis: u64) -> Moment {
    Moment {
        at: Duration::from_millis(millis),
        rows: vec![Row([1, 0, 0, 0, 20, 3, 0]); 2],
        ..Moment::default()
    }
}

fn opened(at_s: f64) -> Change {
    Change {
        at_s,
        from: State::Closed,
        to: State::Open,
        cause: Cause::FailureRatio,
        number: 2,
        window: Evidence {
            calls: 20,
            failures: 10,
            slow: 0,
            overdue: 0,
            consecutive_failures: 4,
        },
        open_for_s: Some(1.5),
    }
}

/// The data of the last event of `news`.
fn data(news: &News) -> Value {
    let (News::Ticks(bytes) | News::History(bytes)) = news else {
        panic!("something is new");
    };
    let text = std::str::from_utf8(bytes).unwrap();
    let line = text.lines().rfind(|line| line.starts_with("data: "));
    serde_json::from_str(&line.unwrap()["data: ".len()..]).unwrap()
}

#[test]
fn a_tick_tells_what_is_new_and_nothing_else() {
    let feed = feed();

    feed.note(&look(100));
    let quiet = data(&feed.after(1).0);
    feed.note(&Moment {
        changes: vec![(1, opened(0.15))],
        truths: vec![TruthStep {
            at_s: 0.125,
            p_fail: 1.0,
            of: vec![],
        }],
        phases: vec![PhaseStart(0.125, "outage".to_owned())],
        latencies: vec![SecondLatencies(0, vec![[1.5, 2.5], [0.0, -1.0]])],
        ..look(200)
    });
    let loud = data(&feed.after(2).0);

    let rows = json!([[1, 0, 0, 0, 20, 3, 0], [1, 0, 0, 0, 20, 3, 0]]);
    assert_eq!(quiet, json!({"t": 0.1, "i": rows}));
    let expected = json!({
        "t": 0.2,
        "i": rows,
        "x": [[1, 1, 0.15, "closed", "open", "failure_ratio", 2, 20, 10, 0, 4, 1.5]],
        "p": [[0.125, 1.0]],
        "f": [[0.125, "outage"]],
        "l": [[0, [[1.5, 2.5], [0.0, -1.0]]]],
    });
    assert_eq!(loud, expected);
}

#[test]
fn history_counts_by_the_second_and_keeps_transitions_exactly() {
    let feed = feed();
    for millis in [900, 1000, 1100, 2000] {
        let changes = vec![(
            0,
            opened(f64::from(u32::try_from(millis).unwrap()) / 1e3 - 0.01),
        )];
        feed.note(&Moment {
            changes,
            ..look(millis)
        });
    }

    let history: Value = serde_json::from_slice(&feed.past().between(0.95, 2.0)).unwrap();

    let rows = history["ticks"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "the second from 1 to 2 is one row: {rows:?}");
    assert_eq!(rows[0]["i"][0], json!([2, 0, 0, 0, 20, 3, 0]));
    let times: Vec<_> = history["x"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row[2])
        .collect();
    assert_eq!(times, [&json!(0.99), &json!(1.09), &json!(1.99)]);
}

#[test]
fn whoever_reads_the_past_holds_nobody_up_and_sees_nothing_of_what_comes_later() {
    let feed = feed();
    feed.note(&Moment {
        changes: vec![(0, opened(0.05))],
        ..look(100)
    });

    let past = feed.past();
    // Would wait for ever if the reader kept the feed to himself.
    feed.note(&Moment {
        changes: vec![(1, opened(0.15))],
        ..look(200)
    });

    let transitions = |past: &Memory| {
        let past: Value = serde_json::from_slice(&past.between(0.0, 1.0)).unwrap();
        (
            past["x"].as_array().unwrap().len(),
            past["ticks"][0]["t"].clone(),
        )
    };
    assert_eq!(transitions(&past), (1, json!(0.1)));
    assert_eq!(transitions(&feed.past()), (2, json!(0.2)));
}

#[test]
fn what_instances_decide_together_is_told_once_and_kept() {
    let standing = |at_s, opinion| Standing {
        at_s,
        instance: 1,
        engine_up: true,
        is_fresh: true,
        opinion,
        stage: None,
        apart: Some("vetoed"),
        is_localised: false,
        order: "auto",
        view: None,
        counted: [1, 0, 0, 0, 0, 0],
    };
    let vetoed = |at_s| FleetNote {
        at_s,
        instance: 1,
        kind: "vetoed",
        detail: "7".to_owned(),
    };
    let feed = feed();
    feed.note(&look(100));
    assert!(
        data(&feed.after(1).0).get("c").is_none(),
        "nobody decides together"
    );
    feed.note(&Moment {
        standings: vec![standing(0.2, "fine")],
        notes: vec![vetoed(0.15)],
        ..look(200)
    });
    let first = data(&feed.after(2).0);
    feed.note(&Moment {
        notes: vec![vetoed(0.25)],
        ..look(300)
    });
    let second = data(&feed.after(3).0);
    let kept: Value = serde_json::from_slice(&feed.past().between(0.0, 1.0)).unwrap();

    let row = json!([
        1,
        0.2,
        1,
        1,
        "fine",
        null,
        "vetoed",
        0,
        "auto",
        null,
        [1, 0, 0, 0, 0, 0]
    ]);
    assert_eq!(first["c"], json!([row]));
    assert_eq!(first["e"], json!([[1, 0.15, 1, "vetoed", "7"]]));
    assert_eq!(second["e"], json!([[2, 0.25, 1, "vetoed", "7"]]));
    assert_eq!(second.get("c"), None);
    assert_eq!(kept["c"], json!([row]));
    assert_eq!(kept["e"].as_array().map(Vec::len), Some(2));
}

#[test]
fn only_an_id_of_this_run_is_a_position() {
    let feed = feed();
    let id = |number: &str| format!("{}-{number}", feed.run);

    assert_eq!(feed.position(&id("41")), 42);
    for unknown in ["other-41", "41", "", &id("x"), &id("-1")] {
        assert_eq!(feed.position(unknown), 0, "{unknown}");
    }
}
