//! Watching: the truth about the downstream, transitions of breakers, ticks and interruptions of instances.

use std::time::Duration;

use experiment::downstream::TRUTH_STEP;
use experiment::fleet::Change;

use super::{Kind, Performance};
use crate::calls::{End, Stage};
use crate::digest::Mark;
use crate::interruptions::Turn;
use crate::nanos;

impl Performance<'_> {
    /// What is known before the first request.
    pub(super) fn begin(&mut self) {
        self.look();
        self.agenda.add(self.until, Kind::Close.at(0));
        for (number, (at, ..)) in (0..).zip(&self.instances.interruptions.turns) {
            self.agenda.add(*at, Kind::Turn.at(number));
        }
        for (instance, at) in self.instances.tickers() {
            self.agenda.add(at, Kind::Tick.at(instance));
        }
        let clients = self.closed_loop;
        for client in 0..clients {
            self.agenda.add(0, Kind::Client.at(client));
        }
    }

    /// Looks at the truth, and sees when it may change by itself.
    pub(super) fn look(&mut self) {
        if self.now != self.next_look && self.now > 0 {
            // Another look came before this one.
            return;
        }
        let now = self.time();
        self.recorder
            .phase(now, &self.downstream.moment(now).phase.name);
        let truths = self.downstream.truth_of_each(now, &self.groups);
        for (place, truth) in truths.into_iter().enumerate() {
            self.recorder.truth(place, now, truth);
        }
        self.looked = self.now;
        self.truth_version = self.downstream.truth_version();
        self.next_look = u64::MAX;
        if let Some(next) = self.next_change() {
            self.look_at(nanos(next));
        }
    }

    /// When the truth may change by itself. Under an overload model it moves all the time, so that the next step is
    /// not worth its computation.
    fn next_change(&mut self) -> Option<Duration> {
        let now = self.time();
        if !self.follows_load {
            return self.downstream.next_change(now);
        }
        let left = self.downstream.moment(now).remaining;
        let step = left.unwrap_or(TRUTH_STEP).min(TRUTH_STEP);
        Some(now + step.max(Duration::from_nanos(1)))
    }

    fn look_at(&mut self, at: u64) {
        if at < self.next_look {
            self.next_look = at;
            self.agenda.add(at, Kind::Look.at(0));
        }
    }

    /// Notes what the last event has changed.
    pub(super) fn note_changes(&mut self) {
        if self.downstream.truth_version() != self.truth_version {
            self.truth_version = self.downstream.truth_version();
            self.look_at(self.now.max(self.looked + nanos(TRUTH_STEP)));
        }
        let Some(changes) = self.instances.changes() else {
            return;
        };
        let now = self.time();
        for (instance, transition) in changes {
            self.digest
                .note(self.now, Mark::Changed, instance, transition.to as u8);
            let place = instance as usize;
            self.recorder.transition(place, now, &transition);
            if let Some(events) = &mut self.events {
                events.transition(place, &Change::new(now, &transition));
            }
            if let Some(at) = self.instances.tick_for_change(instance) {
                self.agenda.add(at.max(self.now), Kind::Tick.at(instance));
            }
        }
    }

    /// An instance asks its breaker to make the change that is due; one that stands still does so later.
    pub(super) fn tick(&mut self, instance: u32) {
        let awake = self.instances.interruptions.awake(instance, self.now);
        if awake > self.now {
            self.agenda.add(awake, Kind::Tick.at(instance));
            return;
        }
        self.instances.breaker(instance).poll_transitions();
        if let Some(next) = self.instances.tick_after(instance, self.now) {
            self.agenda.add(next, Kind::Tick.at(instance));
        }
    }

    /// An instance is interrupted or works again.
    pub(super) fn turn(&mut self, number: u32) {
        let (_, instance, turn) = self.instances.interruptions.turns[number as usize];
        self.digest
            .note(self.now, Mark::Turned, instance, turn as u8);
        if turn != Turn::Stops {
            return;
        }
        for place in 0..u32::try_from(self.calls.all.len()).unwrap_or(u32::MAX) {
            let call = self.calls.at(place);
            let waits = matches!(
                call.stage,
                Stage::Ends { .. } | Stage::Works(_) | Stage::Held { .. }
            );
            // A connection that is made while this goes on is refused.
            if waits && call.request.target == instance && call.request.sent < self.now {
                self.ended(place, End::Cut);
            }
        }
        self.instances.forget(instance);
    }
}
