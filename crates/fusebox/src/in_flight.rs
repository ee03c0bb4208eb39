//! The calls under way in one generation, and which of them are overdue.
//!
//! A downstream that hangs produces no outcomes to judge, so a call counts as slow before it ends.
//! The starts of calls are kept in order: each call costs a constant number of steps, and memory
//! holds the calls of one `slow_call_duration`. An overdue call is kept separately until it ends,
//! so that one which hangs for ever does not keep those behind it.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU64;
use std::time::Duration;

/// The calls under way in one generation.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// Calls that are not overdue, oldest first.
    starts: VecDeque<Start>,
    /// The number of the first of them.
    first: u64,
    /// When the overdue calls began.
    overdue: BTreeMap<u64, Duration>,
    /// Calls that were overdue under a shorter limit and are not under the present one. All of them
    /// are older than `starts`.
    recalled: BTreeMap<u64, Duration>,
    /// Calls with smaller numbers are forgotten.
    remembered: u64,
}

#[derive(Debug)]
struct Start {
    at: Duration,
    ended: bool,
}

/// Which call it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallNumber(NonZeroU64);

impl Default for InFlight {
    fn default() -> Self {
        Self {
            starts: VecDeque::new(),
            first: 1,
            overdue: BTreeMap::new(),
            recalled: BTreeMap::new(),
            remembered: 1,
        }
    }
}

impl InFlight {
    pub(crate) fn start(&mut self, now: Duration) -> CallNumber {
        let number = self.first + self.starts.len() as u64;
        self.starts.push_back(Start {
            at: now,
            ended: false,
        });
        CallNumber(NonZeroU64::new(number).expect("numbers begin at 1"))
    }

    pub(crate) fn end(&mut self, call: CallNumber) {
        let number = call.0.get();
        if number < self.remembered {
            return;
        }
        let Some(place) = number.checked_sub(self.first) else {
            if self.overdue.remove(&number).is_none() {
                self.recalled.remove(&number);
            }
            return;
        };
        let place = usize::try_from(place).expect("the place is within the queue");
        self.starts[place].ended = true;
        while self.starts.front().is_some_and(|start| start.ended) {
            self.pop();
        }
    }

    /// Notes which calls have been under way for strictly longer than `limit`.
    pub(crate) fn pass_time(&mut self, now: Duration, limit: Duration) {
        while let Some(call) = self.recalled.first_entry() {
            if !is_late(*call.get(), now, limit) {
                return;
            }
            let (number, at) = call.remove_entry();
            self.overdue.insert(number, at);
        }
        while let Some(start) = self.starts.front() {
            if !start.ended && !is_late(start.at, now, limit) {
                break;
            }
            if !start.ended {
                self.overdue.insert(self.first, start.at);
            }
            self.pop();
        }
    }

    /// Measures all calls under way by another `limit`.
    pub(crate) fn judge_anew(&mut self, now: Duration, limit: Duration) {
        let in_time = |at: &Duration| !is_late(*at, now, limit);
        // Numbers and starts are in the same order, so the calls that are not late any more are the
        // last ones.
        let first = self.overdue.iter().find(|(_, at)| in_time(at));
        if let Some((&first, _)) = first {
            let mut recalled = self.overdue.split_off(&first);
            self.recalled.append(&mut recalled);
        }
        self.pass_time(now, limit);
    }

    pub(crate) fn overdue(&self) -> u64 {
        self.overdue.len() as u64
    }

    /// Forgets all calls; their ends mean nothing any more.
    pub(crate) fn clear(&mut self) {
        self.first += self.starts.len() as u64;
        self.remembered = self.first;
        self.starts.clear();
        self.overdue.clear();
        self.recalled.clear();
    }

    /// How many would be overdue at `now`; changes nothing.
    pub(crate) fn overdue_at(&self, now: Duration, limit: Duration) -> u64 {
        let recalled = self.recalled.values().copied();
        let started = self.starts.iter();
        let more = recalled
            .map(|at| (at, false))
            .chain(started.map(|start| (start.at, start.ended)))
            .take_while(|(at, _)| is_late(*at, now, limit));
        self.overdue() + more.filter(|(_, ended)| !ended).count() as u64
    }

    fn pop(&mut self) {
        self.starts.pop_front();
        self.first += 1;
    }
}

fn is_late(start: Duration, now: Duration, limit: Duration) -> bool {
    now.saturating_sub(start) > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_call_is_overdue_strictly_after_the_limit_and_no_more_once_it_ends() {
        let mut calls = InFlight::default();
        let first = calls.start(at(0));
        let second = calls.start(at(50));

        calls.pass_time(at(100), LIMIT);
        assert_eq!(calls.overdue(), 0);
        assert_eq!(calls.overdue_at(at(101), LIMIT), 1);
        calls.pass_time(at(151), LIMIT);
        assert_eq!(calls.overdue(), 2);

        calls.end(first);
        calls.end(second);
        assert_eq!(calls.overdue(), 0);
    }

    #[test]
    fn calls_that_end_in_any_order_leave_nothing_behind() {
        let mut calls = InFlight::default();
        let numbers: Vec<CallNumber> = (0..10).map(|start| calls.start(at(start))).collect();

        for number in numbers.into_iter().rev() {
            calls.end(number);
        }

        assert!(calls.starts.is_empty());
        calls.pass_time(at(1000), LIMIT);
        assert_eq!(calls.overdue(), 0);
    }

    #[test]
    fn the_end_of_a_forgotten_call_means_nothing() {
        let mut calls = InFlight::default();
        let forgotten = calls.start(at(0));
        calls.clear();
        calls.start(at(0));

        calls.end(forgotten);

        calls.pass_time(at(1000), LIMIT);
        assert_eq!(calls.overdue(), 1);
    }

    #[test]
    fn a_call_that_hangs_for_ever_does_not_make_the_queue_grow() {
        let mut calls = InFlight::default();
        calls.start(at(0));

        for now in 1..10_000 {
            calls.pass_time(at(now), LIMIT);
            let call = calls.start(at(now));
            calls.end(call);
            assert!(calls.starts.len() <= 102, "{} at {now}", calls.starts.len());
        }

        assert_eq!(calls.overdue(), 1);
    }

    #[test]
    fn a_longer_limit_makes_calls_wait_again_until_it_has_passed_too() {
        let mut calls = InFlight::default();
        let numbers: Vec<CallNumber> = [0, 10, 20].map(|start| calls.start(at(start))).into();
        calls.pass_time(at(150), LIMIT);
        assert_eq!(calls.overdue(), 3);
        calls.start(at(150));

        calls.judge_anew(at(150), LIMIT * 2);
        assert_eq!(calls.overdue(), 0);
        calls.end(numbers[1]);
        assert_eq!(calls.overdue_at(at(221), LIMIT * 2), 2);
        calls.pass_time(at(201), LIMIT * 2);
        assert_eq!(calls.overdue(), 1, "the first");
        calls.end(numbers[0]);
        calls.pass_time(at(221), LIMIT * 2);
        assert_eq!(calls.overdue(), 1, "the third");
        calls.pass_time(at(351), LIMIT * 2);
        assert_eq!(calls.overdue(), 2, "and the one after them");
    }

    #[test]
    fn a_limit_in_between_recalls_only_the_calls_that_are_within_it() {
        let mut calls = InFlight::default();
        for start in [0, 60] {
            calls.start(at(start));
        }
        calls.pass_time(at(170), LIMIT);
        assert_eq!(calls.overdue(), 2);

        calls.judge_anew(at(170), at(150));

        assert_eq!(calls.overdue(), 1);
        calls.judge_anew(at(170), LIMIT);
        assert_eq!(calls.overdue(), 2, "and back");
    }
}
