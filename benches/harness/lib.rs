//! A fair benchmark of many candidates on a noisy machine.
//!
//! # Map, in reading order
//! | file | what it is |
//! |---|---|
//! | `row` | what is measured |
//! | `threads` | how many threads share one object |
//! | `rounds` | how long one operation takes while N threads use one object |
//! | `turn` | how long an operation took in one turn, and whether the threads had the cores to themselves |
//! | `results` | the medians, and their table |
//! | `host` | the machine, the compiler and the build |
//! | `process`, `usage` | a process that is measured from outside, and the resources that it uses |
//! | `ring` | a closed loop of clients |
//!
//! The benchmarks themselves are `hot_path/` (time), `downstream.rs` (time of the unreliable service), `load.rs` (the
//! load of a simulated run), `memory.rs` (bytes), `system/` (the lab beside bare services), `soak.rs` (the lab for an
//! hour) and `instructions.rs`. `compare/` compares the behaviour of breakers.

mod host;
mod process;
mod results;
mod ring;
mod rounds;
mod row;
mod threads;
mod turn;
mod usage;

use std::time::Instant;

pub use host::Host;
pub use process::{Process, lab};
pub use results::{Figure, Results};
pub use ring::{Answer, Ring, ask};
pub use rounds::{Plan, measure};
pub use row::{Name, Row, Worker};
pub use threads::Threads;
pub use usage::{Holdings, load_average};

/// The time, for what is measured in real time.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub fn now() -> Instant {
    Instant::now()
}
