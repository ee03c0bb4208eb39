//! Tests of the recorder: its record shows what a reader of the timeline would see.

#![expect(
    clippy::float_cmp,
    reason = "times and sums of a few exact terms come out exact"
)]

use fusebox::{Breaker, Config, ManualClock};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn fleet(names: &[&str]) -> Recorder {
    let closed = names.iter().map(|name| ((*name).to_owned(), State::Closed));
    Recorder::new(closed, 0.5)
}

/// A transition of a real breaker that was closed.
fn transition(to: State) -> Transition {
    let breaker = Breaker::with_clock("d", Config::default(), ManualClock::new());
    let told = std::sync::Arc::new(std::sync::Mutex::new(None));
    let tell = std::sync::Arc::clone(&told);
    breaker.add_listener(move |_name: &str, event: &fusebox::Event| {
        if let fusebox::Event::Transition(transition) = event {
            *tell.lock().unwrap() = Some(*transition);
        }
    });
    match to {
        State::ForcedOpen => breaker.force_open(),
        State::Disabled => breaker.disable(),
        other => {
            breaker.force_open();
            breaker.reset();
            assert_eq!(other, State::Closed);
        }
    }
    told.lock().unwrap().unwrap()
}

#[test]
fn calls_are_weighed_with_the_truth_and_the_phase_of_their_moment() {
    let mut recorder = fleet(&["A"]);
    recorder.phase(Duration::ZERO, "calm");
    for (second, p_fail) in [(0, 0.0), (2, 0.25), (4, 0.255)] {
        recorder.truth(0, second * SECOND, p_fail);
        (0..4).for_each(|_| recorder.permitted(0));
        (0..2).for_each(|_| recorder.rejected(0));
    }
    recorder.phase(6 * SECOND, "outage");
    recorder.truth(0, 6 * SECOND, 1.0);
    recorder.permitted(0);
    recorder.rejected(0);

    let record = recorder.finish(10 * SECOND, Counted::default());

    // The step from 0.25 to 0.255 is too small for the record, but not for the sum.
    let belief = |phase| record.belief("A", Some(phase)).unwrap();
    assert_eq!(
        record.truths[0].steps(),
        [(0.0, 0.0), (2.0, 0.25), (6.0, 1.0)]
    );
    assert_eq!(belief("calm").wasted_calls, 4.0 * 0.25 + 4.0 * 0.255);
    assert_eq!(
        belief("calm").wrongly_rejected_calls,
        2.0 + 2.0 * 0.75 + 2.0 * 0.745
    );
    assert_eq!(belief("outage").wasted_calls, 1.0);
    assert_eq!(belief("outage").wrongly_rejected_calls, 0.0);
    assert_eq!(belief("calm").asked_calls, 18);
    let whole = record.belief("A", None).unwrap();
    assert_eq!((whole.asked_calls, whole.wasted_calls), (20, 3.02));
}

#[test]
fn counts_that_are_told_now_and_then_give_the_same_as_single_calls() {
    let (mut single, mut counted) = (fleet(&["A"]), fleet(&["A"]));
    let mut asked = Asked::default();
    for (second, p_fail) in [(0, 0.1), (3, 0.9), (5, 0.2)] {
        // Before the truth changes: what came so far came with the truth of before.
        counted.asked(0, asked);
        for recorder in [&mut single, &mut counted] {
            recorder.phase(second * SECOND, ["one", "two"][usize::from(second > 4)]);
            recorder.truth(0, second * SECOND, p_fail);
        }
        for _ in 0..7 {
            single.permitted(0);
            single.rejected(0);
            asked.permitted += 1;
            asked.rejected += 1;
        }
    }
    counted.asked(0, asked);

    let finish = |recorder: &Recorder| recorder.finish(8 * SECOND, Counted::default());
    assert_eq!(finish(&single), finish(&counted));
}

#[test]
fn a_phase_that_comes_again_counts_where_it_counted_before() {
    let mut recorder = fleet(&["A"]);
    for (second, name) in [(0, "up"), (1, "down"), (2, "up"), (2, "up")] {
        recorder.phase(second * SECOND, name);
        recorder.permitted(0);
    }

    let record = recorder.finish(3 * SECOND, Counted::default());

    let phases = record
        .phases
        .iter()
        .map(|it| (&*it.name, it.from_s, it.until_s));
    let expected = [("up", 0.0, 1.0), ("down", 1.0, 2.0), ("up", 2.0, 3.0)];
    assert_eq!(phases.collect::<Vec<_>>(), expected);
    assert_eq!(record.instances[0].calls.len(), 2);
    assert_eq!(record.belief("A", Some("up")).unwrap().asked_calls, 3);
}

#[test]
fn instances_with_the_same_truth_share_a_timeline_whether_told_so_or_not() {
    let mut apart = fleet(&["A", "B", "C"]);
    let mut shared = fleet(&["A", "B", "C"]).sharing(&[0, 1, 0]);
    for (second, p_fail) in [(0, 0.0), (2, 1.0)] {
        for instance in [0, 2] {
            apart.truth(instance, second * SECOND, p_fail);
        }
        apart.truth(1, second * SECOND, 0.0);
        shared.truth(0, second * SECOND, p_fail);
        shared.truth(1, second * SECOND, 0.0);
    }

    let record = apart.finish(3 * SECOND, Counted::default());

    assert_eq!(record, shared.finish(3 * SECOND, Counted::default()));
    let places: Vec<_> = record.instances.iter().map(|one| one.truth).collect();
    assert_eq!((record.truths.len(), places), (2, vec![0, 1, 0]));
    assert_eq!(record.belief("C", None).unwrap().unhealthy_s, 1.0);
    assert_eq!(record.belief("B", None).unwrap().unhealthy_s, 0.0);
}

#[test]
fn divergence_is_exact_at_any_time_and_the_same_in_the_record() {
    let mut recorder = fleet(&["A", "B"]);
    recorder.transition(0, 2 * SECOND, &transition(State::ForcedOpen));
    recorder.transition(1, 5 * SECOND, &transition(State::ForcedOpen));
    recorder.transition(0, 6 * SECOND, &transition(State::Closed));
    // Disabled lets calls pass as closed does: another state, but no divergence.
    recorder.transition(1, 7 * SECOND, &transition(State::Disabled));

    let divergence = recorder.divergence(9 * SECOND);

    assert_eq!(divergence.of, 9 * SECOND);
    assert_eq!(divergence.opens, 4 * SECOND);
    assert_eq!(divergence.states, 6 * SECOND);
    let first = (2 * SECOND, vec![State::ForcedOpen, State::Closed]);
    assert_eq!(divergence.first, Some(first));
    // Asking has changed nothing.
    assert_eq!(recorder.divergence(4 * SECOND).of, 7 * SECOND);
    let record = recorder.finish(9 * SECOND, Counted::default());
    let figure = |name: &str| {
        use crate::expectation::Figures;
        record.value(&name.parse().unwrap()).unwrap()
    };
    assert_eq!(figure("divergence_share"), 4.0 / 9.0);
    assert_eq!(figure("state_divergence_share"), 6.0 / 9.0);
    assert_eq!(record.divergence(), divergence);
}

#[test]
fn what_held_at_an_instant_that_is_over_is_still_known() {
    let mut recorder = fleet(&["A"]);
    recorder.truth(0, Duration::ZERO, 0.25);
    recorder.truth(0, 3 * SECOND, 1.0);
    recorder.transition(0, 4 * SECOND, &transition(State::ForcedOpen));

    let at = |second| recorder.at(0, second * SECOND);

    assert_eq!(at(2), (State::Closed, 0.25));
    assert_eq!(at(3), (State::Closed, 1.0));
    assert_eq!(at(4), (State::ForcedOpen, 1.0));
}

#[test]
fn a_transition_is_kept_with_what_the_breaker_knew() {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock("d", Config::default(), clock.clone());
    let recorder = std::sync::Arc::new(std::sync::Mutex::new(fleet(&["A"])));
    let told = std::sync::Arc::clone(&recorder);
    breaker.add_listener(move |_name: &str, event: &fusebox::Event| {
        if let fusebox::Event::Transition(it) = event {
            told.lock().unwrap().transition(0, it.at, it);
        }
    });
    clock.set(3 * SECOND);
    let mut calls = 0;
    while breaker.state() == State::Closed {
        breaker.try_acquire().unwrap().failure();
        calls += 1;
    }

    let record = recorder
        .lock()
        .unwrap()
        .finish(4 * SECOND, Counted::default());

    let change = &record.instances[0].transitions[0];
    assert_eq!((change.from, change.to), (State::Closed, State::Open));
    assert_eq!(
        (change.at_s, change.number),
        (3.0, breaker.snapshot().generation.get())
    );
    assert_eq!(
        (change.window.calls, change.window.failures),
        (calls, calls)
    );
    assert_eq!(u64::from(change.window.consecutive_failures), calls);
    assert!(change.open_for_s.is_some_and(|it| it > 0.0));
}

#[test]
fn what_is_rejected_after_a_fault_is_lost_in_recovery_and_nothing_else_is() {
    let mut recorder = fleet(&["A", "B"]);
    let reject = |recorder: &mut Recorder| (0..2).for_each(|instance| recorder.rejected(instance));
    reject(&mut recorder); // wrongly, but before any fault
    recorder.truth(0, SECOND, 0.9);
    reject(&mut recorder);
    recorder.truth(0, 2 * SECOND, 0.25);
    reject(&mut recorder); // of A: well again, and one of four fails all the same
    recorder.asked(
        0,
        Asked {
            permitted: 0,
            rejected: 2,
        },
    );

    let record = recorder.finish(3 * SECOND, Counted::default());

    assert_eq!(record.lost_in_recovery, 0.75 + 2.0 * 0.75);
}
