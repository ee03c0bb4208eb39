//! Coordination: members are told what happens to their breakers, and lead them.

use fusebox_fleet::Event;

use super::{Kind, Performance};
use crate::fleet::Fleet;

impl Performance<'_> {
    /// Timers, faults of the engine, and steps of clocks.
    pub(super) fn begin_together(&mut self) {
        let Some(fleet) = &mut self.fleet else { return };
        for (number, (at, _)) in (0..).zip(&fleet.turns) {
            self.agenda.add(*at, Kind::Engine.at(number));
        }
        for (instance, host) in (0..).zip(&mut fleet.hosts) {
            for at in host.clock_steps() {
                self.agenda.add(at, Kind::Wake.at(instance));
            }
            if host.is_here() {
                host.wakes_at = 0;
                self.agenda.add(0, Kind::Wake.at(instance));
            }
        }
        self.send_messages();
    }

    /// Tells a member something at the end of this event, after what its breaker has told. So all that happens to
    /// calls comes in the order in which it does without coordination.
    pub(super) fn tell_member(&mut self, instance: u32, event: Option<Event>) {
        if let (Some(fleet), Some(event)) = (&mut self.fleet, event) {
            fleet.pending.push_back((instance, event));
        }
    }

    /// Tells members all that they are to be told, and does what they ask.
    #[cold]
    pub(super) fn coordinate(&mut self) {
        while let Some(fleet) = &mut self.fleet
            && let Some((instance, event)) = fleet.next_told()
        {
            for action in fleet.tell(self.now, instance, event) {
                self.act(instance, action);
            }
            self.set_timer(instance);
        }
        self.send_messages();
    }

    fn send_messages(&mut self) {
        let Some(fleet) = &mut self.fleet else { return };
        for (at, place) in fleet.outgoing.drain(..) {
            self.agenda.add(at, Kind::Message.at(place));
        }
    }

    fn act(&mut self, instance: u32, action: fusebox_fleet::Action) {
        let Some(fleet) = &mut self.fleet else { return };
        if !action.is_for_the_breaker() {
            fleet.carry(self.now, instance, action);
            return;
        }
        let told = fleet.host(instance).bound.apply(&action);
        // What the breaker tells comes before what the member is to hear of the action.
        self.note_changes();
        if let (Some(event), Some(fleet)) = (told, &mut self.fleet) {
            fleet.pending.push_back((instance, event));
        }
        // Some actions move a deadline without a transition.
        if let Some(at) = self.instances.tick_for_change(instance) {
            self.agenda.add(at.max(self.now), Kind::Tick.at(instance));
        }
    }

    fn set_timer(&mut self, instance: u32) {
        let now = self.now;
        let Some(fleet) = &mut self.fleet else { return };
        let host = fleet.host(instance);
        let at = host.next_wake(now);
        if at < host.wakes_at {
            host.wakes_at = at;
            self.agenda.add(at, Kind::Wake.at(instance));
        }
    }

    /// A member's timer is over, or its clock has stepped.
    pub(super) fn wake(&mut self, instance: u32) {
        let awake = self.instances.interruptions.awake(instance, self.now);
        let Some(fleet) = &mut self.fleet else { return };
        let host = fleet.host(instance);
        if host.wakes_at <= self.now {
            host.wakes_at = u64::MAX;
        }
        if awake > self.now {
            host.wakes_at = host.wakes_at.min(awake);
            self.agenda.add(awake, Kind::Wake.at(instance));
        } else if host.is_due(self.now) {
            if host.is_led() {
                self.instances.breaker(instance).poll_transitions();
            }
            self.tell_member(instance, Some(Event::Tick));
        } else {
            self.set_timer(instance);
        }
    }

    /// A message comes; an instance that stands still reads it when it goes on.
    pub(super) fn message_comes(&mut self, place: u32) {
        let Some(fleet) = &mut self.fleet else { return };
        let Some(message) = fleet.take(place) else {
            return;
        };
        let reader = message.reader();
        let awake = reader.map(|it| self.instances.interruptions.awake(it, self.now));
        if let Some(awake) = awake.filter(|at| *at > self.now) {
            fleet.put(awake, message);
        } else if let Some(told) = fleet.comes(self.now, message) {
            fleet.pending.push_back(told);
        }
        self.send_messages();
    }

    /// Something happens to the engine.
    pub(super) fn engine_turns(&mut self, number: u32) {
        if let Some(fleet) = &mut self.fleet {
            let (_, turn) = fleet.turns[number as usize];
            fleet.engine.turn(turn);
        }
    }

    /// An instance's process is about to end; in order, it takes its leave.
    pub(super) fn stop_member(&mut self, instance: u32, leaves: bool) {
        if leaves {
            self.tell_member(instance, Some(Event::Leave));
            self.coordinate();
        }
        if let Some(fleet) = &mut self.fleet {
            fleet.host(instance).end(self.now);
            fleet.end_gossip(self.now, instance, leaves);
            fleet.look(self.now, instance);
        }
    }

    /// An instance's process has begun.
    pub(super) fn start_member(&mut self, instance: u32) {
        let Some(fleet) = &mut self.fleet else { return };
        fleet.host(instance).begin(self.now);
        fleet.begin_gossip(self.now, instance);
        fleet.look(self.now, instance);
        self.set_timer(instance);
        self.send_messages();
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
