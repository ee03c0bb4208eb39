//! Tests of a breaker that is open, probes or closes by its own rules while its fleet decides.

use super::*;

#[test]
fn a_breaker_open_by_its_own_rules_probes_soon_after_the_fleet_closed() {
    let mut rig = Rig::quorum();
    rig.tell(Event::Breaker(BreakerState::Open));
    rig.decide(OPEN);

    let wait = 1000 * MS;
    assert_eq!(
        breaker(rig.decide(Verdict::Closed)),
        [Action::Hasten { wait }]
    );
    // Its vote is from before the closing, until its own probe has failed.
    assert_eq!(rig.member.opinion(), Opinion::Fine);
    rig.tell(Event::Breaker(BreakerState::HalfOpen));
    assert_eq!(rig.member.opinion(), Opinion::Fine, "nothing is known yet");
    rig.tell(Event::Breaker(BreakerState::Open));
    assert_eq!(rig.member.opinion(), Opinion::Suspect);
}

#[test]
fn a_breaker_that_probes_by_its_own_rules_while_the_fleet_closes_has_no_vote_before_its_probe_has_ended()
 {
    let mut rig = Rig::quorum();
    rig.tell(Event::Breaker(BreakerState::Open));
    rig.decide(OPEN);
    rig.tell(Event::Breaker(BreakerState::HalfOpen));
    assert_eq!(rig.member.opinion(), Opinion::Suspect);

    assert_eq!(breaker(rig.decide(Verdict::Closed)), []);

    assert_eq!(rig.member.opinion(), Opinion::Fine);
    rig.tell(Event::Breaker(BreakerState::Open));
    assert_eq!(rig.member.opinion(), Opinion::Suspect);
}

#[test]
fn a_breaker_that_closed_by_its_own_probe_is_not_held_by_a_verdict_from_before() {
    for mode in [Mode::Quorum, Mode::Pooled, Mode::AnyOpen] {
        let mut rig = Rig::new(mode, |settings| settings);
        rig.tick();
        rig.fail(5);
        rig.tell(Event::Breaker(BreakerState::Open));
        assert!(!holds(&rig.decide(OPEN)), "{mode}");
        rig.tell(Event::Breaker(BreakerState::HalfOpen));

        assert!(
            !holds(&rig.tell(Event::Breaker(BreakerState::Closed))),
            "{mode}"
        );

        assert!(!holds(&rig.succeed()), "{mode}");
        assert!(!holds(&rig.push()), "{mode}");
        // Merged counts still have the failures from before; its own probe says more.
        assert_eq!(
            holds(&rig.decide(OPEN)),
            mode == Mode::AnyOpen,
            "{mode}: a new verdict"
        );
    }
}
