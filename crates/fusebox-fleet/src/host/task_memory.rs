//! The task's memory beside the member: what was heard last, and for how long the fleet has held the breaker.

use std::time::Duration;

use fusebox::{HoldStage, State};
use tokio::time::Instant;

use super::opinion_times::OpinionTimes;
use super::status::{Apart, Status};
use super::tally::{FallbackReason, LeaseOutcome, MessageKind, Tally};
use crate::command::Order;
use crate::engine::{EngineError, Unavailable};
use crate::member::{Member, Overlay, Right};
use crate::message::{AcquireRefused, Lease, ReportRefused};
use crate::mode::Mode;
use crate::name::InstanceId;
use crate::opinion::Opinion;
use crate::view::View;

pub(super) struct Part {
    instance: InstanceId,
    pub(super) tally: Tally,
    /// The newest view that was fresh when it was heard.
    pub(super) view: Option<View>,
    pub(super) refused: Option<ReportRefused>,
    pub(super) answered_at: Option<Instant>,
    trouble: Option<Unavailable>,
    /// A probe for the fleet is under way.
    pub(super) probes: bool,
    held_since: Option<Duration>,
    /// Until this time, what the engine says is not believed.
    distrust_until: Option<Duration>,
    now: Duration,
}

impl Part {
    pub(super) fn new(instance: InstanceId) -> Self {
        Self {
            instance,
            tally: Tally::default(),
            view: None,
            refused: None,
            answered_at: None,
            trouble: None,
            probes: false,
            held_since: None,
            distrust_until: None,
            now: Duration::ZERO,
        }
    }

    /// Stops believing an engine that has held a breaker for as long as a verdict is kept, until the instance has
    /// gone on alone. If the fleet is right, that costs one probe; if the engine has gone wrong, it is the way out.
    /// Returns whether the distrust begins now. Then the member has to be told: otherwise it would hold the breaker
    /// until its view is stale, while no answer that would let it probe is believed.
    pub(super) fn watch(
        &mut self,
        now: Duration,
        is_held: bool,
        limit: Duration,
        stale_after: Duration,
    ) -> bool {
        self.now = now;
        if !is_held {
            self.held_since = None;
            return false;
        }
        let since = *self.held_since.get_or_insert(now);
        let begins = now >= since.saturating_add(limit) && !self.distrusts();
        if begins {
            self.distrust_until = Some(now.saturating_add(stale_after));
        }
        begins
    }

    pub(super) fn distrusts(&self) -> bool {
        self.distrust_until.is_some_and(|until| self.now < until)
    }

    /// The reason why the view has become stale.
    pub(super) fn why_stale(&self) -> FallbackReason {
        let Some(until) = self.distrust_until else {
            return FallbackReason::Stale;
        };
        if self.now <= until.saturating_add(Duration::from_secs(1)) {
            FallbackReason::HeldTooLong
        } else {
            FallbackReason::Stale
        }
    }

    /// The answer, if there is one that makes sense.
    pub(super) fn heard<T, R>(
        &mut self,
        kind: MessageKind,
        answer: Result<T, EngineError<R>>,
        is_sound: impl Fn(&T) -> bool,
        is_sound_refusal: impl Fn(&R) -> bool,
    ) -> Option<Result<T, R>> {
        let answer = match answer {
            Ok(answer) if is_sound(&answer) => Ok(answer),
            Err(EngineError::Refused(refused)) if is_sound_refusal(&refused) => Err(refused),
            Err(EngineError::Unavailable(why)) => {
                self.trouble = Some(why);
                return None;
            }
            Ok(_) | Err(EngineError::Refused(_)) => {
                self.trouble = Some(Unavailable::new("its answer is not valid"));
                return None;
            }
        };
        self.tally.received(kind);
        self.answered_at = Some(Instant::now());
        self.trouble = None;
        (!self.distrusts()).then_some(answer)
    }

    /// Counts the result of a request for the lease, unless a probe follows.
    pub(super) fn acquired(&mut self, answer: Option<Result<Lease, AcquireRefused>>) {
        let outcome = match answer {
            Some(Ok(_)) => return,
            Some(Err(AcquireRefused::Early { .. })) => LeaseOutcome::Early,
            Some(Err(AcquireRefused::Busy { .. })) => LeaseOutcome::Busy,
            Some(Err(AcquireRefused::Stale)) => LeaseOutcome::Stale,
            None => LeaseOutcome::Lost,
        };
        self.tally.leased(outcome);
    }

    /// What readers are shown; ages are computed when they read.
    pub(super) fn status(&self, member: &Member, state: State, joined: Instant) -> Status {
        let overlay = member.overlay();
        let is_prober = matches!(member.right(), Some(Right::Leased(_)));
        Status {
            mode: member.settings().mode(),
            opinion: member.opinion(),
            opinion_times: OpinionTimes::default(), // the board counts them
            view: self.view,
            view_age: Duration::ZERO,
            is_fresh: false,
            engine_up: false,
            answer_age: Duration::ZERO,
            trouble: self.trouble.clone(),
            stage: match overlay {
                Overlay::None => None,
                Overlay::Held { .. } => Some(HoldStage::Held),
                Overlay::Probing { .. } => Some(HoldStage::Probing),
                Overlay::Turn { .. } => Some(HoldStage::Turn),
            },
            apart: self.apart(member, state, joined),
            refused: self.refused,
            prober: is_prober.then(|| self.instance.clone()),
            is_localised: member.is_localised(),
            order: member.order(),
            tally: self.tally,
        }
    }

    fn apart(&self, member: &Member, state: State, joined: Instant) -> Option<Apart> {
        if member.settings().mode() == Mode::Local {
            return Some(Apart::Local);
        }
        if let Some(why) = self.refused {
            return Some(match why {
                ReportRefused::NameTaken => Apart::NameTaken,
                ReportRefused::SettingsDiffer { .. } => Apart::SettingsDiffer,
            });
        }
        if member.order() != Order::Automatic || state.is_operators() {
            return Some(Apart::Operator);
        }
        let Some(view) = member.view() else {
            let is_new = self.view.is_none() && joined.elapsed() < member.settings().stale_after();
            return Some(if is_new { Apart::Joining } else { Apart::Stale });
        };
        if !view.verdict.is_open() || !matches!(member.overlay(), Overlay::None) {
            return None;
        }
        match (state, member.opinion()) {
            (State::Open | State::HalfOpen, _) => Some(Apart::OwnOpen),
            (_, Opinion::Fine) => Some(Apart::Vetoed),
            (_, Opinion::Idle) => Some(Apart::NotSuspect),
            (_, Opinion::Suspect) => None,
        }
    }
}
