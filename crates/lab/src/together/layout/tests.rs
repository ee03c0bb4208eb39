//! What fits on a terminal.

use fusebox::{Breaker, Config, ManualClock};

use super::*;
use crate::unreliable::Health;

fn picture(instances: usize, transitions: usize) -> Picture {
    let clock = ManualClock::new();
    clock.advance(Duration::from_secs(5000));
    let breaker = Breaker::with_clock("d", Config::default(), clock);
    breaker.force_open();
    let change = std::sync::Arc::new(std::sync::Mutex::new(None));
    let seen = std::sync::Arc::clone(&change);
    breaker.add_listener(move |_: &str, event: &fusebox::Event| {
        if let fusebox::Event::Transition(transition) = event {
            *seen.lock().unwrap() = Some(*transition);
        }
    });
    breaker.reset();
    breaker.force_open();
    let change = change.lock().unwrap().unwrap();
    let name = |place: usize| match place {
        0 => "a-name-that-is-quite-long".to_owned(),
        place => format!("I{place}"),
    };
    let noted = |place: usize| Noted {
        instance: place % instances,
        at: Duration::from_secs(place as u64),
        transition: change,
    };
    Picture {
        seed: 123_456,
        rate: 90.0,
        until: Some(Duration::from_secs(6000)),
        elapsed: Duration::from_secs(5000),
        diverges: false,
        disagreed: 0.39,
        expected_to_fail: 12.0,
        downstream: Health {
            phase: "partial failure".to_owned(),
            remaining: Some(Duration::from_secs(5)),
            failing_share: 0.35,
            counts: experiment::downstream::Counts::default(),
        },
        instances: (0..instances)
            .map(|place| InstancePicture {
                name: name(place),
                snapshot: breaker.snapshot(),
                clients: experiment::outcome::Outcomes::default(),
            })
            .collect(),
        transitions: (0..transitions).map(noted).collect(),
        noted: transitions as u64,
    }
}

fn drawn(picture: &Picture, columns: usize, rows: usize) -> Vec<String> {
    let lines = lines(picture, Size { columns, rows });
    let text = |line: &Vec<Piece>| line.iter().map(|piece| &*piece.text).collect::<String>();
    lines.iter().map(text).collect()
}

#[test]
fn eighty_columns_and_24_rows_show_every_column_all_instances_and_divergence() {
    for instances in [1, 3, 8, 16, 17] {
        let shown = drawn(&picture(instances, 60), 80, 24);

        assert!(shown.len() <= 23, "{}", shown.len());
        let head = shown.iter().find(|line| line.starts_with("instance"));
        let head = head.expect("a line with the columns");
        for column in [
            "state",
            "for",
            "calls",
            "ok",
            "failed",
            "fast-fail",
            "openings",
            "flaps",
        ] {
            assert!(head.contains(column), "{head}");
        }
        for line in shown.iter().filter(|line| !line.contains('→')) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        for place in 1..instances {
            let name = format!("I{place} ");
            assert!(
                shown.iter().any(|line| line.starts_with(&name)),
                "{shown:#?}"
            );
        }
        assert!(
            shown
                .iter()
                .any(|line| line.contains("some open while others were closed 39 %")),
            "{shown:#?}"
        );
        assert!(
            shown[0].contains("of 100:00.0, 16:40.0 left"),
            "{}",
            shown[0]
        );
    }
}

#[test]
fn instances_without_a_row_are_counted_by_their_states() {
    let shown = drawn(&picture(64, 60), 80, 24);

    assert_eq!(shown.len(), 23);
    assert_eq!(shown[22], "… and 48 more: 48 forced-open");
}

#[test]
fn more_rows_show_more_transitions_and_more_columns_whole_names() {
    let picture = picture(3, 60);
    let transitions = |rows| {
        let shown = drawn(&picture, 80, rows);
        shown.iter().filter(|line| line.contains('→')).count()
    };

    assert_eq!([24, 40, 60].map(transitions), [12, 28, 48]);
    assert!(
        drawn(&picture, 80, 24)
            .iter()
            .any(|line| line.starts_with("a-name-…"))
    );
    let wide = drawn(&picture, 120, 24);
    assert!(
        wide.iter()
            .any(|line| line.starts_with("a-name-that-is-quite-long ")),
        "{wide:#?}"
    );
}

#[test]
fn a_narrow_terminal_leaves_out_whole_columns_and_marks_what_it_cuts() {
    let picture = picture(3, 60);
    for (columns, kept, left_out) in [
        (79, "calls      ok  failed fast-fail openings flaps", "for"),
        (60, "ok  failed fast-fail flaps", "openings"),
        (40, "fast-fail flaps", "failed"),
        (24, "state", "flaps"),
    ] {
        let shown = drawn(&picture, columns, 24);

        for line in &shown {
            assert!(line.chars().count() <= columns, "{columns}: {line}");
        }
        let head = shown.iter().find(|line| line.starts_with("instance"));
        let head = head.expect("a line with the columns").trim_end();
        assert!(head.ends_with(kept), "{columns}: {head}");
        assert!(!head.contains(left_out), "{columns}: {head}");
    }
    assert!(drawn(&picture, 60, 24)[0].ends_with('…'));
    assert!(!drawn(&picture, 100, 24).concat().contains("…,"));
}
