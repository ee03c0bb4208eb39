//! The actions that a member asks its host to take.

use std::time::Duration;

use super::event::{ProbeId, Ticket};
use crate::command::Order;
use crate::message::{Acquire, Report, ReportRefused, Sender, Settlement};
use crate::number::Epoch;
use crate::view::Era;

/// An action that a [`Member`](crate::Member) asks for: a message to the engine, a change of the breaker, or a notice
/// for people.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send the report, and return the answer with its ticket.
    Report(Ticket, Box<Report>),
    /// Ask for the lease, and return the answer with its ticket.
    Acquire(Ticket, Acquire),
    /// Send the result of a probe. The view in the answer may be returned as [`Event::Pushed`](crate::Event::Pushed).
    Settle(Settlement),
    /// Tell the engine that the instance is gone.
    Leave(Sender),
    /// Hold the closed breaker open, with no end set.
    Hold {
        /// The epoch of the verdict.
        epoch: Epoch,
    },
    /// Set how long rejections of the held breaker tell callers to wait.
    Hint {
        /// How long callers should wait.
        retry_after: Duration,
    },
    /// Permit exactly the next call of the held breaker. Its end is reported with
    /// [`Event::ProbeEnded`](crate::Event::ProbeEnded) and decides nothing in the breaker.
    Probe {
        /// The mark to return.
        probe: ProbeId,
        /// After how long the breaker is held again if the call has not ended or has not come.
        deadline: Duration,
    },
    /// Let a breaker that is open by its own rules probe from its next call on. Its own half-open period is a probe
    /// for the fleet, whose end is reported with [`Event::ProbeEnded`](crate::Event::ProbeEnded). If the lease ends
    /// sooner, the breaker goes on by its own rules.
    LendProbe {
        /// The mark to return.
        probe: ProbeId,
        /// After how long the lease ends.
        deadline: Duration,
    },
    /// Close the held breaker, with an empty window, after a wait.
    Release {
        /// How long it still rejects calls; zero closes it at once.
        after: Duration,
    },
    /// Let a breaker that is open by its own rules probe by itself after at most this time.
    Hasten {
        /// The longest remaining wait.
        wait: Duration,
    },
    /// Turn the hold of a fleet that is no longer heard into an open period of the breaker's own.
    LoseEngine {
        /// How long the open period lasts.
        wait: Duration,
    },
    /// Carry out an operator's order to the whole fleet, unless an operator of this breaker has ordered something.
    Obey(Order),
    /// Tell people about this.
    Notice(Notice),
}

impl Action {
    /// Returns whether the action is for the breaker: it changes what happens to calls.
    pub fn is_for_the_breaker(&self) -> bool {
        match self {
            Self::Hold { .. }
            | Self::Hint { .. }
            | Self::Probe { .. }
            | Self::LendProbe { .. }
            | Self::Release { .. }
            | Self::Hasten { .. }
            | Self::LoseEngine { .. }
            | Self::Obey(_) => true,
            Self::Report(..)
            | Self::Acquire(..)
            | Self::Settle(_)
            | Self::Leave(_)
            | Self::Notice(_) => false,
        }
    }
}

/// A notice for people: for logs, counters and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The fleet is open, and this instance stays closed because it sees no trouble. Sent once per epoch.
    Vetoed {
        /// The epoch in which the fleet opened.
        era: Era,
    },
    /// The engine has not been heard for `stale_after`, so this instance decides alone.
    EngineLost,
    /// The engine is heard again, or for the first time after it was missed.
    EngineBack,
    /// The engine has forgotten what it knew.
    EngineForgot,
    /// The engine refuses this instance's reports, so it decides alone.
    Refused(ReportRefused),
    /// This instance's own breaker is open while most of the fleet is fine: the failure is on this
    /// instance or on its path, not in the downstream.
    Localised,
    /// The localised failure is over.
    LocalisedEnded,
}
