//! Prefetching: the memory that the next requests and the next ends of calls will need is read beforehand.
//!
//! With thousands of instances, no data of the next one is in the cache. When calls come one by one, a core waits for
//! one line of memory after another; here it waits for a dozen at once. The values that are read have no meaning.

use std::hint::black_box;

use super::{Kind, Performance};

/// The most ends that are prefetched.
const ENDS: usize = 32;

impl Performance<'_> {
    /// Reads a word of each line that will be needed by the requests that are planned ahead, and by the calls that end
    /// until the last of these.
    pub(super) fn fetch_ahead(&self) {
        black_box(self.fetch_for_ends() ^ self.fetch_for_requests());
    }

    /// In consecutive passes, because a core looks ahead only a limited number of instructions.
    fn fetch_for_requests(&self) -> u64 {
        let part = self.arrivals.part();
        let targets = || self.arrivals.targets_ahead();
        let mut seen = 0;
        for target in targets() {
            seen ^= self.instances.look_ahead(target);
        }
        for target in targets() {
            seen ^= self.tally.look_ahead(target, part);
            seen ^= self.downstream.look_ahead(self.callers[target]);
        }
        for target in targets() {
            seen ^= self.instances.look_further_ahead(target);
            seen ^= self.recorder.permitted_now(target);
            seen ^= self.lanes.look_ahead(target);
        }
        seen
    }

    /// What a call needed when it was sent may be in the cache no longer.
    fn fetch_for_ends(&self) -> u64 {
        let mut ends = [(0, 0); ENDS];
        let mut number = 0;
        let due = self.agenda.ahead(self.arrivals.planned_until());
        for (end, what) in ends.iter_mut().zip(due) {
            if let (Kind::End, place) = Kind::of(what) {
                let request = &self.calls.all[place as usize].request;
                *end = (request.target as usize, request.part as usize);
            }
            number += 1;
        }
        let ends = &ends[..number];
        let mut seen = 0;
        for (target, _) in ends {
            seen ^= self.instances.look_ahead(*target);
        }
        for (target, part) in ends {
            seen ^= self.instances.look_further_ahead(*target);
            seen ^= self.tally.look_ahead(*target, *part);
            seen ^= self.lanes.look_ahead(*target);
        }
        seen
    }
}
