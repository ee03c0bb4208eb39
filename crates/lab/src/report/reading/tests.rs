//! Readings of runs of which the facts are known.

use experiment::coordination::{CoordinationChange, EventKind, FleetVerdict};
use experiment::expectation::ExpectationVerdict;
use experiment::fleet::{Change, Evidence, FleetRecord, InstanceRecord, Timeline};
use experiment::scenario::Scenario;
use fusebox::{Cause, State};

use super::*;

/// A simulated run.
fn simulated(text: &str) -> Repetition {
    let scenario = Scenario::parse(text).unwrap();
    simulator::run(&scenario, 1, &simulator::Options::default())
}

/// A quiet run of ten seconds, to be given another fleet.
fn quiet() -> Repetition {
    simulated("title = \"t\"\nduration = \"10s\"\n[faults]\nphases = [{ name = \"well\" }]\n")
}

fn all(run: &Repetition) -> String {
    let clauses = reading(run);
    let texts: Vec<&str> = clauses.iter().map(|clause| &*clause.text).collect();
    texts.join(" ")
}

fn change(at_s: f64, from: State, to: State, cause: Cause) -> Change {
    Change {
        at_s,
        from,
        to,
        cause,
        number: 1,
        window: Evidence {
            calls: 10,
            failures: 8,
            ..Evidence::default()
        },
        open_for_s: Some(1.0),
    }
}

fn one(name: &str, transitions: Vec<Change>) -> InstanceRecord {
    InstanceRecord {
        name: name.to_owned(),
        transitions,
        ..InstanceRecord::default()
    }
}

/// Down from 2 s to 6 s. A opens at 2.5 s, fails a probe at 4 s and closes at 7 s; B opens at 4.5 s and closes at 8 s;
/// C never opens.
fn outage() -> Repetition {
    use Cause::{FailureRatio, ProbeFailed, ProbesSucceeded, WaitElapsed};
    use State::{Closed, HalfOpen, Open};

    let mut run = quiet();
    let closes = |at: f64| {
        [
            change(at - 0.1, Open, HalfOpen, WaitElapsed),
            change(at, HalfOpen, Closed, ProbesSucceeded),
        ]
    };
    let mut first = vec![
        change(2.5, Closed, Open, FailureRatio),
        change(3.9, Open, HalfOpen, WaitElapsed),
        change(4.0, HalfOpen, Open, ProbeFailed),
    ];
    first.extend(closes(7.0));
    let mut second = vec![change(4.5, Closed, Open, FailureRatio)];
    second.extend(closes(8.0));
    run.fleet = FleetRecord {
        duration_s: 10.0,
        unhealthy_at: 0.5,
        truths: vec![Timeline::from([(0.0, 0.0), (2.0, 1.0), (6.0, 0.0)])],
        instances: vec![one("A", first), one("B", second), one("C", Vec::new())],
        ..FleetRecord::default()
    };
    run
}

#[test]
fn an_outage_is_told_in_order_with_its_moments() {
    let clauses = reading(&outage());

    let told: Vec<(&str, Option<f64>)> = clauses.iter().map(|it| (&*it.text, it.at)).collect();
    let has = |text: &str, at: Option<f64>| {
        assert!(told.contains(&(text, at)), "{text} {at:?}: {told:#?}");
    };
    has(
        "At 0:02.0 the downstream became unhealthy: every call failed.",
        Some(2.0),
    );
    has(
        "A opened first, at 0:02.5, 500 ms after the downstream became unhealthy: 8 of 10 calls failed.",
        Some(2.5),
    );
    has(
        "B opened last, at 0:04.5, 2.00 s after A: 8 of 10 calls failed.",
        Some(4.5),
    );
    has("C never opened.", None);
    has(
        "Breakers disagreed, some letting calls pass and others not, for 5.50 s in all (55.0 % of the time).",
        Some(2.5),
    );
    has(
        "Only A flapped, once: a probe failed and it opened again, first at 0:04.0.",
        Some(4.0),
    );
    has("At 0:06.0 the downstream was healthy again.", Some(6.0));
    has("A closed first, 1.00 s later.", Some(7.0));
    has("B closed last, 2.00 s after the recovery.", Some(8.0));
    has(
        "Breakers were closed while the downstream was unhealthy for 23.3 % of the time on average, C longest (4.00 s).",
        Some(2.0),
    );
    has(
        "Breakers were open or half-open while it was healthy for 10.0 % of the time on average, B longest (2.00 s).",
        Some(6.0),
    );
    let moments: Vec<f64> = clauses.iter().take(3).filter_map(|it| it.at).collect();
    assert!(moments.is_sorted(), "{moments:?}");
}

#[test]
fn a_fault_of_some_names_them_and_a_run_that_ends_open_says_so() {
    let mut run = outage();
    run.fleet.truths.push(Timeline::default());
    run.fleet.instances[2].truth = 1;
    run.fleet.instances[1].transitions.truncate(1);
    let told = all(&run);

    assert!(
        told.contains("became unhealthy for A and B: every call failed."),
        "{told}"
    );
    assert!(told.contains("A closed 1.00 s later."), "{told}");
    assert!(
        told.contains("B was still not closed when the run ended."),
        "{told}"
    );
}

#[test]
fn a_run_without_anything_to_tell_says_what_was_not() {
    let told = all(&quiet());

    assert!(
        told.starts_with("The downstream was healthy all the time. No breaker opened."),
        "{told}"
    );
    assert!(
        !told.contains("disagreed") && !told.contains("flapped"),
        "{told}"
    );
    let mut partly = quiet();
    partly.fleet.truths = vec![Timeline::from([(0.0, 0.0), (3.0, 0.2)])];
    let told = all(&partly);
    assert!(
        told.contains("never counted as unhealthy: at most 20.0 % of the calls failed"),
        "{told}"
    );
}

#[test]
fn what_was_expected_and_did_not_hold_is_told_with_its_figure() {
    let verdict = |held| ExpectationVerdict {
        expectation: "flaps < 3".to_owned(),
        held,
        value: Some(41.0),
        shown: "41".to_owned(),
    };
    let mut run = quiet();
    run.verdicts = vec![verdict(true), verdict(false)];
    run.cut_short = true;
    let told = all(&run);

    assert!(
        told.ends_with("1 of 2 expectations did not hold. Expected was `flaps < 3`; measured: 41."),
        "{told}"
    );
    assert!(
        told.starts_with("This run was stopped before its end"),
        "{told}"
    );
    run.verdicts = vec![verdict(true)];
    run.invalid = Some("nobody looked".to_owned());
    let told = all(&run);
    assert!(
        told.starts_with("This run is void, and its figures mean nothing: nobody looked."),
        "{told}"
    );
    assert!(told.ends_with("The expectation held."), "{told}");
}

#[test]
fn a_thousand_instances_are_counted_not_named() {
    let mut run = outage();
    let like = run.fleet.instances.clone();
    run.fleet.instances = (0..1_000)
        .map(|place: usize| InstanceRecord {
            name: format!("i{place}"),
            ..like[place % 3].clone()
        })
        .collect();
    let told = all(&run);

    assert!(
        told.contains("Half of the 1,000 instances had opened by 0:04.5."),
        "{told}"
    );
    assert!(
        told.contains("333 of 1,000 instances never opened."),
        "{told}"
    );
    assert!(told.chars().count() < 2_500, "{told}");
}

#[test]
fn a_fleet_that_decides_together_tells_its_verdict_and_its_leases() {
    let text = include_str!("../../../../../scenarios/coordination/total-outage.toml");
    let run = simulated(text);
    let record = run.coordination.as_ref().unwrap();
    let told = all(&run);

    let first = run.fleet.instances.iter().flat_map(|one| &one.transitions);
    let first = first.filter(|it| it.cause == Cause::Fleet && it.to == State::Open);
    let first = first.map(|it| it.at_s).fold(f64::INFINITY, f64::min);
    let clauses = reading(&run);
    let verdict = clauses.iter().find(|it| {
        it.text
            .starts_with("The fleet (mode quorum) opened together once")
    });
    assert_eq!(verdict.unwrap().at, Some(first), "{told}");
    let course = record.course.as_ref().unwrap();
    let first_of = |kind: EventKind| {
        let mut events = course.events.iter();
        events.find(|event| event.kind == kind).map(|it| it.at_s)
    };
    let opened = course
        .views
        .iter()
        .find(|view| view.verdict == Some(FleetVerdict::Open));
    for (begins, at) in [
        (
            "Its first verdict came at 0:20.2, when 5 of 10 voters",
            opened.map(|it| it.at_s),
        ),
        (
            "18 leases of the probe for all, held by",
            first_of(EventKind::Leased),
        ),
        ("5 vetoes: ", first_of(EventKind::Vetoed)),
    ] {
        let clause = clauses.iter().find(|it| it.text.starts_with(begins));
        let clause = clause.unwrap_or_else(|| panic!("{begins}: {told}"));
        assert!(at.is_some(), "{begins}");
        assert_eq!(clause.at, at, "{begins}");
    }
    let settled = format!(
        ": {} succeeded, {} failed.",
        record.ledger.leases.succeeded, record.ledger.leases.failed
    );
    assert!(told.contains(&settled), "{settled}: {told}");
}

#[test]
fn an_engine_that_was_lost_and_a_failure_of_one_are_told_with_their_moments() {
    let lost = simulated(
        "title = \"t\"\nduration = \"20s\"\n[coordination]\nmode = \"quorum\"\n\
         [[engine.faults]]\nkind = \"freeze\"\nfrom = \"5s\"\nuntil = \"12s\"\n\
         [faults]\nphases = [{ name = \"calm\" }]\n",
    );
    let local = simulated(include_str!(
        "../../../../../scenarios/coordination/one-bad-instance.toml"
    ));
    for (run, kind, word) in [
        (
            &lost,
            EventKind::FellBack,
            "Instances decided alone for a while 3 times, first at 0:0",
        ),
        (
            &local,
            EventKind::Localised,
            "was open beside a fleet that was fine (first at",
        ),
    ] {
        let course = run.coordination.as_ref().unwrap().course.as_ref().unwrap();
        let first = course.events.iter().find(|event| event.kind == kind);
        let clauses = reading(run);
        let clause = clauses.iter().find(|it| it.text.contains(word));
        let clause = clause.unwrap_or_else(|| panic!("{word}: {}", all(run)));
        assert_eq!(clause.at, first.map(|it| it.at_s), "{}", clause.text);
    }
    assert!(
        all(&lost).contains("and last rejoined the fleet at 0:12."),
        "{}",
        all(&lost)
    );
}

#[test]
fn figures_of_the_reading_are_those_of_the_run() {
    let run = simulated(include_str!("../../../../../scenarios/flapping.toml"));
    let told = all(&run);

    let flaps: u64 = run
        .fleet
        .beliefs()
        .iter()
        .map(|(_, belief)| belief.flaps)
        .sum();
    assert!(
        told.contains(&format!("Breakers flapped {flaps} times")),
        "{told}"
    );
    let share = run.fleet.divergence().opens_share();
    let share = experiment::expectation::Unit::Share.show(share);
    assert!(told.contains(&format!("({share} of the time)")), "{told}");
}

#[test]
fn an_instance_that_somebody_stopped_is_told() {
    let mut run = outage();
    run.fleet.instances[2].stopped = vec![(3.0, 5.0), (8.0, 9.0)];

    let clauses = reading(&run);

    let text = "C was stopped by an operator, first from 0:03.0 to 0:05.0.";
    let told = clauses.iter().find(|clause| clause.text == text);
    assert_eq!(
        told.map(|clause| clause.at),
        Some(Some(3.0)),
        "{clauses:#?}"
    );
}

#[test]
fn a_verdict_names_each_mode_that_the_run_had() {
    let scenario = "title = \"t\"\nduration = \"5s\"\n[coordination]\nmode = \"quorum\"\n[faults]\nphases = [{ name = \"well\" }]\n";
    let mut run = simulated(scenario);
    let record = run.coordination.as_mut().unwrap();
    let quorum = std::mem::take(&mut record.mode);
    record.changes.push(CoordinationChange {
        at_s: 2.0,
        mode: quorum,
        engine: Some(record.engine),
        rules: record.rules.clone(),
        different: "quorum, engine memory".to_owned(),
    });

    let told = all(&run);

    let expected = "The fleet (mode local, then quorum) never opened together.";
    assert!(told.contains(expected), "{told}");
}
