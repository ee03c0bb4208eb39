//! The absence of an instance that was stopped: it neither believes nor differs until it is started again.

use std::time::Duration;

use super::{Recorder, seconds};

/// When one instance was away.
#[derive(Clone, Debug, Default)]
pub(super) struct Absence {
    /// Those that are over.
    past: Vec<(f64, f64)>,
    /// When the present one began.
    since: Option<f64>,
}

impl Absence {
    /// Whether the instance works.
    pub(super) fn is_over(&self) -> bool {
        self.since.is_none()
    }

    /// All of them in a record that ends at `end`.
    pub(super) fn until(&self, end: f64) -> Vec<(f64, f64)> {
        let present = self.since.map(|since| (since, end));
        self.past.iter().copied().chain(present).collect()
    }
}

impl Recorder {
    /// Notes that an instance is stopped at `at`: until it is started, its breaker counts neither for beliefs nor for
    /// agreement. Nothing happens to one that is stopped already.
    pub fn stopped(&mut self, instance: usize, at: Duration) {
        self.divergence.pass(at, self.agreement.difference());
        let one = &mut self.instances[instance];
        if one.absence.since.is_none() {
            one.absence.since = Some(seconds(at));
            self.agreement.leave(one.state);
        }
    }

    /// Notes that an instance works again from `at` on. Nothing happens to one that works already.
    pub fn started(&mut self, instance: usize, at: Duration) {
        self.divergence.pass(at, self.agreement.difference());
        let one = &mut self.instances[instance];
        if let Some(since) = one.absence.since.take() {
            one.absence.past.push((since, seconds(at)));
            self.agreement.join(one.state);
        }
    }

    /// When an instance was stopped and started so far, in seconds: each instant with whether it works from then on.
    pub fn turns(&self, instance: usize) -> impl Iterator<Item = (f64, bool)> {
        let absence = &self.instances[instance].absence;
        let past = absence.past.iter();
        let past = past.flat_map(|(from, until)| [(*from, false), (*until, true)]);
        past.chain(absence.since.map(|since| (since, false)))
    }

    /// Whether somebody has stopped the instance.
    pub fn is_stopped(&self, instance: usize) -> bool {
        !self.instances[instance].absence.is_over()
    }
}

#[cfg(test)]
mod tests {
    use fusebox::{Cause, State};

    use super::super::{Change, Counted, FleetRecord, InstanceRecord};
    use super::*;
    use crate::fleet::Evidence;

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    /// B is open all along, and away from second 2 to second 8.
    fn record() -> (Recorder, FleetRecord) {
        let fleet = [("A", State::Closed), ("B", State::Open)];
        let fleet = fleet.map(|(name, state)| (name.to_owned(), state));
        let mut recorder = Recorder::new(fleet, 0.5);
        recorder.stopped(1, at(2));
        recorder.stopped(1, at(3));
        recorder.started(1, at(8));
        let record = recorder.finish(at(10), Counted::default());
        (recorder, record)
    }

    #[test]
    fn an_instance_that_is_stopped_differs_from_nobody() {
        let (recorder, record) = record();

        assert_eq!(record.instances[1].stopped, [(2.0, 8.0)]);
        let turns: Vec<_> = recorder.turns(1).collect();
        assert_eq!(turns, [(2.0, false), (8.0, true)]);
        for divergence in [record.divergence(), recorder.divergence(at(10))] {
            assert_eq!((divergence.of, divergence.opens), (at(10), at(4)));
        }
    }

    #[test]
    fn its_belief_is_that_of_the_time_in_which_it_worked() {
        let (_, record) = record();

        let belief = record.belief("B", None).unwrap();

        let figures = [belief.watched_s, belief.open_s, belief.wrongly_open_s];
        assert_eq!(figures.map(|it| it.to_string()), ["4", "4", "4"]);
        let watched_a = record.belief("A", None).unwrap().watched_s;
        assert_eq!(watched_a.to_string(), "10");
    }

    #[test]
    fn its_states_have_a_gap_meanwhile() {
        let (_, record) = record();

        let states = record.states(1).into_iter();
        let spans: Vec<_> = states.map(|span| (span.from, span.until)).collect();
        assert_eq!(spans, [(0.0, 2.0), (8.0, 10.0)]);
    }

    #[test]
    fn what_its_breaker_does_meanwhile_counts_when_it_works_again() {
        let (_, mut record) = record();
        record.instances[1].transitions.push(Change {
            at_s: 5.0,
            from: State::Open,
            to: State::Closed,
            cause: Cause::Manual,
            number: 2,
            window: Evidence::default(),
            open_for_s: None,
        });

        assert_eq!(record.divergence().opens, at(2));
    }

    #[test]
    fn a_record_says_nothing_of_stops_where_there_were_none() {
        let written = serde_json::to_string(&InstanceRecord::default()).unwrap();

        assert!(!written.contains("stopped"), "{written}");
        let read: InstanceRecord = serde_json::from_str(&written).unwrap();
        assert_eq!(read, InstanceRecord::default());
    }
}
