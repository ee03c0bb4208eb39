//! Events that a member is told.

use std::time::Duration;

use crate::message::{AcquireRefused, Lease, ProbeResult, ReportRefused};
use crate::view::View;

/// Something that a [`Member`](crate::Member) is told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Time has passed: see [`Member::next_wake`](crate::Member::next_wake).
    Tick,
    /// A call that the closed breaker permitted has ended. Cancelled and ignored calls are not told, and
    /// neither are late results.
    Finished(CallResult),
    /// A call has been rejected because the fleet holds the breaker, or because it is open by its own rules.
    Rejected,
    /// The breaker has changed by its own rules or by an operator. Changes that the member asked for are not
    /// told.
    Breaker(BreakerState),
    /// A probe that the member asked for has ended. Of a [lent](crate::Action::LendProbe) one it also says what the
    /// breaker has come to by its own rules: closed after a success, open after a failure.
    ProbeEnded {
        /// The probe.
        probe: ProbeId,
        /// What came of it.
        result: ProbeResult,
    },
    /// The engine has answered a report.
    Reported {
        /// Which one.
        ticket: Ticket,
        /// What it said.
        answer: Result<View, ReportRefused>,
    },
    /// The engine has answered a request for the lease.
    Acquired {
        /// Which one.
        ticket: Ticket,
        /// What it said.
        answer: Result<Lease, AcquireRefused>,
    },
    /// The engine has not answered, in time or at all, or its answer made no sense.
    Lost(Ticket),
    /// The engine has told all instances something, or has answered a settlement.
    Pushed(View),
    /// What the engine says is not believed any more: the instance is alone at once, as if its view had become
    /// stale, until the engine answers a report again.
    Distrusted,
    /// The instance shuts down in order.
    Leave,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallResult {
    /// Well.
    Succeeded,
    /// Badly.
    Failed,
}

/// The state that an instance's own breaker is in.
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

/// The mark of a request, by which its answer is told from those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(super) number: u64,
    pub(super) sent_at: Duration,
}

/// The mark of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeId(pub(crate) u64);
