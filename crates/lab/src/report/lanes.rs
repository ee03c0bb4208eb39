//! The lanes of a timeline: states, truth and agreement, cut into columns of equal time.
//!
//! A column says which share of its time each kind of state had, so that five milliseconds in an hour look like five
//! milliseconds. Pictures of lines and pictures of letters are drawn from the same columns.

use std::collections::BTreeMap;

use experiment::fleet::{FleetRecord, Span, Timeline};
use fusebox::State;

/// A state, as it looks: low while calls pass, in the middle, or of full height. The later one is the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Calls pass.
    Closed,
    /// Calls pass, because an operator wants the breaker to measure only.
    MetricsOnly,
    /// Calls pass, because an operator wants no breaker.
    Disabled,
    /// Probes pass.
    HalfOpen,
    /// No call passes.
    Open,
    /// No call passes, because an operator wants it so.
    ForcedOpen,
}

impl Look {
    pub(super) const ALL: [Self; 6] = [
        Self::Closed,
        Self::MetricsOnly,
        Self::Disabled,
        Self::HalfOpen,
        Self::Open,
        Self::ForcedOpen,
    ];

    pub(super) fn of(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::MetricsOnly => Self::MetricsOnly,
            State::Disabled => Self::Disabled,
            State::HalfOpen => Self::HalfOpen,
            State::ForcedOpen => Self::ForcedOpen,
            _ => Self::Open,
        }
    }

    /// Whether all calls pass.
    pub(super) fn passes(self) -> bool {
        matches!(self, Self::Closed | Self::MetricsOnly | Self::Disabled)
    }
}

/// The share of the time of a column in each [`Look`], in their order.
pub(super) type Shares = [f64; Look::ALL.len()];

/// The share of the time in which breakers let all calls pass.
pub(super) fn passing(shares: &Shares) -> f64 {
    let passing = Look::ALL
        .iter()
        .zip(shares)
        .filter(|(look, _)| look.passes());
    passing.map(|(_, share)| share).sum()
}

/// Columns of equal time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    count: usize,
    /// Seconds of one.
    width: f64,
}

impl Columns {
    /// So many columns for the whole run; one at least.
    pub(super) fn of(fleet: &FleetRecord, count: usize) -> Self {
        let count = count.max(1);
        #[expect(clippy::cast_precision_loss, reason = "columns of a picture")]
        let width = fleet.duration_s.max(f64::MIN_POSITIVE) / count as f64;
        Self { count, width }
    }

    /// Seconds of one column.
    pub(super) fn seconds(self) -> f64 {
        self.width
    }

    /// Tells each column that has time in common with a span, and which share of the column that is.
    fn share(self, from: f64, until: f64, mut tell: impl FnMut(usize, f64)) {
        let (from, until) = (from / self.width, until / self.width);
        let mut column = index(from).min(self.count - 1);
        while column < self.count {
            #[expect(clippy::cast_precision_loss, reason = "columns of a picture")]
            let left = column as f64;
            let common = until.min(left + 1.0) - from.max(left);
            if common > 0.0 {
                tell(column, common);
            }
            if until <= left + 1.0 {
                break;
            }
            column += 1;
        }
    }

    /// The states of one breaker.
    pub(super) fn states(self, fleet: &FleetRecord, place: usize) -> Vec<Shares> {
        let mut columns = vec![Shares::default(); self.count];
        self.add(fleet, place, 1.0, &mut columns);
        columns
    }

    /// The states of several breakers, as shares of all of them.
    pub(super) fn states_of(self, fleet: &FleetRecord, places: &[usize]) -> Vec<Shares> {
        let mut columns = vec![Shares::default(); self.count];
        #[expect(clippy::cast_precision_loss, reason = "instances of one fleet")]
        let weight = 1.0 / places.len().max(1) as f64;
        for place in places {
            self.add(fleet, *place, weight, &mut columns);
        }
        columns
    }

    /// The share of the time of a column in each of `N` kinds of spans, which are numbered.
    pub(super) fn kinds<const N: usize>(self, spans: &[Span<usize>]) -> Vec<[f64; N]> {
        let mut columns = vec![[0.0; N]; self.count];
        for span in spans {
            self.share(span.from, span.until, |column, share| {
                columns[column][span.value] += share;
            });
        }
        columns
    }

    fn add(self, fleet: &FleetRecord, place: usize, weight: f64, columns: &mut [Shares]) {
        for span in fleet.states(place) {
            let look = Look::of(span.value) as usize;
            self.share(span.from, span.until, |column, share| {
                columns[column][look] += weight * share;
            });
        }
    }

    /// The mean probability that a call would fail.
    pub(super) fn truth(self, truth: &Timeline, end: f64) -> Vec<f64> {
        let mut columns = vec![0.0; self.count];
        for span in steps(truth, end) {
            self.share(span.from, span.until, |column, share| {
                columns[column] += span.value * share;
            });
        }
        columns
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a column of a picture; what is below zero is the first"
)]
fn index(column: f64) -> usize {
    column as usize
}

/// The probabilities that a call would fail, one span after another.
pub(super) fn steps(truth: &Timeline, end: f64) -> Vec<Span<f64>> {
    let steps = truth.steps();
    let untils = steps.iter().skip(1).map(|step| step.0).chain([end]);
    let spans = steps.iter().zip(untils).map(|(step, until)| Span {
        from: step.0,
        until: until.min(end),
        value: step.1,
    });
    spans.filter(|span| span.until > span.from).collect()
}

/// The distinct truths by number, each with the places of the instances that meet it.
pub(super) fn truths(fleet: &FleetRecord) -> Vec<(usize, Vec<usize>)> {
    let mut truths: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, one) in fleet.instances.iter().enumerate() {
        truths.entry(one.truth).or_default().push(place);
    }
    truths.into_iter().collect()
}

/// What the row of a truth is called: `truth`, or `truth A, C` where others meet another one.
pub(super) fn truth_name(fleet: &FleetRecord, places: &[usize]) -> String {
    const ROOM: usize = 7;

    if places.len() == fleet.instances.len() {
        return "truth".to_owned();
    }
    let names = places.iter().map(|place| &*fleet.instances[*place].name);
    let all = names.collect::<Vec<_>>().join(", ");
    if all.chars().count() <= ROOM {
        return format!("truth {all}");
    }
    let first = places
        .first()
        .map_or("", |place| &*fleet.instances[*place].name);
    let more = places.len().saturating_sub(1);
    match more {
        0 => format!("truth {first}"),
        more => format!("truth {first} +{more}"),
    }
}

/// When a breaker was closed while the downstream was unhealthy (0), and when it was not although it was healthy (1).
pub(super) fn wrong(fleet: &FleetRecord, place: usize) -> Vec<Span<usize>> {
    let states = fleet.states(place);
    let mut wrong = Vec::new();
    for truth in fleet.health(place) {
        let begun = states.partition_point(|state| state.until <= truth.from);
        for state in states[begun..]
            .iter()
            .take_while(|state| state.from < truth.until)
        {
            let passes = Look::of(state.value).passes();
            let span = Span {
                from: state.from.max(truth.from),
                until: state.until.min(truth.until),
                value: usize::from(!passes),
            };
            if passes == truth.value && span.until > span.from {
                wrong.push(span);
            }
        }
    }
    wrong
}

/// How many breakers do not let all calls pass, one span after another.
pub(super) fn not_closed(fleet: &FleetRecord) -> Vec<Span<usize>> {
    let mut changes: Vec<(f64, bool)> = Vec::new();
    for place in 0..fleet.instances.len() {
        for span in fleet.states(place) {
            if !Look::of(span.value).passes() {
                changes.extend([(span.from, true), (span.until, false)]);
            }
        }
    }
    // At one instant first those that open: from open to half-open nothing changes.
    changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let mut spans: Vec<Span<usize>> = Vec::new();
    let (mut from, mut now) = (0.0, 0_usize);
    for (until, opens) in changes.into_iter().chain([(fleet.duration_s, true)]) {
        match spans.last_mut() {
            _ if until <= from => {}
            Some(last) if last.value == now => last.until = until,
            _ => spans.push(Span {
                from,
                until,
                value: now,
            }),
        }
        from = until.max(from);
        now = if opens {
            now + 1
        } else {
            now.saturating_sub(1)
        };
    }
    spans
}

#[cfg(test)]
mod tests {
    use experiment::fleet::InstanceRecord;

    use super::*;

    /// Three breakers in ten seconds: one open from 2 to 6, one from 2.5 to 4, and one that is always open.
    fn fleet() -> FleetRecord {
        let one = |began: &str, turns: &str| {
            let text = format!(
                r#"{{"name":"A","began":"{began}","truth":0,"transitions":[{turns}],"calls":[],"downstream_calls":0}}"#
            );
            serde_json::from_str::<InstanceRecord>(&text).unwrap()
        };
        let turn = |at: f64, from: &str, to: &str| {
            format!(r#"[{at},"{from}","{to}","manual",1,0,0,0,0,0,null]"#)
        };
        let both = |from: f64, until: f64| {
            turn(from, "closed", "open") + "," + &turn(until, "open", "closed")
        };
        FleetRecord {
            duration_s: 10.0,
            unhealthy_at: 0.5,
            truths: vec![Timeline::from([(0.0, 0.0), (2.5, 1.0), (5.0, 0.2)])],
            instances: vec![
                one("closed", &both(2.0, 6.0)),
                one("closed", &both(2.5, 4.0)),
                one("forced_open", ""),
            ],
            ..FleetRecord::default()
        }
    }

    #[test]
    fn a_column_has_the_share_of_time_of_each_state() {
        let fleet = fleet();
        let columns = Columns::of(&fleet, 10);

        let states = columns.states(&fleet, 1);

        let parts = |shares: Shares| {
            let of = |look: Look| shares[look as usize];
            (of(Look::Closed), of(Look::HalfOpen), of(Look::Open))
        };
        assert_eq!(parts(states[2]), (0.5, 0.0, 0.5));
        assert_eq!(parts(states[3]), (0.0, 0.0, 1.0));
        assert_eq!(parts(states[9]), (1.0, 0.0, 0.0));
        let all = columns.states_of(&fleet, &[0, 1]);
        assert_eq!(parts(all[2]), (0.25, 0.0, 0.75));
        let truth = columns.truth(&fleet.truths[0], 10.0);
        assert_eq!((truth[2], truth[4], truth[9]), (0.5, 1.0, 0.2));
    }

    #[test]
    fn what_operators_want_is_told_from_what_breakers_decide() {
        let looks = State::ALL.iter().map(|state| Look::of(*state));
        let looks: Vec<Look> = looks.collect();
        for (place, look) in looks.iter().enumerate() {
            assert!(!looks[..place].contains(look), "{look:?}");
        }
        let mut shares = Shares::default();
        shares[Look::Disabled as usize] = 0.25;
        shares[Look::MetricsOnly as usize] = 0.25;
        shares[Look::ForcedOpen as usize] = 0.5;
        assert!((passing(&shares) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn those_that_are_not_closed_are_counted_from_change_to_change() {
        let spans = not_closed(&fleet());

        let found: Vec<_> = spans
            .iter()
            .map(|span| (span.from, span.until, span.value))
            .collect();
        assert_eq!(
            found,
            [
                (0.0, 2.0, 1),
                (2.0, 2.5, 2),
                (2.5, 4.0, 3),
                (4.0, 6.0, 2),
                (6.0, 10.0, 1)
            ]
        );
    }

    #[test]
    fn an_instance_that_was_stopped_has_no_state_then() {
        let mut fleet = fleet();
        fleet.instances[0].stopped = vec![(3.0, 5.0)];

        let spans: Vec<_> = fleet
            .states(0)
            .iter()
            .map(|span| (span.from, span.until))
            .collect();
        assert_eq!(spans, [(0.0, 2.0), (2.0, 3.0), (5.0, 6.0), (6.0, 10.0)]);
        let stopped = Columns::of(&fleet, 10).states(&fleet, 0)[3];
        assert!(stopped.iter().all(|share| *share == 0.0), "{stopped:?}");
        let counts: Vec<_> = not_closed(&fleet).iter().map(|span| span.value).collect();
        assert_eq!(counts, [1, 2, 3, 2, 1, 2, 1]);
    }
}
