//! Coordination: what makes the breakers of instances decide together.
//!
//! An engine is started once per process, or once per run of a scenario; each instance joins it with its breaker
//! and is a [`Part`] of the fleet from then on. Calls go on through the breaker as ever: nothing here is on their
//! path. What the breakers then do is told by the breakers themselves, as of any other transition.

mod engines;
mod fleet_reader;
mod joining;
mod part;
mod staged;

pub(crate) use engines::Engines;
pub(crate) use fleet_reader::FleetReader;
pub(crate) use joining::Joining;
pub(crate) use part::{NotOrdered, Part};
