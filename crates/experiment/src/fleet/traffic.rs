//! The calls that a fleet let pass, over time: how many were probes, how closely together they came, and how steeply
//! the load rose.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How the calls that were permitted came to the downstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// Calls that half-open breakers permitted.
    pub probes: u64,
    /// The largest number of those in one tenth of a second.
    pub probes_in_100ms: u64,
    /// The largest rise of permitted calls from one whole second to the next, of which a breaker closed in one.
    pub load_step: u64,
}

/// Counts calls as they are permitted; time never goes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficCounter {
    probes: u64,
    probes_in_100ms: u64,
    tenth: u64,
    in_tenth: u64,
    /// Permitted calls of each second so far.
    seconds: Vec<u64>,
}

const TENTH: u64 = 100_000_000;
const SECOND: u64 = 1_000_000_000;

impl TrafficCounter {
    /// A call is permitted `nanos` after the start.
    #[inline]
    pub fn permitted(&mut self, nanos: u64) {
        let second = usize::try_from(nanos / SECOND).unwrap_or(usize::MAX);
        if second >= self.seconds.len() {
            self.seconds.resize(second + 1, 0);
        }
        self.seconds[second] += 1;
    }

    /// The call that is permitted is a probe.
    pub fn probe(&mut self, nanos: u64) {
        let tenth = nanos / TENTH;
        if tenth != self.tenth {
            (self.tenth, self.in_tenth) = (tenth, 0);
        }
        self.in_tenth += 1;
        self.probes += 1;
        self.probes_in_100ms = self.probes_in_100ms.max(self.in_tenth);
    }

    /// What was counted until `end`, where breakers closed at these times. Calls come and go by chance in any
    /// second; what a closing adds is seen beside the second before it, and beside its own where it came late.
    pub(super) fn finish(&self, end: Duration, closings: impl Iterator<Item = f64>) -> Traffic {
        let whole = usize::try_from(end.as_secs()).unwrap_or(usize::MAX);
        let calls = |second: usize| self.seconds.get(second).copied().unwrap_or(0);
        let rise = |second: usize| calls(second).saturating_sub(calls(second - 1));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds of a run, from 0"
        )]
        let seconds = closings.map(|at_s| at_s as usize);
        let rises = seconds.flat_map(|second| [second, second.saturating_add(1)]);
        // Of a second that is not over the rise is not known, nor what there was before the first one.
        let rises = rises.filter(|second| (1..whole).contains(second)).map(rise);
        Traffic {
            probes: self.probes,
            probes_in_100ms: self.probes_in_100ms,
            load_step: rises.max().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> TrafficCounter {
        let mut counter = TrafficCounter::default();
        let call = |counter: &mut TrafficCounter, millis: u64, calls: u64| {
            (0..calls).for_each(|_| counter.permitted(millis * 1_000_000));
        };
        call(&mut counter, 100, 50);
        call(&mut counter, 1_100, 10);
        call(&mut counter, 2_100, 17);
        for millis in [2_150, 2_199, 2_200] {
            counter.probe(millis * 1_000_000);
        }
        call(&mut counter, 5_100, 12); // after two seconds without any
        call(&mut counter, 6_100, 30);
        call(&mut counter, 7_100, 99); // not a whole second
        counter
    }

    #[test]
    fn probes_are_counted_by_tenths() {
        let traffic = counted().finish(Duration::from_millis(7_500), std::iter::empty());

        assert_eq!((traffic.probes, traffic.probes_in_100ms), (3, 2));
    }

    /// In the whole run the largest rise is 18, from the sixth second to the seventh, by chance.
    #[test]
    fn the_step_is_the_rise_around_a_closing_and_not_that_of_another_second() {
        let step = |closings: &[f64]| {
            let traffic = counted().finish(Duration::from_millis(7_500), closings.iter().copied());
            traffic.load_step
        };

        assert_eq!(step(&[]), 0);
        assert_eq!(step(&[1.95]), 7); // late in its second: the rise is in the next one
        assert_eq!(step(&[2.05]), 7);
        assert_eq!(step(&[2.05, 4.2]), 12);
        assert_eq!(step(&[5.9]), 18);
        assert_eq!(step(&[0.3, 7.2, 90.0]), 0); // before a whole second, and after the last one
    }
}
