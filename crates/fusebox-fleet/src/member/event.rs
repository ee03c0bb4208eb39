//! The events that a member is told.

use std::time::Duration;

use crate::message::{AcquireRefused, Lease, ProbeResult, ReportRefused};
use crate::view::View;

/// An event that a [`Member`](crate::Member) is told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Time has passed: see [`Member::next_wake`](crate::Member::next_wake).
    Tick,
    /// A call that the closed breaker permitted has ended. Cancelled and ignored calls and late results are not
    /// reported.
    Finished(CallResult),
    /// A call was rejected because the fleet holds the breaker, or because it is open by its own rules.
    Rejected,
    /// The breaker has changed its state by its own rules or by an operator. Changes that the member asked for are
    /// not reported.
    Breaker(BreakerState),
    /// A probe that the member asked for has ended. For a [lent](crate::Action::LendProbe) probe it also says the
    /// breaker's new state by its own rules: closed after a success, open after a failure.
    ProbeEnded {
        /// The mark of the probe.
        probe: ProbeId,
        /// The result of the probe.
        result: ProbeResult,
    },
    /// The engine has answered a report.
    Reported {
        /// The ticket of that report.
        ticket: Ticket,
        /// The answer.
        answer: Result<View, ReportRefused>,
    },
    /// The engine has answered a request for the lease.
    Acquired {
        /// The ticket of that request.
        ticket: Ticket,
        /// The answer.
        answer: Result<Lease, AcquireRefused>,
    },
    /// The engine has not answered in time or at all, or its answer made no sense.
    Lost(Ticket),
    /// The engine has pushed a view, or has answered a settlement.
    Pushed(View),
    /// The engine is no longer believed: the instance is alone at once, as if its view had become stale, until the
    /// engine answers a report again.
    Distrusted,
    /// The instance shuts down in an orderly way.
    Leave,
}

/// The way in which a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallResult {
    /// The call succeeded.
    Succeeded,
    /// The call failed.
    Failed,
}

/// The state of an instance's own breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// It permits calls.
    #[default]
    Closed,
    /// It has tripped by its own rules.
    Open,
    /// It probes by its own rules.
    HalfOpen,
    /// An operator has taken it over on this instance.
    Overridden,
}

/// The mark of a request, which its answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(super) number: u64,
    pub(super) sent_at: Duration,
}

/// The mark of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeId(pub(crate) u64);
