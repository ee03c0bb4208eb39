//! Made-up results: an outage of ten seconds that two breakers meet, with random figures.

use std::collections::BTreeMap;

use fusebox::{Cause, State};

use crate::chance::Draw;
use crate::fleet::{Calls, Change, Evidence, FaultPhase, FleetRecord, InstanceRecord, Timeline};
use crate::load::{LoadResult, Profile};
use crate::result::{Machine, Performer, Repetition, RunResult, SCHEMA, Versions};

/// How the runs of a made-up result come about.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub(super) first_seed: u64,
    pub(super) runs: u32,
    /// Chance of its own, beside that of the seed.
    pub(super) luck: u64,
    /// How much of each figure comes from the seed alone, from 0 to 1: what pairs have in common.
    pub(super) common: f64,
    /// The mean delay of detection, in seconds; the outage lasts 10.
    pub(super) delay_s: f64,
    pub(super) duration_s: f64,
}

pub(super) const USUAL_SOURCE: Source = Source {
    first_seed: 1,
    runs: 20,
    luck: 1,
    common: 0.0,
    delay_s: 2.0,
    duration_s: 40.0,
};

pub(super) fn result(source: Source) -> RunResult {
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: "made-up".to_owned(),
        title: "an outage of 10 s".to_owned(),
        started_unix_s: 0.0,
        versions: Versions {
            breaker_lab: "0.1.0".to_owned(),
            build: "release".to_owned(),
            commit: Some("0123456789ab".to_owned()),
        },
        machine: Machine {
            os: "any".to_owned(),
            arch: "any".to_owned(),
            cpu: None,
            cores: 2,
            load: None,
        },
        repetitions: (0..source.runs)
            .map(|number| run(source, source.first_seed + u64::from(number)))
            .collect(),
    }
}

/// Down from second 10 to 20. Both breakers open after a while, close after another, and count calls.
fn run(source: Source, seed: u64) -> Repetition {
    let fleet = FleetRecord {
        duration_s: source.duration_s,
        unhealthy_at: 0.5,
        phases: vec![FaultPhase {
            name: "all".to_owned(),
            from_s: 0.0,
            until_s: source.duration_s,
        }],
        truths: vec![Timeline::from([(0.0, 0.0), (10.0, 1.0), (20.0, 0.0)])],
        instances: ["A", "B"].map(|name| instance(source, seed, name)).to_vec(),
        ..FleetRecord::default()
    };
    Repetition {
        seed,
        performer: Performer::Simulated,
        digest: None,
        cut_short: false,
        invalid: None,
        verdicts: Vec::new(),
        load: no_load(seed, source.duration_s),
        fleet,
        counterfactual: None,
        coordination: None,
        orders: None,
    }
}

fn instance(source: Source, seed: u64, name: &str) -> InstanceRecord {
    let luck = |what: &str| {
        let what = format!("{what} {name}");
        let common = Draw::new(seed).with(&what).share();
        let own = Draw::new(source.luck).with(&what).number(seed).share();
        source.common * common + (1.0 - source.common) * own
    };
    let delay = source.delay_s * 2.0 * luck("delay");
    let mut transitions = Vec::new();
    if delay < 10.0 {
        transitions.push(change(10.0 + delay, State::Closed, State::Open));
        let recovery = 21.0 + 5.0 * luck("recovery");
        transitions.push(change(recovery, State::Open, State::Closed));
    }
    let calls = |what: &str| 100.0 * source.duration_s * luck(what);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a made-up number of calls"
    )]
    let [permitted, rejected] = ["permitted", "rejected"].map(|what| calls(what) as u64);
    let calls = Calls {
        permitted,
        rejected,
        wasted: calls("wasted"),
        wrongly_rejected: calls("wrongly"),
    };
    InstanceRecord {
        name: name.to_owned(),
        transitions,
        calls: vec![calls],
        downstream_calls: permitted,
        ..InstanceRecord::default()
    }
}

fn change(at_s: f64, from: State, to: State) -> Change {
    Change {
        at_s,
        from,
        to,
        cause: Cause::Manual,
        number: 1,
        window: Evidence::default(),
        open_for_s: None,
    }
}

fn no_load(seed: u64, duration_s: f64) -> LoadResult {
    LoadResult {
        schema: String::new(),
        seed,
        digest: String::new(),
        profile: Profile::default(),
        cut_short: false,
        duration_s,
        warm_up_s: 0.0,
        planned: 0,
        own_shortage: None,
        figures: BTreeMap::new(),
        phases: Vec::new(),
        all: Vec::new(),
        targets: Vec::new(),
        seconds: Vec::new(),
        verdicts: Vec::new(),
    }
}
