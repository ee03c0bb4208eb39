//! How is a benchmark of many candidates on a noisy machine made fair?
//!
//! # Map, in reading order
//! | file | question |
//! |---|---|
//! | `row` | What is measured? |
//! | `rounds` | How long does one operation take while N threads hammer one object? |
//! | `turn` | How long in one turn, and did its threads have the cores to themselves? |
//! | `results` | What came out? |
//! | `host` | On which machine, and built from what? |
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
