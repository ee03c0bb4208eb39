//! The table of all shipped scenarios, live beside simulated, for `docs/simulator.md`:
//!
//! ```text
//! cargo test --release -p end-to-end --test live_table
//! ```
//!
//! It takes about half an hour, so no other command runs it. `LIVE=5` and `SIMULATED=200` say how many runs of each
//! scenario; names after `--` choose scenarios. Those of coordination are chosen by their folder, and have figures of
//! their own, for `docs/coordinating.md`:
//!
//! ```text
//! LIVE=3 cargo test --release -p end-to-end --test live_table -- coordination/total-outage coordination/four-bad
//! ```
//! The exit status is 1 if a live run is void: the table would hold
//! figures of a machine that had too much else to do.

#![expect(clippy::print_stdout, reason = "the table of the documentation")]

mod figures;
mod runs;

use std::fmt::Write;
use std::process::ExitCode;
use std::sync::Arc;

use end_to_end::repository;
use experiment::result::Repetition;
use experiment::statistics::Summary;
use tokio::sync::Semaphore;

use figures::{COMPARED, TOGETHER, values};
use runs::Pair;

/// Scenarios that run live at once: each has a process of its own, and they should not disturb each other.
const AT_ONCE: usize = 2;

/// A number from the environment.
fn number(variable: &str, default: u32) -> u32 {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| {
        text.parse().unwrap_or_else(|_| {
            panic!("{variable}: `{text}` is not a number of runs: write a whole number above zero")
        })
    })
}

/// The scenarios to run: those of the command line, or all that are shipped.
fn names() -> Vec<String> {
    // Other tests take flags, which cargo hands to this one, too.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    if !asked.is_empty() {
        return asked;
    }
    let mut names: Vec<String> = std::fs::read_dir(repository().join("scenarios"))
        .expect("the scenarios are shipped")
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| path.is_file())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

#[tokio::main]
async fn main() -> ExitCode {
    let (live, simulated) = (number("LIVE", 5), number("SIMULATED", 200));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let names = names();
    let figures = compared(&names);
    let runs = names.into_iter().map(|name| {
        let places = Arc::clone(&places);
        tokio::spawn(async move {
            let _place = places.acquire().await.expect("nobody closes it");
            Pair::of(&name, &[], live, simulated.into()).await
        })
    });
    let runs: Vec<_> = runs.collect();
    println!("{}", head(live, simulated, &figures));
    let mut void = 0;
    for run in runs {
        let pair = run.await.expect("the scenario runs");
        void += pair.live.iter().filter(|run| run.invalid.is_some()).count();
        println!("{}", row(&pair, &figures));
    }
    println!("\n{void} of the live runs are void");
    ExitCode::from(u8::from(void > 0))
}

/// The figures of these scenarios: those of coordination where all of them are of it.
fn compared(names: &[String]) -> Vec<&'static str> {
    if names.iter().all(|name| name.starts_with("coordination/")) {
        TOGETHER.to_vec()
    } else {
        COMPARED.map(|(figure, _)| figure).to_vec()
    }
}

fn head(live: u32, simulated: u32, figures: &[&str]) -> String {
    let mut head =
        format!("{live} live and {simulated} simulated runs of each scenario.\n\n| scenario |");
    for figure in figures {
        let _ = write!(head, " `{figure}` |");
    }
    head + "\n|---|" + &"---|".repeat(figures.len())
}

/// `live / simulated ± standard error`, in bold where the two lie more than three standard errors apart. The error is
/// that of a mean of as many simulated runs as there are live ones.
fn row(pair: &Pair, figures: &[&str]) -> String {
    let mut row = format!("| {} |", pair.name);
    for figure in figures {
        let _ = write!(row, " {} |", cell(figure, &pair.live, &pair.simulated));
    }
    if pair.live.iter().any(|run| run.invalid.is_some()) {
        row.push_str(" a live run is void");
    }
    row
}

fn cell(figure: &str, live: &[Repetition], simulated: &[Repetition]) -> String {
    let live = Summary::of(&values(live, figure));
    let simulated = Summary::of(&values(simulated, figure));
    match (live, simulated) {
        (Some(live), Some(simulated)) => {
            let count = f64::from(u32::try_from(live.count).unwrap_or(u32::MAX));
            let error = simulated.sd / count.sqrt();
            let apart = (live.mean - simulated.mean).abs() > 3.0 * error;
            let mark = if apart { "**" } else { "" };
            let is_small = simulated.mean.abs() < 10.0 || error < 0.5;
            let digits = if is_small { 2 } else { 0 };
            let (live, simulated) = (live.mean, simulated.mean);
            format!("{mark}{live:.digits$} / {simulated:.digits$} ± {error:.digits$}{mark}")
        }
        (None, None) => "–".to_owned(),
        (Some(live), None) => format!("**{:.2} / –**", live.mean),
        (None, Some(simulated)) => format!("**– / {:.2}**", simulated.mean),
    }
}
