//! A run of a scenario under virtual time with several seeds, which prints which expectations held.
//!
//! `cargo run --release -p simulator --example scenario -- scenarios/flapping.toml 30`

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use experiment::scenario::Scenario;
use simulator::{Options, many};

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which scenario?")?;
    let count: u64 = args.next().map_or(Ok(30), |text| text.parse())?;
    let scenario = Scenario::parse(&std::fs::read_to_string(&file)?)?;
    let seeds: Vec<u64> = (scenario.seed()..).take(usize::try_from(count)?).collect();
    let jobs = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let runs = many(&scenario, &seeds, jobs, &Options::default(), |_| {});
    println!("{file}: {}", scenario.title());
    for (number, expectation) in scenario.expectations().iter().enumerate() {
        let verdicts = runs.iter().map(|run| &run.verdicts[number]);
        let held = verdicts.clone().filter(|verdict| verdict.held).count();
        let values: Vec<f64> = verdicts.filter_map(|verdict| verdict.value).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        println!(
            "  {held:3} of {count}  {:<55} {least:.4} to {most:.4}",
            expectation.to_string()
        );
    }
    Ok(())
}
