//! Tests of what fits on a terminal.

use std::sync::Arc;

use fusebox::{Breaker, Config, HoldStage, ManualClock};
use fusebox_fleet::host::Apart;
use fusebox_fleet::{
    Incarnation, InstanceId, Ledger, Mode, Opinion, Order, Report, Sender, Session, Settings, View,
};

use super::super::fleet_picture::{FleetPicture, MemberPicture};
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
                is_stopped: false,
                clients: experiment::outcome::Outcomes::default(),
                good_for_all: 0,
            })
            .collect(),
        transitions: (0..transitions).map(noted).collect(),
        noted: transitions as u64,
        fleet: None,
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
                .any(|line| line.contains("some closed while others were not 39 %")),
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
    assert_eq!(shown[22], "… and 48 more: 48 forced open");
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

/// What a ledger says after so many suspicions of three instances.
fn view(suspects: u64) -> View {
    let settings = Settings::builder(Mode::Quorum).build().unwrap();
    let settings = Arc::new(settings);
    let mut ledger = Ledger::new(Incarnation::new(1));
    for number in 1..=3 {
        let name = InstanceId::new(&format!("i{number}")).unwrap();
        let opinion = if number <= suspects {
            Opinion::Suspect
        } else {
            Opinion::Fine
        };
        let from = Sender::new(name, Session::new(number));
        let report = Report::new(from, opinion, Arc::clone(&settings));
        ledger.report(Duration::ZERO, &report).unwrap();
    }
    ledger.view(Duration::ZERO)
}

/// The picture of instances that do this in their fleet, which knows this view.
fn together(parts: &[Part], known: Option<View>) -> Picture {
    let members = parts.iter().enumerate().map(|(place, part)| MemberPicture {
        name: format!("I{place}"),
        view: known.map(|view| (view, Duration::from_millis(100))),
        hears_engine: *part != Part::Apart(Apart::Stale),
        order: Order::Automatic,
        part: *part,
    });
    Picture {
        fleet: Some(FleetPicture {
            described: "quorum, engine redis 127.0.0.1:6379".to_owned(),
            evidence: fusebox_fleet::Evidence::Opinions,
            members: members.collect(),
        }),
        ..picture(parts.len(), 60)
    }
}

#[test]
fn instances_that_decide_together_show_votes_verdict_prober_and_what_each_does() {
    let held = Part::Led(HoldStage::Held);
    let probing = Part::Led(HoldStage::Probing);
    let vetoes = Part::Apart(Apart::Vetoed);

    let shown = drawn(&together(&[held, probing, vetoes], Some(view(2))), 80, 24);

    assert_eq!(shown.len(), 23);
    let fleet = "fleet:      OPEN, 2 of 3 suspect, need 2; I1 probes";
    assert_eq!(shown[4], fleet, "{shown:#?}");
    let engine = "            heard by 3 of 3 instances; quorum, engine redis 127.0.0.1:6379";
    assert_eq!(shown[5], engine);
    assert_eq!(
        shown[7],
        "instance state          in the fleet         ok  failed fast-fail openings flaps"
    );
    for (line, part) in [(8, "held"), (9, "probes for all"), (10, "vetoes")] {
        let text = format!(" ▓ forced open  {part:<14} ");
        assert!(shown[line].contains(&text), "{}", shown[line]);
        assert_eq!(shown[line].chars().count(), 80, "{}", shown[line]);
    }
}

#[test]
fn who_may_probe_next_is_said_while_nobody_does() {
    let held = Part::Led(HoldStage::Held);
    let line = |known| drawn(&together(&[held; 3], known), 80, 24)[4].clone();

    assert!(
        line(Some(view(3))).contains("need 2; probe in "),
        "{}",
        line(Some(view(3)))
    );
    assert_eq!(
        line(Some(view(1))),
        "fleet:      CLOSED, 1 of 3 suspect, need 2"
    );
    assert_eq!(
        line(None),
        "fleet:      not heard; each instance decides alone"
    );
}

#[test]
fn instances_without_an_engine_and_an_order_are_told() {
    let mut picture = together(
        &[Part::Apart(Apart::Stale), Part::Fine, Part::Fine],
        Some(view(0)),
    );
    let shown = drawn(&picture, 80, 24);
    assert!(shown[5].contains("heard by 2 of 3 instances"), "{shown:#?}");
    assert!(shown[8].contains(" no engine "), "{shown:#?}");

    let fleet = picture.fleet.as_mut().unwrap();
    fleet.members[1].order = Order::ForceOpen;
    let shown = drawn(&picture, 80, 24);
    assert!(
        shown[4].ends_with("need 2; ordered: forced open"),
        "{shown:#?}"
    );
}

#[test]
fn every_reason_has_words_that_its_column_holds() {
    let apart = Apart::ALL.iter().map(|&why| Part::Apart(why));
    let led = HoldStage::ALL.iter().map(|&stage| Part::Led(stage));
    let own = [Part::Localised, Part::Suspects, Part::Fine, Part::Idle];
    for part in apart.chain(led).chain(own) {
        let words = part.as_str();
        assert!((1..PART_WIDTH).contains(&words.len()), "{words}");
    }
}

#[test]
fn any_number_of_instances_of_a_fleet_fits_and_a_narrow_terminal_keeps_what_they_do() {
    for (instances, columns) in [
        (1, 80),
        (3, 80),
        (14, 80),
        (64, 80),
        (3, 79),
        (3, 48),
        (3, 24),
    ] {
        let parts = vec![Part::Led(HoldStage::Turn); instances];
        let shown = drawn(&together(&parts, Some(view(2))), columns, 24);

        assert!(shown.len() <= 23, "{instances}: {shown:#?}");
        let fits = |line: &String| line.chars().count() <= columns;
        assert!(
            shown.iter().all(|line| fits(line) || line.contains('→')),
            "{shown:#?}"
        );
        let said = shown.iter().any(|line| line.contains(" waits its turn"));
        assert_eq!(said, columns >= 48, "{columns}: {shown:#?}");
    }
    let shown = drawn(&together(&[Part::Fine; 64], Some(view(0))), 80, 24);
    assert_eq!(shown[22], "… and 50 more: 50 forced open");
}

#[test]
fn an_instance_that_has_left_does_not_speak_for_its_fleet() {
    let mut picture = together(&[Part::Fine, Part::Apart(Apart::Left)], Some(view(2)));
    let fleet = picture.fleet.as_mut().unwrap();
    fleet.members[1].order = Order::Disable;

    assert_eq!(fleet.heard_by(), [1, 1]);
    assert_eq!(fleet.order(), Order::Automatic);
}
