//! What a short run tells of: each call, each transition, and what became of all requests.

use std::time::Duration;

use experiment::events::{CallEvent, Events};
use experiment::fleet::Change;
use experiment::outcome::Outcomes;
use experiment::scenario::Scenario;
use simulator::{Cancel, perform};

/// All that a run tells of, in order.
#[derive(Default)]
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

/// What a scenario of ten seconds comes to.
pub(crate) fn told(text: &str) -> (Told, Outcomes) {
    let text = format!("title = \"t\"\nduration = \"10s\"\n{text}");
    let scenario = Scenario::parse(&text).unwrap();
    let mut told = Told::default();
    let run = perform(&scenario, &Cancel::default(), Some(&mut told));
    let mut outcomes = Outcomes::default();
    for part in run.repetition.load.targets.iter().flat_map(|it| &it.parts) {
        outcomes += &part.outcomes;
    }
    assert_eq!(run.repetition.invalid, None);
    (told, outcomes)
}

pub(crate) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
