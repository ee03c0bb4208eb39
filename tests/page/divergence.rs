//! Divergence has one definition: the tile of the page and the record of the run say the same of the same run.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use experiment::fleet::{FleetRecord, InstanceRecord};
use fusebox::State;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::made_up::{MadeUp, Server};

/// When the run ends.
const END: f64 = 12.0;

/// What one instance goes through: its first state, its changes, and when somebody had stopped it.
struct Course {
    began: State,
    changes: &'static [(f64, State)],
    stopped: Option<(f64, f64)>,
}

/// Each state beside each other one, stops included.
const RUN: [Course; 3] = [
    Course {
        began: State::Closed,
        changes: &[
            (1.0, State::Open),
            (3.0, State::HalfOpen),
            (3.5, State::Closed),
            (6.0, State::ForcedOpen),
            (8.0, State::Closed),
            (10.5, State::HalfOpen),
        ],
        stopped: None,
    },
    Course {
        began: State::Closed,
        changes: &[
            (1.25, State::Open),
            (4.0, State::HalfOpen),
            (4.5, State::Open),
            (7.0, State::Disabled),
        ],
        stopped: Some((5.0, 5.5)),
    },
    Course {
        began: State::Closed,
        changes: &[
            (1.5, State::Open),
            (5.25, State::MetricsOnly),
            (9.0, State::Open),
        ],
        stopped: Some((2.0, 5.125)),
    },
];

/// The changes of all in the order of time, as `[number, instance, at, from, to, …]`.
fn rows() -> Vec<Value> {
    let mut all: Vec<(f64, usize, State, State)> = Vec::new();
    for (instance, course) in RUN.iter().enumerate() {
        let mut from = course.began;
        for &(at, to) in course.changes {
            all.push((at, instance, from, to));
            from = to;
        }
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let rows = all.iter().zip(1..);
    rows.map(|((at, instance, from, to), number)| {
        let (from, to) = (from.as_str(), to.as_str());
        json!([
            number, instance, at, from, to, "manual", number, 0, 0, 0, 0, null
        ])
    })
    .collect()
}

/// When instances were stopped and started, as `[at, instance, running]`.
fn turns() -> Vec<Value> {
    let stops = RUN.iter().enumerate().filter_map(|(place, course)| {
        let (from, until) = course.stopped?;
        Some([(from, place, false), (until, place, true)])
    });
    let mut turns: Vec<_> = stops.flatten().collect();
    turns.sort_by(|one, other| one.0.total_cmp(&other.0));
    turns.into_iter().map(|turn| json!(turn)).collect()
}

/// The same run as its record.
fn record() -> FleetRecord {
    let instances = RUN.iter().map(|course| {
        let mut from = course.began;
        let changes = course.changes.iter().map(|&(at, to)| {
            let before = std::mem::replace(&mut from, to);
            json!([
                at,
                before.as_str(),
                to.as_str(),
                "manual",
                1,
                0,
                0,
                0,
                0,
                0,
                null
            ])
        });
        let changes: Vec<Value> = changes.collect();
        let transitions = serde_json::from_value(changes.into()).unwrap();
        InstanceRecord {
            began: course.began,
            transitions,
            stopped: course.stopped.into_iter().collect(),
            ..InstanceRecord::default()
        }
    });
    FleetRecord {
        duration_s: END,
        instances: instances.collect(),
        ..FleetRecord::default()
    }
}

#[tokio::test]
async fn the_tile_and_the_record_say_the_same_of_the_same_run() {
    let run = MadeUp {
        instances: 3,
        hz: 5,
        live: false,
    };
    let server = Server::start(run).await;
    let browser = Browser::at(&server.url).await;
    browser.until("lab.store").await;

    let seen = browser
        .js(&format!(
            "const [{{ Store }}, {{ Phenomena }}] = await Promise.all( \
               ['store', 'phenomena'].map((name) => import(`/page/${{name}}.js`))); \
             const store = new Store(lab.store.hello); const seen = new Phenomena(store); \
             store.apply({{ x: {}, o: {} }}); \
             const {{ last }} = seen.apart.until({END}); \
             return [seen.apart.first.at, last.before + (last.until ?? {END}) - last.at, seen.at({END})[0].text]",
            json!(rows()),
            json!(turns()),
        ))
        .await;

    let divergence = record().divergence();
    let (first, _) = divergence.first.clone().unwrap();
    assert_eq!(seen[0].as_f64(), Some(first.as_secs_f64()));
    let apart = seen[1].as_f64().unwrap();
    let recorded = divergence.opens.as_secs_f64();
    assert!((apart - recorded).abs() < 1e-6, "{apart} {recorded}");
    let share = format!("{:.0}\u{a0}%", divergence.opens_share() * 100.0);
    let text = seen[2].as_str().unwrap();
    assert!(text.contains(&share), "{share}: {text}");
    browser.quit().await;
}
