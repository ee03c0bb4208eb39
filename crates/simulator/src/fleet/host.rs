//! One instance's part in the fleet: the member, the breaker that it leads, and the rest of its process.

mod stand;

use std::sync::Arc;
use std::time::Duration;

use experiment::chance::Draw;
use experiment::coordination::MemberRecord;
use experiment::scenario::{ClockStepped, Step};
use fusebox::Breaker;
use fusebox_fleet::bind::Bound;
use fusebox_fleet::{
    Action, Event, InstanceId, Member, Notice, Opinion, Overlay, Right, Sender, Session, Settings,
    Ticket,
};

use crate::nanos;
use stand::Remembered;

/// Clocks begin so late that no step back reaches their origin.
const ORIGIN: u64 = 10_000_000_000_000_000;

/// One instance.
pub(crate) struct Host {
    name: InstanceId,
    settings: Arc<Settings>,
    /// `None` while there is no process, or after it has left.
    member: Option<Member>,
    pub(crate) bound: Bound,
    luck: Luck,
    /// Requests without an answer so far.
    waiting: Vec<Ticket>,
    /// When its timer is due; `u64::MAX` if it is not set.
    pub(crate) wakes_at: u64,
    steps: Vec<(u64, Step)>,
    /// The number of this process of the instance.
    pub(crate) life: u64,
    alone_since: Option<u64>,
    absent_since: Option<u64>,
    /// When the last view came.
    viewed_at: u64,
    /// The integral of the time since then, in square seconds.
    ages: f64,
    /// What it reported last.
    reported: Option<Opinion>,
    remembered: Remembered,
    pub(crate) counted: MemberRecord,
}

/// A stream of shares.
#[derive(Clone, Copy, Debug)]
struct Luck {
    draw: Draw,
    number: u64,
}

impl Luck {
    fn share(&mut self) -> f64 {
        self.number += 1;
        self.draw.number(self.number).share()
    }
}

impl Host {
    pub(crate) fn new(
        name: &str,
        settings: &Arc<Settings>,
        breaker: Breaker,
        (seed, steps): (u64, Vec<ClockStepped>),
    ) -> Self {
        let mut steps: Vec<_> = steps.iter().map(|it| (nanos(it.at.0), it.by)).collect();
        steps.sort_by_key(|(at, _)| *at);
        Self {
            name: InstanceId::new(name).expect("names of instances are checked"),
            settings: Arc::clone(settings),
            member: None,
            bound: Bound::new(breaker),
            luck: Luck {
                draw: Draw::new(seed).with("member").with(name),
                number: 0,
            },
            waiting: Vec::new(),
            wakes_at: u64::MAX,
            steps,
            life: 0,
            alone_since: None,
            absent_since: Some(0),
            viewed_at: 0,
            ages: 0.0,
            reported: None,
            remembered: Remembered::default(),
            counted: MemberRecord {
                name: name.to_owned(),
                ..MemberRecord::default()
            },
        }
    }

    /// Begins a process.
    pub(crate) fn begin(&mut self, now: u64) {
        if let Some(since) = self.absent_since.take() {
            self.counted.absent_s += seconds(now.saturating_sub(since));
        }
        self.viewed_at = now;
        self.alone_since = Some(now);
        self.reported = None;
        self.remembered = Remembered::of_process(now);
        self.life += 1;
        let session = self.luck.draw.with("session").number(self.life);
        let sender = Sender::new(self.name.clone(), Session::new(session.bits()));
        self.member = Some(Member::new(sender, Arc::clone(&self.settings)));
        self.bound = Bound::new(self.bound.breaker().clone());
        self.wakes_at = u64::MAX;
        self.waiting.clear();
    }

    /// The process ends.
    pub(crate) fn end(&mut self, now: u64) {
        self.member = None;
        self.leave_off(now);
    }

    /// Stops counting from now on.
    fn leave_off(&mut self, now: u64) {
        if self.absent_since.is_some() {
            return;
        }
        if let Some(since) = self.alone_since.take() {
            self.counted.alone_s += seconds(now.saturating_sub(since));
        }
        self.age(now);
        self.absent_since = Some(now);
    }

    pub(crate) fn is_here(&self) -> bool {
        self.member.is_some()
    }

    /// Whether the fleet adds anything to the breaker now.
    pub(crate) fn is_led(&self) -> bool {
        self.overlay() != Overlay::None
    }

    /// What the fleet adds to the breaker.
    pub(crate) fn overlay(&self) -> Overlay {
        self.member.as_ref().map_or(Overlay::None, Member::overlay)
    }

    /// By which right it probes.
    pub(crate) fn right(&self) -> Option<Right> {
        self.member.as_ref()?.right()
    }

    /// It probes for the fleet from now on.
    pub(crate) fn begins_probe(&mut self) {
        self.remembered.probes = true;
    }

    /// It probes no longer; says whether it has.
    pub(crate) fn ends_probe(&mut self) -> bool {
        std::mem::take(&mut self.remembered.probes)
    }

    /// The engine has answered it.
    pub(crate) fn is_answered(&mut self, now: u64) {
        self.remembered.answered_at = Some(now);
    }

    /// Passes an event to the member; returns its actions.
    pub(crate) fn handle(&mut self, now: u64, event: Event) -> Vec<Action> {
        if matches!(
            event,
            Event::Pushed(_) | Event::Reported { answer: Ok(_), .. }
        ) {
            self.age(now);
        }
        let time = self.clock(now);
        let Some(member) = &mut self.member else {
            return Vec::new();
        };
        self.remembered.hear(&event);
        let luck = &mut self.luck;
        let actions = member.handle(time, event, &mut || luck.share());
        self.remembered.see(member, now);
        let is_alone = member.view().is_none();
        match (self.alone_since, is_alone) {
            (None, true) => self.alone_since = Some(now),
            (Some(since), false) => {
                self.counted.alone_s += seconds(now - since);
                self.alone_since = None;
            }
            _ => {}
        }
        for action in &actions {
            self.count(action);
        }
        actions
    }

    /// Notes that a view has arrived.
    fn age(&mut self, now: u64) {
        let age = seconds(now.saturating_sub(self.viewed_at));
        self.ages += age * age / 2.0;
        self.viewed_at = now;
    }

    fn count(&mut self, action: &Action) {
        if let Action::Report(_, report) = action {
            let before = self.reported.replace(report.opinion);
            if before.is_some_and(|before| before != report.opinion) {
                self.counted.changes += 1;
            }
        }
        match action {
            Action::Report(ticket, _) | Action::Acquire(ticket, _) => {
                self.waiting.push(*ticket);
            }
            Action::Notice(Notice::Vetoed { .. }) => self.counted.vetoes += 1,
            Action::Notice(Notice::EngineLost | Notice::EngineForgot | Notice::Refused(_)) => {
                self.counted.fallbacks += 1;
            }
            Action::Notice(Notice::Localised) => self.counted.localised += 1,
            _ => {}
        }
    }

    /// Whether this request was neither answered nor given up; from now on it is.
    pub(crate) fn answered(&mut self, ticket: Ticket) -> bool {
        let place = self.waiting.iter().position(|known| *known == ticket);
        place.map(|place| self.waiting.swap_remove(place)).is_some()
    }

    /// When the member wants to be woken, at the next nanosecond at the earliest.
    pub(crate) fn next_wake(&self, now: u64) -> u64 {
        let wake = self.member.as_ref().and_then(Member::next_wake);
        wake.map_or(u64::MAX, |at| {
            let ahead = at.saturating_sub(self.clock(now));
            now.saturating_add(nanos(ahead)).max(now + 1)
        })
    }

    /// Whether the member is to be woken now.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        let wake = self.member.as_ref().and_then(Member::next_wake);
        wake.is_some_and(|at| at <= self.clock(now))
    }

    /// The reading of the clock that its coordination uses.
    fn clock(&self, now: u64) -> Duration {
        let mut shown = ORIGIN.saturating_add(now);
        for (at, step) in &self.steps {
            if *at <= now {
                shown = match step {
                    Step::Forward(by) => shown.saturating_add(nanos(*by)),
                    Step::Back(by) => shown.saturating_sub(nanos(*by)),
                };
            }
        }
        Duration::from_nanos(shown)
    }

    /// When its clock steps.
    pub(crate) fn clock_steps(&self) -> impl Iterator<Item = u64> {
        self.steps.iter().map(|(at, _)| *at)
    }

    /// The counters up to the end.
    pub(crate) fn finish(mut self, end: u64) -> MemberRecord {
        self.leave_off(end);
        let absent_since = self.absent_since.unwrap_or(end);
        self.counted.absent_s += seconds(end.saturating_sub(absent_since));
        let present = seconds(end) - self.counted.absent_s;
        if present > 0.0 {
            self.counted.view_age_s = self.ages / present;
        }
        self.counted
    }
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}
