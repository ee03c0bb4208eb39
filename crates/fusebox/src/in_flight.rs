//! Which calls are under way for too long? They count as slow before they end.
//!
//! A downstream that hangs gives no outcomes to judge. The starts of calls are kept in order, and
//! only as long as they are not overdue: after that their number is enough. So memory is bounded by
//! the calls of one `slow_call_duration`, and each call costs a constant number of steps.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::time::Duration;

/// The calls under way in one generation.
#[derive(Debug)]
pub(crate) struct InFlight {
    /// Calls that are not overdue, oldest first.
    starts: VecDeque<Start>,
    /// The number of the first of them.
    first: u64,
    overdue: u64,
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
            overdue: 0,
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
        match number.checked_sub(self.first) {
            None => self.overdue -= 1,
            Some(place) => {
                let place = usize::try_from(place).expect("the place is within the queue");
                self.starts[place].ended = true;
                while self.starts.front().is_some_and(|start| start.ended) {
                    self.pop();
                }
            }
        }
    }

    /// Notes which calls have been under way for strictly longer than `limit`.
    pub(crate) fn pass_time(&mut self, now: Duration, limit: Duration) {
        while let Some(start) = self.starts.front() {
            if !start.ended && now.saturating_sub(start.at) <= limit {
                break;
            }
            self.overdue += u64::from(!start.ended);
            self.pop();
        }
    }

    pub(crate) fn overdue(&self) -> u64 {
        self.overdue
    }

    /// Forgets all calls; their ends mean nothing any more.
    pub(crate) fn clear(&mut self) {
        self.first += self.starts.len() as u64;
        self.remembered = self.first;
        self.starts.clear();
        self.overdue = 0;
    }

    /// How many would be overdue at `now`; changes nothing.
    pub(crate) fn overdue_at(&self, now: Duration, limit: Duration) -> u64 {
        let late = |start: &&Start| now.saturating_sub(start.at) > limit;
        let more = self.starts.iter().take_while(late);
        self.overdue + more.filter(|start| !start.ended).count() as u64
    }

    fn pop(&mut self) {
        self.starts.pop_front();
        self.first += 1;
    }
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
}
