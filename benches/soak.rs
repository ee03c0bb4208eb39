//! An hour of the whole lab under load, in which memory, descriptors and threads have to stay flat.
//!
//! `cargo bench -p benches --bench soak`; `-- --minutes N` for another time. The load is the lab's own, at ten times
//! its usual rate, with the default faults, so that breakers open and close all the time; in addition there is a
//! scrape every second, as from Prometheus. The first quarter is for warming up. After it, the maximum of each figure
//! may not be higher in the last quarter than in the second, except for what [`SLACK`] allows. Calls that hang need
//! connections, so the figures go up and down with the faults, whose loop takes two minutes: a quarter should be
//! longer than that. Memory may grow by what is kept of each second until there is an hour of seconds:
//! [`KEPT_KIB_PER_SECOND`].

use std::io;
use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use benches::{Holdings, Host, Process, ask, lab, load_average, now};

/// Requests per second.
const RATE: &str = "900";
/// How long a run is without a word about it.
const MINUTES: u32 = 60;
/// Lines of the table.
const SAMPLES: u32 = 60;
const SCRAPE: Duration = Duration::from_secs(1);
/// How much higher the last quarter may be by chance: percent, and number of things.
const SLACK: (u64, u64) = (3, 4);
/// The load generator keeps the seconds of the last hour: about 600 bytes each with three targets, in a list
/// that grows by doubling. What is kept longer than that (transitions, of which a minute has few) is less.
const KEPT_KIB_PER_SECOND: u64 = 1;
/// More seconds than these are not kept.
const KEPT_SECONDS: u64 = 3600;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => complain(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "why there is no report")]
fn complain(what: &str) -> ExitCode {
    eprintln!("soak: {what}");
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "the report")]
fn run() -> io::Result<bool> {
    let length = Duration::from_secs(60) * minutes()?;
    let mut command = Command::new(lab());
    command.args(["--plain", "--rate", RATE]);
    let names = ["A", "B", "C", "unreliable", "lab"];
    for name in names {
        command.arg("--listen").arg(format!("{name}=127.0.0.1:0"));
    }
    let shown = ["instance A", "instance B", "instance C"];
    let (process, instances) = Process::listening(&mut command, &shown)?;
    println!("# Soak\n\n{}", Host::of_system());
    println!(
        "- load: {:.1}\n- {RATE} requests/s for {length:?}\n",
        load_average().unwrap_or(0.0)
    );
    println!("| after | MiB resident | descriptors | threads | CPU |\n|---|---:|---:|---:|---:|");
    let mut samples = Vec::new();
    let (began, mut unanswered) = (now(), 0);
    for number in 1..=SAMPLES {
        unanswered += until(
            began.elapsed(),
            length * number / SAMPLES,
            &instances,
            || began.elapsed(),
        );
        let held = process.holdings();
        let mib = held.resident_kib / 1024;
        println!(
            "| {:.0?} | {mib} | {} | {} | {:.0?} |",
            began.elapsed(),
            held.descriptors,
            held.threads,
            process.cpu(),
        );
        samples.push(held);
    }
    let kept = KEPT_KIB_PER_SECOND * filled_after_warm_up(length);
    let (_, things) = SLACK;
    let verdicts = [
        (
            "resident memory, in KiB",
            flat(&samples, |held| held.resident_kib, kept),
        ),
        (
            "descriptors",
            flat(&samples, |held| held.descriptors, things),
        ),
        ("threads", flat(&samples, |held| held.threads, things)),
    ];
    println!("\n- scrapes that were not answered within the limit of the bench: {unanswered}");
    for (what, (before, after, is_flat)) in verdicts {
        let verdict = if is_flat { "flat" } else { "GROWS" };
        println!("- {what}: {verdict}, {before} in the second quarter, {after} in the last");
    }
    Ok(verdicts.iter().all(|(_, (_, _, is_flat))| *is_flat))
}

/// Scrapes the instances each second until `end`; how many scrapes were not answered in time. On a machine
/// that is busy with something else that happens, and an hour is too long to be lost for it.
fn until(
    mut elapsed: Duration,
    end: Duration,
    instances: &[SocketAddr],
    clock: impl Fn() -> Duration,
) -> u64 {
    let mut unanswered = 0;
    while elapsed < end {
        for &instance in instances {
            unanswered += u64::from(ask("GET", instance, "/metrics", "").is_err());
        }
        thread::sleep(SCRAPE.min(end.saturating_sub(clock())));
        elapsed = clock();
    }
    unanswered
}

/// How many seconds are kept more at the end than in the middle of the second quarter.
fn filled_after_warm_up(length: Duration) -> u64 {
    let length = length.as_secs();
    length.min(KEPT_SECONDS) - (length * 3 / 8).min(KEPT_SECONDS)
}

/// The highest of the second and of the last quarter, and whether the last one is no higher but for chance
/// and `things`.
fn flat(samples: &[Holdings], value: fn(&Holdings) -> u64, things: u64) -> (u64, u64, bool) {
    let quarter = samples.len() / 4;
    let highest = |part: &[Holdings]| part.iter().map(value).max().unwrap_or(0);
    let before = highest(&samples[quarter..2 * quarter]);
    let after = highest(&samples[samples.len() - quarter..]);
    let (percent, _) = SLACK;
    let allowed = before + before * percent / 100 + things;
    (before, after, after <= allowed)
}

fn minutes() -> io::Result<u32> {
    let mut words = std::env::args().skip_while(|word| word != "--minutes");
    match (words.next(), words.next()) {
        (None, _) => Ok(MINUTES),
        (Some(_), given) => given
            .and_then(|text| text.parse().ok())
            .filter(|minutes| *minutes > 0)
            .ok_or_else(|| io::Error::other("--minutes takes a whole number above 0")),
    }
}
