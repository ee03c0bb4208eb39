//! The validation ladder: the breaker and the simulator against closed forms, step by step.
//!
//! Each step is a test whose name is the statement that it shows, with a fixed seed. It prints its rows of the table:
//!
//! ```text
//! LADDER=new cargo test -p simulator --test ladder -- --nocapture | grep -o '| F.*' | sort -V
//! ```
//!
//! Means must lie within three standard errors of the formula, and the sample must be large enough for that to mean
//! something. F numbers are those of the table in `docs/simulator.md`. There are N instances, each called r times per
//! second (Poisson), a count window of W calls that trips at k failures, an open period of T, which jitter shortens
//! by up to the share J, probes that take d, and failures that are known after τ.
//!
//! | module | what lives there |
//! |---|---|
//! | `closed_forms` | the formulas, compared with figures that were computed elsewhere |
//! | `chain` | the exact mean number of calls to a trip, from the chain of all windows |
//! | `sample` | means with their standard errors, and the assertions about them |
//! | `table` | the rows of `docs/simulator.md` |
//! | `driven` | breakers that a test calls itself, without the simulator |
//! | `fleet` | scenarios for the steps, and what a run of the simulator shows of them |
//! | `calls_to_open`, `opening`, `waste`, `recovery`, `together`, `laws` | the steps |
//!
//! In addition, `runs.rs` compares the digests of runs for any number of jobs, and `overload/` compares the queue
//! with M/M/c.

#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, counts of a test are small, the ladder prints its table, and formulas to \
              compare with need not be the same to the last digit"
)]

mod calls_to_open;
mod chain;
mod closed_forms;
mod driven;
mod fleet;
mod laws;
mod opening;
mod recovery;
mod sample;
mod table;
mod together;
mod waste;
