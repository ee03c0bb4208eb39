//! The calls that a fleet let pass, by time: how many were probes, how closely together, and how steeply all rose.

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
    /// The largest rise of permitted calls from one whole second to the next.
    pub load_step: u64,
}

/// Counts calls as they are permitted; time never goes back.
#[derive(Clone, Copy, Debug, Default)]
pub struct TrafficCounter {
    counted: Traffic,
    tenth: u64,
    in_tenth: u64,
    second: u64,
    in_second: u64,
    before: Option<u64>,
}

const TENTH: u64 = 100_000_000;
const SECOND: u64 = 1_000_000_000;

impl TrafficCounter {
    /// A call is permitted `nanos` after the start.
    pub fn permitted(&mut self, nanos: u64) {
        let second = nanos / SECOND;
        if second != self.second {
            self.turn_to(second);
        }
        self.in_second += 1;
    }

    /// The call that is permitted is a probe.
    pub fn probe(&mut self, nanos: u64) {
        let tenth = nanos / TENTH;
        if tenth != self.tenth {
            (self.tenth, self.in_tenth) = (tenth, 0);
        }
        self.in_tenth += 1;
        self.counted.probes += 1;
        self.counted.probes_in_100ms = self.counted.probes_in_100ms.max(self.in_tenth);
    }

    /// What was counted; of a second that is not over the rise is not known.
    pub fn finish(mut self, end: Duration) -> Traffic {
        if end.as_secs() != self.second {
            self.turn_to(end.as_secs());
        }
        self.counted
    }

    fn turn_to(&mut self, second: u64) {
        let rise = self
            .before
            .map_or(0, |before| self.in_second.saturating_sub(before));
        self.counted.load_step = self.counted.load_step.max(rise);
        // Nothing passed in the seconds between.
        let is_next = second == self.second + 1;
        self.before = Some(if is_next { self.in_second } else { 0 });
        (self.second, self.in_second) = (second, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_counted_by_tenths_and_the_rise_by_seconds() {
        let mut counter = TrafficCounter::default();
        let call = |counter: &mut TrafficCounter, millis: u64, calls: u64| {
            (0..calls).for_each(|_| counter.permitted(millis * 1_000_000));
        };
        call(&mut counter, 100, 50); // the first second rises from nothing that is known
        call(&mut counter, 1_100, 10);
        call(&mut counter, 2_100, 17);
        for millis in [2_150, 2_199, 2_200] {
            counter.probe(millis * 1_000_000);
        }
        call(&mut counter, 5_100, 12); // after two seconds without any
        call(&mut counter, 6_100, 99); // not a whole second

        let traffic = counter.finish(Duration::from_millis(6_500));

        assert_eq!(
            traffic,
            Traffic {
                probes: 3,
                probes_in_100ms: 2,
                load_step: 12
            }
        );
    }
}
