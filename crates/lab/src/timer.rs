//! Timers that meet an instant more closely than within a millisecond.
//!
//! The runtime's timer counts whole milliseconds and rounds up, so that a delay of 5 ms takes 6. On
//! Linux an [`Alarm`] is a `timerfd` in the runtime's own event loop, late by some 30 µs and without a
//! thread of its own; elsewhere it is the runtime's timer, and its lateness is seen in what is measured.
//! [`Sleeper`] lets many tasks wait on one alarm.

mod alarm;
mod sleeper;

pub(crate) use alarm::Alarm;
pub(crate) use sleeper::Sleeper;
