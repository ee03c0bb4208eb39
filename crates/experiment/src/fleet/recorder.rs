//! The recorder of belief and truth, which is told what happens in a live or simulated run and keeps the record.
//!
//! It never asks: transitions come from the breakers, phases and truths from the player of the faults, and calls from
//! their callers. It weights each call at once with the probability of that moment. So the expected number of wasted
//! calls is exact, although small changes of the truth make no step in the record. Instances that share one truth
//! share one timeline: a change costs the same for three instances and for a thousand.

mod absence;
mod now;

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox::{State, Transition};

use absence::Absence;

use super::agreement::{Agreement, Divergence};
use super::timeline::{Timeline, millionths, seconds};
use super::{Calls, Change, FaultPhase, FleetRecord, InstanceRecord, TrafficCounter};
use crate::load::MixedSeconds;

/// How many calls one breaker has permitted and rejected since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Calls that it let pass.
    pub permitted: u64,
    /// Calls that it rejected.
    pub rejected: u64,
}

/// What is counted elsewhere and belongs into the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Seconds in which one instance answered 503 while another answered 200.
    pub mixed_seconds: MixedSeconds,
    /// For each instance, calls that reached the downstream.
    pub downstream_calls: Vec<u64>,
    /// How permitted calls came, where that was seen.
    pub traffic: Option<TrafficCounter>,
}

/// Follows the breakers of a fleet and the truth about their downstream. Times count from the start of the run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::fleet::{Counted, Recorder};
/// use fusebox::State;
///
/// let fleet = [("A", State::Closed), ("B", State::Open)];
/// let mut recorder = Recorder::new(fleet.map(|(name, state)| (name.to_owned(), state)), 0.5);
/// recorder.phase(Duration::ZERO, "outage");
/// for instance in 0..2 {
///     recorder.truth(instance, Duration::ZERO, 0.75); // each follows a truth of its own
/// }
/// for _ in 0..4 {
///     recorder.permitted(0);
///     recorder.rejected(1);
/// }
/// let record = recorder.finish(Duration::from_secs(10), Counted::default());
/// // Three of the four calls of A were expected to fail, one of the four of B would have succeeded.
/// assert_eq!(record.belief("A", None).unwrap().wasted_calls, 3.0);
/// assert_eq!(record.belief("B", None).unwrap().wrongly_rejected_calls, 1.0);
/// assert_eq!(record.truths.len(), 1); // both had the same truth
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    unhealthy_at: f64,
    truth_follows_load: bool,
    instances: Vec<Watched>,
    /// For each instance, which timeline it follows: apart from the rest, as each call asks for it.
    follows: Vec<u32>,
    truths: Vec<Truth>,
    phases: Vec<FaultPhase>,
    /// The names of phases, in the order in which they first came.
    names: Vec<String>,
    /// The place of the present one.
    present: usize,
    /// For each name, and each instance in it, what was asked.
    calls: Vec<Vec<Calls>>,
    agreement: Agreement,
    divergence: Divergence,
    lost_in_recovery: f64,
}

/// One breaker so far.
#[derive(Clone, Debug)]
struct Watched {
    name: String,
    began: State,
    state: State,
    transitions: Vec<Change>,
    asked: Asked,
    absence: Absence,
}

/// One timeline so far.
#[derive(Clone, Debug, Default)]
struct Truth {
    p_fail: f64,
    /// It was unhealthy at some time and is not now.
    recovered: bool,
    was_unhealthy: bool,
    timeline: Timeline,
}

impl Recorder {
    /// Follows instances with these names and first states. The downstream counts as unhealthy from the
    /// probability `unhealthy_at` on. Each instance follows a truth of its own, with the same place.
    pub fn new(instances: impl IntoIterator<Item = (String, State)>, unhealthy_at: f64) -> Self {
        let instances = instances.into_iter();
        let instances: Vec<_> = instances
            .map(|(name, state)| Watched {
                name,
                began: state,
                state,
                transitions: Vec::new(),
                asked: Asked::default(),
                absence: Absence::default(),
            })
            .collect();
        let agreement = Agreement::of(instances.iter().map(|one| one.state));
        let states = || instances.iter().map(|one| one.state).collect();
        let apart = agreement.difference().opens;
        Self {
            unhealthy_at,
            truth_follows_load: false,
            follows: (0..).take(instances.len()).collect(),
            truths: vec![Truth::default(); instances.len()],
            phases: Vec::new(),
            names: Vec::new(),
            present: 0,
            calls: vec![vec![Calls::default(); instances.len()]],
            divergence: Divergence {
                first: apart.then(|| (Duration::ZERO, states())),
                ..Divergence::default()
            },
            agreement,
            instances,
            lost_in_recovery: 0.0,
        }
    }

    /// The same, for instances that share truths: for each instance the place of the timeline that it follows.
    ///
    /// # Panics
    ///
    /// When there are not as many places as instances.
    #[must_use]
    pub fn sharing(mut self, places: &[usize]) -> Self {
        assert_eq!(
            places.len(),
            self.instances.len(),
            "a place for each instance"
        );
        let follows = places.iter().map(|place| u32::try_from(*place));
        let follows: Result<_, _> = follows.collect();
        self.follows = follows.expect("fewer timelines than 2^32");
        let number = places.iter().max().map_or(0, |last| last + 1);
        self.truths = vec![Truth::default(); number];
        self
    }

    /// The same, for a downstream whose health follows the load (the overload model): what breakers do changes it.
    #[must_use]
    pub fn with_truth_that_follows_load(mut self) -> Self {
        self.truth_follows_load = true;
        self
    }

    /// Notes that the health of the downstream follows the load from now on. The whole record then says so, because a
    /// figure of the run cannot be known for a part of it.
    pub fn follow_load(&mut self) {
        self.truth_follows_load = true;
    }

    /// Notes that the phase called `name` goes on, or begins, at `at`. Calls count for the phase that they are
    /// told in.
    pub fn phase(&mut self, at: Duration, name: &str) {
        let at_s = seconds(at);
        if let Some(last) = self.phases.last_mut() {
            last.until_s = at_s;
            if last.name == name {
                return;
            }
        }
        let from_s = if self.phases.is_empty() { 0.0 } else { at_s };
        self.phases.push(FaultPhase {
            name: name.to_owned(),
            from_s,
            until_s: at_s,
        });
        self.present = self.place_of(name);
    }

    /// The place of a phase's name, in which calls are counted.
    fn place_of(&mut self, name: &str) -> usize {
        if let Some(place) = self.names.iter().position(|known| known == name) {
            return place;
        }
        self.names.push(name.to_owned());
        if self.names.len() > self.calls.len() {
            self.calls
                .push(vec![Calls::default(); self.instances.len()]);
        }
        self.names.len() - 1
    }

    /// Notes that calls of whoever follows this timeline would fail with probability `p_fail` from `at` on.
    ///
    /// # Panics
    ///
    /// When there is no such timeline.
    pub fn truth(&mut self, place: usize, at: Duration, p_fail: f64) {
        let truth = &mut self.truths[place];
        truth.p_fail = p_fail;
        let unhealthy = p_fail >= self.unhealthy_at;
        truth.was_unhealthy |= unhealthy;
        truth.recovered = truth.was_unhealthy && !unhealthy;
        truth.timeline.step(at, p_fail, self.unhealthy_at);
    }

    /// Notes that a breaker permits a call now.
    pub fn permitted(&mut self, instance: usize) {
        let p_fail = self.p_fail(instance);
        self.calls[self.present][instance].permit(1, p_fail);
    }

    /// Notes that a breaker rejects a call now.
    pub fn rejected(&mut self, instance: usize) {
        let p_fail = self.p_fail(instance);
        self.calls[self.present][instance].reject(1, p_fail);
        self.lose(instance, 1, p_fail);
    }

    /// Notes how many calls a breaker has permitted and rejected so far, for whoever cannot tell each of them.
    /// Those that are new since the last time count with the truth and the phase that hold now: tell them before
    /// either changes.
    pub fn asked(&mut self, instance: usize, asked: Asked) {
        let p_fail = self.p_fail(instance);
        let before = std::mem::replace(&mut self.instances[instance].asked, asked);
        let calls = &mut self.calls[self.present][instance];
        calls.permit(asked.permitted.saturating_sub(before.permitted), p_fail);
        let rejected = asked.rejected.saturating_sub(before.rejected);
        calls.reject(rejected, p_fail);
        self.lose(instance, rejected, p_fail);
    }

    /// Calls are rejected now; after a fault they are lost in recovery.
    #[expect(clippy::cast_precision_loss, reason = "calls of one run")]
    fn lose(&mut self, instance: usize, rejected: u64, p_fail: f64) {
        if self.truths[self.follows[instance] as usize].recovered {
            self.lost_in_recovery += rejected as f64 * (1.0 - p_fail);
        }
    }

    /// Notes a breaker's change of state.
    pub fn transition(&mut self, instance: usize, at: Duration, transition: &Transition) {
        self.divergence.pass(at, self.agreement.difference());
        let one = &mut self.instances[instance];
        if one.absence.is_over() {
            self.agreement.change(one.state, transition.to);
        }
        one.state = transition.to;
        one.transitions.push(Change::new(at, transition));
        if self.divergence.first.is_none() && self.agreement.difference().opens {
            self.divergence.first = Some((at, self.states()));
        }
    }

    /// The calls that breakers have permitted so far, and how many of those were expected to fail.
    pub fn wasted(&self) -> (u64, f64) {
        let all = self.calls.iter().flatten();
        all.fold((0, 0.0), |(calls, wasted), one| {
            (calls + one.permitted, wasted + one.wasted)
        })
    }

    /// How many calls one breaker has permitted in the present phase.
    #[inline]
    pub fn permitted_now(&self, instance: usize) -> u64 {
        self.calls[self.present][instance].permitted
    }

    /// The record of a run that ends at `at`.
    pub fn finish(&self, at: Duration, counted: Counted) -> FleetRecord {
        let duration_s = seconds(at);
        let mut phases = self.phases.clone();
        if let Some(last) = phases.last_mut() {
            last.until_s = duration_s;
        }
        let (truths, places) = self.distinct_truths();
        let mut reached = counted.downstream_calls.into_iter();
        let instances = self.instances.iter().enumerate();
        let instances = instances.map(|(place, one)| InstanceRecord {
            name: one.name.clone(),
            began: one.began,
            truth: places[self.follows[place] as usize],
            transitions: one.transitions.clone(),
            calls: self
                .calls
                .iter()
                .map(|of_phase| of_phase[place].rounded())
                .collect(),
            downstream_calls: reached.next().unwrap_or_default(),
            stopped: one.absence.until(duration_s),
        });
        FleetRecord {
            duration_s,
            unhealthy_at: self.unhealthy_at,
            truth_follows_load: self.truth_follows_load,
            mixed_seconds: counted.mixed_seconds,
            lost_in_recovery: millionths(self.lost_in_recovery),
            traffic: counted
                .traffic
                .map(|traffic| traffic.finish(at, self.closings())),
            phases,
            truths,
            instances: instances.collect(),
        }
    }

    /// When breakers closed that had not been closed, in seconds.
    fn closings(&self) -> impl Iterator<Item = f64> {
        let changes = self.instances.iter().flat_map(|one| &one.transitions);
        let closings = changes.filter(|it| it.to == State::Closed && it.from != State::Closed);
        closings.map(|it| it.at_s)
    }

    /// The timelines without those that are the same, and where each is now.
    fn distinct_truths(&self) -> (Vec<Timeline>, Vec<usize>) {
        let mut known = BTreeMap::new();
        let mut distinct = Vec::new();
        let places = self.truths.iter().map(|truth| {
            *known.entry(truth.timeline.bits()).or_insert_with(|| {
                distinct.push(truth.timeline.clone());
                distinct.len() - 1
            })
        });
        let places = places.collect();
        (distinct, places)
    }
}

#[cfg(test)]
mod tests;
