//! Tests of hearing the engine, missing it, and hearing another one.

use super::*;

#[test]
fn a_stale_view_ends_a_hold_with_an_open_period_of_its_own_and_is_told_once() {
    let mut rig = Rig::held();
    rig.engine = false;

    assert_eq!(breaker(rig.pass(2999 * MS)), []);
    let actions = rig.pass(10 * MS);

    // Half of an open period with all its jitter.
    let wait = 600 * MS;
    assert_eq!(
        actions,
        [
            Action::LoseEngine { wait },
            Action::Notice(Notice::EngineLost)
        ]
    );
    assert_eq!(rig.pass(60_000 * MS), []);
}

#[test]
fn an_engine_that_is_not_believed_holds_nobody_from_then_on() {
    let mut rig = Rig::held();

    let actions = rig.tell(Event::Distrusted);

    let wait = 600 * MS;
    assert_eq!(breaker(actions.clone()), [Action::LoseEngine { wait },]);
    assert!(actions.contains(&Action::Notice(Notice::EngineLost)));
    assert!(rig.member.view().is_none());
    assert_eq!(
        breaker(rig.decide(OPEN)),
        [],
        "a push is not believed, either"
    );
}

#[test]
fn an_old_verdict_is_not_imposed_again_when_the_engine_is_back() {
    let mut rig = Rig::held();
    rig.engine = false;
    rig.pass(4000 * MS);
    rig.tell(Event::Breaker(BreakerState::HalfOpen));
    rig.tell(Event::Breaker(BreakerState::Closed));

    rig.engine = true;
    let actions = rig.pass(2000 * MS);
    assert_eq!(actions, [Action::Notice(Notice::EngineBack)]);
    assert!(!holds(&rig.fail(1)));
    assert!(holds(&rig.fail(1)), "its own suspicion does");
}

#[test]
fn a_push_is_followed_but_makes_no_view_fresh() {
    let mut rig = Rig::quorum();
    rig.engine = false;
    rig.fail(2);
    rig.pass(2500 * MS);
    assert!(holds(&rig.decide(OPEN)));

    let actions = breaker(rig.pass(600 * MS));

    assert!(matches!(actions[..], [Action::LoseEngine { .. }]));
    assert_eq!(breaker(rig.decide(OPEN)), [], "it is alone");
}

#[test]
fn an_engine_that_is_not_there_at_the_start_is_told_once_and_joined_later() {
    let mut rig = Rig::new(Mode::Quorum, |settings| settings);
    rig.engine = false;
    rig.tick();

    assert_eq!(rig.pass(30_000 * MS), [Action::Notice(Notice::EngineLost)]);
    rig.engine = true;
    assert_eq!(rig.pass(1100 * MS), [Action::Notice(Notice::EngineBack)]);
}

#[test]
fn a_refusal_is_told_once_and_leaves_the_instance_alone() {
    let mut rig = Rig::held();
    rig.engine = false;
    let mut told = Vec::new();
    for _ in 0..10 {
        let answer = Err(ReportRefused::NameTaken);
        let ticket = Ticket {
            number: 1000,
            sent_at: rig.now,
        };
        told.extend(rig.tell(Event::Reported { ticket, answer }));
        told.extend(rig.pass(1000 * MS));
    }

    let notices: Vec<_> = told
        .iter()
        .filter(|action| matches!(action, Action::Notice(_)))
        .collect();
    assert_eq!(
        notices,
        [&Action::Notice(Notice::Refused(ReportRefused::NameTaken))]
    );
    assert_eq!(rig.member.overlay(), Overlay::None);
}

#[test]
fn another_life_of_the_ledger_is_no_closing() {
    let mut rig = Rig::held();
    rig.view.era = Era::new(Incarnation::new(2), Epoch::new(0));
    rig.view.verdict = Verdict::Closed;
    assert_eq!(rig.push(), [], "a push from another life may be an old one");

    let actions = rig.pass(1100 * MS);

    let wait = 600 * MS;
    assert_eq!(
        actions[..2],
        [
            Action::Notice(Notice::EngineForgot),
            Action::LoseEngine { wait }
        ]
    );
}

#[test]
fn what_is_overtaken_or_repeated_changes_nothing() {
    let mut rig = Rig::held();
    let mut old = rig.view;
    rig.decide(Verdict::Closed);
    let overlay = rig.member.overlay();

    assert_eq!(rig.tell(Event::Pushed(old)), []);
    old.revision = rig.view.revision.next();
    assert_eq!(rig.tell(Event::Pushed(old)), [], "an older epoch");
    assert_eq!(rig.tell(Event::Pushed(rig.view)), []);
    assert_eq!(rig.member.overlay(), overlay);
}

#[test]
fn an_answer_of_the_life_before_that_was_overtaken_is_no_news() {
    let mut rig = Rig::quorum();
    let old = Ok(rig.view);
    let ticket = Ticket {
        number: 1,
        sent_at: rig.now,
    };
    rig.view.era = Era::new(Incarnation::new(2), Epoch::new(0));
    rig.pass(1100 * MS);
    assert_eq!(rig.member.view().unwrap().era, rig.view.era);

    assert_eq!(
        rig.tell(Event::Reported {
            ticket,
            answer: old
        }),
        []
    );
    assert_eq!(rig.member.view().unwrap().era, rig.view.era);
}

#[test]
fn an_answer_older_than_stale_after_is_no_news() {
    let mut rig = Rig::new(Mode::Quorum, |settings| settings);
    rig.engine = false;
    rig.tick();
    let answer = Ok(rig.view);
    let ticket = Ticket {
        number: 1,
        sent_at: rig.now,
    };
    rig.now += 3000 * MS;

    rig.tell(Event::Reported { ticket, answer });

    assert_eq!(rig.member.view(), None);
}

#[test]
fn a_failure_of_its_own_is_told_when_the_fleet_is_fine_and_when_it_ends() {
    let mut rig = Rig::quorum();
    rig.view.votes = Votes::new(5, 1, 3);
    rig.tell(Event::Breaker(BreakerState::Open));

    assert_eq!(rig.pass(1900 * MS), []);
    assert_eq!(rig.pass(200 * MS), [Action::Notice(Notice::Localised)]);
    assert!(rig.member.is_localised());
    rig.tell(Event::Breaker(BreakerState::HalfOpen));
    let closed = rig.tell(Event::Breaker(BreakerState::Closed));
    assert_eq!(closed, [Action::Notice(Notice::LocalisedEnded)]);
}

#[test]
fn a_failure_that_others_see_too_is_not_its_own() {
    let mut rig = Rig::quorum();
    rig.view.votes = Votes::new(5, 3, 4);
    rig.tell(Event::Breaker(BreakerState::Open));

    assert_eq!(rig.pass(10_000 * MS), []);
}
