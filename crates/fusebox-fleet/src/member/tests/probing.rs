//! Tests of probing by lease and by the instance's own timer.

use super::*;

/// The request for the lease that a call leads to.
fn request(rig: &mut Rig) -> Ticket {
    rig.pass(501 * MS);
    assert_eq!(
        rig.tell(Event::Rejected),
        [],
        "the call is rejected at once"
    );
    let asked = rig.pass(30 * MS);
    let [Action::Acquire(ticket, ask)] = &asked[..] else {
        panic!("{asked:?}");
    };
    assert_eq!(ask.lease, 1200 * MS);
    *ticket
}

fn granted(rig: &mut Rig) -> ProbeId {
    let ticket = request(rig);
    let answer = Ok(Lease::new(Token::new(1), 1200 * MS));
    let actions = breaker(rig.tell(Event::Acquired { ticket, answer }));
    let [Action::Probe { probe, deadline }] = actions[..] else {
        panic!("{actions:?}");
    };
    // The lease is counted from when it was asked for.
    let under_way = rig.now.saturating_sub(ticket.sent_at);
    assert_eq!(deadline + under_way, 1200 * MS);
    probe
}

#[test]
fn a_call_asks_for_the_lease_soon_but_not_before_somebody_may_probe() {
    let mut rig = Rig::held();
    rig.pass(400 * MS);
    rig.tell(Event::Rejected);
    assert_eq!(rig.pass(50 * MS), []);

    let ticket = request(&mut rig);
    assert_eq!(rig.tell(Event::Rejected), []);
    let again = rig.pass(100 * MS);
    let asks = |action: &Action| matches!(action, Action::Acquire(..));
    assert!(!again.iter().any(asks), "one request at a time");
    rig.tell(Event::Lost(ticket));
    assert_eq!(rig.tell(Event::Rejected), []);
    request(&mut rig);
}

#[test]
fn a_refusal_says_when_to_ask_again() {
    let mut rig = Rig::held();
    let ticket = request(&mut rig);
    let wait = 900 * MS;
    let answer = Err(AcquireRefused::Early { wait });

    let actions = rig.tell(Event::Acquired { ticket, answer });

    assert_eq!(actions, [Action::Hint { retry_after: wait }]);
    rig.pass(800 * MS);
    rig.tell(Event::Rejected);
    assert_eq!(rig.pass(50 * MS).len(), 0);
    request(&mut rig);
}

/// The lease of another prober lasts for long; its probe does not. A fleet of five may probe 400 ms after that.
#[test]
fn whoever_is_refused_because_another_one_probes_asks_again_when_that_probe_may_have_failed() {
    let mut rig = Rig::held();
    let ticket = request(&mut rig);
    let remaining = 5000 * MS;
    let answer = Err(AcquireRefused::Busy { remaining });
    let retry_after = 400 * MS;

    let actions = rig.tell(Event::Acquired { ticket, answer });

    assert_eq!(actions, [Action::Hint { retry_after }]);
    rig.pass(retry_after);
    rig.tell(Event::Rejected);
    let asked = rig.pass(50 * MS);
    let [Action::Acquire(ticket, _)] = asked[..] else {
        panic!("{asked:?}");
    };
    let remaining = 100 * MS;
    let answer = Err(AcquireRefused::Busy { remaining });
    let retry_after = remaining;
    let soon = rig.tell(Event::Acquired { ticket, answer });
    assert_eq!(soon, [Action::Hint { retry_after }]);
}

#[test]
fn a_stale_epoch_asks_for_the_news_at_once() {
    let mut rig = Rig::held();
    let ticket = request(&mut rig);
    let reports = rig.reports.len();

    let answer = Err(AcquireRefused::Stale);
    rig.tell(Event::Acquired { ticket, answer });

    assert_eq!(rig.reports.len(), reports + 1);
}

#[test]
fn what_comes_of_the_probe_is_settled_and_the_breaker_is_held_again() {
    for result in [ProbeResult::Succeeded, ProbeResult::Failed] {
        let mut rig = Rig::held();
        let probe = granted(&mut rig);

        let actions = rig.tell(Event::ProbeEnded { probe, result });

        let settled = actions.iter().find_map(|action| match action {
            Action::Settle(settlement) => Some((settlement.token, settlement.result)),
            _ => None,
        });
        assert_eq!(settled, Some((Token::new(1), result)));
        assert!(matches!(rig.member.overlay(), Overlay::Held { .. }));
    }
}

#[test]
fn a_hung_or_cancelled_probe_settles_nothing() {
    let mut rig = Rig::held();
    let probe = granted(&mut rig);
    let hung = rig.pass(1200 * MS);
    assert!(
        !hung
            .iter()
            .any(|action| matches!(action, Action::Settle(_)))
    );
    assert!(matches!(rig.member.overlay(), Overlay::Held { .. }));
    let result = ProbeResult::Succeeded;
    assert_eq!(
        rig.tell(Event::ProbeEnded { probe, result }),
        [],
        "too late"
    );

    let mut rig = Rig::held();
    let probe = granted(&mut rig);
    let result = ProbeResult::Void;
    let cancelled = rig.tell(Event::ProbeEnded { probe, result });
    assert!(
        !cancelled
            .iter()
            .any(|action| matches!(action, Action::Settle(_)))
    );
}

#[test]
fn a_lease_that_comes_too_late_is_left_to_lapse() {
    let mut rig = Rig::held();
    let ticket = request(&mut rig);
    let answer = Ok(Lease::new(Token::new(1), 1200 * MS));
    rig.pass(1200 * MS);
    assert_eq!(breaker(rig.tell(Event::Acquired { ticket, answer })), []);

    let mut rig = Rig::held();
    let ticket = request(&mut rig);
    rig.decide(Verdict::Closed);
    assert_eq!(breaker(rig.tell(Event::Acquired { ticket, answer })), []);
}

#[test]
fn the_fleet_closes_while_one_probes() {
    let mut rig = Rig::held();
    let probe = granted(&mut rig);

    let actions = breaker(rig.decide(Verdict::Closed));

    assert!(matches!(actions[..], [Action::Release { .. }]));
    let result = ProbeResult::Failed;
    assert_eq!(rig.tell(Event::ProbeEnded { probe, result }), []);
}

#[test]
fn rare_calls_ask_for_a_lease_that_outlives_the_wait_for_the_next_one() {
    let mut rig = Rig::quorum();
    for _ in 0..20 {
        rig.pass(2000 * MS);
        rig.fail(1);
    }
    rig.decide(OPEN);
    rig.pass(1900 * MS);
    rig.tell(Event::Rejected);

    let asked = rig.pass(30 * MS);

    let [Action::Acquire(_, ask)] = &asked[..] else {
        panic!("{asked:?}");
    };
    let lease = ask.lease.as_secs_f64();
    assert!((6.0..6.3).contains(&lease), "{lease}");
}

#[test]
fn in_advisory_mode_each_probes_and_closes_by_its_own_timer() {
    let mut rig = Rig::new(Mode::Advisory, |settings| settings);
    rig.tick();
    rig.fail(2);
    assert!(holds(&rig.decide(OPEN)));
    assert_eq!(
        breaker(rig.decide(Verdict::Closed)),
        [],
        "the fleet closes nobody"
    );

    // A second without half of a fifth of it, as the breaker itself would wait.
    rig.pass(899 * MS);
    assert_eq!(breaker(rig.tell(Event::Rejected)), []);
    rig.pass(2 * MS);
    let first = breaker(rig.tell(Event::Rejected));
    let [Action::Probe { probe, .. }] = first[..] else {
        panic!("{first:?}");
    };
    let result = ProbeResult::Failed;
    rig.tell(Event::ProbeEnded { probe, result });
    rig.pass(1799 * MS);
    assert_eq!(breaker(rig.tell(Event::Rejected)), [], "twice as long");
    rig.pass(2 * MS);
    let second = breaker(rig.tell(Event::Rejected));
    let [Action::Probe { probe, .. }] = second[..] else {
        panic!("{second:?}");
    };
    let result = ProbeResult::Succeeded;
    let closed = breaker(rig.tell(Event::ProbeEnded { probe, result }));
    let after = Duration::ZERO;
    assert_eq!(closed, [Action::Release { after }]);
    assert_eq!(rig.member.opinion(), Opinion::Fine);
}
