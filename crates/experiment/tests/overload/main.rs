//! Does the overload model behave as queueing theory says, and does it collapse and stay collapsed?

mod clients;
mod queueing;
mod simulation;
mod story;
mod truth;
