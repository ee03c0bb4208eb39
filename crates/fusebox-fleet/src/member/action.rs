//! Actions that a member asks its host to take.

use std::time::Duration;

use super::event::{ProbeId, Ticket};
use crate::command::Order;
use crate::message::{Acquire, Report, ReportRefused, Sender, Settlement};
use crate::number::Epoch;
use crate::view::Era;

/// Something that a [`Member`](crate::Member) wants done: a message to the engine, a change of the breaker, or
/// a thing to tell people.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send the report, and bring back the answer with its ticket.
    Report(Ticket, Box<Report>),
    /// Ask for the lease, and bring back the answer with its ticket.
    Acquire(Ticket, Acquire),
    /// Send what came of a probe. The view that is answered may be brought back as
    /// [`Event::Pushed`](crate::Event::Pushed).
    Settle(Settlement),
    /// Tell the engine that the instance is gone.
    Leave(Sender),
    /// Open the breaker from closed, without a deadline of its own.
    Hold {
        /// The epoch that does it.
        epoch: Epoch,
    },
    /// Let rejections of the held breaker say to come back after this time.
    Hint {
        /// After how long.
        retry_after: Duration,
    },
    /// Permit exactly the next call of the held breaker. Its end is told with
    /// [`Event::ProbeEnded`](crate::Event::ProbeEnded) and decides nothing in the breaker.
    Probe {
        /// The mark to bring back.
        probe: ProbeId,
        /// After how long the breaker is held again if the call has not ended or has not come.
        deadline: Duration,
    },
    /// The breaker is open by its own rules: let it probe from its next call on. Its own half-open period is a probe
    /// for the fleet, whose end is told with [`Event::ProbeEnded`](crate::Event::ProbeEnded). When the lease
    /// ends before, the breaker goes on by its own rules.
    LendProbe {
        /// The mark to bring back.
        probe: ProbeId,
        /// After how long the lease ends.
        deadline: Duration,
    },
    /// Close the held breaker, with an empty window, after this time.
    Release {
        /// Until then it still rejects; zero closes at once.
        after: Duration,
    },
    /// The breaker is open by its own rules: let it probe by itself after at most this time.
    Hasten {
        /// The longest rest of its wait.
        wait: Duration,
    },
    /// The breaker is held by a fleet that is not heard any more: turn that into an open period of its own.
    LoseEngine {
        /// How long.
        wait: Duration,
    },
    /// Do what an operator wants of the whole fleet, unless an operator of this breaker wants otherwise.
    Obey(Order),
    /// Tell people.
    Notice(Notice),
}

impl Action {
    /// Whether it changes what the breaker does with calls.
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

/// Something that people may want to know: for logs, counters and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The fleet is open, and this instance stays closed because it sees no trouble. Once per epoch.
    Vetoed {
        /// The epoch in which the fleet opened.
        era: Era,
    },
    /// The engine has not been heard for `stale_after`: this instance decides alone.
    EngineLost,
    /// The engine is heard again, or for the first time after it was missed.
    EngineBack,
    /// The engine has forgotten what it knew.
    EngineForgot,
    /// The engine refuses this instance's reports: it decides alone.
    Refused(ReportRefused),
    /// This instance's own breaker is open while most of the fleet is fine: the failure is on this
    /// instance or on its path, not in the downstream.
    Localised,
    /// That is over.
    LocalisedEnded,
}
