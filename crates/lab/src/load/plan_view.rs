//! What would be sent? The plan, without sending it.

use std::time::Duration;

use experiment::load::{Phases, Planned, Profile, Schedule};

use crate::together::words::number;

/// Entries that are shown one by one.
const SHOWN: usize = 20;
/// How much of an endless plan is counted.
const COUNTED: Duration = Duration::from_secs(60);
/// Rows of the table of counts.
const ROWS: u32 = 20;
/// Requests that are counted at most: some seconds of work.
const MOST: usize = 20_000_000;

/// The plan of a run, line by line.
pub(super) fn lines(
    profile: &Profile,
    phases: &Phases,
    names: &[&str],
    seed: u64,
    until: Option<Duration>,
) -> Vec<String> {
    let schedule = || Schedule::new(seed, profile, names);
    let mut lines = vec![format!(
        "plan {} of seed {seed}: process {}, shape {}, choose {}",
        schedule().digest(),
        profile.process,
        profile.shape,
        profile.choose,
    )];
    lines.push(String::new());
    lines.push(format!(
        "{:>12}  {:<10}{:>8}  {}",
        "at", "target", "key", "phase"
    ));
    let parts = phases.names();
    let within = |planned: &Planned| until.is_none_or(|until| planned.at < until);
    for planned in schedule().take(SHOWN).take_while(within) {
        lines.push(format!(
            "{:>10.6} s  {:<10}{:>8}  {}",
            planned.at.as_secs_f64(),
            names[planned.target],
            planned.key,
            parts[phases.place(planned.at)],
        ));
    }
    lines.push(String::new());
    if let Some(connections) = profile.connections {
        lines.push(format!(
            "closed loop of {connections}: the answers decide when requests leave"
        ));
        return lines;
    }
    lines.extend(counts(schedule(), names, until.unwrap_or(COUNTED)));
    lines
}

/// How many requests leave in each of equal intervals.
fn counts(schedule: Schedule, names: &[&str], length: Duration) -> Vec<String> {
    let seconds = length.as_secs_f64();
    let rows = f64::from(ROWS).min(seconds.ceil()).max(1.0);
    let interval = seconds / rows;
    let mut counts: Vec<Vec<u64>> = Vec::new();
    let mut total = 0;
    for planned in schedule.take(MOST).take_while(|it| it.at < length) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "one of a few rows"
        )]
        let row = (planned.at.as_secs_f64() / interval) as usize;
        if counts.len() <= row {
            counts.resize(row + 1, vec![0; names.len()]);
        }
        counts[row][planned.target] += 1;
        total += 1;
    }
    let head = names
        .iter()
        .fold(format!("{:>10}{:>10}", "from", "all"), |line, name| {
            format!("{line}{name:>10}")
        });
    let mut lines = vec![head];
    for (row, counts) in (0_u32..).zip(&counts) {
        let from = f64::from(row) * interval;
        let begin = format!("{from:>8.1} s{:>10}", number(counts.iter().sum()));
        lines.push(
            counts
                .iter()
                .fold(begin, |line, count| format!("{line}{:>10}", number(*count))),
        );
    }
    lines.push(String::new());
    lines.push(format!(
        "{} requests in {seconds} s; nothing was sent",
        number(total)
    ));
    lines
}
