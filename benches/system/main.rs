//! The speed of the whole system, compared with bare services and other load generators.
//!
//! `cargo bench -p benches --bench system` builds the lab and measures all rows; `-- --quick` takes less than a
//! minute and shows roughly the same, and `-- --instructions` counts those of single requests. `wrk` and `oha` join when they are installed. `BREAKER_LAB=PATH` measures
//! another binary of the lab, such as that of an earlier state.

mod counted;
mod generators;
mod memory;
mod pair;
mod peer;
mod rows;
mod services;
mod valgrind;

use std::process::{Command, ExitCode};
use std::time::Duration;
use std::{env, io};

use benches::{Host, lab, load_average};
use pair::Plan;

/// Descriptors for all connections of all rows.
const DESCRIPTORS: u64 = 65_536;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [first, rest @ ..] if first == "peer" => peer::run(rest),
        _ => report(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say_why(&error),
    }
}

#[expect(clippy::print_stderr, reason = "why there is no report")]
fn say_why(error: &io::Error) -> ExitCode {
    eprintln!("system: {error}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the report")]
fn report(arguments: &[String]) -> io::Result<()> {
    let plan = if arguments.iter().any(|word| word == "--quick") {
        Plan::QUICK
    } else {
        Plan::MEASURE
    };
    if arguments.iter().any(|word| word == "--instructions") {
        let table = counted::table(&lab())?;
        println!("# Instructions\n\n{}\n{table}", Host::of_system());
        return Ok(());
    }
    rlimit::increase_nofile_limit(DESCRIPTORS)?;
    let lab = lab();
    println!("# Speed of the system\n\n{}", Host::of_system());
    println!("- others: {}", versions());
    println!("- load: {}, before the run", load());
    println!(
        "- {} pairs of turns of {:?}, interleaved; each figure is a median\n",
        plan.rounds, plan.length
    );
    let mut pairs = rows::all(&lab)?;
    pair::measure(&mut pairs, plan)?;
    println!("{}", pair::table(&pairs));
    drop(pairs);
    println!("{}", generators::table(&lab, plan)?);
    let length = Duration::from_secs(if plan.rounds == Plan::QUICK.rounds {
        2
    } else {
        10
    });
    println!(
        "{}{}",
        generators::lateness(&lab, length)?,
        memory::scrape(&lab)?
    );
    println!("{}", memory::table(&lab, plan)?);
    println!("Load after the run: {}.", load());
    Ok(())
}

/// The other load generators.
fn versions() -> String {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let line = text.lines().next()?.split(" [").next()?.to_owned();
        Some(line)
    };
    let found: Vec<String> = ["oha", "wrk"].into_iter().filter_map(version).collect();
    if found.is_empty() {
        return "neither oha nor wrk is installed".to_owned();
    }
    found.join(", ")
}

fn load() -> String {
    load_average().map_or("unknown".to_owned(), |load| {
        format!("{load:.1} processes want a core")
    })
}
