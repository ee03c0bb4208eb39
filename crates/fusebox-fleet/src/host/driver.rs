//! The task of one participant, which wakes the member, listens to the breaker, and carries messages.
//!
//! All input from outside arrives in one bounded inbox. Each request to the engine runs in a task of its own, so an
//! engine that hangs, panics or blocks its thread does not end this one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::caught_panic::Caught;
use super::errand::{Errands, within};
use super::fleet_event::{self, FleetEvent};
use super::hearing::Hearing;
use super::input::Input;
use super::shared::Shared;
use super::soundness;
use super::status::Board;
use super::subscription::Subscription;
use super::tally::{FallbackReason, LeaseOutcome, MessageKind};
use super::task_memory::Part;
use crate::bind::Bound;
use crate::member::{Action, Event, Member, Notice, Overlay, Right};
use crate::message::{AcquireRefused, Lease, ProbeResult, Sender};
use crate::mode::{Evidence, Mode};
use crate::view::View;

pub(super) struct Driver {
    host: Arc<Shared>,
    board: Arc<Board>,
    bound: Bound,
    hearing: Hearing,
    member: Member,
    part: Part,
    errands: Errands,
    inbox: mpsc::Receiver<Input>,
    random: fastrand::Rng,
    began: Instant,
    listen_at: Instant,
    /// When the lease that was given last ends.
    lease_ends: Instant,
    /// None in local mode.
    subscription: Option<Subscription>,
    farewell: Option<Sender>,
}

impl Driver {
    pub(super) fn new(
        (host, board): (Arc<Shared>, Arc<Board>),
        (bound, member): (Bound, Member),
        (post, inbox): (mpsc::Sender<Input>, mpsc::Receiver<Input>),
    ) -> Self {
        let breaker = bound.breaker();
        let transitions = breaker.events(fusebox::Interest::Changes, 256);
        let settings = member.settings();
        let counts_all = settings.mode().dials().evidence == Evidence::Counts;
        let most = (!counts_all).then(|| settings.suspicion_run());
        let hearing = Hearing::new(transitions, &breaker.snapshot(), most);
        let key = board.key().clone();
        let now = Instant::now();
        let subscription = (settings.mode() != Mode::Local).then(|| {
            let wait = settings.heartbeat();
            Subscription::begin(Arc::clone(&host.engine), key.clone(), (post.clone(), wait))
        });
        Self {
            errands: Errands::new(
                Arc::clone(&host.engine),
                key,
                (settings.engine_timeout(), settings.minimum_gap()),
                post,
            ),
            part: Part::new(member.sender().instance.clone()),
            random: host.random(),
            host,
            board,
            bound,
            hearing,
            member,
            inbox,
            began: now,
            listen_at: now,
            lease_ends: now,
            subscription,
            farewell: None,
        }
    }

    /// Takes part until the handle asks to leave. Returns whether the engine was told of the end.
    pub(super) async fn run(mut self) -> bool {
        // What happened to the breaker before it joined.
        let last = self.bound.breaker().snapshot().transitions.last().copied();
        if let Some(event) = last.and_then(|last| self.bound.heard(&last)) {
            self.tell(event);
        }
        self.tell(Event::Tick);
        while !self.board.wants_to_leave() {
            self.show();
            let input = timeout_at(self.wakes_at(), self.inbox.recv()).await;
            if self.board.wants_to_leave() {
                break;
            }
            self.listen();
            match input {
                Ok(Some(input)) => self.take(input),
                Ok(None) => break,
                Err(_) => self.tell(Event::Tick),
            }
            self.errands.go_on(&mut self.part.tally);
        }
        self.leave().await
    }

    fn wakes_at(&self) -> Instant {
        let now = Instant::now();
        let Some(wake) = self.member.next_wake() else {
            return now + Duration::from_secs(60); // nothing is due in local mode
        };
        // However soon or late a wake is due, the task neither spins nor misses a reading.
        let soonest = now + Duration::from_millis(1);
        let latest = self.listen_at.max(soonest);
        self.began
            .checked_add(wake)
            .map_or(latest, |wake| wake.clamp(soonest, latest))
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Reads the breaker's counters when that is due.
    fn listen(&mut self) {
        if self.member.settings().mode() == Mode::Local {
            return;
        }
        let breaker = self.bound.breaker();
        if Instant::now() >= self.listen_at {
            self.listen_at = Instant::now() + self.host.listen_every;
        }
        let mut snapshot = breaker.snapshot();
        if snapshot.hold.is_some() {
            // The end of a turn or of a lease must not wait for the next call.
            breaker.poll_transitions();
            snapshot = breaker.snapshot();
        }
        for event in self.hearing.read(&mut self.bound, &snapshot) {
            self.tell(event);
        }
    }

    fn take(&mut self, input: Input) {
        let settings = self.member.settings();
        match input {
            Input::Reported(ticket, answer) => {
                self.errands.reports.answered();
                let is_sound = |view: &View| soundness::is_sound(view, settings);
                let event = match self
                    .part
                    .heard(MessageKind::Report, answer, is_sound, |_| true)
                {
                    Some(answer) => Event::Reported { ticket, answer },
                    None => Event::Lost(ticket),
                };
                if let Event::Reported { answer, .. } = &event {
                    self.part.refused = answer.err();
                    self.part.view = answer.ok().or(self.part.view);
                }
                self.tell(event);
            }
            Input::Acquired(ticket, answer) => {
                self.errands.acquires.answered();
                let is_lease = |lease: &Lease| soundness::is_sound_lease(lease, settings);
                let is_refusal =
                    |refused: &AcquireRefused| soundness::is_sound_refusal(refused, settings);
                let answer = self
                    .part
                    .heard(MessageKind::Acquire, answer, is_lease, is_refusal);
                self.part.acquired(answer);
                self.tell(match answer {
                    Some(answer) => Event::Acquired { ticket, answer },
                    None => Event::Lost(ticket),
                });
            }
            Input::Settled(answer) => {
                self.errands.settles.answered();
                let is_sound = |view: &View| soundness::is_sound(view, settings);
                if let Some(Ok(view)) =
                    self.part
                        .heard(MessageKind::Settle, answer, is_sound, |_| true)
                {
                    self.pushed(view);
                }
            }
            Input::Pushed(view) => {
                if !self.part.distrusts() && soundness::is_sound(&view, settings) {
                    self.part.tally.received(MessageKind::Push);
                    self.pushed(view);
                }
            }
            Input::Wake => self.tell(Event::Tick),
            #[cfg(test)]
            Input::Fault => panic!("a fault in the task"),
        }
    }

    fn pushed(&mut self, view: View) {
        self.tell(Event::Pushed(view));
    }

    /// Passes an event to the member, carries out its actions, and passes it the events that these cause.
    fn tell(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            if let Event::ProbeEnded { result, .. } = event {
                self.probed(result);
            }
            let now = self.now();
            let random = &mut self.random;
            for action in self.member.handle(now, event, &mut || random.f64()) {
                events.extend(self.bound.apply(&action));
                self.carry_out(action);
            }
            if self.member.right().is_none() {
                self.probed(ProbeResult::Void);
            }
            let limit = self.member.settings().verdict_for();
            let stale_after = self.member.settings().stale_after();
            let is_held = self.member.overlay().is_held();
            if self.part.watch(now, is_held, limit, stale_after) {
                events.push_back(Event::Distrusted);
            }
        }
        if let Some(view) = self.member.view() {
            self.part.view = Some(view);
        }
    }

    /// A probe for the fleet that was under way has ended.
    fn probed(&mut self, result: ProbeResult) {
        if std::mem::take(&mut self.part.probes) {
            self.part.tally.leased(match result {
                ProbeResult::Succeeded => LeaseOutcome::Succeeded,
                ProbeResult::Failed => LeaseOutcome::Failed,
                ProbeResult::Void => LeaseOutcome::Void,
            });
            self.announce(&FleetEvent::Probed { result });
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Report(ticket, report) => {
                self.errands.report(&mut self.part.tally, ticket, report);
                self.keep_time();
            }
            Action::Acquire(ticket, ask) => {
                self.errands.acquire(&mut self.part.tally, ticket, ask);
            }
            Action::Settle(settlement) => {
                let until = self.lease_ends;
                self.errands.settle(&mut self.part.tally, settlement, until);
            }
            Action::Leave(sender) => self.farewell = Some(sender),
            Action::Hold { .. } => {
                if let Overlay::Held { era } = self.member.overlay() {
                    self.part.tally.adopted();
                    self.announce(&FleetEvent::Adopted { era });
                }
            }
            Action::Probe { deadline, .. } | Action::LendProbe { deadline, .. } => {
                if let Some(Right::Leased(_)) = self.member.right() {
                    self.part.probes = true;
                    self.lease_ends = Instant::now() + deadline;
                    self.announce(&FleetEvent::Leased { lasts: deadline });
                }
            }
            Action::Release { after } => self.announce(&FleetEvent::Released { after }),
            Action::Obey(order) => self.announce(&FleetEvent::Ordered { order }),
            Action::Notice(notice) => self.notice(notice),
            Action::Hint { .. } | Action::Hasten { .. } | Action::LoseEngine { .. } => {}
        }
    }

    /// The next heartbeat is that of all keys of this instance.
    fn keep_time(&mut self) {
        let heartbeat = self.member.settings().heartbeat();
        let now = Instant::now();
        let beat = self.host.rhythm.next(heartbeat, now, &mut self.random);
        self.member.beat_at(beat.duration_since(self.began));
    }

    fn notice(&mut self, notice: Notice) {
        let event = match notice {
            Notice::Vetoed { era } => {
                self.part.tally.vetoed();
                FleetEvent::Vetoed { era }
            }
            Notice::EngineLost => self.fell_back(self.part.why_stale()),
            Notice::EngineForgot => self.fell_back(FallbackReason::Forgot),
            Notice::EngineBack => FleetEvent::Rejoined,
            Notice::Refused(why) => {
                self.part.tally.fell_back(why.into());
                FleetEvent::Refused { why }
            }
            Notice::Localised => FleetEvent::Localised,
            Notice::LocalisedEnded => FleetEvent::LocalisedEnded,
        };
        self.announce(&event);
    }

    fn fell_back(&mut self, reason: FallbackReason) -> FleetEvent {
        self.part.tally.fell_back(reason);
        FleetEvent::FellBack { reason }
    }

    fn announce(&self, event: &FleetEvent) {
        if let Some(listener) = &self.host.listener {
            fleet_event::tell(&**listener, self.board.key(), event);
        }
    }

    fn show(&self) {
        let (now, age) = (Instant::now(), self.member.view_age());
        let heard_at = age.map(|age| now.checked_sub(age).unwrap_or(self.began));
        let state = self.bound.breaker().state();
        let status = self.part.status(&self.member, state, self.board.joined());
        self.board.show(status, heard_at, self.part.answered_at);
    }

    /// Lets go of the breaker first, and tells the engine within twice its timeout.
    async fn leave(mut self) -> bool {
        self.listen();
        self.tell(Event::Leave);
        self.bound.free();
        self.board.leave();
        self.subscription = None;
        let limit = self.member.settings().engine_timeout();
        let Some(sender) = self.farewell.take() else {
            return true; // of nothing, in local mode
        };
        // A report that comes after the farewell would be a new beginning.
        if let Some(report) = self.errands.close() {
            let _ = timeout(limit, report).await;
        }
        self.part.tally.sent(MessageKind::Leave);
        let (engine, key) = (Arc::clone(&self.host.engine), self.board.key().clone());
        let farewell = Caught::new(async move { engine.leave(&key, &sender).await });
        let farewell = tokio::spawn(within(limit, farewell));
        let is_told = matches!(timeout(limit, farewell).await, Ok(Ok(Ok(()))));
        if is_told {
            self.part.tally.received(MessageKind::Leave);
        }
        self.show();
        self.board.leave();
        self.announce(&FleetEvent::Left);
        is_told
    }
}

/// Runs however the task ends: after its last step, by a panic, or with its runtime. An order of the fleet ends with
/// the participation; a hold ends when `bound` is dropped.
impl Drop for Driver {
    fn drop(&mut self) {
        self.bound.free();
        self.board.leave();
        self.host.has_left(self.board.key());
    }
}
