//! The word that tells callers how a breaker stands, in one load.

use std::time::Duration;

use super::{Admission, Licence, Standing, Timed};
use crate::rejected::{RejectReason, Rejected};
use crate::state::{Generation, State};

/// State, admission, licence, the share of failures that it covers, and generation in 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(super) u64);

impl Word {
    const ADMISSION: u64 = 0b1111;
    const STATE: u32 = 4;
    pub(super) const LICENCE: u64 = 1 << 7;
    /// Callers note when they begin.
    pub(crate) const TIMED_START: u64 = 1 << 8;
    /// Callers note when they end.
    pub(super) const TIMED_END: u64 = 1 << 9;
    /// Rejections and late results are events.
    pub(crate) const WATCHED: u64 = 1 << 10;
    /// Failures that each stripe may note.
    const FAILURES: u32 = 11;
    const MOST_FAILURES: u64 = (1 << 7) - 1;
    /// There are more stripes than at the start.
    pub(crate) const SPREAD: u64 = 1 << 18;
    pub(super) const GENERATION: u32 = 19;

    /// The word of `standing` for a gate with this many stripes.
    pub(super) fn of(standing: &Standing, stripes: usize) -> Self {
        let admission = match standing.admission {
            Admission::Pass => 0,
            Admission::Ask => 1,
            Admission::Reject(reason) => 2 + reason.index() as u64,
        };
        let timed = standing.timed == Timed::Yes;
        let timed_end = timed
            || standing.slow_over.is_some()
            || matches!(standing.licence, Some(Licence::Until(_)));
        let timed_start = timed || standing.slow_over.is_some();
        let share = u64::from(standing.failures) / stripes as u64;
        let share = share.min(Self::MOST_FAILURES);
        let flag = |set: bool, flag: u64| if set { flag } else { 0 };
        Self(
            admission
                | (standing.state.index() as u64) << Self::STATE
                | flag(standing.licence.is_some(), Self::LICENCE)
                | flag(timed_start, Self::TIMED_START)
                | flag(timed_end, Self::TIMED_END)
                | share << Self::FAILURES
                | standing.generation.get() << Self::GENERATION,
        )
    }

    /// The word of a ticket that the machine makes.
    pub(crate) fn passing(state: State, generation: Generation) -> Self {
        Self((state.index() as u64) << Self::STATE | generation.get() << Self::GENERATION)
    }

    /// Generation and state, whether threads were spread, and nothing in the other bits.
    #[inline]
    pub(crate) fn stamp(self) -> u64 {
        self.0 & (u64::MAX << Self::GENERATION | Self::SPREAD | 0b111 << Self::STATE)
    }

    /// The word of a stamp.
    #[inline]
    pub(crate) fn stamped(stamp: u64) -> Self {
        Self(stamp)
    }

    #[inline]
    pub(crate) fn is_of_generation_of(self, other: Self) -> bool {
        (self.0 ^ other.0) >> Self::GENERATION == 0
    }

    #[inline]
    pub(crate) fn passes(self) -> bool {
        self.0 & Self::ADMISSION == 0
    }

    #[inline]
    pub(crate) fn admission(self) -> Admission {
        match self.0 & Self::ADMISSION {
            0 => Admission::Pass,
            1 => Admission::Ask,
            2 => Admission::Reject(RejectReason::Open),
            3 => Admission::Reject(RejectReason::HalfOpen),
            4 => Admission::Reject(RejectReason::ForcedOpen),
            5 => Admission::Reject(RejectReason::RampUp),
            6 => Admission::Reject(RejectReason::Fleet),
            7 => Admission::Reject(RejectReason::Turn),
            _ => Admission::Reject(RejectReason::ProbeBusy),
        }
    }

    #[inline]
    pub(crate) fn state(self) -> State {
        // Nothing here may panic: a caller that reads the state of its permit would pay for a
        // permit that can be dropped there, three times what the call costs.
        let index = (self.0 >> Self::STATE & 0b111) as usize;
        State::ALL.get(index).copied().unwrap_or(State::MetricsOnly)
    }

    #[inline]
    pub(crate) fn generation(self) -> Generation {
        Generation::new(self.0 >> Self::GENERATION)
    }

    /// Failures that each stripe may note under this word's licence.
    #[inline]
    pub(crate) fn failures(self) -> u64 {
        self.0 >> Self::FAILURES & Self::MOST_FAILURES
    }

    #[inline]
    pub(crate) fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// The rejection that this word stands for, `left` before its deadline.
    #[inline]
    pub(crate) fn rejected(self, reason: RejectReason, left: Option<u64>) -> Rejected {
        Rejected {
            reason,
            retry_after: left.map(Duration::from_nanos),
            generation: self.generation(),
        }
    }
}
