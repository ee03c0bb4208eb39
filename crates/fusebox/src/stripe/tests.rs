//! Tests of the stripes: how outcomes are noted, collected and spread over threads.

use super::*;

fn stripes(wanted: usize) -> usize {
    Stripes::new(NonZeroUsize::new(wanted)).stripes.len()
}

#[test]
fn stripes_are_a_power_of_two_within_bounds() {
    assert_eq!(
        [1, 2, 3, 4, 5, 8, 9, 1000].map(stripes),
        [1, 2, 4, 4, 8, 8, 8, 8]
    );
    assert!((1..=MOST).contains(&Stripes::new(None).stripes.len()));
}

#[test]
fn neighbouring_threads_have_stripes_of_their_own() {
    let stripes = Stripes::new(NonZeroUsize::new(2));
    let mine = || std::ptr::from_ref(stripes.mine()).addr();

    let here = mine();
    assert_eq!(mine(), here);
    let mut others: Vec<usize> = thread::scope(|scope| {
        let spawned: Vec<_> = (0..32).map(|_| scope.spawn(mine)).collect();
        spawned
            .into_iter()
            .map(|it| it.join().expect("ran"))
            .collect()
    });

    others.sort_unstable();
    others.dedup();
    assert_eq!(others.len(), 2, "both stripes are used");
}

fn collected(successes: u64, failures: u64, run: u64) -> Collected {
    Collected {
        successes,
        failures,
        run,
    }
}

#[test]
fn outcomes_are_counted_and_a_success_ends_a_run() {
    let stripe = Stripe::new();
    let fail = || assert_eq!(stripe.add_failure(stripe.pending(), 9), Added::Done);
    let succeed = || assert_eq!(stripe.add_success(stripe.pending()), Added::Done);

    fail();
    fail();
    assert_eq!(stripe.collect(), collected(0, 2, 2));
    fail();
    succeed();
    succeed();
    fail();
    fail();
    assert_eq!(stripe.collect(), collected(2, 3, 2));
    assert_eq!(stripe.collect(), Collected::default());
}

#[test]
fn stripes_grow_once_on_demand_and_what_was_counted_before_is_collected() {
    let stripes = Stripes::on_demand();
    assert_eq!((stripes.spread(), stripes.may_grow()), (1, true));
    let mine = stripes.mine();
    assert_eq!(mine.add_success(mine.pending()), Added::Done);

    stripes.grow();
    stripes.grow();

    let processors = Stripes::new(None).spread();
    assert_eq!((stripes.spread(), stripes.may_grow()), (processors, false));
    let mine = stripes.mine_when_grown();
    assert_eq!(mine.add_success(mine.pending()), Added::Done);
    mine.count_late();
    assert_eq!(stripes.count(), 1 + processors);
    assert_eq!(stripes.collect(), collected(2, 0, 0));
    let mut totals = Totals::default();
    stripes.add_to(&mut totals);
    assert_eq!(totals.calls(Outcome::Late), 1);
}

#[test]
fn stripes_of_a_given_number_do_not_grow() {
    let stripes = Stripes::new(Some(NonZeroUsize::MIN));

    assert!(!stripes.may_grow());
    stripes.grow();

    assert_eq!(stripes.spread(), 1);
}

#[test]
fn a_full_stripe_takes_no_more_and_keeps_its_tag() {
    let stripe = Stripe::new();
    let nearly = Pending::SUCCESSES - 1;
    stripe.pending.store(nearly, Ordering::Relaxed);
    assert_eq!(stripe.add_success(stripe.pending()), Added::Done);
    for _ in 0..Pending::MOST {
        assert_eq!(stripe.add_failure(stripe.pending(), 1000), Added::Done);
    }

    assert_eq!(stripe.add_success(stripe.pending()), Added::NoRoom);
    assert_eq!(stripe.add_failure(stripe.pending(), 1000), Added::NoRoom);
    let all = collected(Pending::SUCCESSES, Pending::MOST, Pending::MOST);
    assert_eq!(stripe.collect(), all);
    assert_eq!(stripe.collect(), Collected::default());
}

#[test]
fn no_more_failures_are_added_than_are_allowed() {
    let stripe = Stripe::new();
    assert_eq!(stripe.add_failure(stripe.pending(), 0), Added::NoRoom);
    assert_eq!(stripe.add_failure(stripe.pending(), 1), Added::Done);

    assert_eq!(stripe.add_failure(stripe.pending(), 1), Added::NoRoom);

    assert_eq!(stripe.collect(), collected(0, 1, 1));
}

#[test]
fn what_was_read_before_a_collection_cannot_be_added_to_after_it() {
    let stripe = Stripe::new();
    let read = stripe.pending();

    assert_eq!(stripe.collect(), Collected::default());

    assert_eq!(stripe.add_success(read), Added::Changed);
    assert_eq!(stripe.add_failure(read, 9), Added::Changed);
    assert_eq!(stripe.collect(), Collected::default());
}

#[test]
fn the_tag_wraps_without_touching_the_counts() {
    let stripe = Stripe::new();
    let last_tag = u64::MAX << Pending::TAG;
    stripe.pending.store(last_tag | 5, Ordering::Relaxed);

    assert_eq!(stripe.collect(), collected(5, 0, 0));

    assert_eq!(stripe.pending.load(Ordering::Relaxed), 0);
    assert_eq!(stripe.add_success(stripe.pending()), Added::Done);
    assert_eq!(stripe.collect(), collected(1, 0, 0));
}
