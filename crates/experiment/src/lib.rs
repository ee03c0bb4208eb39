//! What an experiment with circuit breakers is: who calls when, what fails when, what is expected,
//! and what came of it.
//!
//! Everything here is a pure function of a seed and of time. Nothing opens a socket, reads a file or
//! asks a clock, so that the running lab and a simulator replay the very same experiment.
//!
//! | module | question |
//! |---|---|
//! | [`chance`] | Where does chance come from, so that it is the same in every run? |
//! | [`values`] | How are durations and rules that can be off written? |
//! | [`reading`] | What is wrong with this text, where, and what is meant? |
//! | [`law`] | How long does something take, by chance? |
//! | [`faults`] | What fails when, for whom, and how likely is it that a call fails now? |
//! | [`overload`] | What does a service do that gets more work than it can do? |
//! | [`outcome`] | How can a planned request end? In exactly one way. |
//! | [`breaker_settings`] | How is an instance's breaker set? |
//! | [`scenario`] | What is an experiment? One file that says everything. |
//! | [`fleet`] | What did the breakers believe, and what was true? |
//! | [`load`] | Who calls when, how patiently, and what did the clients see? |
//! | [`expectation`] | What must hold at the end? |
//! | [`result`] | What came of it, so that it can be drawn and computed again? |
//! | [`comparison`] | Do two results differ, or is it their spread? |

pub mod breaker_settings;
pub mod chance;
pub mod comparison;
pub mod expectation;
pub mod faults;
pub mod fleet;
pub mod law;
pub mod load;
pub mod outcome;
pub mod overload;
pub mod reading;
pub mod result;
pub mod scenario;
pub mod values;
