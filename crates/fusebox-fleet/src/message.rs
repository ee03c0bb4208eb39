//! The messages between instances and an engine.
//!
//! Each message can be lost, repeated, late or overtaken. Numbers identify a message that is repeated or too late,
//! and it changes nothing.

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

/// The sender of a message: an instance, in one life of its process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Sender {
    /// The name of the instance.
    pub instance: InstanceId,
    /// The life of its process.
    pub session: Session,
}

impl Sender {
    /// Makes the sender for this instance in this life.
    pub fn new(instance: InstanceId, session: Session) -> Self {
        Self { instance, session }
    }
}

/// A report of an instance's opinion, sent with each heartbeat and at once when the opinion changes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The instance that reports.
    pub from: Sender,
    /// Its place among the reports of this session; the first one has 1.
    pub sequence: Sequence,
    /// The instance's opinion.
    pub opinion: Opinion,
    /// The calls that have ended since the last report; only where counts are merged.
    pub counts: Counts,
    /// What the instance knew when it formed its opinion. A suspicion from before the fleet closed is no vote to open
    /// it again.
    pub seen: Option<Era>,
    /// The newest command that the instance has heard.
    pub command: Command,
    /// The settings by which the instance wants to vote.
    pub settings: Arc<Settings>,
}

impl Report {
    /// Makes the first report of an instance that has heard nothing yet.
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

/// The reason why a ledger does not count a report. A refusal changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportRefused {
    /// Another process uses this name. The name is free again when that process leaves, or when it has not been heard
    /// for `member_for`.
    NameTaken,
    /// The fleet votes by other settings.
    SettingsDiffer {
        /// The settings of the fleet.
        fleet: Fingerprint,
        /// The settings in the report.
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
    /// Returns the names of the settings that differ from those of the fleet, as far as they are known; see
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
    /// The instance that asks.
    pub from: Sender,
    /// The epoch by which the instance is held, or in which its breaker is open by its own rules.
    pub era: Era,
    /// How long it wants the right, because it has to wait for its own next call and for that call's answer.
    pub lease: Duration,
}

impl Acquire {
    /// Makes the request of an instance that is held, or open by itself, in this era.
    pub fn new(from: Sender, era: Era, lease: Duration) -> Self {
        Self { from, era, lease }
    }
}

/// The right to probe for the whole fleet, for a limited time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The fence: a result with an older token does not count.
    pub token: Token,
    /// How long the right lasts, counted from when it was granted.
    pub lasts: Duration,
}

impl Lease {
    /// Makes a lease as an engine reads it back.
    pub fn new(token: Token, lasts: Duration) -> Self {
        Self { token, lasts }
    }
}

/// The reason why there is no lease. A refusal changes nothing: if it prolonged anything, a fleet under load could
/// keep a dead prober's lease alive for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcquireRefused {
    /// The fleet is in another epoch, or is closed.
    Stale,
    /// It is too early, at least for this instance.
    Early {
        /// How long to wait before asking again.
        wait: Duration,
    },
    /// Another instance has the lease.
    Busy {
        /// How long that lease lasts at most.
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

/// The result of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProbeResult {
    /// The downstream answered well.
    Succeeded,
    /// The downstream failed.
    Failed,
    /// There is no result: the call was cancelled, ignored, or took longer than the lease. It is not settled, and the
    /// lease lapses.
    Void,
}

impl ProbeResult {
    /// All results, in the order of declaration.
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Void];

    /// Returns the word for labels and pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Void => "void",
        }
    }
}

/// The result of a probe, as the prober tells the fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settlement {
    /// The instance that probed.
    pub from: Sender,
    /// Its lease.
    pub token: Token,
    /// What came of the probe; a void probe changes nothing.
    pub result: ProbeResult,
}

impl Settlement {
    /// Makes the settlement of the probe that this lease was for.
    pub fn new(from: Sender, token: Token, result: ProbeResult) -> Self {
        Self {
            from,
            token,
            result,
        }
    }
}

/// The refusal of a settlement whose lease is not the present one or has ended: the result changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fenced;

impl fmt::Display for Fenced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lease of this probe has ended")
    }
}

impl Error for Fenced {}
