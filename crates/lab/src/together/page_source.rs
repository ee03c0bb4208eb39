//! The source of the live page: the reports of the recorder, the breakers and the load.
//!
//! The page reads the same recorder as the picture, the summary and the result, so they cannot contradict each other.

use std::sync::Arc;
use std::time::Duration;

use experiment::fleet::{Change, Recorder};
use experiment::outcome::{ClientOutcome, Outcomes};
use fusebox::{Breaker, Clock, SystemClock};

use super::Watched;
use super::fleet::Fleet;
use super::fleet_source::FleetSource;
use super::order_source::OrderSource;
use crate::coordination::Coordinator;
use crate::load::Record;
use crate::operation::Operation;
use crate::page::{
    CoordinationStep, Described, Description, Moment, PhaseStart, Row, SecondLatencies, Source,
    TruthStep, TurnStep,
};
use crate::settings::BaseUrl;

/// A run as the page sees it, and how much of it the page has seen.
pub(super) struct PageSource {
    description: Description,
    orders: OrderSource,
    coordinator: Arc<Coordinator>,
    /// How many changes of how the instances decide have been seen.
    decided: usize,
    clock: SystemClock,
    breakers: Vec<Breaker>,
    record: Arc<Record>,
    fleet: Arc<Fleet>,
    together: FleetSource,
    /// What the clients of each instance had seen.
    outcomes: Vec<Outcomes>,
    seen: Seen,
    seconds: u64,
}

/// How much of the recorder's record has been seen.
#[derive(Debug)]
struct Seen {
    /// For each instance, how many changes.
    changes: Vec<usize>,
    /// For each instance, the last step of its truth.
    truths: Vec<Option<(f64, f64)>>,
    phases: usize,
    /// For each instance, how often it was stopped or started.
    turns: Vec<usize>,
}

impl PageSource {
    /// The source of a run whose faults take orders at `control`, and its other parts by `operation`.
    pub(super) fn of(watched: &Watched, control: &BaseUrl, operation: &Operation) -> Self {
        let states = watched.fleet.recorder(|it| it.states());
        let crew = &operation.crew;
        let parts = crew.addresses().zip(crew.instances()).zip(states);
        let instances = parts.map(|(((name, address), (_, instance)), began)| Described {
            name: name.to_owned(),
            began,
            url: BaseUrl::of(address).to_string(),
            running: true,
            breaker: (&instance.breaker().config()).into(),
            settings: instance.tuning().settings(),
        });
        let number = watched.names.len();
        Self {
            description: Description {
                seed: watched.seed,
                rate: watched.rate,
                load: operation.load.view(),
                until_s: watched.until.map(|until| until.as_secs_f64()),
                unhealthy_at: watched.fleet.recorder(|it| it.unhealthy_at()),
                downstream: control.to_string(),
                // The first look says how the instances decide.
                coordination: None,
                instances: instances.collect(),
            },
            orders: OrderSource::new(operation),
            coordinator: Arc::clone(&watched.coordinator),
            decided: 0,
            clock: watched.clock,
            breakers: watched.breakers.clone(),
            record: Arc::clone(&watched.record),
            fleet: Arc::clone(&watched.fleet),
            together: FleetSource::new(watched.readers.clone(), Arc::clone(&watched.told)),
            outcomes: vec![Outcomes::default(); number],
            seen: Seen {
                changes: vec![0; number],
                truths: vec![None; number],
                phases: 0,
                turns: vec![0; number],
            },
            seconds: 0,
        }
    }

    /// The row of one instance.
    fn row(&mut self, place: usize) -> Row {
        let now = self.record.figures(place);
        let before = std::mem::replace(&mut self.outcomes[place], now);
        let more = |of: fn(&Outcomes) -> u64| of(&now).saturating_sub(of(&before));
        let snapshot = self.breakers[place].snapshot();
        Row([
            more(|it| it[ClientOutcome::Ok]),
            more(|it| it.failed() - it[ClientOutcome::Timeout]),
            more(|it| it[ClientOutcome::FastFail]),
            more(|it| it[ClientOutcome::Timeout]),
            snapshot.window.calls,
            snapshot.window.failures,
            snapshot.consecutive_failures.into(),
        ])
    }

    /// How the instances have decided since the last look, if that is something else.
    fn new_decisions(&mut self) -> Vec<CoordinationStep> {
        let changes = self.coordinator.changes();
        let new = changes.into_iter().enumerate().skip(self.decided);
        let steps: Vec<_> = new
            .map(|(number, it)| {
                let at = self.fleet.elapsed(it.at);
                CoordinationStep {
                    // What is so at the start has been so from the start.
                    at_s: if number == 0 { 0.0 } else { seconds(at) },
                    mode: it.mode.as_str(),
                    engine: it.engine_kind(),
                    different: it.different,
                }
            })
            .collect();
        self.decided += steps.len();
        steps
    }

    fn latencies(&mut self) -> Vec<SecondLatencies> {
        let over = self.record.seconds_from(self.seconds);
        if let Some(last) = over.last() {
            self.seconds = last.second + 1;
        }
        over.iter().map(SecondLatencies::from).collect()
    }
}

impl Source for PageSource {
    fn description(&self) -> Description {
        self.description.clone()
    }

    fn look(&mut self) -> Moment {
        let rows = (0..self.breakers.len()).map(|place| self.row(place));
        let rows = rows.collect();
        let at = self.fleet.elapsed(self.clock.now());
        let orders = self.orders.given(at);
        let mut moment = Moment {
            at,
            rows,
            latencies: self.latencies(),
            standings: self.together.standings(at),
            notes: self.together.notes(|at| self.fleet.elapsed(at)),
            plans: orders.plans,
            settings: orders.settings,
            loads: orders.loads,
            decisions: self.new_decisions(),
            ..Moment::default()
        };
        self.fleet.recorder(|it| self.seen.rest(it, &mut moment));
        moment
    }
}

impl Seen {
    /// What the recorder has learnt since the last time.
    fn rest(&mut self, recorder: &Recorder, moment: &mut Moment) {
        for (place, seen) in self.turns.iter_mut().enumerate() {
            for (at_s, works) in recorder.turns(place).skip(*seen) {
                *seen += 1;
                moment.turns.push(TurnStep(at_s, place, works));
            }
        }
        moment.turns.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (place, seen) in self.changes.iter_mut().enumerate() {
            let changes = recorder.changes(place);
            let new = changes[*seen..].iter();
            moment.changes.extend(new.map(|it| (place, it.clone())));
            *seen = changes.len();
        }
        let by_time = |(_, one): &(usize, Change), (_, other): &(usize, Change)| {
            one.at_s.total_cmp(&other.at_s)
        };
        moment.changes.sort_by(by_time);
        for (place, seen) in self.truths.iter_mut().enumerate() {
            let steps = recorder.truth_of(place).steps();
            // The last step that was seen may have given way to another one at its instant.
            let from = seen.map_or(0, |(at, _)| steps.partition_point(|step| step.0 < at));
            let new = steps[from..].iter().filter(|step| Some(**step) != *seen);
            for step in new {
                note(&mut moment.truths, *step, place);
            }
            *seen = steps.last().copied();
        }
        let all = self.truths.len();
        for step in &mut moment.truths {
            if step.of.len() == all {
                step.of.clear();
            }
        }
        moment
            .truths
            .sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        let phases = recorder.phases();
        let new = phases[self.phases..].iter();
        moment
            .phases
            .extend(new.map(|it| PhaseStart(it.from_s, it.name.clone())));
        self.phases = phases.len();
    }
}

/// Instances that take the same step share a row.
fn note(steps: &mut Vec<TruthStep>, (at_s, p_fail): (f64, f64), place: usize) {
    let same = |step: &&mut TruthStep| (step.at_s, step.p_fail) == (at_s, p_fail);
    match steps.iter_mut().find(same) {
        Some(step) => step.of.push(place),
        None => steps.push(TruthStep {
            at_s,
            p_fail,
            of: vec![place],
        }),
    }
}

/// Seconds to a millionth.
fn seconds(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e6
}
