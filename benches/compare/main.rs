//! How do circuit breakers behave? Every claim of `docs/comparison.md`, run on each library.
//!
//! The table of the document is what this test prints; where they differ it fails and shows the
//! table. Peers are set up as their documentation says and driven through their public API, on real
//! time, for they know no other. Nothing here waits by sleeping: it asks until it is let in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod behaviour;
mod circuit;
mod ours;
mod peers;

use std::alloc::System;
use std::fs;
use std::path::Path;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use circuit::Library;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn table(libraries: &[&dyn Library]) -> String {
    let line = |first: &str, cells: &[String]| format!("| {first} | {} |", cells.join(" | "));
    let names: Vec<String> = libraries.iter().map(|it| it.name().to_owned()).collect();
    let mut lines = vec![
        line("", &names),
        format!("|---|{}", "---|".repeat(libraries.len())),
    ];
    for (what, run) in behaviour::ROWS {
        let cells: Vec<String> = libraries.iter().map(|library| run(*library)).collect();
        lines.push(line(what, &cells));
    }
    lines.join("\n")
}

// One test, because other threads would be counted as allocating.
#[test]
fn the_comparison_claims_what_was_run_and_nothing_else() {
    let table = table(&[
        &ours::Ours,
        &peers::Failsafe,
        &peers::Recloser,
        &peers::TowerResilience,
    ]);

    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/comparison.md");
    let document = fs::read_to_string(document).unwrap();
    assert!(
        document.contains(&table),
        "docs/comparison.md does not have this table:\n\n{table}\n"
    );
}
