//! A comparison of the behaviour of several libraries' breakers on the same tasks.
//!
//! `cargo run --release -p benches --example compare` runs every behaviour against every library and prints
//! `docs/comparison.md` from its first table on. A cell is what the run showed; `-` means that the library has no
//! setting or method for it, and its footnote says which. The first table does not depend on the machine, and a test
//! compares the document with it.

mod behaviours;
mod call;
mod costs;
mod downstream;
mod libraries;
mod library;
mod note;
mod scenarios;
#[path = "../hot_path/service.rs"]
mod service;
mod shown;
mod table;

use std::alloc::System;

use benches::Host;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    println!("{}", table::of_behaviours());
    println!("## Measured\n\n{}", Host::this());
    println!("{}", table::of_measurements());
}
