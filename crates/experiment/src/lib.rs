//! An experiment with circuit breakers: its load, its faults, its expectations and its result.
//!
//! Everything here is a pure function of a seed and of time. Nothing opens a socket, reads a file or asks a
//! clock, so the running lab and the simulator replay exactly the same experiment.
//!
//! | module | what lives there |
//! |---|---|
//! | [`chance`] | random numbers that are the same in every run |
//! | [`values`] | durations, shares, rates, and values that can be off, as they are written |
//! | [`count`] | counts with their nouns |
//! | [`bounds`] | bounds of numbers and times, and the refusal of values beyond them |
//! | [`reading`] | readers of JSON and TOML that report what is wrong and what was probably meant |
//! | [`law`] | laws of duration |
//! | [`faults`] | fault plans, and the truth about them |
//! | [`overload`] | a service that gets more work than it can do |
//! | [`downstream`] | the unreliable service: what each call meets, and its counters |
//! | [`outcome`] | the ways in which a planned request ends |
//! | [`status`] | which HTTP statuses count as failures of a downstream |
//! | [`reply`] | the downstream's reply, and what it means to the breaker and to the client |
//! | [`breaker_settings`] | the settings of an instance's breaker |
//! | [`policy`] | the decision whether a call goes to the downstream: a breaker, or a baseline |
//! | [`scenario`] | an experiment in one file |
//! | [`fleet`] | the belief of breakers, compared with the truth |
//! | [`coordination`] | the record of what instances told each other |
//! | [`orders`] | the orders of operators during a run |
//! | [`engine`] | the engine that carries it, and the network in front, with the faults of a scenario |
//! | [`load`] | who calls when, with how much patience, and what clients saw |
//! | [`events`] | each call and each transition, one by one |
//! | [`expectation`] | conditions that must hold at the end |
//! | [`result`] | the result, from which everything can be drawn and computed again |
//! | [`statistics`] | what a handful of repetitions says about a figure |
//! | [`comparison`] | whether results differ by more than their spread |
//! | [`sweep`] | one scenario under every combination of some settings |
//! | [`palette`] | the colours of states and outcomes, the same wherever they are drawn |
//! | [`picture`] | pictures as SVG text |
//! | [`study`] | many scenarios under every policy, compared with theory |

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
