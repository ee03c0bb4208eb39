//! Tests of a breaker that is open by its own rules and lends the fleet its own probes.

use super::*;

const LEASE: Duration = Duration::from_millis(1200);

/// The own breaker is open, and so is the fleet.
fn own_open(mode: Mode) -> Rig {
    let mut rig = Rig::new(mode, |settings| settings);
    rig.tick();
    rig.fail(2);
    rig.tell(Event::Breaker(BreakerState::Open));
    rig.decide(OPEN);
    rig
}

/// The actions after a rejected call when a probe is possible.
fn asked(rig: &mut Rig) -> Vec<Action> {
    rig.pass(501 * MS);
    rig.tell(Event::Rejected);
    rig.pass(50 * MS)
}

fn ticket(asked: &[Action]) -> Ticket {
    let [Action::Acquire(ticket, ask)] = asked else {
        panic!("{asked:?}");
    };
    // A second for the next call, or more where calls are rare.
    assert!(ask.lease >= LEASE, "{ask:?}");
    *ticket
}

fn lent(rig: &mut Rig) -> ProbeId {
    let ticket = ticket(&asked(rig));
    let answer = Ok(Lease::new(Token::new(7), LEASE));
    let actions = breaker(rig.tell(Event::Acquired { ticket, answer }));
    let [Action::LendProbe { probe, deadline }] = actions[..] else {
        panic!("{actions:?}");
    };
    // The lease is counted from when it was asked for.
    let under_way = rig.now.saturating_sub(ticket.sent_at);
    assert_eq!(deadline + under_way, LEASE);
    assert_eq!(rig.member.right(), Some(Right::Leased(Token::new(7))));
    probe
}

fn settled(actions: &[Action]) -> Option<(Token, ProbeResult)> {
    actions.iter().find_map(|action| match action {
        Action::Settle(settlement) => Some((settlement.token, settlement.result)),
        _ => None,
    })
}

#[test]
fn a_suspect_whose_breaker_is_open_by_its_own_rules_asks_for_the_lease_like_others() {
    for mode in [Mode::Quorum, Mode::Pooled] {
        let mut rig = own_open(mode);
        rig.tell(Event::Rejected);
        assert_eq!(rig.pass(400 * MS), [], "nobody may probe yet");

        lent(&mut rig);

        assert_eq!(rig.member.overlay(), Overlay::None, "nobody holds it");
    }
}

#[test]
fn what_comes_of_the_lent_probe_is_settled_and_the_own_breaker_is_what_it_says() {
    let results = [
        (ProbeResult::Succeeded, Opinion::Fine),
        (ProbeResult::Failed, Opinion::Suspect),
    ];
    for (result, opinion) in results {
        let mut rig = own_open(Mode::Quorum);
        let probe = lent(&mut rig);
        rig.tell(Event::Breaker(BreakerState::HalfOpen));

        let actions = rig.tell(Event::ProbeEnded { probe, result });

        assert_eq!(settled(&actions), Some((Token::new(7), result)));
        assert!(!holds(&actions));
        assert_eq!((rig.member.opinion(), rig.member.right()), (opinion, None));
        let again = rig.tell(Event::ProbeEnded { probe, result });
        assert_eq!(settled(&again), None, "once");
    }
}

#[test]
fn after_a_failed_probe_it_leaves_the_lease_to_others_for_a_gap_and_asks_again() {
    let mut rig = own_open(Mode::Quorum);
    let probe = lent(&mut rig);
    let result = ProbeResult::Failed;
    rig.tell(Event::ProbeEnded { probe, result });

    rig.tell(Event::Rejected);
    assert_eq!(rig.pass(300 * MS), []);
    ticket(&asked(&mut rig));
}

#[test]
fn a_half_open_period_that_outlives_its_lease_is_the_breakers_own_and_is_believed() {
    let mut rig = own_open(Mode::Quorum);
    let probe = lent(&mut rig);
    rig.tell(Event::Breaker(BreakerState::HalfOpen));

    rig.pass(LEASE);
    assert_eq!(rig.member.right(), None);
    let result = ProbeResult::Succeeded;
    let actions = rig.tell(Event::ProbeEnded { probe, result });

    assert_eq!(settled(&actions), None);
    assert_eq!(rig.member.opinion(), Opinion::Fine);
}

#[test]
fn the_lease_ends_with_the_verdict_the_engine_and_an_order() {
    type End = fn(&mut Rig);
    let ends: [End; 5] = [
        |rig| drop(rig.decide(Verdict::Closed)),
        |rig| drop(rig.decide(OPEN)),
        |rig| drop(rig.tell(Event::Distrusted)),
        |rig| {
            rig.view.command = Command::new(CommandNumber::new(7), Order::ForceOpen);
            rig.push();
        },
        |rig| drop(rig.tell(Event::Breaker(BreakerState::Overridden))),
    ];
    for end in ends {
        let mut rig = own_open(Mode::Quorum);
        let probe = lent(&mut rig);

        end(&mut rig);

        assert_eq!(rig.member.right(), None);
        let result = ProbeResult::Succeeded;
        assert_eq!(
            settled(&rig.tell(Event::ProbeEnded { probe, result })),
            None
        );
    }
}

#[test]
fn a_breaker_that_begins_to_probe_by_itself_meanwhile_uses_the_lease_all_the_same() {
    let mut rig = own_open(Mode::Quorum);
    let ticket = ticket(&asked(&mut rig));
    rig.tell(Event::Breaker(BreakerState::HalfOpen));

    let answer = Ok(Lease::new(Token::new(7), LEASE));
    let actions = breaker(rig.tell(Event::Acquired { ticket, answer }));

    assert!(
        matches!(actions[..], [Action::LendProbe { .. }]),
        "{actions:?}"
    );
}

#[test]
fn a_breaker_that_lends_nothing_after_all_leaves_the_lease_to_lapse() {
    let mut rig = own_open(Mode::Quorum);
    let probe = lent(&mut rig);

    let result = ProbeResult::Void;
    let actions = rig.tell(Event::ProbeEnded { probe, result });

    assert_eq!((settled(&actions), rig.member.right()), (None, None));
    assert_eq!(asked(&mut rig), [], "an operator has it");

    rig.tell(Event::Breaker(BreakerState::Open));
    ticket(&asked(&mut rig));
}

#[test]
fn whoever_is_refused_says_nothing_to_its_own_breaker_and_asks_again_later() {
    let mut rig = own_open(Mode::Quorum);
    let ticket = ticket(&asked(&mut rig));
    let wait = 900 * MS;
    let answer = Err(AcquireRefused::Early { wait });

    assert_eq!(rig.tell(Event::Acquired { ticket, answer }), []);

    rig.pass(800 * MS);
    rig.tell(Event::Rejected);
    assert_eq!(rig.pass(50 * MS), []);
    assert_eq!(asked(&mut rig).len(), 1);
}

#[test]
fn nobody_asks_whose_own_breaker_has_nothing_to_lend() {
    type Lead = fn() -> Rig;
    let leads: [(&str, Lead); 7] = [
        ("nobody else votes", || {
            let mut rig = own_open(Mode::Pooled);
            rig.view.votes = Votes::new(1, 1, 2);
            rig.push();
            rig
        }),
        ("it probes by itself", || {
            let mut rig = own_open(Mode::Quorum);
            rig.tell(Event::Breaker(BreakerState::HalfOpen));
            rig
        }),
        ("an operator has it", || {
            let mut rig = own_open(Mode::Quorum);
            rig.tell(Event::Breaker(BreakerState::Overridden));
            rig
        }),
        ("its suspicion is from before the fleet closed", || {
            let mut rig = own_open(Mode::Quorum);
            rig.decide(Verdict::Closed);
            rig.decide(OPEN);
            rig
        }),
        ("the fleet is closed", || {
            let mut rig = Rig::quorum();
            rig.tell(Event::Breaker(BreakerState::Open));
            rig
        }),
        ("each probes by its own timer", || own_open(Mode::Advisory)),
        ("each probes with a lease of its own", || {
            own_open(Mode::AnyOpen)
        }),
    ];
    for (why, lead) in leads {
        assert_eq!(breaker(asked(&mut lead())), [], "{why}");
        assert_eq!(asked(&mut lead()), [], "{why}");
    }
}
