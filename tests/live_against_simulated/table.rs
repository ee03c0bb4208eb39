//! The table of all shipped scenarios, live beside simulated.

use std::fmt::Write;
use std::sync::Arc;

use end_to_end::repository;
use experiment::result::Repetition;
use experiment::statistics::Summary;
use tokio::sync::Semaphore;

use crate::figures::{COMPARED, values};
use crate::runs::Pair;

/// Scenarios that run live at once: each has a process of its own, and they should not disturb each other.
const AT_ONCE: usize = 2;

/// A number from the environment.
fn number(variable: &str, default: u32) -> u32 {
    let given = std::env::var(variable).ok();
    given.map_or(default, |text| text.parse().expect("a whole number"))
}

#[tokio::test]
#[ignore = "takes about half an hour: it makes the table of docs/simulator.md"]
async fn the_table_of_all_shipped_scenarios() {
    let (live, simulated) = (number("LIVE", 5), number("SIMULATED", 200));
    let mut names: Vec<String> = std::fs::read_dir(repository().join("scenarios"))
        .expect("the scenarios are shipped")
        .filter_map(|file| Some(file.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let runs = names.into_iter().map(|name| {
        let places = Arc::clone(&places);
        tokio::spawn(async move {
            let _place = places.acquire().await.expect("nobody closes it");
            Pair::of(&name, &[], live, simulated.into()).await
        })
    });
    let runs: Vec<_> = runs.collect();
    let mut rows = head(live, simulated);
    for run in runs {
        let row = row(&run.await.expect("the scenario runs"));
        println!("{row}");
        rows.push_str(&row);
        rows.push('\n');
    }
    println!("\n{rows}");
}

fn head(live: u32, simulated: u32) -> String {
    let mut head =
        format!("{live} live and {simulated} simulated runs of each scenario.\n\n| scenario |");
    for (figure, _) in COMPARED {
        let _ = write!(head, " `{figure}` |");
    }
    head + "\n|---|" + &"---|".repeat(COMPARED.len()) + "\n"
}

/// `live ± its standard error / simulated`, in bold where they lie more than three standard errors apart.
fn row(pair: &Pair) -> String {
    let mut row = format!("| {} |", pair.name);
    for (figure, _) in COMPARED {
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
            let digits = if simulated.mean.abs() < 10.0 { 2 } else { 0 };
            let (live, simulated) = (live.mean, simulated.mean);
            format!("{mark}{live:.digits$} / {simulated:.digits$} ± {error:.digits$}{mark}")
        }
        (None, None) => "–".to_owned(),
        (Some(live), None) => format!("**{:.2} / –**", live.mean),
        (None, Some(simulated)) => format!("**– / {:.2}**", simulated.mean),
    }
}
