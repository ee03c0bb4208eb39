//! Coordination: what makes the breakers of instances decide together.
//!
//! An engine is started for all instances of a process, or of a run; each instance has a [`Seat`], from which it joins
//! with its breaker and is a [`Part`] of the fleet. Calls go on through the breaker as ever: nothing here is on their
//! path. What the breakers then do is told by the breakers themselves, as of any other transition. In a lab a
//! [`Coordinator`] changes all of it while the instances work.

mod change;
mod coordinator;
mod engines;
mod fleet_reader;
mod joining;
mod part;
mod seat;
mod staged;

pub(crate) use change::Change;
pub(crate) use coordinator::{Coordinator, Instances, Unchanged};
pub(crate) use engines::{Engines, Place, places};
pub(crate) use fleet_reader::FleetReader;
#[cfg(test)]
pub(crate) use joining::Joining;
pub(crate) use part::{NotOrdered, Part};
pub(crate) use seat::Seat;
