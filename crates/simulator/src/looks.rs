//! Looks at the truth: which instances share one, and when each may change next.
//!
//! When a phase begins, every truth may change. In between, time changes the truth of one group after another, and
//! only that group is looked at. So a look costs the same in a fleet of three and of ten thousand.

use std::time::Duration;

use experiment::downstream::{CallerId, Downstream, TRUTH_STEP};

use crate::nanos;

/// All looks of a run.
#[derive(Debug)]
pub(crate) struct Looks {
    /// One caller of each group: those of a group share one truth.
    callers: Vec<CallerId>,
    /// The group of each instance.
    groups: Vec<u32>,
    /// When the truth of each group may change next before everybody's does; `u64::MAX` when it does not.
    next: Vec<u64>,
    /// When everybody's may.
    next_of_all: u64,
    /// When all were looked at last.
    last: u64,
    /// What has changed the truth by then that is not the passing of time.
    version: u64,
    /// Whether the health of the downstream follows the load: then it moves all the time, and all are looked at in steps.
    follows_load: bool,
}

impl Looks {
    /// Looks for instances that call as these, and the group of each.
    pub(crate) fn new(
        downstream: &Downstream,
        callers: &[CallerId],
        follows_load: bool,
    ) -> (Self, Vec<usize>) {
        let places = downstream.truth_groups(callers);
        let mut firsts = Vec::new();
        for (caller, place) in callers.iter().zip(&places) {
            if *place == firsts.len() {
                firsts.push(*caller);
            }
        }
        let groups = places.iter().map(|place| u32::try_from(*place));
        let groups: Result<_, _> = groups.collect();
        let looks = Self {
            next: vec![u64::MAX; firsts.len()],
            callers: firsts,
            groups: groups.expect("fewer instances than 2^32"),
            next_of_all: u64::MAX,
            last: 0,
            version: downstream.truth_version(),
            follows_load,
        };
        (looks, places)
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> u32 {
        u32::try_from(self.callers.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn group_of(&self, instance: u32) -> u32 {
        self.groups[instance as usize]
    }

    /// Whether all are to be looked at now, and no other look has come before this one.
    pub(crate) fn is_for_all(&self, now: u64) -> bool {
        self.next_of_all == now
    }

    /// The same for one group.
    pub(crate) fn is_for(&self, group: u32, now: u64) -> bool {
        self.next[group as usize] == now
    }

    /// All are looked at now. When will they be next?
    pub(crate) fn begin(&mut self, now: u64, downstream: &mut Downstream) -> u64 {
        let time = Duration::from_nanos(now);
        let border = downstream.next_border(time).map_or(u64::MAX, nanos);
        // An overload model moves all the time: its next step is not worth the computation.
        let step = if self.follows_load {
            now.saturating_add(nanos(TRUTH_STEP))
        } else {
            u64::MAX
        };
        self.last = now;
        self.version = downstream.truth_version();
        self.next_of_all = border.min(step);
        self.next.fill(u64::MAX);
        self.next_of_all
    }

    /// The truth of a group now.
    pub(crate) fn truth(&self, group: u32, now: u64, downstream: &mut Downstream) -> f64 {
        downstream.truth(Duration::from_nanos(now), self.callers[group as usize])
    }

    /// When a group is to be looked at next that is looked at now, unless that is known already.
    pub(crate) fn go_on(
        &mut self,
        group: u32,
        now: u64,
        downstream: &mut Downstream,
    ) -> Option<u64> {
        if self.follows_load {
            return None;
        }
        let place = group as usize;
        let next = downstream.next_change_of(Duration::from_nanos(now), self.callers[place]);
        let next = next.map_or(u64::MAX, nanos);
        let known = self.next[place];
        if known > now && known <= next {
            return None;
        }
        self.next[place] = next;
        (next < self.next_of_all).then_some(next)
    }

    /// When all are to be looked at because something else than time may have changed their truth.
    pub(crate) fn after_change(&mut self, now: u64, downstream: &Downstream) -> Option<u64> {
        if downstream.truth_version() == self.version {
            return None;
        }
        self.version = downstream.truth_version();
        let at = now.max(self.last.saturating_add(nanos(TRUTH_STEP)));
        let is_sooner = at < self.next_of_all;
        is_sooner.then(|| {
            self.next_of_all = at;
            at
        })
    }

    /// A call has been counted, whose group is looked at now: that is all that it changes, unless there is a queue.
    pub(crate) fn is_counted(&mut self, downstream: &Downstream) {
        if !self.follows_load {
            self.version = downstream.truth_version();
        }
    }
}
