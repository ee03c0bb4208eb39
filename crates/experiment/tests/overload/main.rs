//! The overload model ends a collapse when it should, and its truth is as exact as is said.
//!
//! The queue against theory, and collapses from the start, are tests of `simulator`. Here is what no scenario says:
//! clients that change while they call, and the truth at the very arrival of each call.

mod clients;
mod simulation;
mod story;
mod truth;
