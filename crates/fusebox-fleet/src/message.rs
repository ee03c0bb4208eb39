//! Messages between instances and an engine.
//!
//! Each message can be lost, repeated, late or overtaken. What is said twice or too late is known by its
//! numbers, and changes nothing.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::command::Command;
use crate::counts::Counts;
use crate::name::{InstanceId, Session};
use crate::number::{Sequence, Token};
use crate::opinion::Opinion;
use crate::settings::{Fingerprint, Settings};
use crate::span::Span;
use crate::view::Era;

/// Who speaks: an instance, in one life of its process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Sender {
    /// The instance.
    pub instance: InstanceId,
    /// The life of its process.
    pub session: Session,
}

impl Sender {
    /// This instance in this life.
    pub fn new(instance: InstanceId, session: Session) -> Self {
        Self { instance, session }
    }
}

/// What an instance says with each heartbeat, and at once when its opinion changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Who speaks.
    pub from: Sender,
    /// Its place among the reports of this session: the first one has 1.
    pub sequence: Sequence,
    /// What the instance thinks.
    pub opinion: Opinion,
    /// The calls that have ended since the report before; only where counts are merged.
    pub counts: Counts,
    /// What the instance knew when it formed its opinion. A suspicion from before the fleet closed is no
    /// vote to open it again.
    pub seen: Option<Era>,
    /// The newest command that the instance has heard.
    pub command: Command,
    /// The rules by which the instance wants to vote.
    pub settings: Arc<Settings>,
}

impl Report {
    /// The first report of an instance that has heard nothing yet.
    pub fn new(from: Sender, opinion: Opinion, settings: Arc<Settings>) -> Self {
        Self {
            from,
            sequence: Sequence::new(1),
            opinion,
            counts: Counts::default(),
            seen: None,
            command: Command::NONE,
            settings,
        }
    }
}

/// Why a ledger does not count a report. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportRefused {
    /// Another process uses this name. The name is free again when the other one leaves, or when it has not
    /// been heard for a membership.
    NameTaken,
    /// The fleet votes by other rules.
    SettingsDiffer {
        /// The rules of the fleet.
        fleet: Fingerprint,
        /// The rules in the report.
        given: Fingerprint,
    },
}

impl fmt::Display for ReportRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken => f.write_str(
                "another process reports under this instance's name: give each instance its own name",
            ),
            Self::SettingsDiffer { fleet, given } => {
                write!(
                    f,
                    "the fleet has the settings {fleet}, this instance {given}"
                )?;
                for (place, name) in self.differing().enumerate() {
                    write!(f, "{}{name}", if place == 0 { ", which differ in " } else { ", " })?;
                }
                f.write_str(": instances vote together only with equal settings")
            }
        }
    }
}

impl ReportRefused {
    /// The names of the settings that are others than those of the fleet, as far as they are known: see
    /// [`Fingerprint::differing`].
    pub fn differing(&self) -> impl Iterator<Item = &'static str> {
        let marks = match self {
            Self::NameTaken => None,
            Self::SettingsDiffer { fleet, given } => Some((*fleet, *given)),
        };
        marks
            .into_iter()
            .flat_map(|(fleet, given)| fleet.differing(given))
    }
}

impl Error for ReportRefused {}

/// A request for the right to probe for the whole fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acquire {
    /// Who asks.
    pub from: Sender,
    /// The epoch by which the instance is held, or beside which its breaker is open by its own rules.
    pub era: Era,
    /// For how long it wants the right: it has to wait for its own next call, and for the answer.
    pub lease: Duration,
}

impl Acquire {
    /// A request by an instance that is held, or open by itself, in this era.
    pub fn new(from: Sender, era: Era, lease: Duration) -> Self {
        Self { from, era, lease }
    }
}

/// The right to probe for the whole fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The fence: a result with an older token is not counted.
    pub token: Token,
    /// How long the right lasts, counted from when it was given.
    pub lasts: Duration,
}

impl Lease {
    /// A lease as an engine reads it back.
    pub fn new(token: Token, lasts: Duration) -> Self {
        Self { token, lasts }
    }
}

/// Why there is no lease. A refusal changes nothing: if it made anything last longer, a fleet under load
/// could keep a dead prober's lease alive for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireRefused {
    /// The fleet has gone on to another epoch, or is closed.
    Stale,
    /// It is too early, at least for this instance.
    Early {
        /// When to ask again.
        wait: Duration,
    },
    /// Somebody else probes.
    Busy {
        /// When that lease ends at the latest.
        remaining: Duration,
    },
}

impl fmt::Display for AcquireRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale => f.write_str("the fleet is in another epoch"),
            Self::Early { wait } => write!(f, "too early to probe: ask again in {}", Span(*wait)),
            Self::Busy { remaining } => {
                write!(
                    f,
                    "another instance probes for at most {}",
                    Span(*remaining)
                )
            }
        }
    }
}

impl Error for AcquireRefused {}

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProbeResult {
    /// The downstream answered well.
    Succeeded,
    /// The downstream failed.
    Failed,
    /// Nobody knows: the call was cancelled, ignored, or took longer than the lease. It is not settled, and
    /// the lease lapses.
    Void,
}

impl ProbeResult {
    /// All results, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Void];

    /// The word for labels and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Void => "void",
        }
    }
}

/// What a prober tells the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// Who probed.
    pub from: Sender,
    /// Its lease.
    pub token: Token,
    /// What came of it; a void probe changes nothing.
    pub result: ProbeResult,
}

impl Settlement {
    /// The result of the probe that this lease was for.
    pub fn new(from: Sender, token: Token, result: ProbeResult) -> Self {
        Self {
            from,
            token,
            result,
        }
    }
}

/// The lease of a settlement is not the present one, or has ended: the result changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenced;

impl fmt::Display for Fenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lease of this probe has ended")
    }
}

impl Error for Fenced {}
