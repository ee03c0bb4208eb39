//! Spans of time in which nothing changes, cut from series that change at different instants.

use fusebox::State;

use super::{FleetRecord, InstanceRecord};

/// A time in which one value holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span<T> {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) value: T,
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

/// The states of one breaker, from the start to the end.
pub(super) fn states(record: &InstanceRecord, end: f64) -> Vec<Span<State>> {
    let changes = record
        .transitions
        .iter()
        .map(|change| (change.at_s, change.to));
    let mut spans = Vec::new();
    let (mut from, mut value) = (0.0, record.began);
    for (at, to) in changes {
        let at = at.clamp(from, end.max(from));
        spans.push(Span {
            from,
            until: at,
            value,
        });
        (from, value) = (at, to);
    }
    let until = end.max(from);
    spans.push(Span { from, until, value });
    spans
}

/// When the downstream was unhealthy and when it was not, as long as possible.
pub(super) fn health(record: &InstanceRecord, unhealthy_at: f64) -> Vec<Span<bool>> {
    let mut spans: Vec<Span<bool>> = Vec::new();
    let mut from = 0.0;
    for interval in &record.intervals {
        let (until, value) = (interval.until_s, interval.p_fail >= unhealthy_at);
        match spans.last_mut().filter(|last| last.value == value) {
            Some(last) => last.until = until,
            None => spans.push(Span { from, until, value }),
        }
        from = until;
    }
    spans
}

/// Seconds within the windows in which not all breakers were in the same state.
pub(super) fn divergence(fleet: &FleetRecord, windows: &[(f64, f64)]) -> f64 {
    let mut now: Vec<State> = fleet.instances.iter().map(|one| one.began).collect();
    let mut changes: Vec<(f64, usize, State)> = Vec::new();
    for (place, one) in fleet.instances.iter().enumerate() {
        changes.extend(one.transitions.iter().map(|it| (it.at_s, place, it.to)));
    }
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut from, mut diverged) = (0.0, 0.0);
    let end = (fleet.duration_s, usize::MAX, State::Closed);
    for (until, place, to) in changes.into_iter().chain([end]) {
        let differ = now.windows(2).any(|pair| pair[0] != pair[1]);
        let span = Span {
            from,
            until,
            value: (),
        };
        if differ {
            diverged += span.within(windows);
        }
        if let Some(state) = now.get_mut(place) {
            *state = to;
        }
        from = until;
    }
    diverged
}
