//! The overload model behaves as queueing theory says, and collapses and stays collapsed.

mod clients;
mod queueing;
mod simulation;
mod story;
mod truth;
