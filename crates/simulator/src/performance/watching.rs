//! Watching: the truth about the downstream, transitions of breakers, ticks and interruptions of instances.

use experiment::fleet::Change;

use super::{Kind, Performance};
use crate::calls::{End, Stage};
use crate::digest::Mark;
use crate::interruptions::Turn;

impl Performance<'_> {
    /// What is known before the first request.
    pub(super) fn begin(&mut self) {
        self.begin_together();
        self.look_at_all();
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

    /// Looks at everybody's truth, or at that of one group, unless another look has come before this one.
    pub(super) fn look(&mut self, place: u32) {
        match place.checked_sub(1) {
            None if self.looks.is_for_all(self.now) => self.look_at_all(),
            Some(group) if self.looks.is_for(group, self.now) => self.look_at(group),
            _ => {}
        }
    }

    fn look_at_all(&mut self) {
        let now = self.time;
        self.downstream.settle(now);
        let phase = &self.downstream.moment(now).phase.name;
        self.recorder.phase(now, phase);
        let next = self.looks.begin(self.now, &mut self.downstream);
        if next < u64::MAX {
            self.agenda.add(next, Kind::Look.at(0));
        }
        for group in 0..self.looks.groups() {
            self.look_at(group);
        }
    }

    /// Looks at the truth of a group, and sees when it may change by itself.
    fn look_at(&mut self, group: u32) {
        let truth = self.looks.truth(group, self.now, &mut self.downstream);
        self.recorder.truth(group as usize, self.time, truth);
        self.effort.truths += 1;
        if let Some(next) = self.looks.go_on(group, self.now, &mut self.downstream) {
            self.agenda.add(next, Kind::Look.at(group + 1));
        }
    }

    /// A rule may have counted a call of this instance: its next one may meet another truth.
    pub(super) fn look_after_call(&mut self, instance: u32) {
        self.look_at(self.looks.group_of(instance));
        self.looks.is_counted(&self.downstream);
    }

    /// Notes what the last event has changed.
    pub(super) fn note_changes(&mut self) {
        if let Some(at) = self.looks.after_change(self.now, &self.downstream) {
            self.agenda.add(at, Kind::Look.at(0));
        }
        let Some(changes) = self.instances.changes() else {
            return;
        };
        let now = self.time;
        for (instance, transition) in changes {
            self.digest
                .note(self.now, Mark::Changed, instance, transition.to as u8);
            let place = instance as usize;
            self.recorder.transition(place, now, &transition);
            if let Some(events) = &mut self.events {
                events.transition(place, &Change::new(now, &transition));
            }
            if let Some(fleet) = &mut self.fleet
                && let Some(event) = fleet.host(instance).bound.heard(&transition)
            {
                fleet.heard.push_back((instance, event));
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
            .note(self.now, Mark::Turned, instance, turn.mark());
        let leaves = match turn {
            Turn::Pauses | Turn::Resumes => return,
            Turn::Starts => return self.start_member(instance),
            Turn::Leaves => return self.stop_member(instance, true),
            Turn::Stops { leaves } => leaves,
        };
        self.stop_member(instance, leaves);
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
        self.throttles.forget(instance);
    }
}
