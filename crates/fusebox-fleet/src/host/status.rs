//! The status of a participant, for pages, readiness and metrics.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fusebox::HoldStage;
use tokio::time::Instant;

use super::opinion_times::{HeardVerdict, OpinionTimes};
use super::tally::Tally;
use crate::command::Order;
use crate::engine::Unavailable;
use crate::message::ReportRefused;
use crate::mode::Mode;
use crate::name::{BreakerKey, InstanceId};
use crate::opinion::Opinion;
use crate::view::View;

/// The status of a participant at one instant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// The mode: how much the instances share.
    pub mode: Mode,
    /// This instance's opinion of the downstream.
    pub opinion: Opinion,
    /// How long this instance has held each opinion since it joined, by the fleet's verdict at the time.
    pub opinion_times: OpinionTimes,
    /// The newest view, fresh or not: voters, suspects, need, verdict, epoch. `None` before the first one, and in
    /// [`Mode::Local`].
    pub view: Option<View>,
    /// The age of that view, at most. Before the first view, it is the time since the participant joined.
    pub view_age: Duration,
    /// Whether the view is young enough to be followed.
    pub is_fresh: bool,
    /// Whether the engine has answered within the last `stale_after`; a refusal counts as an answer.
    pub engine_up: bool,
    /// How long ago the engine last answered. Before the first answer, it is the time since the participant joined.
    pub answer_age: Duration,
    /// The engine's last failure to answer; `None` after the next good answer.
    pub trouble: Option<Unavailable>,
    /// The stage of the fleet's verdict at this breaker; `None` while the breaker decides for itself.
    pub stage: Option<HoldStage>,
    /// Why this instance does not follow the fleet; `None` while it does, or while there is nothing to follow.
    pub apart: Option<Apart>,
    /// Why the fleet refuses this instance's reports, while it does. If their settings differ, it [says
    /// which](ReportRefused::differing).
    pub refused: Option<ReportRefused>,
    /// The instance that probes for the fleet, if this instance knows: it knows only of itself.
    /// [`Participant::peek`](super::Participant::peek) asks the engine.
    pub prober: Option<InstanceId>,
    /// Whether the failure is on this instance: its breaker is open while most of the fleet is fine.
    pub is_localised: bool,
    /// The operator's order that is in force in the fleet.
    pub order: Order,
    /// What the participant has counted since it joined.
    pub tally: Tally,
}

impl Status {
    /// Returns whether the breaker takes part: it has not left, and its task has not ended.
    pub fn is_in(&self) -> bool {
        self.apart != Some(Apart::Left)
    }
}

/// The reason why an instance does not follow its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Apart {
    /// The mode is [`Mode::Local`].
    Local,
    /// The participant has left, or its task has ended.
    Left,
    /// The participant has just joined, and the engine has not answered yet.
    Joining,
    /// The engine has not been heard for `stale_after`.
    Stale,
    /// Another process uses this instance's name.
    NameTaken,
    /// The fleet votes by other settings.
    SettingsDiffer,
    /// An operator decides, here or for the whole fleet.
    Operator,
    /// The fleet is open, and this instance's calls succeed.
    Vetoed,
    /// The fleet is open, and this instance has no calls to judge by.
    NotSuspect,
    /// The fleet is open, and so is this breaker, by its own rules.
    OwnOpen,
}

impl Apart {
    /// All reasons, in the order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Local,
        Self::Left,
        Self::Joining,
        Self::Stale,
        Self::NameTaken,
        Self::SettingsDiffer,
        Self::Operator,
        Self::Vetoed,
        Self::NotSuspect,
        Self::OwnOpen,
    ];

    /// Returns the word for labels and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Left => "left",
            Self::Joining => "joining",
            Self::Stale => "stale",
            Self::NameTaken => "name_taken",
            Self::SettingsDiffer => "settings_differ",
            Self::Operator => "operator",
            Self::Vetoed => "vetoed",
            Self::NotSuspect => "not_suspect",
            Self::OwnOpen => "own_open",
        }
    }
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reader of a participant's status. Clones read the same status; they do not keep the breaker in the fleet.
#[derive(Clone)]
pub struct Reader {
    board: Arc<Board>,
}

impl Reader {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { board }
    }

    /// Returns the breaker's key.
    pub fn key(&self) -> &BreakerKey {
        &self.board.key
    }

    /// Returns the current status. It costs one short lock and a copy.
    pub fn status(&self) -> Status {
        self.board.read()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(self.key()).finish()
    }
}

/// The place where the task leaves the status for readers.
pub(super) struct Board {
    key: BreakerKey,
    joined: Instant,
    stale_after: Duration,
    /// The handle is gone, or asks to leave.
    leaves: AtomicBool,
    shown: Mutex<Shown>,
}

/// The status, with instants instead of ages.
struct Shown {
    status: Status,
    heard_at: Option<Instant>,
    answered_at: Option<Instant>,
    /// Since when the status has been this; times of opinions are counted up to then.
    since: Instant,
}

impl Shown {
    fn is_young(&self, since: Option<Instant>, (now, stale_after): (Instant, Duration)) -> bool {
        let age = |at: Instant| now.saturating_duration_since(at);
        self.status.is_in() && since.is_some_and(|at| age(at) < stale_after)
    }

    /// The times of opinions up to now.
    fn opinion_times(&self, now: Instant, stale_after: Duration) -> OpinionTimes {
        let status = &self.status;
        if !status.is_in() {
            return status.opinion_times;
        }
        let is_fresh = self.is_young(self.heard_at, (self.since, stale_after));
        let verdict = HeardVerdict::of(status.view.filter(|_| is_fresh));
        let passed = now.saturating_duration_since(self.since);
        status.opinion_times.plus(status.opinion, verdict, passed)
    }
}

impl Board {
    pub(super) fn new(
        key: BreakerKey,
        joined: Instant,
        (mode, stale_after): (Mode, Duration),
    ) -> Self {
        let status = Status {
            mode,
            opinion: Opinion::Idle,
            opinion_times: OpinionTimes::default(),
            view: None,
            view_age: Duration::ZERO,
            is_fresh: false,
            engine_up: false,
            answer_age: Duration::ZERO,
            trouble: None,
            stage: None,
            apart: Some(match mode {
                Mode::Local => Apart::Local,
                _ => Apart::Joining,
            }),
            refused: None,
            prober: None,
            is_localised: false,
            order: Order::Automatic,
            tally: Tally::default(),
        };
        Self {
            key,
            joined,
            stale_after,
            leaves: AtomicBool::new(false),
            shown: Mutex::new(Shown {
                status,
                heard_at: None,
                answered_at: None,
                since: joined,
            }),
        }
    }

    pub(super) fn key(&self) -> &BreakerKey {
        &self.key
    }

    pub(super) fn joined(&self) -> Instant {
        self.joined
    }

    pub(super) fn let_leave(&self) {
        self.leaves.store(true, Ordering::Release);
    }

    pub(super) fn wants_to_leave(&self) -> bool {
        // Partner: the store in `let_leave`.
        self.leaves.load(Ordering::Acquire)
    }

    pub(super) fn show(
        &self,
        status: Status,
        heard_at: Option<Instant>,
        answered_at: Option<Instant>,
    ) {
        let now = Instant::now();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let opinion_times = shown.opinion_times(now, self.stale_after);
        *shown = Shown {
            status: Status {
                opinion_times,
                ..status
            },
            heard_at,
            answered_at,
            since: now,
        };
    }

    /// The task has ended, in one way or another.
    pub(super) fn leave(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let opinion_times = shown.opinion_times(Instant::now(), self.stale_after);
        let status = &mut shown.status;
        status.opinion_times = opinion_times;
        status.apart = Some(Apart::Left);
        (status.stage, status.prober, status.is_localised) = (None, None, false);
    }

    pub(super) fn read(&self) -> Status {
        let now = Instant::now();
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let heard_at = shown.heard_at.unwrap_or(self.joined);
        let answered_at = shown.answered_at.unwrap_or(self.joined);
        let is_young = |since| shown.is_young(since, (now, self.stale_after));
        Status {
            view_age: now.saturating_duration_since(heard_at),
            answer_age: now.saturating_duration_since(answered_at),
            opinion_times: shown.opinion_times(now, self.stale_after),
            is_fresh: is_young(shown.heard_at),
            engine_up: is_young(shown.answered_at),
            ..shown.status.clone()
        }
    }
}
