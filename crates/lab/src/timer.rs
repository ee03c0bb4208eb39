//! Timers that are more precise than a millisecond.
//!
//! The runtime's timer counts whole milliseconds and rounds up, so a delay of 5 ms takes 6. On Linux an [`Alarm`] is
//! a `timerfd` in the runtime's own event loop, late by some 30 µs and without a thread of its own. Elsewhere it is
//! the runtime's timer, and its lateness is part of what is measured. [`Sleeper`] lets many tasks wait on one alarm.

mod alarm;
mod sleeper;

pub(crate) use alarm::Alarm;
pub(crate) use sleeper::Sleeper;
