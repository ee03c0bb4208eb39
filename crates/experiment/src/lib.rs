//! An experiment with circuit breakers: who calls when, what fails when, what is expected,
//! and what came of it.
//!
//! Everything here is a pure function of a seed and of time. Nothing opens a socket, reads a file or
//! asks a clock, so that the running lab and a simulator replay the very same experiment.
//!
//! | module | what lives there |
//! |---|---|
//! | [`chance`] | chance that is the same in every run |
//! | [`values`] | durations, shares, rates, and values that can be off, as they are written |
//! | [`count`] | counts with their nouns |
//! | [`bounds`] | bounds of numbers and times, and how what lies beyond is refused |
//! | [`reading`] | readers of JSON and TOML that say what is wrong and what is meant |
//! | [`law`] | laws of duration |
//! | [`faults`] | fault plans, and the truth about them |
//! | [`overload`] | a service that gets more work than it can do |
//! | [`downstream`] | the unreliable service: what each call meets, and what is counted of it |
//! | [`outcome`] | the ways in which a planned request ends |
//! | [`status`] | which HTTP statuses speak against a downstream |
//! | [`reply`] | from the downstream's reply to the breaker and to the client |
//! | [`breaker_settings`] | the settings of an instance's breaker |
//! | [`policy`] | what decides whether a call goes to the downstream: a breaker, or a baseline |
//! | [`scenario`] | an experiment in one file |
//! | [`fleet`] | what breakers believed, beside what was true |
//! | [`coordination`] | what instances told each other |
//! | [`orders`] | what operators did while a run lasted |
//! | [`engine`] | the engine over which they tell it, and the network before it, with the faults of a scenario |
//! | [`load`] | who calls when, how patiently, and what clients saw |
//! | [`events`] | each call and each transition, one by one |
//! | [`expectation`] | what must hold at the end |
//! | [`result`] | what came of it, so that it can be drawn and computed again |
//! | [`statistics`] | what a handful of repetitions says about a figure |
//! | [`comparison`] | whether results differ by more than their spread |
//! | [`sweep`] | one scenario under every combination of some settings |
//! | [`palette`] | the colours of states and outcomes, the same wherever they are drawn |
//! | [`picture`] | pictures as SVG text |
//! | [`study`] | many scenarios under every way of coordination, and what theory says |

pub mod bounds;
pub mod breaker_settings;
pub mod chance;
pub mod comparison;
pub mod coordination;
pub mod count;
pub mod downstream;
pub mod engine;
pub mod events;
pub mod expectation;
pub mod faults;
pub mod fleet;
pub mod law;
pub mod load;
pub mod orders;
pub mod outcome;
pub mod overload;
pub mod palette;
pub mod picture;
pub mod policy;
pub mod reading;
pub mod reply;
pub mod result;
pub mod scenario;
pub mod statistics;
pub mod status;
pub mod study;
pub mod sweep;
pub mod values;
