//! The truth of the service: the probability that a call fails now, and when it changes.
//!
//! The truth need not be polled. It changes with time, at instants that [`Downstream::next_change`] knows in advance,
//! and with events: a change of the plan, a call that a rule counts, work that arrives or ends. Each of these
//! increments [`Downstream::truth_version`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CallerId, Downstream};
use crate::faults::{Player, Standing, Work};
use crate::overload::{Occupancy, WorkQueue};

/// The shortest time between two looks at the truth that is worth its cost, where calls change the truth: 10 ms.
///
/// An overload model's truth moves with each arrival and each end of work. A follower looks again when
/// [`Downstream::truth_version`] has grown *and* this time has passed since the last look, whichever is later.
pub const TRUTH_STEP: Duration = Duration::from_millis(10);

/// The truth for every caller at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Truths {
    /// The time since the plan in force started.
    pub elapsed: Duration,
    /// The revision of the plan.
    pub revision: u64,
    /// The phase that it is in.
    pub phase: String,
    /// Each caller, with the probability that its call fails and the states of the processes that affect it.
    ///
    /// The entry with the empty name stands for all callers that are not told apart.
    pub callers: Vec<(String, f64, Vec<Standing>)>,
    /// The same probability for a caller that has not called and that the plan does not name.
    pub stranger: f64,
    /// How full the overload model is, if there is one and a call has come.
    pub occupancy: Option<Occupancy>,
}

impl Truths {
    /// Returns the truth of all callers together: the mean of their probabilities.
    pub fn failing_share(&self) -> f64 {
        if self.callers.is_empty() {
            return self.stranger;
        }
        let all = self.callers.iter().map(|(_, truth, _)| truth);
        #[expect(clippy::cast_precision_loss, reason = "callers are few")]
        let mean = all.sum::<f64>() / self.callers.len() as f64;
        mean
    }
}

impl Downstream {
    /// Returns the probability that a call of this caller made at `now` fails.
    pub fn truth(&mut self, now: Duration, caller: CallerId) -> f64 {
        self.settle(now);
        let (elapsed, occupancy) = (self.elapsed(now), self.occupancy());
        if let Some(handle) = self.force.known_handle(caller) {
            return self.force.player.truth_of(elapsed, handle, occupancy);
        }
        let name = self.ledger.name(caller);
        self.force.player.truth(elapsed, name, occupancy)
    }

    /// Returns the same for each of these callers, in order. Callers with the same truth share one computation.
    pub fn truth_of_each(&mut self, now: Duration, callers: &[CallerId]) -> Vec<f64> {
        self.settle(now);
        let (elapsed, occupancy) = (self.elapsed(now), self.occupancy());
        let names: Vec<&str> = callers.iter().map(|it| self.ledger.name(*it)).collect();
        self.force.player.truth_of_each(elapsed, &names, occupancy)
    }

    /// Returns which of these callers share one truth under the plan in force: for each of them the number of its
    /// group, counted from 0 in the order of their first members.
    pub fn truth_groups(&self, callers: &[CallerId]) -> Vec<usize> {
        let mut known = BTreeMap::new();
        let groups = callers.iter().map(|caller| {
            let stand_in = self.force.player.stand_in(self.ledger.name(*caller));
            let next = known.len();
            *known.entry(stand_in).or_insert(next)
        });
        groups.collect()
    }

    /// Returns the earliest instant after `now` at which the phase or any truth may change with time alone; `None` if
    /// nothing changes without an event.
    ///
    /// This covers borders of phases, jumps of processes, times to live, the overload model's trigger and its cache.
    /// Ramps and caches are split into steps. Events may bring the next change nearer: ask again when
    /// [`truth_version`](Self::truth_version) has grown.
    pub fn next_change(&mut self, now: Duration) -> Option<Duration> {
        self.settle(now);
        let (elapsed, occupancy) = (self.elapsed(now), self.occupancy());
        let next = self.force.player.next_change(elapsed, occupancy)?;
        Some(self.force.began.saturating_add(next))
    }

    /// Returns the same for the truth of one caller, without a look at the others. For a fleet of thousands, ask for
    /// each one.
    ///
    /// For a caller that has not called and is not of the host's own fleet, it returns when any truth may change.
    pub fn next_change_of(&mut self, now: Duration, caller: CallerId) -> Option<Duration> {
        self.settle(now);
        let Some(handle) = self.force.known_handle(caller) else {
            return self.next_change(now);
        };
        let (elapsed, occupancy) = (self.elapsed(now), self.occupancy());
        let player = &mut self.force.player;
        let next = player.next_change_of(elapsed, handle, occupancy)?;
        Some(self.force.began.saturating_add(next))
    }

    /// Returns the earliest instant after `now` at which a phase or the plan ends, so that every truth may change.
    pub fn next_border(&mut self, now: Duration) -> Option<Duration> {
        self.settle(now);
        let phase = self.moment(now).remaining;
        let plan = self.force.player.end_of(&[]);
        let plan = plan.map(|end| self.force.began.saturating_add(end));
        let phase = phase.map(|left| now.saturating_add(left));
        phase.into_iter().chain(plan).filter(|at| *at > now).min()
    }

    /// Returns whether the plan in force has a rule that counts calls, so that each call may change the truth of its
    /// caller.
    pub fn counts_calls(&self) -> bool {
        self.force.counts_calls
    }

    /// Returns a number that grows with every event that may have changed the truth: another plan, a call under a
    /// plan that counts calls, or work of an overload model that arrived, was done or was cancelled. The passing of
    /// time does not change it.
    ///
    /// See [`TRUTH_STEP`] for how often to look where calls make it grow.
    pub fn truth_version(&self) -> u64 {
        self.truth_version
    }

    /// Returns how full the overload model is, if there is one and a call has come.
    pub fn occupancy(&self) -> Option<Occupancy> {
        self.force.queue.as_ref().map(WorkQueue::occupancy)
    }

    /// Returns what `lookout` needs to compute the truth at `now` while calls go on.
    pub fn look<'a>(&mut self, now: Duration, lookout: &'a mut Lookout) -> Sight<'a> {
        self.settle(now);
        let (live, revision) = (&self.force.player, self.revision);
        if lookout.follower.as_ref().is_none_or(|it| it.0 != revision) {
            lookout.follower = None;
        }
        let follower = &mut lookout.follower;
        let (_, player) = follower.get_or_insert_with(|| (revision, live.clone()));
        player.follow(live);
        Sight {
            player,
            began: self.force.began,
            elapsed: self.elapsed(now),
            occupancy: self.occupancy(),
            revision,
        }
    }
}

/// A player that follows the one that carries out the plan, so that the truth is computed while calls go on.
///
/// For a plan at its limits, computing how likely each caller's call fails takes up to a tenth of a second. With a
/// lookout, calls wait only while their counters are copied.
#[derive(Debug, Default)]
pub struct Lookout {
    follower: Option<(u64, Player)>,
}

/// The plan in force at an instant, as a lookout sees it.
#[derive(Debug)]
pub struct Sight<'a> {
    player: &'a mut Player,
    /// The instant that is zero on the plan's clock.
    began: Duration,
    elapsed: Duration,
    occupancy: Option<Occupancy>,
    revision: u64,
}

impl Lookout {
    /// Returns what the truths of this plan have cost so far.
    pub fn work(&self) -> Work {
        let follower = self.follower.as_ref();
        follower
            .map(|(_, player)| player.work())
            .unwrap_or_default()
    }
}

impl Sight<'_> {
    /// Returns the probabilities that calls of these callers fail, in order.
    pub fn truth_of_each<C: AsRef<str>>(&mut self, callers: &[C]) -> Vec<f64> {
        let (elapsed, occupancy) = (self.elapsed, self.occupancy);
        self.player.truth_of_each(elapsed, callers, occupancy)
    }

    /// Returns [`Downstream::next_change`] without blocking calls: the earliest instant after this one, on the host's
    /// clock, at which time alone may change the truth of callers that have come or that this lookout was asked for.
    pub fn next_change(&mut self) -> Option<Duration> {
        let next = self.player.next_change(self.elapsed, self.occupancy)?;
        Some(self.began.saturating_add(next))
    }

    /// Returns the truth for every caller.
    pub fn truths(mut self) -> Truths {
        let mut names = self.player.callers();
        // A caller that has not called.
        names.push(String::new());
        let truths = self.truth_of_each(&names);
        let stranger = truths.last().copied().unwrap_or_default();
        names.pop();
        let callers = names.into_iter().zip(truths).map(|(caller, truth)| {
            let standings = self.player.standings(self.elapsed, &caller);
            (caller, truth, standings)
        });
        Truths {
            callers: callers.collect(),
            stranger,
            elapsed: self.elapsed,
            revision: self.revision,
            phase: self.player.plan().at(self.elapsed).phase.name.clone(),
            occupancy: self.occupancy,
        }
    }
}
