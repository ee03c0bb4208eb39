use super::*;
use crate::coordination::word::{FleetOrder, FleetVerdict, Vote};

/// A view of a fleet that is open in each odd epoch.
fn seen(life: u64, epoch: u64, revision: u64, suspects: u32, at: u64) -> SeenView {
    let is_open = epoch % 2 == 1;
    let probe_at = Duration::from_secs(at + 1);
    SeenView {
        life,
        verdict: if is_open {
            FleetVerdict::Open
        } else {
            FleetVerdict::Closed
        },
        epoch,
        revision,
        voters: 3,
        suspects,
        need: 2,
        probe_at_s: is_open.then(|| seconds(probe_at)),
    }
}

fn standing(at: u64, instance: usize) -> Standing {
    Standing {
        at_s: seconds(Duration::from_secs(at)),
        instance,
        engine_up: true,
        is_fresh: true,
        vote: Vote::Fine,
        stage: None,
        apart: None,
        is_localised: false,
        order: FleetOrder::Auto,
        heard: None,
    }
}

/// `verdict suspects/need, heard of there` of each view, with its second.
fn told(course: &Course) -> Vec<String> {
    let told = course.views.iter().map(|view| {
        let verdict = view.verdict.map_or("none", FleetVerdict::as_str);
        format!(
            "{}: {verdict} {}/{}, {} of {}",
            view.at_s, view.suspects, view.need, view.heard, view.there
        )
    });
    told.collect()
}

#[test]
fn the_fleets_view_is_the_newest_that_anybody_has() {
    let mut recorder = CourseRecorder::new(2);
    recorder.stands(standing(1, 0), Some(seen(1, 0, 5, 0, 1)));
    recorder.stands(standing(1, 1), Some(seen(1, 0, 5, 0, 1)));
    recorder.stands(standing(2, 1), Some(seen(1, 0, 6, 1, 2)));
    // It hears late what was so before.
    recorder.stands(standing(3, 0), Some(seen(1, 0, 4, 0, 3)));
    recorder.stands(standing(4, 0), Some(seen(1, 1, 7, 2, 4)));
    // Who knew most leaves: the other one has an older view.
    let left = Standing {
        apart: Some(Apart::Left),
        ..standing(5, 0)
    };
    recorder.stands(left, Some(seen(1, 1, 7, 2, 4)));
    let alone = Standing {
        engine_up: false,
        is_fresh: false,
        ..standing(6, 1)
    };
    recorder.stands(alone, Some(seen(1, 0, 6, 1, 2)));

    let course = recorder.finish();

    assert_eq!(
        told(&course),
        [
            "1: closed 0/2, 2 of 2",
            "2: closed 1/2, 2 of 2",
            "4: open 2/2, 2 of 2",
            "5: closed 1/2, 1 of 1",
            "6: none 0/0, 0 of 1",
        ]
    );
    assert_eq!(course.view(4.5).unwrap().epoch, 1);
    assert!(course.view(0.5).is_none());
}

#[test]
fn a_ledger_that_begins_anew_is_believed_although_its_numbers_are_lower() {
    let mut recorder = CourseRecorder::new(2);
    for instance in 0..2 {
        recorder.stands(standing(1, instance), Some(seen(1, 3, 30, 2, 1)));
    }
    recorder.stands(standing(2, 1), Some(seen(2, 0, 1, 0, 2)));
    // The other one still says what it heard of the old life.
    recorder.stands(
        Standing {
            vote: Vote::Suspect,
            ..standing(3, 0)
        },
        Some(seen(1, 3, 30, 2, 1)),
    );

    let last = *recorder.finish().views.last().unwrap();

    assert_eq!((last.at_s, last.verdict), (2.0, Some(FleetVerdict::Closed)));
}

#[test]
fn who_stands_as_before_says_nothing_and_of_two_at_one_instant_the_last_holds() {
    let mut recorder = CourseRecorder::new(1);
    let suspect = |at| Standing {
        vote: Vote::Suspect,
        ..standing(at, 0)
    };
    recorder.stands(standing(1, 0), None);
    recorder.stands(standing(2, 0), None);
    recorder.stands(suspect(3), None);
    recorder.stands(standing(3, 0), None);

    let course = recorder.finish();

    let rows: Vec<_> = course
        .standings
        .iter()
        .map(|it| (it.at_s, it.vote))
        .collect();
    assert_eq!(rows, [(1.0, Vote::Fine), (3.0, Vote::Fine)]);
    assert_eq!(course.standing(0, 2.5).map(|it| it.at_s), Some(1.0));
    assert_eq!(course.standing(0, 0.5), None);
    assert_eq!(course.views.len(), 1);
}

#[test]
fn what_is_too_much_is_counted() {
    let mut recorder = CourseRecorder::new(1);
    for number in 0..MOST_STANDINGS as u64 + 3 {
        let vote = if number % 2 == 0 {
            Vote::Fine
        } else {
            Vote::Suspect
        };
        let at = Duration::from_secs(number);
        recorder.stands(
            Standing {
                vote,
                ..standing(number, 0)
            },
            None,
        );
        recorder.happens(at, 0, EventKind::Rejoined, EventFigure::Nothing);
    }

    let course = recorder.finish();

    assert_eq!(course.standings.len(), MOST_STANDINGS);
    assert_eq!(course.left_out.standings, 3);
    assert_eq!(course.events.len(), MOST_EVENTS);
    let left_out = MOST_STANDINGS as u64 + 3 - MOST_EVENTS as u64;
    assert_eq!(course.left_out.events, left_out);
}
