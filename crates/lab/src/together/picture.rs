//! The whole system at one moment: every figure of the display, taken once per frame.

use std::time::Duration;

use fusebox::{Cause, Snapshot, State};
use fusebox_fleet::host::LeaseOutcome;

use super::Watched;
use super::fleet::Noted;
use super::fleet_picture::FleetPicture;
use super::words::state;
use crate::unreliable::Health;
use experiment::outcome::Outcomes;

/// The whole system at one moment.
pub(super) struct Picture {
    pub(super) seed: u64,
    pub(super) rate: f64,
    /// When the run ends, if it does.
    pub(super) until: Option<Duration>,
    /// Whether one instance lets calls pass while another does not.
    pub(super) diverges: bool,
    /// The share of the time in which instances diverged.
    pub(super) disagreed: f64,
    /// How many of the permitted calls were expected to fail.
    pub(super) expected_to_fail: f64,
    pub(super) elapsed: Duration,
    pub(super) downstream: Health,
    pub(super) instances: Vec<InstancePicture>,
    pub(super) transitions: Vec<Noted>,
    /// The number of transitions; `transitions` contains the last of them.
    pub(super) noted: u64,
    /// What the instances decide together; `None` if each decides alone.
    pub(super) fleet: Option<FleetPicture>,
}

/// One instance at one moment.
pub(super) struct InstancePicture {
    pub(super) name: String,
    pub(super) snapshot: Snapshot,
    /// Whether it was stopped; then the state of its breaker does not count.
    pub(super) is_stopped: bool,
    pub(super) clients: Outcomes,
    /// Its probes for the fleet that succeeded.
    pub(super) good_for_all: u64,
}

impl Picture {
    pub(super) fn of(watched: &Watched) -> Self {
        let parts = watched.names.iter().zip(&watched.breakers).enumerate();
        let instances: Vec<_> = parts
            .map(|(place, (name, breaker))| InstancePicture {
                name: name.clone(),
                snapshot: breaker.snapshot(),
                is_stopped: watched.fleet.recorder(|it| it.is_stopped(place)),
                clients: watched.record.figures(place),
                good_for_all: watched.readers[place]
                    .tally()
                    .leases(LeaseOutcome::Succeeded),
            })
            .collect();
        let now = instances.iter().map(|instance| instance.snapshot.at).max();
        let now = now.unwrap_or_default();
        let (transitions, noted) = watched.fleet.recent();
        Self {
            seed: watched.seed,
            rate: watched.rate,
            until: watched.until,
            diverges: watched.fleet.recorder(|it| it.diverges()),
            expected_to_fail: watched.fleet.wasted().1,
            disagreed: watched.fleet.divergence(now).opens_share(),
            elapsed: watched.fleet.elapsed(now),
            downstream: watched.running.health(),
            instances,
            transitions,
            noted,
            fleet: FleetPicture::of(watched),
        }
    }
}

impl InstancePicture {
    /// The state of its breaker, or that it is stopped.
    pub(super) fn standing(&self) -> String {
        if self.is_stopped {
            "stopped".to_owned()
        } else {
            state(self.snapshot.state)
        }
    }

    pub(super) fn in_state(&self) -> Duration {
        self.snapshot.at.saturating_sub(self.snapshot.since)
    }

    /// How often the breaker opened, apart from orders of an operator. A breaker that a fleet holds counts as open
    /// all along, whatever it does in between.
    pub(super) fn openings(&self) -> u64 {
        let totals = &self.snapshot.totals;
        let none = [Cause::Manual, Cause::EngineLost];
        let rules = Cause::TRIPS.iter().filter(|cause| !none.contains(cause));
        rules.map(|&cause| totals.trips(cause)).sum()
    }

    /// How often it went open → half-open → open. Its own probes count, and so do probes for the fleet, except the
    /// successful ones, which wait in open until the fleet closes.
    pub(super) fn flaps(&self) -> u64 {
        let again = self
            .snapshot
            .totals
            .transitions(State::HalfOpen, State::Open);
        again.saturating_sub(self.good_for_all)
    }
}
