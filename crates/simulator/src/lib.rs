//! The simulator: carries a scenario out under virtual time, with the same breakers and the same
//! experiment as the live lab.
//!
//! A run of an hour with thousands of instances takes seconds, and the same seed gives the same run to the
//! last event, on any machine and for any number of jobs. What is modelled and what is left out is in
//! `docs/simulator.md`.
//!
//! ```
//! use experiment::scenario::Scenario;
//!
//! let scenario = Scenario::parse(
//!     r#"
//!     title = "half of the calls fail"
//!     duration = "20s"
//!     [load]
//!     rate = 90
//!     [faults]
//!     phases = [{ name = "bad", failure_ratio = 0.5 }]
//!     "#,
//! )?;
//! let run = simulator::run(&scenario, 7, &simulator::Options::default());
//! assert!(run.load.planned > 1_500);
//! assert_eq!(run, simulator::run(&scenario, 7, &simulator::Options::default()));
//! # Ok::<(), String>(())
//! ```
//!
//! | module | what lives there |
//! |---|---|
//! | `many` | runs of many seeds, on several cores |
//! | `performance` | one run: the loop, and what each event does |
//! | `agenda` | the events that are due, in order |
//! | `clients` | arrivals, connections and retries |
//! | `instances` | the fleet: breakers, restarts and pauses |
//! | `service` | the downstream |
//! | `books` | what is recorded |
//! | `clock`, `digest` | the time that breakers see, and the digest of the events |

mod agenda;
mod books;
mod clients;
mod clock;
mod digest;
mod instances;
mod many;
mod options;
mod performance;
mod service;

pub use digest::Digest;
pub use many::{Progress, many};
pub use options::{Cancel, Options};
pub use performance::{Performed, Work, perform, run};
