//! The cost of asking a breaker, compared with the limits of the machine.
//!
//! `cargo bench -p benches --bench hot_path` measures all rows; words after `--` choose the rows
//! whose name contains one of them. Each operation is a call that succeeds at once, through a
//! closed breaker, or is rejected by an open one; each checks its answer, so a row cannot measure
//! the wrong path. Rows are listed in `limits`, `ours`, `fleet`, `keyed`, `tower_layer` and `peers`; `wanted` compares.

mod fleet;
mod keyed;
mod limits;
mod ours;
mod peers;
mod service;
mod tower_layer;
mod wanted;

use std::env;
use std::time::Duration;

use benches::{Host, Plan, Row, measure};

/// An open period that outlasts every run.
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let rows: Vec<Row> = all()
        .into_iter()
        .filter(|row| chosen(row, &words))
        .collect();
    // `cargo bench` says so; `cargo test --benches` does not, and wants to see it work only.
    let plan = if words.iter().any(|word| word == "--bench") {
        Plan::MEASURE
    } else {
        Plan::TRY
    };

    println!("# Hot path\n\n{}", Host::this());
    println!(
        "Nanoseconds per operation and thread: median of {} turns of {:?}, interleaved with those of \
         the other rows. Spread: what the middle half of the turns covers. `~`: other processes \
         took cores away.\n",
        plan.turns, plan.length
    );
    let results = measure(&rows, plan);
    println!("{results}\n## Wanted\n");
    println!("{}", wanted::table(&results));
}

fn all() -> Vec<Row> {
    let groups = [
        limits::rows(),
        ours::rows(),
        fleet::rows(),
        keyed::rows(),
        tower_layer::rows(),
        peers::rows(),
    ];
    groups.into_iter().flatten().collect()
}

fn chosen(row: &Row, words: &[String]) -> bool {
    let name = row.name().to_string();
    let mut filters = words
        .iter()
        .filter(|word| !word.starts_with('-'))
        .peekable();
    filters.peek().is_none() || filters.any(|word| name.contains(word.as_str()))
}
