//! Fleets for the steps: a scenario in a few words, and what a run of it shows.

use std::fmt::Write;

use experiment::fleet::{Calls, InstanceRecord};
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::State;
use simulator::{Options, run};

/// The healthy time at the start, in which windows fill.
pub(crate) const HEALTHY_S: f64 = 5.0;

/// Instances, their breakers and what happens to them. They share nothing but the downstream, so one run is many
/// independent fleets.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    /// How many instances there are.
    pub(crate) size: u32,
    /// r, calls per second of one instance.
    pub(crate) rate: f64,
    /// The lines of `[breaker]`.
    pub(crate) breaker: String,
    /// d and τ: how long every answer takes, in milliseconds.
    pub(crate) latency_ms: u64,
    /// The time without faults at first, in seconds.
    pub(crate) healthy_s: f64,
    /// The share of calls that fail then.
    pub(crate) failing: f64,
    /// For how long, in seconds.
    pub(crate) outage_s: f64,
    /// The time without faults at last, in seconds.
    pub(crate) after_s: f64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            size: 600,
            rate: 10.0,
            breaker: String::new(),
            latency_ms: 0,
            healthy_s: HEALTHY_S,
            failing: 1.0,
            outage_s: 5.0,
            after_s: 0.0,
        }
    }
}

/// A breaker that trips at `limit` failures in a window of `width` calls, and then stays open to the end.
pub(crate) fn count_window(width: u32, limit: u32) -> String {
    let share = f64::from(limit) / f64::from(width);
    format!(
        "consecutive_failures = \"off\"\nfailure_rate_threshold = {share}\nwindow_calls = {width}\n\
         minimum_calls = 1\nopen_for = \"1h\"\njitter = 0.0\n"
    )
}

impl Fleet {
    fn scenario(&self) -> Scenario {
        let millis = |seconds: f64| (seconds * 1000.0).round();
        let latency = format!("latency_ms = {}", self.latency_ms);
        let mut text = format!(
            "title = \"a step\"\nduration = \"{}ms\"\n[fleet]\nsize = {}\n[breaker]\n{}\
             [load]\nrate = {}\n[faults]\nphases = [\n",
            millis(self.healthy_s + self.outage_s + self.after_s),
            self.size,
            self.breaker,
            self.rate * f64::from(self.size),
        );
        let phases = [
            ("healthy", self.healthy_s, 0.0),
            ("outage", self.outage_s, self.failing),
            ("after", self.after_s, 0.0),
        ];
        for (name, seconds, failing) in phases.into_iter().filter(|(_, seconds, _)| *seconds > 0.0)
        {
            let length = millis(seconds);
            writeln!(
                text,
                "{{ name = \"{name}\", for_ms = {length}, failure_ratio = {failing}, {latency} }},"
            )
            .unwrap();
        }
        text.push_str("]\n");
        Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// The run with this seed.
    pub(crate) fn run(&self, seed: u64) -> Repetition {
        run(&self.scenario(), seed, &Options::default())
    }

    /// Runs with as many seeds.
    pub(crate) fn runs(&self, seeds: u64) -> impl Iterator<Item = Repetition> {
        let scenario = self.scenario();
        (1..=seeds).map(move |seed| run(&scenario, seed, &Options::default()))
    }

    /// When each instance opened first, in seconds after the fault began; one list per run.
    pub(crate) fn openings(&self, seeds: u64) -> Vec<Vec<f64>> {
        let openings = self.runs(seeds).map(|run| {
            let of_one = |one: &InstanceRecord| {
                first(one, State::Open).unwrap_or(f64::INFINITY) - self.healthy_s
            };
            run.fleet.instances.iter().map(of_one).collect()
        });
        openings.collect()
    }
}

/// When an instance first entered a state.
pub(crate) fn first(one: &InstanceRecord, state: State) -> Option<f64> {
    let mut entered = one.transitions.iter().filter(|change| change.to == state);
    entered.next().map(|change| change.at_s)
}

/// How many calls each instance was permitted while the downstream failed.
pub(crate) fn wasted(run: &Repetition) -> Vec<f64> {
    of_phase(run, "outage", |calls| calls.permitted as f64)
}

/// How many calls of each instance were rejected when the downstream was well again.
pub(crate) fn lost(run: &Repetition) -> Vec<f64> {
    of_phase(run, "after", |calls| calls.rejected as f64)
}

fn of_phase(run: &Repetition, phase: &str, figure: impl Fn(&Calls) -> f64) -> Vec<f64> {
    let place = run.fleet.phases.iter().position(|it| it.name == phase);
    let of_one = |one: &InstanceRecord| figure(&one.calls[place.unwrap()]);
    run.fleet.instances.iter().map(of_one).collect()
}
