//! The history of a run that is over, in the shape in which the page gets that of a live one.
//!
//! So the page's modules draw both. What windows held between transitions is in no result, and is left out.

use std::time::Duration;

use experiment::load::{LoadResult, Second, SecondOfTarget};
use experiment::outcome::ClientOutcome;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use serde::Serialize;
use serde_json::Value;

use super::together::{self, Beside, Known};
use crate::page::{
    Coordination, Moment, PhaseStart, Row, Rules, SecondLatencies, TruthStep, TurnStep, history,
};

/// One run as the script of a report takes it.
pub(super) struct Told {
    /// Its number in the result, from 1.
    number: usize,
    hello: Hello,
    /// How long it was watched, in seconds.
    duration_s: f64,
    /// Whether seconds were kept for all instances together.
    together: bool,
    /// What stands beside the history, and until when it is known, in JSON.
    beside: String,
    known: String,
    /// What `GET /api/history` would say of it, in JSON; none where that would be too much for one file.
    history: Option<String>,
}

/// What stays the same during a run.
#[derive(Serialize)]
struct Hello {
    run: usize,
    unhealthy_at: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    coordination: Option<Coordination>,
    instances: Vec<Described>,
}

#[derive(Serialize)]
struct Described {
    name: String,
    began: fusebox::State,
    breaker: Value,
}

/// Seconds of a run whose page can go back to its start: the page's memory keeps so many.
const MOST_SECONDS: usize = 3600;
/// Transitions, and steps of the truth, likewise.
const MOST_CHANGES: usize = 200_000;
/// Instances times seconds that a browser can hold at once: 9 figures of 4 bytes for each.
const MOST_CELLS: usize = 4_000_000;

impl Told {
    /// A run of this number; its scenario knows the breakers' settings.
    pub(super) fn of(run: &Repetition, number: usize, scenario: Option<&Scenario>) -> Self {
        let fleet = &run.fleet;
        let instances = fleet.instances.iter().map(|one| Described {
            name: one.name.clone(),
            began: one.began,
            breaker: rules(scenario, &one.name),
        });
        let history = fits(run).then(|| written(run));
        Self {
            number,
            hello: Hello {
                run: number,
                unhealthy_at: fleet.unhealthy_at,
                coordination: together::coordination(run),
                instances: instances.collect(),
            },
            duration_s: fleet.duration_s,
            together: run.load.seconds.iter().any(|second| second.all.is_some()),
            beside: json(&Beside::of(run)),
            known: json(&Known::of(run)),
            history,
        }
    }

    /// How many bytes its history takes.
    pub(super) fn size(&self) -> usize {
        let history = self.history.as_ref().map_or(0, String::len);
        history + self.beside.len()
    }

    /// It in JSON.
    pub(super) fn json(&self) -> String {
        format!(
            "{{\"number\":{},\"duration\":{},\"together\":{},\"known\":{},\"hello\":{},\"beside\":{},\"history\":{}}}",
            self.number,
            self.duration_s,
            self.together,
            self.known,
            json(&self.hello),
            self.beside,
            self.history.as_deref().unwrap_or("null"),
        )
    }

    /// The same without its history.
    pub(super) fn without_history(self) -> Self {
        Self {
            history: None,
            beside: "{}".to_owned(),
            ..self
        }
    }

    /// Whether charts can be drawn of it.
    pub(super) fn is_drawn(&self) -> bool {
        self.history.is_some()
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names of fields are text")
}

/// Whether charts can show all of a run: one without its beginning would look like a run that began later.
fn fits(run: &Repetition) -> bool {
    let seconds = run.load.seconds.len();
    let instances = &run.fleet.instances;
    let changes: usize = instances.iter().map(|one| one.transitions.len()).sum();
    let steps: usize = run.fleet.truths.iter().map(|one| one.steps().len()).sum();
    seconds <= MOST_SECONDS
        && changes.max(steps) <= MOST_CHANGES
        && instances.len().saturating_mul(seconds) <= MOST_CELLS
}

/// The settings of a breaker that explain what it does, as far as they are known.
fn rules(scenario: Option<&Scenario>, instance: &str) -> Value {
    let known = scenario.and_then(|scenario| {
        let place = scenario.place_of(instance)?;
        serde_json::to_value(Rules::from(&scenario.config_of(place))).ok()
    });
    known.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

fn written(run: &Repetition) -> String {
    String::from_utf8(history(&moments(run), end(run))).expect("JSON is text")
}

/// An instant after all that is in the record.
fn end(run: &Repetition) -> f64 {
    let changes = run.fleet.instances.iter().flat_map(|one| &one.transitions);
    let last = changes
        .map(|change| change.at_s)
        .fold(run.fleet.duration_s, f64::max);
    let seconds = run
        .load
        .seconds
        .last()
        .map_or(0.0, |last| seconds(last.second) + 1.0);
    last.max(seconds) + 1.0
}

/// One moment for each second, the last of which tells all that is exact to the transition.
fn moments(run: &Repetition) -> Vec<Moment> {
    let mut moments: Vec<Moment> = run
        .load
        .seconds
        .iter()
        .map(|second| moment(second, &run.load))
        .collect();
    if moments.is_empty() {
        moments.push(Moment::default());
    }
    if let Some(last) = moments.last_mut() {
        last.changes = changes(run);
        last.truths = truths(run);
        last.turns = turns(run);
        last.standings = together::standings(run);
        last.notes = together::notes(run);
        last.settings = together::settings(run.orders.as_ref());
        let phases = run.fleet.phases.iter();
        last.phases = phases
            .map(|phase| PhaseStart(phase.from_s, phase.name.clone()))
            .collect();
    }
    moments
}

/// Just before its second is over, or the run is.
fn moment(second: &Second, load: &LoadResult) -> Moment {
    let begin = Duration::from_secs(second.second);
    let whole = begin + Duration::from_millis(999);
    let end = Duration::try_from_secs_f64(load.duration_s).unwrap_or(whole);
    Moment {
        at: whole.min(end).max(begin),
        rows: second.targets.iter().chain(&second.all).map(row).collect(),
        latencies: vec![SecondLatencies::from(second)],
        ..Moment::default()
    }
}

fn row(target: &SecondOfTarget) -> Row {
    let outcomes = &target.outcomes;
    let timeouts = outcomes[ClientOutcome::Timeout];
    Row([
        outcomes[ClientOutcome::Ok],
        outcomes.failed().saturating_sub(timeouts),
        outcomes[ClientOutcome::FastFail],
        timeouts,
        0,
        0,
        0,
    ])
}

fn changes(run: &Repetition) -> Vec<(usize, experiment::fleet::Change)> {
    let instances = run.fleet.instances.iter().enumerate();
    let changes = instances.flat_map(|(place, one)| {
        one.transitions
            .iter()
            .map(move |change| (place, change.clone()))
    });
    let mut changes: Vec<_> = changes.collect();
    changes.sort_by(|(_, one), (_, other)| one.at_s.total_cmp(&other.at_s));
    changes
}

/// When instances were stopped, and worked again before the end.
fn turns(run: &Repetition) -> Vec<TurnStep> {
    let end = run.fleet.duration_s;
    let instances = run.fleet.instances.iter().enumerate();
    let turns = instances.flat_map(|(place, one)| {
        let stopped = one.stopped.iter();
        stopped.flat_map(move |&(from, until)| {
            [TurnStep(from, place, false), TurnStep(until, place, true)]
        })
    });
    let mut turns: Vec<_> = turns.filter(|turn| turn.0 < end).collect();
    turns.sort_by(|one, other| one.0.total_cmp(&other.0));
    turns
}

/// The steps of all timelines, each with the instances that follow it.
fn truths(run: &Repetition) -> Vec<TruthStep> {
    let fleet = &run.fleet;
    let timelines = fleet.truths.iter().enumerate();
    let steps = timelines.flat_map(|(truth, timeline)| {
        let all = fleet.instances.iter().enumerate();
        let follow = all.filter(|(_, one)| one.truth == truth);
        let of: Vec<usize> = follow.map(|(place, _)| place).collect();
        let of_all = of.len() == fleet.instances.len();
        let steps = timeline
            .steps()
            .iter()
            .map(move |&(at_s, p_fail)| TruthStep {
                at_s,
                p_fail,
                of: if of_all { Vec::new() } else { of.clone() },
            });
        steps.collect::<Vec<_>>()
    });
    let mut steps: Vec<TruthStep> = steps.collect();
    steps.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
    steps
}

#[expect(clippy::cast_precision_loss, reason = "seconds of one run")]
fn seconds(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_whose_charts_would_lack_their_beginning_has_none() {
        let scenario =
            "title = \"t\"\nduration = \"10s\"\n[faults]\nphases = [{ name = \"well\" }]\n";
        let scenario = Scenario::parse(scenario).unwrap();
        let mut run = simulator::run(&scenario, 1, &simulator::Options::default());
        assert!(Told::of(&run, 1, None).is_drawn());

        let second = run.load.seconds[0].clone();
        run.load.seconds = vec![second; 3600];
        assert!(Told::of(&run, 1, None).is_drawn());
        run.load.seconds.push(run.load.seconds[0].clone());
        assert!(!Told::of(&run, 1, None).is_drawn());
    }
}
