//! The books: what is recorded of a run, for clients and for breakers.

use std::time::Duration;

use experiment::fleet::{Change, FleetRecord, InstanceRecord, Interval, Phase};
use experiment::load::{LoadResult, Part, Phases, SCHEMA, Schedule, TargetResult};
use experiment::outcome::Outcome;
use experiment::scenario::Scenario;
use fusebox::{State, Transition};

use crate::clients::Request;
use crate::instances::Instance;

/// The longest interval of the truth, so that calls can be drawn over time.
const LONGEST_S: f64 = 1.0;

pub(crate) struct Books {
    planned: u64,
    closed: bool,
    targets: Vec<Vec<Part>>,
    records: Vec<InstanceRecord>,
    present: Vec<Present>,
    phases: Vec<Phase>,
}

#[derive(Clone, Copy, Default)]
struct Present {
    from_s: f64,
    p_fail: f64,
    permitted: u64,
    rejected: u64,
}

impl Books {
    pub(crate) fn new(names: &[String], first: &[State], phases: &Phases) -> Self {
        let parts: Vec<Part> = phases.names().into_iter().map(Part::new).collect();
        let records = names.iter().zip(first).map(|(name, state)| InstanceRecord {
            name: name.clone(),
            began: *state,
            ..InstanceRecord::default()
        });
        Self {
            planned: 0,
            closed: false,
            targets: vec![parts; names.len()],
            records: records.collect(),
            present: vec![Present::default(); names.len()],
            phases: Vec::new(),
        }
    }

    pub(crate) fn plan(&mut self, request: &Request) {
        self.planned += 1;
        self.part(request).outcomes.plan();
    }

    pub(crate) fn end(&mut self, request: &Request, outcome: Outcome, now: u64) {
        let closed = self.closed;
        let part = self.part(request);
        part.outcomes.count(outcome);
        part.sent += u64::from(request.attempts > 0);
        part.attempts += u64::from(request.attempts);
        let service = (request.attempts > 0).then(|| Duration::from_nanos(now - request.sent));
        part.time(
            outcome,
            Duration::from_nanos(now - request.planned),
            service,
        );
        if closed {
            part.end_after(outcome);
        }
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    fn part(&mut self, request: &Request) -> &mut Part {
        &mut self.targets[request.target as usize][request.part as usize]
    }

    pub(crate) fn change(&mut self, instance: u32, transition: &Transition) {
        self.records[instance as usize].transitions.push(Change {
            at_s: transition.at.as_secs_f64(),
            to: transition.to,
            cause: transition.cause.as_str().to_owned(),
        });
    }

    pub(crate) fn truths(
        &mut self,
        now_s: f64,
        phase: String,
        truths: &[f64],
        all: &[Instance],
        unhealthy_at: f64,
    ) {
        let next = match self.phases.last_mut() {
            Some(last) if last.name == phase => {
                last.until_s = now_s;
                false
            }
            last => {
                let from_s = last.map_or(0.0, |last| {
                    last.until_s = now_s;
                    now_s
                });
                self.phases.push(Phase {
                    name: phase,
                    from_s,
                    until_s: now_s,
                });
                true
            }
        };
        for (place, truth) in truths.iter().enumerate() {
            let p_fail = self.present[place].p_fail;
            let turned = (*truth >= unhealthy_at) != (p_fail >= unhealthy_at);
            let moved = (truth - p_fail).abs() > 0.01;
            if now_s <= 0.0 {
                self.present[place].p_fail = *truth;
            } else if next || turned || moved || now_s - self.present[place].from_s >= LONGEST_S {
                self.interval(place, now_s, &all[place]);
                self.present[place].p_fail = *truth;
            }
        }
    }

    fn interval(&mut self, place: usize, now_s: f64, instance: &Instance) {
        let present = &mut self.present[place];
        self.records[place].intervals.push(Interval {
            until_s: now_s,
            p_fail: present.p_fail,
            permitted: instance.permitted - present.permitted,
            rejected: instance.rejected - present.rejected,
        });
        present.from_s = now_s;
        (present.permitted, present.rejected) = (instance.permitted, instance.rejected);
    }

    pub(crate) fn finish(
        mut self,
        scenario: &Scenario,
        seed: u64,
        phases: &Phases,
        (planned_s, now_s): (f64, f64),
        all: &[Instance],
    ) -> (LoadResult, FleetRecord) {
        for (place, instance) in all.iter().enumerate() {
            self.interval(place, now_s, instance);
            self.records[place].downstream_calls = instance.permitted;
        }
        if let Some(last) = self.phases.last_mut() {
            last.until_s = now_s;
        }
        let names: Vec<&str> = scenario
            .fleet
            .instances
            .iter()
            .map(String::as_str)
            .collect();
        let targets = names
            .iter()
            .zip(self.targets)
            .map(|(name, parts)| TargetResult {
                name: (*name).to_owned(),
                reached: true,
                figures: std::collections::BTreeMap::new(),
                parts,
            });
        let mut load = LoadResult {
            schema: SCHEMA.to_owned(),
            seed,
            digest: Schedule::new(seed, &scenario.load, &names)
                .digest()
                .to_string(),
            profile: scenario.load.clone(),
            cut_short: planned_s < scenario.duration.0.as_secs_f64(),
            duration_s: planned_s,
            warm_up_s: 0.0,
            planned: self.planned,
            own_shortage: None,
            figures: std::collections::BTreeMap::new(),
            phases: phases.windows().to_vec(),
            targets: targets.collect(),
            seconds: Vec::new(),
            verdicts: Vec::new(),
        };
        load.summarise();
        let fleet = FleetRecord {
            duration_s: now_s,
            unhealthy_at: scenario.unhealthy_at,
            mixed_seconds: 0,
            phases: self.phases,
            instances: self.records,
        };
        (load, fleet)
    }
}
