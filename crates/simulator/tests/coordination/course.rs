//! The course of a fleet, one by one, is what its totals and its transitions say.

use std::time::Instant;

use experiment::coordination::{
    Apart, CoordinationRecord, Course, EventFigure, EventKind, FleetVerdict, MOST_EVENTS,
    MOST_STANDINGS, MOST_VIEWS, Stage, Vote,
};
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::Cause;
use simulator::{Options, run};

fn performed(text: &str) -> Repetition {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, 1, &Options::default())
}

fn written(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/coordination");
    let text = std::fs::read_to_string(format!("{folder}/{name}.toml"));
    text.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn scenario(name: &str) -> Scenario {
    Scenario::parse(&written(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn shipped(name: &str) -> Repetition {
    performed(&written(name))
}

fn record(run: &Repetition) -> (&CoordinationRecord, &Course) {
    let record = run.coordination.as_ref().expect("they decide together");
    let course = record.course.as_ref().expect("a course");
    (record, course)
}

fn count(course: &Course, is: impl Fn(EventKind, &EventFigure) -> bool) -> u64 {
    let events = course.events.iter();
    let counted = events.filter(|event| is(event.kind, &event.figure)).count();
    u64::try_from(counted).expect("few")
}

fn of_kind(course: &Course, kind: EventKind) -> u64 {
    count(course, |one, _| one == kind)
}

fn probed(course: &Course, result: &str) -> u64 {
    count(course, |kind, figure| {
        kind == EventKind::Probed && figure.as_text() == result
    })
}

/// Transitions of all instances with this cause.
fn caused(run: &Repetition, cause: Cause) -> u64 {
    let changes = run.fleet.instances.iter().flat_map(|one| &one.transitions);
    u64::try_from(changes.filter(|change| change.cause == cause).count()).expect("few")
}

#[test]
fn a_run_without_its_course_is_the_same_in_all_else() {
    let scenario = scenario("one-bad-instance");
    let mut whole = run(&scenario, 3, &Options::default());
    let mut options = Options::default();
    options.without_course = true;

    let without = run(&scenario, 3, &options);

    let record = whole.coordination.as_mut().expect("they decide together");
    assert!(record.course.take().is_some());
    assert_eq!(without, whole);
}

/// `cargo test -p simulator --test coordination -- --ignored measures_what_a_course_costs --nocapture`, on a quiet machine.
#[test]
#[ignore = "it measures, on a quiet machine"]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it prints a table of real time"
)]
fn measures_what_a_course_costs() {
    for name in ["total-outage", "one-bad-instance", "gossip-split"] {
        let scenario = scenario(name);
        for round in 1..=2 {
            let took = [false, true].map(|without| {
                let mut options = Options::default();
                options.without_course = without;
                let began = Instant::now();
                for seed in 1..=30 {
                    run(&scenario, seed, &options);
                }
                began.elapsed().as_secs_f64()
            });
            let more = (took[0] / took[1] - 1.0) * 100.0;
            println!(
                "{name}, round {round}: {:.3} s with a course, {:.3} s without ({more:+.1} %)",
                took[0], took[1]
            );
        }
    }
}

#[test]
fn events_by_kind_are_the_totals_of_a_fleet_that_loses_no_message() {
    for name in ["total-outage", "one-bad-instance", "gossip-split"] {
        let run = shipped(name);
        let (record, course) = record(&run);
        let sum = |of: fn(&experiment::coordination::MemberRecord) -> u64| {
            record.instances.iter().map(of).sum::<u64>()
        };

        assert_eq!(
            of_kind(course, EventKind::Vetoed),
            sum(|it| it.vetoes),
            "{name}"
        );
        assert_eq!(
            of_kind(course, EventKind::FellBack) + of_kind(course, EventKind::Refused),
            sum(|it| it.fallbacks),
            "{name}"
        );
        assert_eq!(
            of_kind(course, EventKind::Localised),
            sum(|it| it.localised),
            "{name}"
        );
        assert!(course.left_out.is_nothing(), "{name}");
        assert!(
            course.events.is_sorted_by(|a, b| a.at_s <= b.at_s),
            "{name}"
        );
    }
}

#[test]
fn leases_probes_and_adoptions_are_those_of_the_ledger_and_of_the_breakers() {
    let run = shipped("total-outage");
    let (record, course) = record(&run);
    let leases = &record.ledger.leases;

    assert!(leases.granted >= 15, "{leases:?}");
    assert_eq!(of_kind(course, EventKind::Leased), leases.granted);
    assert_eq!(of_kind(course, EventKind::Probed), leases.granted);
    assert_eq!(probed(course, "succeeded"), leases.succeeded);
    assert_eq!(probed(course, "failed"), leases.failed + leases.fenced);
    // A breaker that was open by itself is held by nobody.
    let held = run.fleet.instances.iter().flat_map(|one| &one.transitions);
    let held = held.filter(|it| it.cause == Cause::Fleet && it.from == fusebox::State::Closed);
    assert_eq!(
        of_kind(course, EventKind::Adopted),
        u64::try_from(held.count()).expect("few")
    );
    assert!(caused(&run, Cause::Fleet) > 0);
}

#[test]
fn verdicts_and_votes_can_be_looked_up_at_each_moment() {
    let run = shipped("total-outage");
    let (record, course) = record(&run);

    let opened = course.views.windows(2).filter(|pair| {
        pair[0].verdict == Some(FleetVerdict::Closed) && pair[1].verdict == Some(FleetVerdict::Open)
    });
    assert_eq!(
        u64::try_from(opened.count()).expect("few"),
        record.ledger.openings
    );
    // A second before the outage all vote, and all see no trouble.
    let calm = course.view(19.0).expect("a view");
    assert_eq!(
        (calm.verdict, calm.voters, calm.suspects),
        (Some(FleetVerdict::Closed), 10, 0)
    );
    assert_eq!((calm.heard, calm.there), (10, 10));
    let open = course.view(30.0).expect("a view");
    assert_eq!(open.verdict, Some(FleetVerdict::Open));
    assert!(open.suspects >= open.need && open.need == 5, "{open:?}");
    for instance in 0..10 {
        let standing = course.standing(instance, 19.0).expect("it stands");
        assert_eq!((standing.vote, standing.apart), (Vote::Fine, None));
        let standing = course.standing(instance, 30.0).expect("it stands");
        assert_eq!(standing.vote, Vote::Suspect);
    }
    // Who probes is seen as long as it does.
    let probing = course
        .standings
        .iter()
        .filter(|it| it.stage == Some(Stage::Probing));
    assert!(probing.count() > 0);
}

const LOST: &str = r#"
title = "the engine is gone for a while"
duration = "20s"
[coordination]
mode = "quorum"
[[engine.faults]]
kind = "freeze"
from = "5s"
until = "12s"
[faults]
phases = [{ name = "calm" }]
"#;

#[test]
fn an_engine_that_is_gone_is_seen_by_all_until_it_is_back() {
    let run = performed(LOST);
    let (_, course) = record(&run);

    let heard = |at: f64| course.view(at).map(|view| (view.heard, view.there));
    assert_eq!(heard(4.0), Some((3, 3)));
    assert_eq!(heard(11.0), Some((0, 3)));
    assert_eq!(heard(15.0), Some((3, 3)));
    assert_eq!(course.view(11.0).expect("a view").verdict, None);
    for instance in 0..3 {
        let then = course.standing(instance, 11.0).expect("it stands");
        assert_eq!((then.engine_up, then.apart), (false, Some(Apart::Stale)));
    }
    assert_eq!(of_kind(course, EventKind::FellBack), 3);
    assert_eq!(of_kind(course, EventKind::Rejoined), 3);
}

const LEAVES: &str = r#"
title = "one leaves, and one is killed and comes back"
duration = "10s"
[coordination]
mode = "quorum"
[instance.B]
leaves_at = "4s"
[[instance.C.restart]]
at = "5s"
for = "2s"
[faults]
phases = [{ name = "calm" }]
"#;

#[test]
fn who_has_left_or_was_killed_is_not_there() {
    let run = performed(LEAVES);
    let (_, course) = record(&run);

    let there: Vec<u32> = [3.0, 4.5, 6.0, 9.0]
        .iter()
        .map(|at| course.view(*at).expect("a view").there)
        .collect();
    assert_eq!(there, [3, 2, 1, 2]);
    // Who is killed tells nobody.
    assert_eq!(of_kind(course, EventKind::Left), 1);
}

#[test]
fn the_same_seed_gives_the_same_course_and_a_large_fleet_is_bounded() {
    let text = "title = \"t\"\nduration = \"20s\"\n[fleet]\nsize = 1000\n[load]\nrate = 8000\n\
                [breaker]\nopen_for = \"1s\"\n[coordination]\nmode = \"quorum\"\n\
                [faults]\nphases = [{ name = \"well\", for = \"3s\" }, { name = \"down\", for = \"6s\", failure_ratio = 1 }, \
                { name = \"well again\", for = \"3s\" }, { name = \"down again\", for = \"4s\", failure_ratio = 1 }]\n";
    let (one, other) = (performed(text), performed(text));
    assert_eq!(one.coordination, other.coordination);

    let (_, course) = record(&one);
    assert!(course.events.len() <= MOST_EVENTS && course.standings.len() <= MOST_STANDINGS);
    assert!(course.views.len() <= MOST_VIEWS, "{}", course.views.len());
    assert!(course.events.len() > 2_000, "{}", course.events.len());
    let kept = course
        .views
        .iter()
        .any(|view| view.verdict == Some(FleetVerdict::Open));
    assert!(kept, "the beginning is kept");
}
