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

/// A participant at one instant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Status {
    /// How much the fleet shares.
    pub mode: Mode,
    /// What this instance thinks of the downstream.
    pub opinion: Opinion,
    /// For how long it has held each opinion since it joined, by the fleet's verdict then.
    pub opinion_times: OpinionTimes,
    /// The newest view, fresh or not: voters, suspects, need, verdict, epoch. None before the first one, and
    /// in [`Mode::Local`].
    pub view: Option<View>,
    /// The age of that view, at most; before the first one, the time since the participant joined.
    pub view_age: Duration,
    /// Whether the view is young enough to be followed.
    pub is_fresh: bool,
    /// Whether the engine has answered within the last `stale_after`; a refusal is an answer, too.
    pub engine_up: bool,
    /// How long ago the engine answered last; before the first answer, the time since the participant joined.
    pub answer_age: Duration,
    /// Why the engine's last answer was none; gone with the next good one.
    pub trouble: Option<Unavailable>,
    /// How far the fleet's verdict has come here; none while the breaker decides for itself.
    pub stage: Option<HoldStage>,
    /// Why this instance does not follow the fleet; none while it does, or while there is nothing to follow.
    pub apart: Option<Apart>,
    /// Why the fleet refuses this instance's reports, while it does; with settings that differ it
    /// [says which](ReportRefused::differing).
    pub refused: Option<ReportRefused>,
    /// The instance that probes for the fleet, if this one knows: it knows of itself.
    /// [`Participant::peek`](super::Participant::peek) asks the engine.
    pub prober: Option<InstanceId>,
    /// Whether the failure is this instance's own: its breaker is open while most of the fleet is fine.
    pub is_localised: bool,
    /// The operator's order that is in force in the fleet.
    pub order: Order,
    /// What it counted.
    pub tally: Tally,
}

impl Status {
    /// Whether it takes part: it has not left, and its task has not ended.
    pub fn is_in(&self) -> bool {
        self.apart != Some(Apart::Left)
    }
}

/// Why an instance does not follow its fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Apart {
    /// The mode is [`Mode::Local`].
    Local,
    /// It has left, or its task has ended.
    Left,
    /// It has joined just now, and the engine has not answered yet.
    Joining,
    /// The engine has not been heard for `stale_after`.
    Stale,
    /// Another process uses this instance's name.
    NameTaken,
    /// The fleet votes by other settings.
    SettingsDiffer,
    /// An operator decides, here or for the whole fleet.
    Operator,
    /// The fleet is open, and this instance's calls end well.
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

    /// The word for labels and pages.
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

/// Reads the status of a participant. Clones read the same; they do not keep it in the fleet.
#[derive(Clone)]
pub struct Reader {
    board: Arc<Board>,
}

impl Reader {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { board }
    }

    /// The breaker's key.
    pub fn key(&self) -> &BreakerKey {
        &self.board.key
    }

    /// The status now. It costs a lock that nobody holds for long, and a copy.
    pub fn status(&self) -> Status {
        self.board.read()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(self.key()).finish()
    }
}

/// Where the task leaves the status for whoever reads it.
pub(super) struct Board {
    key: BreakerKey,
    joined: Instant,
    stale_after: Duration,
    /// The handle is gone, or wants to be.
    leaves: AtomicBool,
    shown: Mutex<Shown>,
}

/// The status, with instants instead of ages.
struct Shown {
    status: Status,
    heard_at: Option<Instant>,
    answered_at: Option<Instant>,
    /// Since when the status is so; times of opinions are counted up to then.
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

    /// The task has ended, in whichever way.
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
