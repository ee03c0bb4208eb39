//! The counters of one breaker, or of many together, which can be added and compared.
//!
//! [`Totals`] are the counters of one breaker. The series for all other keys are a sum and a
//! difference of many.

use std::sync::LazyLock;
use std::time::Duration;

use fusebox::{Cause, Outcome, RejectReason, State, Totals};

/// What one of the numbers counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    Transition(State, State),
    Trip(Cause),
    Call(Outcome),
    Rejection(RejectReason),
    SlowCall,
}

impl Counted {
    /// All counters, always in this order.
    fn all() -> impl Iterator<Item = Self> {
        static ALL: LazyLock<Box<[Counted]>> = LazyLock::new(|| Counted::listed().collect());
        ALL.iter().copied()
    }

    fn listed() -> impl Iterator<Item = Self> {
        let transitions = states().flat_map(|from| {
            let others = states().filter(move |&to| to != from);
            others.map(move |to| Self::Transition(from, to))
        });
        transitions
            .chain(Cause::TRIPS.iter().map(|&cause| Self::Trip(cause)))
            .chain(Outcome::ALL.iter().map(|&outcome| Self::Call(outcome)))
            .chain(RejectReason::ALL.iter().map(|&why| Self::Rejection(why)))
            .chain([Self::SlowCall])
    }

    fn of(self, totals: &Totals) -> u64 {
        match self {
            Self::Transition(from, to) => totals.transitions(from, to),
            Self::Trip(cause) => totals.trips(cause),
            Self::Call(outcome) => totals.calls(outcome),
            Self::Rejection(reason) => totals.rejections(reason),
            Self::SlowCall => totals.slow_calls(),
        }
    }
}

/// Every state, in the order of its declaration.
pub(super) fn states() -> impl Iterator<Item = State> {
    State::ALL.iter().copied()
}

/// Numbers in the order of [`Counted::all`], and the time in each state in the order of [`states`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    numbers: Vec<u64>,
    time: Vec<Duration>,
}

impl Counts {
    pub(super) fn zero() -> Self {
        Self::of(&Totals::default())
    }

    pub(super) fn of(totals: &Totals) -> Self {
        Self {
            numbers: Counted::all().map(|counted| counted.of(totals)).collect(),
            time: states().map(|state| totals.time_in(state)).collect(),
        }
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = (Counted, u64)> {
        Counted::all().zip(self.numbers.iter().copied())
    }

    pub(super) fn times(&self) -> impl Iterator<Item = (State, Duration)> {
        states().zip(self.time.iter().copied())
    }

    /// How long the breaker has been counted.
    pub(super) fn age(&self) -> Duration {
        self.time.iter().sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.combine(other, u64::saturating_add, Duration::saturating_add);
    }

    /// Takes `other` away, but nothing below zero.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.combine(other, u64::saturating_sub, Duration::saturating_sub);
    }

    /// Raises each number that is below that of `other` to it.
    pub(super) fn raise_to(&mut self, other: &Self) {
        self.combine(other, u64::max, Duration::max);
    }

    /// Whether no number is below that of `other`.
    pub(super) fn reaches(&self, other: &Self) -> bool {
        let numbers = self.numbers.iter().zip(&other.numbers);
        let times = self.time.iter().zip(&other.time);
        numbers.into_iter().all(|(own, other)| own >= other)
            && times.into_iter().all(|(own, other)| own >= other)
    }

    fn combine(
        &mut self,
        other: &Self,
        numbers: impl Fn(u64, u64) -> u64,
        times: impl Fn(Duration, Duration) -> Duration,
    ) {
        for (own, other) in self.numbers.iter_mut().zip(&other.numbers) {
            *own = numbers(*own, *other);
        }
        for (own, other) in self.time.iter_mut().zip(&other.time) {
            *own = times(*own, *other);
        }
    }
}
