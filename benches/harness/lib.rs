//! A fair benchmark of many candidates on a noisy machine.
//!
//! # Map, in reading order
//! | file | what it is |
//! |---|---|
//! | `row` | what is measured |
//! | `rounds` | how long one operation takes while N threads hammer one object |
//! | `turn` | how long it took in one turn, and whether the threads had the cores to themselves |
//! | `results` | the medians, and their table |
//! | `host` | the machine, the compiler and the build |
//!
//! The benchmarks themselves are `hot_path/` (time) and `memory.rs` (bytes); `compare/` asks what
//! breakers do.

mod host;
mod results;
mod rounds;
mod row;
mod turn;

pub use host::Host;
pub use results::{Figure, Results};
pub use rounds::{Plan, Threads, measure};
pub use row::{Name, Row, Worker};
