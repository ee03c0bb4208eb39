//! The answers of the naive model: each is read from the start or from the end of the list, and
//! nothing is kept.

use std::time::Duration;

use fusebox::{Cause, HoldStage, Outcome, RejectReason, State};

use super::fleet::is_the_fleets;
use super::{Entry, Model};
use crate::settings::{Lately, Probes, Settings};

/// What a snapshot shows, for comparison.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) at: Duration,
    pub(crate) state: State,
    pub(crate) generation: u64,
    pub(crate) since: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) consecutive_failures: u32,
    pub(crate) window: [u64; 4],
    pub(crate) rated: bool,
    pub(crate) openings: u32,
    pub(crate) probes: [u32; 2],
    pub(crate) hold: Option<(u64, HoldStage, Option<Duration>)>,
    pub(crate) trips: Vec<u64>,
    pub(crate) calls: Vec<u64>,
    pub(crate) rejections: Vec<u64>,
    pub(crate) slow_calls: u64,
    pub(crate) would_trip: u64,
    pub(crate) time: Vec<Duration>,
    pub(crate) transitions: Vec<Vec<u64>>,
}

impl Model {
    pub(crate) fn state(&self) -> State {
        let mut changes = self.log.iter().rev();
        changes
            .find_map(|entry| match entry {
                Entry::Change { to, .. } => Some(*to),
                _ => None,
            })
            .unwrap_or(State::Closed)
    }

    /// From, to, cause, time and generation of every transition.
    pub(crate) fn transitions(&self) -> Vec<(State, State, Cause, Duration, u64)> {
        let (mut from, mut generation) = (State::Closed, 0);
        let mut transitions = Vec::new();
        for entry in &self.log {
            match entry {
                Entry::Reset => generation += 1,
                Entry::Change { to, cause, at, .. } => {
                    generation += 1;
                    transitions.push((from, *to, *cause, *at, generation));
                    from = *to;
                }
                _ => {}
            }
        }
        transitions
    }

    pub(crate) fn seen(&mut self, now: Duration) -> Seen {
        self.now = self.now.max(now);
        let [calls, _, _, _] = self.window();
        let mut seen = Seen {
            at: self.now,
            state: self.state(),
            generation: self.generation(),
            since: Duration::ZERO,
            deadline: self.deadline(),
            consecutive_failures: self.run_of_failures(),
            window: self.window(),
            rated: calls > 0 && calls >= self.settings.enough(),
            openings: self.level(),
            probes: [self.in_flight(), self.free()],
            hold: self.held(),
            trips: vec![0; Cause::TRIPS.len()],
            calls: vec![0; Outcome::ALL.len()],
            rejections: vec![0; RejectReason::ALL.len()],
            slow_calls: 0,
            would_trip: 0,
            time: vec![Duration::ZERO; State::ALL.len()],
            transitions: vec![vec![0; State::ALL.len()]; State::ALL.len()],
        };
        let mut state = State::Closed;
        for entry in &self.log {
            match entry {
                Entry::End {
                    outcome, verdict, ..
                } => {
                    seen.calls[place(Outcome::ALL, outcome)] += 1;
                    seen.slow_calls += u64::from(matches!(verdict, Some((_, true))));
                }
                Entry::Rejected { reason, .. } => {
                    seen.rejections[place(RejectReason::ALL, reason)] += 1;
                }
                Entry::WouldTrip => seen.would_trip += 1,
                Entry::Change { to, at, cause, .. } => {
                    let opens = *cause != Cause::Fleet || state == State::Closed;
                    if let State::Open | State::ForcedOpen = to
                        && let Some(rule) = Cause::TRIPS.iter().position(|rule| rule == cause)
                    {
                        seen.trips[rule] += u64::from(opens);
                    }
                    let (left, entered) = (place(State::ALL, &state), place(State::ALL, to));
                    seen.time[left] += *at - seen.since;
                    seen.transitions[left][entered] += 1;
                    (seen.since, state) = (*at, *to);
                }
                Entry::Reset
                | Entry::Start { .. }
                | Entry::NewRamp
                | Entry::NewSettings { .. }
                | Entry::Verdict(_)
                | Entry::Hint(_)
                | Entry::Released(_) => {}
            }
        }
        seen.time[place(State::ALL, &state)] += self.now - seen.since;
        seen
    }

    /// What happened since the last transition or reset.
    pub(super) fn era(&self) -> &[Entry] {
        let border = |entry: &Entry| matches!(entry, Entry::Change { .. } | Entry::Reset);
        let start = self.log.iter().rposition(border).map_or(0, |last| last + 1);
        &self.log[start..]
    }

    pub(super) fn generation(&self) -> u64 {
        let border = |entry: &&Entry| matches!(entry, Entry::Change { .. } | Entry::Reset);
        self.log.iter().filter(border).count() as u64
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let mut changes = self.log.iter().rev();
        changes.find_map(|entry| match entry {
            Entry::Change { until, .. } => Some(*until),
            _ => None,
        })?
    }

    /// The level of the back-off, by living through everything once more.
    pub(super) fn level(&self) -> u32 {
        let mut backoff = Backoff::default();
        for entry in &self.log {
            match entry {
                Entry::Reset => backoff = Backoff::default(),
                Entry::Change {
                    to,
                    cause,
                    at,
                    ramp_at_first: ramp,
                    settings,
                    ..
                } => {
                    backoff.pass(*at, settings);
                    backoff.enter(*to, *cause, *at + ramp.unwrap_or_default(), settings);
                }
                Entry::NewSettings {
                    at,
                    before,
                    after,
                    ramp_end,
                } => {
                    if before.decay != after.decay {
                        backoff.pass(*at, before);
                        backoff.keep_at_most_one_step(*at, after);
                    }
                    if let Some(end) = ramp_end {
                        backoff.calm_from = Some(signed(*end));
                    }
                }
                _ => {}
            }
        }
        backoff.pass(self.now, &self.settings);
        backoff.level
    }

    /// The time until the ramp ends, while there is one.
    pub(super) fn ramp_left(&self) -> Option<Duration> {
        let (at, ramp) = self.ramp()?;
        let left = (at + ramp).checked_sub(self.now);
        left.filter(|left| !left.is_zero())
    }

    /// Begin and length of the last ramp, if the last change or reset began one.
    fn ramp(&self) -> Option<(Duration, Duration)> {
        let border = |entry: &&Entry| matches!(entry, Entry::Change { .. } | Entry::Reset);
        match self.log.iter().rev().find(border)? {
            Entry::Change { at, ramp, .. } => Some((*at, (*ramp)?)),
            _ => None,
        }
    }

    /// Whether the ramp lets one more call pass: each asking call adds the share of its moment.
    pub(super) fn ramp_admits(&self) -> bool {
        let (Some(left), Some((_, ramp))) = (self.ramp_left(), self.ramp()) else {
            return true;
        };
        let fresh = |entry: &Entry| matches!(entry, Entry::NewRamp);
        let start = self.era().iter().rposition(fresh);
        let asked = &self.era()[start.map_or(0, |last| last + 1)..];
        let end = self.now + left;
        let share = |at: Duration| {
            let gone = (ramp - (end - at)).as_nanos() * 1_000_000 / ramp.as_nanos();
            gone.clamp(100_000, 1_000_000)
        };
        let (mut credit, mut passed) = (900_000 + share(self.now), 0);
        for entry in asked {
            match entry {
                Entry::Start { at, .. } => {
                    credit += share(*at);
                    passed += 1_000_000;
                }
                Entry::Rejected { at, .. } => credit += share(*at),
                _ => {}
            }
        }
        credit - passed >= 1_000_000
    }

    /// Time, failed and slow of each call of this era that says something.
    fn verdicts(&self) -> Vec<(Duration, bool, bool)> {
        let verdict = |entry: &Entry| match entry {
            Entry::End {
                at,
                verdict: Some((failed, slow)),
                ..
            } => Some((*at, *failed, *slow)),
            _ => None,
        };
        self.era().iter().filter_map(verdict).collect()
    }

    fn is_judging(&self) -> bool {
        matches!(self.state(), State::Closed | State::MetricsOnly)
    }

    pub(super) fn window(&self) -> [u64; 4] {
        if !self.settings.has_window() || !self.is_judging() {
            return [0; 4];
        }
        let mut verdicts = self.verdicts();
        match self.settings.window {
            Lately::Count(calls) => {
                let old = verdicts.len().saturating_sub(calls as usize);
                verdicts.drain(..old);
            }
            Lately::Time { bucket, buckets } => {
                let number =
                    |at: Duration| at.as_nanos() / Duration::from_millis(bucket).as_nanos();
                let present = number(self.now);
                verdicts.retain(|(at, ..)| number(*at) + u128::from(buckets) > present);
            }
        }
        let failed = verdicts.iter().filter(|(_, failed, _)| *failed).count();
        let slow = verdicts.iter().filter(|(_, _, slow)| *slow).count();
        [
            verdicts.len() as u64,
            failed as u64,
            slow as u64,
            self.overdue(),
        ]
    }

    /// Calls of this era that have been under way for longer than a slow call takes.
    fn overdue(&self) -> u64 {
        let Some(limit) = self.settings.slow_over.filter(|_| self.settings.overdue) else {
            return 0;
        };
        let hangs = |entry: &&Entry| match entry {
            Entry::Start { at, ended, .. } => {
                !ended && self.now - *at > Duration::from_millis(limit)
            }
            _ => false,
        };
        self.era().iter().filter(hangs).count() as u64
    }

    pub(super) fn run_of_failures(&self) -> u32 {
        if !self.is_judging() {
            return 0;
        }
        let verdicts = self.verdicts();
        let run = verdicts.iter().rev().take_while(|(_, failed, _)| *failed);
        u32::try_from(run.count()).unwrap()
    }

    /// Good and bad probes of this half-open period.
    pub(super) fn probes(&self) -> (u32, u32) {
        let (mut good, mut bad) = (0, 0);
        for (_, failed, slow) in self.verdicts() {
            if failed || slow {
                bad += 1;
            } else {
                good += 1;
            }
        }
        (good, bad)
    }

    fn in_flight(&self) -> u32 {
        if self.state() != State::HalfOpen {
            return 0;
        }
        let mut running = 0;
        for entry in self.era() {
            match entry {
                Entry::Start { .. } => running += 1,
                Entry::End { outcome, .. } if *outcome != Outcome::Late => running -= 1,
                _ => {}
            }
        }
        running
    }

    pub(super) fn free(&self) -> u32 {
        if self.state() != State::HalfOpen {
            return 0;
        }
        if self.stage().is_some() {
            return 1 - self.in_flight();
        }
        let (good, bad) = self.probes();
        let needed = match self.settings.probes {
            Probes::Count { successes, .. } => successes.saturating_sub(good),
            Probes::Rate { trial, .. } => trial.saturating_sub(good + bad),
        };
        needed
            .min(self.settings.permits())
            .saturating_sub(self.in_flight())
    }
}

fn place<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|item| item == one).unwrap()
}

/// The back-off while history is lived through again. Times are nanoseconds, which may be negative.
#[derive(Default)]
struct Backoff {
    level: u32,
    /// Since when calm adds up towards the next step down.
    calm_from: Option<i128>,
}

impl Backoff {
    fn enter(&mut self, state: State, cause: Cause, calm_from: Duration, settings: &Settings) {
        self.calm_from = (state == State::Closed).then(|| signed(calm_from));
        match state {
            State::Open if is_the_fleets(cause) => {}
            State::Open => self.level = settings.capped(self.level + 1),
            State::Closed if cause == Cause::Manual => self.level = 0,
            _ => {}
        }
    }

    /// Takes off what the calm up to `now` takes off.
    fn pass(&mut self, now: Duration, settings: &Settings) {
        let now = signed(now);
        let Some(mut from) = self.calm_from.filter(|from| *from <= now) else {
            return;
        };
        let Some(decay) = settings.decay else {
            self.level = 0;
            return;
        };
        let decay = i128::from(decay) * 1_000_000;
        while self.level > 0 && from + decay <= now {
            from += decay;
            self.level -= 1;
        }
        self.calm_from = Some(from);
    }

    /// Calm that began under another decay counts on, for one step at most.
    fn keep_at_most_one_step(&mut self, now: Duration, settings: &Settings) {
        let now = signed(now);
        if let Some(from) = self.calm_from.filter(|from| *from <= now) {
            let step = i128::from(settings.decay.unwrap_or(0)) * 1_000_000;
            self.calm_from = Some(from.max(now - step));
        }
    }
}

fn signed(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap()
}
