use super::*;

const MILLI: Duration = Duration::from_millis(1);

fn closed() -> Standing {
    Standing {
        state: State::Closed,
        generation: Generation::new(7),
        admission: Admission::Pass,
        until: None,
        licence: Some(Licence::Unlimited),
        slow_over: None,
        timed: Timed::No,
    }
}

fn gate(standing: &Standing) -> Gate {
    Gate::new(Stripes::new(None), standing)
}

/// A stopwatch that shows what it is told to.
struct Shows {
    now: Duration,
    took: Option<Duration>,
}

impl Stopwatch for Shows {
    fn now(&mut self) -> u64 {
        crate::clock::nanos(self.now)
    }

    fn took(&mut self) -> Option<u64> {
        self.took.map(crate::clock::nanos)
    }
}

fn note(gate: &Gate, now: Duration, took: Duration) -> Noted {
    let took = Some(took);
    gate.note_success(gate.word(), &mut Shows { now, took })
}

#[test]
fn plain_successes_are_noted_at_once_and_taken_in_once() {
    let gate = gate(&closed());
    let granted = gate.word();

    for _ in 0..3 {
        assert!(gate.note_success_at_once(granted));
    }

    assert_eq!(gate.withdraw(), 3);
    assert_eq!(gate.withdraw(), 0);
    assert!(!gate.note_success_at_once(granted));
    assert_eq!(note(&gate, MILLI, MILLI), Noted::Ask);
    gate.publish(&closed(), Interest::Changes);
    assert!(gate.note_success_at_once(granted));
    assert_eq!(gate.withdraw(), 1);
}

#[test]
fn withdrawing_takes_the_licence_and_nothing_else() {
    let gate = gate(&closed());

    gate.withdraw();

    let word = gate.word();
    assert!(!word.has(Word::LICENCE));
    assert!(word.passes());
    assert_eq!((word.state(), word.generation().get()), (State::Closed, 7));
}

#[test]
fn without_a_licence_the_machine_is_asked() {
    let gate = gate(&Standing {
        licence: None,
        ..closed()
    });

    assert!(!gate.note_success_at_once(gate.word()));
    assert_eq!(note(&gate, MILLI, MILLI), Noted::Ask);
    assert_eq!(gate.withdraw(), 0);
}

#[test]
fn a_success_of_another_generation_is_late() {
    let gate = gate(&closed());
    let old = gate.word();
    let next = Generation::new(8);
    gate.publish(
        &Standing {
            generation: next,
            ..closed()
        },
        Interest::Changes,
    );

    let mut watch = Shows {
        now: MILLI,
        took: None,
    };
    assert!(!gate.note_success_at_once(old));
    assert_eq!(gate.note_success(old, &mut watch), Noted::Late);
    assert_eq!(gate.withdraw(), 0);
}

#[test]
fn a_licence_ends_with_its_bucket_and_excludes_slow_calls() {
    let gate = gate(&Standing {
        licence: Some(Licence::Until(MILLI * 10)),
        slow_over: Some(MILLI * 2),
        ..closed()
    });

    assert!(gate.word().has(Word::TIMED_START));
    assert!(
        !gate.note_success_at_once(gate.word()),
        "this needs the time"
    );
    assert_eq!(note(&gate, MILLI * 9, MILLI * 2), Noted::Counted);
    assert_eq!(note(&gate, MILLI * 9, MILLI * 3), Noted::Ask);
    assert_eq!(note(&gate, MILLI * 10, MILLI), Noted::Ask);
    let mut unknown = Shows {
        now: MILLI,
        took: None,
    };
    let granted = gate.word();
    assert_eq!(gate.note_success(granted, &mut unknown), Noted::Counted);
    assert_eq!(gate.withdraw(), 2);
}

#[test]
fn without_a_slow_limit_no_call_has_to_be_timed_from_its_start() {
    let bucket = Standing {
        licence: Some(Licence::Until(MILLI)),
        ..closed()
    };
    assert!(!gate(&bucket).word().has(Word::TIMED_START));
    assert!(!gate(&closed()).word().has(Word::TIMED_START));
    let timed = Standing {
        timed: Timed::Yes,
        ..closed()
    };
    assert!(gate(&timed).word().has(Word::TIMED_START));
    assert!(!gate(&timed).note_success_at_once(gate(&timed).word()));
}

#[test]
fn a_word_shows_what_was_published() {
    let admissions = RejectReason::ALL.iter().copied().map(Admission::Reject);
    for admission in [Admission::Pass, Admission::Ask]
        .into_iter()
        .chain(admissions)
    {
        for state in State::ALL.iter().copied() {
            let gate = gate(&closed());
            let standing = Standing {
                state,
                admission,
                generation: Generation::new(u64::MAX >> Word::GENERATION),
                ..closed()
            };
            gate.publish(&standing, Interest::Everything);

            let word = gate.word();
            assert_eq!((word.admission(), word.state()), (admission, state));
            assert_eq!(word.generation(), standing.generation);
            assert_eq!(word.passes(), admission == Admission::Pass);
            assert!(word.has(Word::LICENCE) && word.has(Word::WATCHED));
            let stamped = Word::stamped(word.stamp());
            assert_eq!(
                (stamped.state(), stamped.generation()),
                (state, standing.generation)
            );
            assert!(!stamped.has(Word::LICENCE) && stamped.passes());
            gate.publish(&standing, Interest::Changes);
            assert!(!gate.word().has(Word::WATCHED));
        }
    }
}

#[test]
fn a_deadline_is_shown_with_its_own_word_only() {
    let open = |generation, until| Standing {
        state: State::Open,
        generation: Generation::new(generation),
        admission: Admission::Reject(RejectReason::Open),
        until: Some(until),
        licence: None,
        ..closed()
    };
    let gate = gate(&open(1, MILLI));
    let first = gate.word();
    assert_eq!(gate.until(first), Some(1_000_000));

    gate.publish(&open(2, MILLI * 2), Interest::Changes);

    assert_eq!(gate.until(first), None);
    assert_eq!(gate.until(gate.word()), Some(2_000_000));
    gate.publish(&closed(), Interest::Changes);
    assert_eq!(gate.until(gate.word()), Some(u64::MAX));
}
