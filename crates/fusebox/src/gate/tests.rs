//! Tests of the gate: what passes without the machine, and what goes to it.

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
        failures: 0,
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

    assert_eq!(gate.withdraw().successes, 3);
    assert_eq!(gate.withdraw().successes, 0);
    assert!(!gate.note_success_at_once(granted));
    assert_eq!(note(&gate, MILLI, MILLI), Noted::Ask);
    gate.publish(&closed(), Interest::Changes);
    assert!(gate.note_success_at_once(granted));
    assert_eq!(gate.withdraw().successes, 1);
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
    assert_eq!(gate.withdraw().successes, 0);
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
    assert_eq!(gate.withdraw().successes, 0);
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
    assert_eq!(gate.withdraw().successes, 2);
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

/// A stopwatch during each of whose readings this many other threads count in the same stripe.
struct Overtaken<'a> {
    gate: &'a Gate,
    times: u32,
}

impl Stopwatch for Overtaken<'_> {
    fn now(&mut self) -> u64 {
        if let Some(left) = self.times.checked_sub(1) {
            self.times = left;
            let stripe = self.gate.stripe(self.gate.word());
            assert_eq!(stripe.add_success(stripe.pending()), Added::Done);
        }
        0
    }

    fn took(&mut self) -> Option<u64> {
        None
    }
}

#[test]
fn who_is_overtaken_twice_in_a_row_asks_for_more_stripes_where_there_may_be_more() {
    let licence = Some(Licence::Until(MILLI));
    let timed = Standing {
        licence,
        ..closed()
    };
    let noted = |stripes, times| {
        let gate = Gate::new(stripes, &timed);
        let noted = gate.note_success(gate.word(), &mut Overtaken { gate: &gate, times });
        (noted, gate.withdraw().successes)
    };

    assert_eq!(noted(Stripes::on_demand(), 1), (Noted::Counted, 2));
    assert_eq!(noted(Stripes::on_demand(), 2), (Noted::Crowded, 2));
    let one = || Stripes::new(Some(std::num::NonZeroUsize::MIN));
    assert_eq!(noted(one(), 2), (Noted::Counted, 3));
}

#[test]
fn stripes_that_have_grown_are_published_and_counted_in() {
    let gate = Gate::new(Stripes::on_demand(), &closed());
    let before = gate.word();
    assert!(gate.note_success_at_once(before));

    gate.stripes().grow();
    gate.publish(&closed(), Interest::Changes);

    let word = gate.word();
    assert!(word.has(Word::SPREAD) && word.is_of_generation_of(before));
    assert!(Word::stamped(word.stamp()).has(Word::SPREAD));
    assert!(!std::ptr::eq(gate.stripe(word), gate.stripe(before)));
    assert!(
        !gate.note_success_at_once(word),
        "that way knows the first ones"
    );
    for granted in [before, word] {
        assert_eq!(note_of(&gate, granted), Noted::Counted);
    }
    assert_eq!(gate.withdraw().successes, 3);
}

fn note_of(gate: &Gate, granted: Word) -> Noted {
    let (now, took) = (MILLI, None);
    gate.note_success(granted, &mut Shows { now, took })
}

fn note_failure(gate: &Gate, now: Duration, took: Duration) -> Noted {
    let took = Some(took);
    gate.note_failure(gate.word(), &mut Shows { now, took })
}

#[test]
fn each_stripe_notes_its_share_of_the_failures_that_are_harmless() {
    let standing = Standing {
        failures: 5,
        ..closed()
    };
    let two = std::num::NonZeroUsize::new(2);
    let gate = Gate::new(Stripes::new(two), &standing);

    let noted = [(); 3].map(|()| note_failure(&gate, MILLI, MILLI));

    assert_eq!(noted, [Noted::Counted, Noted::Counted, Noted::Ask]);
    let collected = gate.withdraw();
    assert_eq!((collected.failures, collected.run), (2, 2));
    assert_eq!(note_failure(&gate, MILLI, MILLI), Noted::Ask, "no licence");
}

#[test]
fn a_failure_that_is_slow_or_after_the_bucket_or_of_an_older_generation_is_not_noted() {
    let standing = Standing {
        licence: Some(Licence::Until(MILLI * 10)),
        slow_over: Some(MILLI * 2),
        failures: 1000,
        ..closed()
    };
    let gate = gate(&standing);
    let old = gate.word();

    assert_eq!(note_failure(&gate, MILLI * 9, MILLI * 2), Noted::Counted);
    assert_eq!(note_failure(&gate, MILLI * 9, MILLI * 3), Noted::Ask);
    assert_eq!(note_failure(&gate, MILLI * 10, MILLI), Noted::Ask);

    let generation = Generation::new(8);
    let next = Standing {
        generation,
        ..standing
    };
    assert_eq!(gate.withdraw().failures, 1);
    gate.publish(&next, Interest::Changes);
    let (now, took) = (MILLI, Some(MILLI));
    assert_eq!(
        gate.note_failure(old, &mut Shows { now, took }),
        Noted::Late
    );
}

#[test]
fn stripes_that_have_grown_share_the_failures_that_are_harmless() {
    let harmless = 60;
    let standing = Standing {
        failures: harmless,
        ..closed()
    };
    let gate = Gate::new(Stripes::on_demand(), &standing);
    let before = gate.word();
    gate.stripes().grow();
    gate.publish(&standing, Interest::Changes);

    let mut noted = 0;
    for granted in [before, gate.word()] {
        let (now, took) = (MILLI, None);
        while gate.note_failure(granted, &mut Shows { now, took }) == Noted::Counted {
            noted += 1;
        }
    }

    let shares = u32::try_from(gate.stripes().count()).expect("a few");
    assert_eq!(noted, harmless / shares * 2.min(shares));
}
