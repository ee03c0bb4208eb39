//! A measurement of how closely together the breakers of a fleet open at the first fault, and close after it.

use super::spans::{differences, health};
use super::{FleetRecord, InstanceRecord, Timeline, trusts};

/// The first fault of a run: from when to when, and whom it concerned.
struct FirstFault {
    from: f64,
    until: f64,
    /// Whether each instance was concerned.
    concerned: Vec<bool>,
}

impl FleetRecord {
    /// From the first fault on until a breaker was not closed, in seconds; infinite if none was before its end.
    pub(super) fn first_open_delay(&self) -> Option<f64> {
        let fault = self.first_fault()?;
        let opened = self.instances.iter().map(|one| fault.opened(one));
        opened.reduce(f64::min)
    }

    /// The same for the last of those whom the fault concerned.
    pub(super) fn all_open_delay(&self) -> Option<f64> {
        let fault = self.first_fault()?;
        fault
            .of_concerned(self, |one| fault.opened(one))
            .reduce(f64::max)
    }

    /// From the first to the last opening of those whom the first fault concerned.
    pub(super) fn opening_spread(&self) -> Option<f64> {
        let fault = self.first_fault()?;
        spread(fault.of_concerned(self, |one| fault.opened(one)))
    }

    /// From the first to the last closing of those whom the first fault concerned, after it; infinite if one was
    /// not closed at the end.
    pub(super) fn closing_spread(&self) -> Option<f64> {
        let fault = self.first_fault()?;
        if fault.until >= self.duration_s {
            return None;
        }
        spread(fault.of_concerned(self, |one| fault.closed(one)))
    }

    /// How likely two breakers that are drawn at random differ in whether calls pass: the mean over the time of
    /// 2f(1 − f), where f is the share of breakers that let calls pass.
    pub(super) fn disagreement(&self, windows: &[(f64, f64)]) -> Option<f64> {
        let watched: f64 = windows.iter().map(|(from, until)| until - from).sum();
        let mut sum = 0.0;
        differences(self, |span, states| {
            let passing = states.iter().filter(|state| trusts(**state)).count();
            #[expect(clippy::cast_precision_loss, reason = "instances of one fleet")]
            let share = passing as f64 / states.len().max(1) as f64;
            sum += 2.0 * share * (1.0 - share) * span.within(windows);
        });
        (watched > 0.0).then(|| sum / watched)
    }

    fn first_fault(&self) -> Option<FirstFault> {
        let nothing = Timeline::default();
        let of = |one: &InstanceRecord| {
            let truth = self.truths.get(one.truth).unwrap_or(&nothing);
            health(truth, self.unhealthy_at, self.duration_s)
        };
        let spans: Vec<_> = self.instances.iter().map(of).collect();
        let bad = |spans: &[super::spans::Span<bool>]| spans.iter().find(|it| it.value).copied();
        let first = spans.iter().filter_map(|of_one| bad(of_one));
        let first = first.reduce(|one, other| if other.from < one.from { other } else { one })?;
        let concerns = |from: f64| (first.from..first.until).contains(&from);
        let concerned = spans
            .iter()
            .map(|of_one| bad(of_one).is_some_and(|it| concerns(it.from)));
        Some(FirstFault {
            from: first.from,
            until: first.until,
            concerned: concerned.collect(),
        })
    }
}

impl FirstFault {
    fn of_concerned<'a, T: 'a>(
        &'a self,
        fleet: &'a FleetRecord,
        of: impl Fn(&InstanceRecord) -> T + 'a,
    ) -> impl Iterator<Item = T> + 'a {
        let all = fleet.instances.iter().zip(&self.concerned);
        all.filter(|(_, concerned)| **concerned)
            .map(move |(one, _)| of(one))
    }

    /// From its beginning until this breaker was not closed; infinite if it was until its end.
    fn opened(&self, one: &InstanceRecord) -> f64 {
        turned(one, self.from, false)
            .filter(|at| *at < self.until)
            .map_or(f64::INFINITY, |at| at - self.from)
    }

    /// From its end until this breaker was closed.
    fn closed(&self, one: &InstanceRecord) -> f64 {
        turned(one, self.until, true).map_or(f64::INFINITY, |at| at - self.until)
    }
}

/// When a breaker first let calls pass, or did not, from an instant on.
fn turned(one: &InstanceRecord, from: f64, passes: bool) -> Option<f64> {
    let mut state = one.began;
    for change in &one.transitions {
        if change.at_s > from {
            break;
        }
        state = change.to;
    }
    if trusts(state) == passes {
        return Some(from);
    }
    let later = one.transitions.iter().filter(|it| it.at_s > from);
    later
        .filter(|it| trusts(it.to) == passes)
        .map(|it| it.at_s)
        .next()
}

fn spread(times: impl Iterator<Item = f64>) -> Option<f64> {
    let bounds = times.fold(None, |bounds: Option<(f64, f64)>, time| {
        let (least, most) = bounds.unwrap_or((time, time));
        Some((least.min(time), most.max(time)))
    });
    bounds.map(|(least, most)| if most.is_finite() { most - least } else { most })
}

#[cfg(test)]
mod tests {
    use fusebox::{Cause, State};

    use super::super::{Change, Evidence};
    use super::*;

    fn one(name: &str, truth: usize, turns: &[(f64, State, State)]) -> InstanceRecord {
        let change = |&(at_s, from, to): &(f64, State, State)| Change {
            at_s,
            from,
            to,
            cause: Cause::Manual,
            number: 1,
            window: Evidence::default(),
            open_for_s: None,
        };
        InstanceRecord {
            name: name.to_owned(),
            truth,
            transitions: turns.iter().map(change).collect(),
            ..InstanceRecord::default()
        }
    }

    const OPENS: fn(f64) -> (f64, State, State) = |at| (at, State::Closed, State::Open);
    const CLOSES: fn(f64) -> (f64, State, State) = |at| (at, State::Open, State::Closed);

    fn fleet(instances: Vec<InstanceRecord>) -> FleetRecord {
        FleetRecord {
            duration_s: 20.0,
            unhealthy_at: 0.5,
            truths: vec![
                Timeline::from([(0.0, 0.0), (4.0, 1.0), (10.0, 0.0)]),
                Timeline::default(),
            ],
            instances,
            ..FleetRecord::default()
        }
    }

    #[test]
    fn openings_and_closings_are_those_of_whom_the_first_fault_concerns() {
        let fleet = fleet(vec![
            one("A", 0, &[OPENS(5.0), CLOSES(11.0)]),
            one("B", 0, &[OPENS(7.0), CLOSES(14.0)]),
            one("C", 1, &[OPENS(4.5), CLOSES(20.0)]),
        ]);

        assert_eq!(fleet.first_open_delay(), Some(0.5)); // though it is well
        assert_eq!(fleet.all_open_delay(), Some(3.0));
        assert_eq!(fleet.opening_spread(), Some(2.0));
        assert_eq!(fleet.closing_spread(), Some(3.0));
    }

    #[test]
    fn what_never_opened_or_closed_is_infinitely_late() {
        let fleet = fleet(vec![one("A", 0, &[OPENS(5.0)]), one("B", 0, &[])]);

        assert_eq!(fleet.all_open_delay(), Some(f64::INFINITY));
        assert_eq!(fleet.opening_spread(), Some(f64::INFINITY));
        assert_eq!(fleet.closing_spread(), Some(f64::INFINITY));
    }

    #[test]
    fn two_breakers_drawn_at_random_disagree_as_often_as_half_differ() {
        let fleet = fleet(vec![
            one("A", 0, &[OPENS(5.0), CLOSES(10.0)]),
            one("B", 0, &[]),
        ]);

        assert_eq!(fleet.disagreement(&[(0.0, 20.0)]), Some(0.125)); // 0.5 for a quarter of the time
        assert_eq!(fleet.disagreement(&[(5.0, 10.0)]), Some(0.5));
    }
}
