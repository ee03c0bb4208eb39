//! The simulator: it performs a scenario under virtual time, with the same breakers and the same experiment as the
//! live lab.
//!
//! A run of an hour with thousands of instances takes seconds, and the same seed gives the same run to the last
//! event, on any machine and for any number of jobs. `docs/simulator.md` says what is modelled and what is left out.
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
//! | `parallel_runs` | runs with many seeds, on several threads |
//! | `run` | one run, beside the same seed without breakers if that is needed |
//! | `performance` | the loop of one run, and what each event does |
//! | `agenda` | pending events, in order |
//! | `arrivals`, `lanes` | when requests are planned, and the connections that they take |
//! | `looks` | when the truth is looked at, and for which instances |
//! | `calls`, `works` | what is under way at the instances and at the downstream |
//! | `instances`, `interruptions` | the fleet with its breakers, and when instances do not work |
//! | `throttles` | what rejects calls if the policy of the scenario has no breakers |
//! | `fleet` | what instances tell each other: members, their network and the engine |
//! | `clock`, `digest`, `options` | the time that breakers see, the digest of all events, and how runs are ended |

mod agenda;
mod arrivals;
mod calls;
mod clock;
mod digest;
mod fleet;
mod instances;
mod interruptions;
mod lanes;
mod looks;
mod options;
mod parallel_runs;
mod performance;
mod run;
mod throttles;
mod works;

use std::time::Duration;

pub use digest::Digest;
pub use options::{Cancel, Options};
pub use parallel_runs::{Progress, many};
pub use performance::{Effort, Performed};
pub use run::{perform, run, run_telling};

/// Nanoseconds of virtual time; what is longer than 584 years never comes.
fn nanos(time: Duration) -> u64 {
    let seconds = time.as_secs().checked_mul(1_000_000_000);
    let nanos = seconds.and_then(|it| it.checked_add(time.subsec_nanos().into()));
    nanos.unwrap_or(u64::MAX)
}
