//! The overload model, which must end a collapse when it should, and whose truth must be as exact as documented.
//!
//! The queue against theory, and collapses from the start, are tests of `simulator`. Here is what no scenario can
//! express: clients that change while they call, and the truth at the very arrival of each call.

mod clients;
mod simulation;
mod story;
mod truth;
