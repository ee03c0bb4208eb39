//! The cases of a study: every scenario of coordination under every policy, the frontier, and the published comparison.

use std::time::Duration;

use experiment::chance::Draw;
use experiment::reading::nearest;
use experiment::scenario::{Scenario, Set, set};
use experiment::study::frontier::{ALARM_SECONDS, WAYS};
use experiment::study::gedcb::{OUTAGE, PERIODS, PUBLISHED, policy};
use experiment::study::{FRONTIER, GEDCB, LOCAL, MATRIX, cell, of_cell};
use experiment::sweep::Cell;
use experiment::values::Span;

use crate::failure::Failure;
use crate::run::{TOGETHER, text_of};

/// The policies of the matrix, each with the keys that define it.
const POLICIES: &[(&str, &str)] = &[
    (LOCAL, "coordination.mode=local"),
    ("advisory", "coordination.mode=advisory"),
    ("quorum", "coordination.mode=quorum"),
    ("pooled", "coordination.mode=pooled"),
    ("any-open", "coordination.mode=any-open"),
    ("pooled-naive", "coordination.mode=pooled-naive"),
    ("none", "coordination.mode=local policy=none"),
    (
        "adaptive-throttling",
        "coordination.mode=local policy=adaptive_throttling",
    ),
    (
        "adaptive-throttling-10s",
        "coordination.mode=local policy=adaptive_throttling:history=10s",
    ),
];

/// A cell with the scenario that is performed in it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) cell: Cell,
    text: String,
    pub(super) scenario: Scenario,
}

impl Case {
    fn new(cell: Cell, text: &str, sets: &[Set]) -> Result<Self, Failure> {
        let broken = |what: String| Failure::runtime(format!("the study's case {cell}:{what}"));
        let text = set(text, sets).map_err(broken)?;
        let scenario = Scenario::parse(&text).map_err(broken)?;
        Ok(Self {
            cell,
            text,
            scenario,
        })
    }
}

/// All cases of the study of coordination.
pub(super) fn all() -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for name in TOGETHER {
        let text = with_chance(text_of(name))?;
        for (policy, keys) in POLICIES {
            if !applies(name, policy) {
                continue;
            }
            cases.push(Case::new(cell(MATRIX, name, policy), &text, &sets(keys)?)?);
        }
    }
    cases.extend(frontier()?);
    cases.extend(gedcb()?);
    Ok(cases)
}

/// Whether a scenario has a case with this policy: instances that gossip merge no counts.
fn applies(scenario: &str, policy: &str) -> bool {
    let gossips =
        Scenario::parse(text_of(scenario)).is_ok_and(|it| it.coordination().engine.is_gossip());
    !(gossips && ["pooled", "pooled-naive"].contains(&policy))
}

/// The cases of these scenarios or parts; all of them if none is named.
pub(super) fn only(cases: Vec<Case>, names: &[String]) -> Result<Vec<Case>, Failure> {
    let parts = [MATRIX, FRONTIER, GEDCB];
    let known = || parts.iter().chain(TOGETHER).copied();
    if let Some(name) = names.iter().find(|name| !known().any(|it| it == **name)) {
        let hint = match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {} or a scenario of coordination", parts.join(", ")),
        };
        return Err(Failure::usage(format!(
            "--only {name}: there is no such scenario or part; {hint}"
        )));
    }
    let is_asked = |case: &Case| {
        let part = of_cell(&case.cell, "part");
        let scenario = of_cell(&case.cell, "scenario");
        let is_one = |name: &String| name == part || (part == MATRIX && name == scenario);
        names.is_empty() || names.iter().any(is_one)
    };
    Ok(cases.into_iter().filter(is_asked).collect())
}

/// A digest of everything that is performed, because trials of different scenarios must not be mixed.
pub(super) fn digest(cases: &[Case]) -> String {
    let all = cases.iter().fold(Draw::new(0), |digest, case| {
        digest.with(&case.cell.to_string()).with(&case.text)
    });
    format!("{:016x}", all.bits())
}

/// The cases of the frontier: how fast, how seldom without cause, and with which instances affected.
fn frontier() -> Result<Vec<Case>, Failure> {
    // Windows are full of successes when the errors begin.
    let calm = format!(
        "faults.phases=[{{name=\"healthy\",for=\"20s\"}},{{name=\"errors\",failure_ratio=0.3}}] duration={}s \
         expectations=[]",
        ALARM_SECONDS + 20
    );
    let parts = [
        (
            "speed",
            "total-outage",
            "faults.phases.1.for=10s duration=31s",
        ),
        ("alarms", "steady-errors", &*calm),
        ("bad-instance", "one-bad-instance", ""),
    ];
    let mut cases = Vec::new();
    for (part, scenario, keys) in parts {
        let before = sets(keys)?;
        for named in WAYS {
            let own = sets(&named.sets.join(" "))?;
            let all: Vec<Set> = before.iter().cloned().chain(own).collect();
            let text = text_of(scenario);
            cases.push(Case::new(cell(FRONTIER, part, named.name), text, &all)?);
        }
    }
    Ok(cases)
}

/// The cases of the published comparison. A unit of its time is a tenth of a second.
fn gedcb() -> Result<Vec<Case>, Failure> {
    let time = |units: u32| {
        Span(Duration::from_millis(100) * units)
            .to_string()
            .replace(' ', "")
    };
    let mut cases = Vec::new();
    for availability in &PUBLISHED {
        // About 1000 s, and whole rounds.
        let round = availability.up + OUTAGE;
        let rounds = 10_000 / round;
        let base = format!(
            "duration={} faults.phases.0.for={} faults.phases.1.for={}",
            time(round * rounds),
            time(availability.up),
            time(OUTAGE)
        );
        let mut push = |text: &str, name: &str, keys: String| -> Result<(), Failure> {
            let all = sets(&format!("{base} {keys}"))?;
            cases.push(Case::new(
                cell(GEDCB, availability.name, name),
                text_of(text),
                &all,
            )?);
            Ok(())
        };
        push("gedcb-local", LOCAL, String::new())?;
        push("gedcb-local", "none", "policy=none".to_owned())?;
        for mode in ["advisory", "quorum"] {
            for period in PERIODS {
                let half = Span(Duration::from_millis(50) * period);
                let keys = format!(
                    "coordination.mode={mode} coordination.heartbeat={} coordination.stale_after={} \
                     coordination.engine_timeout={} network.delay={}",
                    time(period),
                    time(10 * period),
                    time(period * 3 / 2),
                    half.to_string().replace(' ', ""),
                );
                push("gedcb-votes", &policy(mode, period), keys)?;
            }
        }
    }
    Ok(cases)
}

/// Keys with their values, separated by spaces.
fn sets(keys: &str) -> Result<Vec<Set>, Failure> {
    let all = keys.split_whitespace().map(|set| {
        let (key, value) = set.split_once('=').unwrap_or((set, ""));
        Set::new(key, value)
    });
    all.collect::<Result<_, String>>().map_err(Failure::runtime)
}

/// A scenario whose faults have a different length with each seed. With fixed lengths, all seeds would end them at
/// the same point of a breaker's waits, and what looks best might be best for this length only. On average each phase
/// but the first keeps its written length; it varies by an open period of the breaker, or by half of its own length
/// if that is less.
fn with_chance(text: &str) -> Result<String, Failure> {
    let broken = |what: String| Failure::runtime(format!("a scenario of the study:{what}"));
    let table: toml::Table = toml::from_str(text).map_err(|error| broken(error.to_string()))?;
    let scenario = Scenario::parse(text).map_err(broken)?;
    let breaker = scenario.breaker_of(&scenario.instances()[0]);
    let open_for = breaker.open_for.map_or(Duration::from_secs(5), |it| it.0);
    let phases = table["faults"]
        .get("phases")
        .and_then(toml::Value::as_array);
    let mut varied = Vec::new();
    for (number, phase) in phases.into_iter().flatten().enumerate().skip(1) {
        let length = phase.get("for").and_then(toml::Value::as_str);
        let Some(length) = length.filter(|_| phase.get("for_jitter").is_none()) else {
            continue;
        };
        let length: Span = length.parse().map_err(broken)?;
        let by = open_for.min(length.0 / 2);
        let millis = |time: Duration| format!("{}ms", time.as_millis());
        for (key, value) in [("for", length.0.saturating_sub(by / 2)), ("for_jitter", by)] {
            let set = Set::new(&format!("faults.phases.{number}.{key}"), &millis(value));
            varied.push(set.map_err(Failure::runtime)?);
        }
    }
    set(text, &varied).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_coordination_is_studied_under_every_policy() {
        let cases = all().unwrap();
        let matrix = cases
            .iter()
            .filter(|it| of_cell(&it.cell, "part") == MATRIX);

        // Instances that gossip merge no counts: two policies are not theirs.
        let engine = |name: &&&str| {
            Scenario::parse(text_of(name))
                .unwrap()
                .coordination()
                .engine
        };
        let gossiping = TOGETHER.iter().filter(|name| engine(name).is_gossip());
        let expected = TOGETHER.len() * POLICIES.len() - 2 * gossiping.count();
        assert_eq!(matrix.count(), expected);
        assert!(TOGETHER.len() >= 20, "{}", TOGETHER.len());
        let cells: std::collections::BTreeSet<_> = cases.iter().map(|it| &it.cell).collect();
        assert_eq!(cells.len(), cases.len());
    }

    #[test]
    fn faults_end_at_another_instant_in_each_seed_and_last_as_long_on_average() {
        let text = with_chance(text_of("total-outage")).unwrap();
        let scenario = Scenario::parse(&text).unwrap();
        let ends = (0..200).map(|seed| {
            let plan = scenario.clone().with_seed(seed).faults().clone();
            let phases = plan.phases(scenario.duration());
            phases[1].end.as_secs_f64()
        });
        let ends: Vec<f64> = ends.collect();

        assert!(
            ends.iter().all(|end| (37.5..=42.5).contains(end)),
            "{ends:?}"
        );
        let mean = ends.iter().sum::<f64>() / 200.0;
        assert!((mean - 40.0).abs() < 0.4, "{mean}");
        assert!(ends.iter().any(|end| *end < 38.5) && ends.iter().any(|end| *end > 41.5));
    }

    #[test]
    fn frontier_scenarios_have_the_phases_that_their_figures_ask_for() {
        for case in all().unwrap() {
            if of_cell(&case.cell, "scenario") == "bad-instance" {
                assert!(case.scenario.phases().names().contains(&"B cut off"));
                assert!(case.scenario.instances().len() == 10);
            }
        }
    }
}
