//! Spans of time in which nothing changes, cut from series that change at different instants.

use fusebox::State;

use super::agreement::{Agreement, Difference};
use super::{FleetRecord, InstanceRecord, Timeline};

/// A time in which one value holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span<T> {
    /// When it begins, in seconds since the start of the run.
    pub from: f64,
    /// When it ends, in seconds since the start of the run.
    pub until: f64,
    /// What holds in it.
    pub value: T,
}

impl FleetRecord {
    /// When the downstream was unhealthy for the instance at this place (`true`) and when it was not, one span after
    /// another from the start to the end of the run; none where there is no such instance.
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::fleet::{FleetRecord, InstanceRecord, Timeline};
    ///
    /// let record = FleetRecord {
    ///     duration_s: 10.0,
    ///     unhealthy_at: 0.5,
    ///     truths: vec![Timeline::from([(0.0, 0.0), (2.0, 0.9), (6.0, 0.0)])],
    ///     instances: vec![InstanceRecord::default()],
    ///     ..FleetRecord::default()
    /// };
    /// let unhealthy: Vec<_> = record.health(0).into_iter().filter(|span| span.value).collect();
    /// assert_eq!((unhealthy[0].from, unhealthy[0].until), (2.0, 6.0));
    /// ```
    pub fn health(&self, place: usize) -> Vec<Span<bool>> {
        let nothing = Timeline::default();
        let Some(one) = self.instances.get(place) else {
            return Vec::new();
        };
        let truth = self.truths.get(one.truth).unwrap_or(&nothing);
        health(truth, self.unhealthy_at, self.duration_s)
    }

    /// The states of the breaker at this place, one span after another from the start to the end of the run; none
    /// where there is no such instance. A span may be empty where a breaker changed twice at one instant. Between them are
    /// gaps where somebody had stopped the instance.
    pub fn states(&self, place: usize) -> Vec<Span<State>> {
        let Some(one) = self.instances.get(place) else {
            return Vec::new();
        };
        let states = states(one, self.duration_s);
        if one.stopped.is_empty() {
            return states;
        }
        let cut = states.into_iter().flat_map(|span| {
            let left = without(&[(span.from, span.until)], &one.stopped);
            let value = span.value;
            left.into_iter()
                .map(move |(from, until)| Span { from, until, value })
        });
        cut.collect()
    }

    /// When one breaker let calls pass while another did not (`true`), and when they did not differ so, as long as
    /// possible.
    pub fn differing(&self) -> Vec<Span<bool>> {
        let mut merged: Vec<Span<bool>> = Vec::new();
        differences(self, |span, _| {
            let Span { from, until, value } = span;
            match merged.last_mut() {
                _ if from >= until => {}
                Some(last) if last.value == value.opens => last.until = until,
                _ => merged.push(Span {
                    from,
                    until,
                    value: value.opens,
                }),
            }
        });
        merged
    }
}

impl<T> Span<T> {
    /// How much of it lies within the windows, in seconds.
    pub(super) fn within(&self, windows: &[(f64, f64)]) -> f64 {
        let overlap =
            |&(from, until): &(f64, f64)| (self.until.min(until) - self.from.max(from)).max(0.0);
        windows.iter().map(overlap).sum()
    }
}

/// Whether an instant lies within the windows; each begins with its first instant and ends before its
/// last, so that windows side by side share nothing.
pub(super) fn contain(windows: &[(f64, f64)], at: f64) -> bool {
    windows
        .iter()
        .any(|&(from, until)| (from..until).contains(&at))
}

/// What is left of the windows beside the stretches, which are in order.
pub(super) fn without(windows: &[(f64, f64)], stretches: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut left = windows.to_vec();
    for &(from, until) in stretches {
        let parts = left.into_iter().flat_map(|(begin, end)| {
            let before = (begin, end.min(from));
            let after = (begin.max(until), end);
            [before, after]
        });
        left = parts.filter(|(begin, end)| begin < end).collect();
    }
    left
}

/// The spans of a series that begins with `first` and changes at instants that never go back.
fn spans<T: Copy>(first: T, changes: impl Iterator<Item = (f64, T)>, end: f64) -> Vec<Span<T>> {
    let mut spans = Vec::new();
    let (mut from, mut value) = (0.0, first);
    for (at, to) in changes {
        let until = at.clamp(from, end.max(from));
        spans.push(Span { from, until, value });
        (from, value) = (until, to);
    }
    let until = end.max(from);
    spans.push(Span { from, until, value });
    spans
}

/// The states of one breaker, from the start to the end.
pub(super) fn states(record: &InstanceRecord, end: f64) -> Vec<Span<State>> {
    let changes = record.transitions.iter();
    spans(record.began, changes.map(|it| (it.at_s, it.to)), end)
}

/// When the downstream was unhealthy and when it was not, as long as possible.
pub(super) fn health(truth: &Timeline, unhealthy_at: f64, end: f64) -> Vec<Span<bool>> {
    let steps = truth.steps().iter();
    let turns = steps.map(|&(at, p_fail)| (at, p_fail >= unhealthy_at));
    let mut merged: Vec<Span<bool>> = Vec::new();
    for span in spans(false, turns, end) {
        match merged.last_mut() {
            _ if span.from >= span.until => {}
            Some(last) if last.value == span.value => last.until = span.until,
            _ => merged.push(span),
        }
    }
    merged
}

/// What happens to one breaker, as far as others can differ from it.
enum Step {
    To(State),
    Stops,
    Starts,
}

/// Tells each span between two steps of any breakers: in what they differ, and the states of all that work.
pub(super) fn differences(fleet: &FleetRecord, mut tell: impl FnMut(Span<Difference>, &[State])) {
    let mut states: Vec<State> = fleet.instances.iter().map(|one| one.began).collect();
    let mut works = vec![true; states.len()];
    let mut agreement = Agreement::of(states.iter().copied());
    let mut from = 0.0;
    for (until, place, step) in steps(fleet) {
        let value = agreement.difference();
        let there = states.iter().zip(&works).filter(|(_, works)| **works);
        let there: Vec<State> = there.map(|(state, _)| *state).collect();
        tell(Span { from, until, value }, &there);
        from = until;
        let Some(state) = states.get_mut(place) else {
            continue;
        };
        match step {
            Step::To(to) => {
                if works[place] {
                    agreement.change(*state, to);
                }
                *state = to;
            }
            Step::Stops => {
                agreement.leave(*state);
                works[place] = false;
            }
            Step::Starts => {
                agreement.join(*state);
                works[place] = true;
            }
        }
    }
}

/// The steps of all breakers in the order of their instants, and the end, which is nobody's.
fn steps(fleet: &FleetRecord) -> Vec<(f64, usize, Step)> {
    let mut steps = Vec::new();
    for (place, one) in fleet.instances.iter().enumerate() {
        let changes = one.transitions.iter();
        steps.extend(changes.map(|it| (it.at_s, place, Step::To(it.to))));
        for &(from, until) in &one.stopped {
            steps.extend([(from, place, Step::Stops), (until, place, Step::Starts)]);
        }
    }
    steps.retain(|(at, ..)| *at < fleet.duration_s);
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    steps.push((fleet.duration_s, usize::MAX, Step::To(State::Closed)));
    steps
}

/// Seconds within the windows in which the breakers differed in the way that `counts`.
pub(super) fn divergence(
    fleet: &FleetRecord,
    windows: &[(f64, f64)],
    counts: impl Fn(Difference) -> bool,
) -> f64 {
    let mut diverged = 0.0;
    differences(fleet, |span, _| {
        if counts(span.value) {
            diverged += span.within(windows);
        }
    });
    diverged
}
