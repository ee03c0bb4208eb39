//! Runs with everything that they report.

use std::time::Duration;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::Outcomes;
use experiment::scenario::Scenario;
use simulator::{Cancel, Performed, perform};

/// The events of a run.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) calls: Vec<CallEvent>,
    pub(crate) changes: Vec<(usize, Change)>,
}

impl Events for Told {
    fn call(&mut self, call: &CallEvent) {
        self.calls.push(*call);
    }

    fn transition(&mut self, instance: usize, change: &Change) {
        self.changes.push((instance, change.clone()));
    }
}

pub(crate) fn scenario(text: &str) -> Scenario {
    Scenario::parse(&format!("title = \"t\"\n{text}")).unwrap()
}

/// Carries a scenario out; it must be valid, and every request accounted for.
pub(crate) fn performed(text: &str) -> (Told, Performed) {
    let mut told = Told::default();
    let run = perform(&scenario(text), &Cancel::default(), Some(&mut told));
    assert_eq!(run.repetition.invalid, None, "{text}");
    run.repetition.load.check().unwrap();
    (told, run)
}

/// How the requests of all targets ended.
pub(crate) fn outcomes(run: &Performed) -> Outcomes {
    let parts = run.repetition.load.targets.iter().flat_map(|it| &it.parts);
    parts.fold(Outcomes::default(), |mut sum, part| {
        sum += &part.outcomes;
        sum
    })
}

/// What a scenario of ten seconds comes to.
pub(crate) fn told(text: &str) -> (Told, Outcomes) {
    let (told, run) = performed(&format!("duration = \"10s\"\n{text}"));
    let outcomes = outcomes(&run);
    (told, outcomes)
}

pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
