//! The plan of a load, shown or written without being sent.

use std::io::{self, Write};
use std::time::Duration;

use experiment::load::{Phases, Planned, Profile, Schedule};
use serde::Serialize;

use crate::words::number;

/// How many entries are shown one by one.
const SHOWN: usize = 20;
/// How much of an endless plan is counted.
const COUNTED: Duration = Duration::from_secs(60);
/// Rows of the table of counts.
const ROWS: u32 = 20;
/// The most requests that are counted: some seconds of work.
const MOST: usize = 20_000_000;

/// The version of a written plan's format.
const SCHEMA: &str = "breaker-lab/load-plan/1";

/// What a written plan begins with.
#[derive(Debug, Serialize)]
struct Head<'a> {
    schema: &'static str,
    seed: u64,
    digest: String,
    duration_s: f64,
    targets: &'a [&'a str],
    profile: &'a Profile,
}

/// One request of a written plan.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    at_s: f64,
    /// `None` if it is chosen when the request leaves.
    target: Option<&'a str>,
    key: u64,
    /// 64 bits in hexadecimal digits: JSON's numbers have fewer.
    luck: String,
    phase: &'a str,
}

/// Writes all requests that are planned before `until` as one JSON object, one request a line.
pub(super) fn write(
    out: &mut dyn Write,
    profile: &Profile,
    phases: &Phases,
    names: &[&str],
    seed: u64,
    until: Duration,
) -> io::Result<()> {
    let schedule = Schedule::new(seed, profile, names);
    let head = serde_json::to_string(&Head {
        schema: SCHEMA,
        seed,
        digest: schedule.clone().digest().to_string(),
        duration_s: until.as_secs_f64(),
        targets: names,
        profile,
    })?;
    // The requests stand within the same object: its last brace comes after them.
    write!(out, "{},\n\"requests\": [", &head[..head.len() - 1])?;
    let parts = phases.names();
    let mut before = "\n";
    for planned in schedule.take_while(|it| it.at < until) {
        out.write_all(before.as_bytes())?;
        let entry = Entry {
            at_s: planned.at.as_secs_f64(),
            target: (!profile.chooses_late()).then(|| names[planned.target]),
            key: planned.key,
            luck: format!("{:016x}", planned.luck),
            phase: parts[phases.place(planned.at)],
        };
        serde_json::to_writer(&mut *out, &entry)?;
        before = ",\n";
    }
    out.write_all(b"\n]}\n")
}

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
    let late = profile.chooses_late();
    for planned in schedule().take(SHOWN).take_while(within) {
        lines.push(format!(
            "{:>10.6} s  {:<10}{:>8}  {}",
            planned.at.as_secs_f64(),
            if late { "-" } else { names[planned.target] },
            planned.key,
            parts[phases.place(planned.at)],
        ));
    }
    lines.push(String::new());
    if let Some(connections) = profile.connections {
        lines.push(format!(
            "closed loop of {connections}: the answers decide when requests are sent"
        ));
        return lines;
    }
    if late {
        lines.push("the least loaded target is chosen when a request is sent".to_owned());
        lines.push(String::new());
    }
    let counted = if late { &[][..] } else { names };
    lines.extend(counts(schedule(), counted, until.unwrap_or(COUNTED)));
    lines
}

/// How many requests leave in each of equal intervals, in all and to each of `names`.
fn counts(schedule: Schedule, names: &[&str], length: Duration) -> Vec<String> {
    let seconds = length.as_secs_f64();
    let rows = f64::from(ROWS).min(seconds.ceil()).max(1.0);
    let interval = seconds / rows;
    let mut counts: Vec<(u64, Vec<u64>)> = Vec::new();
    let mut total = 0;
    for planned in schedule.take(MOST).take_while(|it| it.at < length) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "one of a few rows"
        )]
        let row = (planned.at.as_secs_f64() / interval) as usize;
        if counts.len() <= row {
            counts.resize(row + 1, (0, vec![0; names.len()]));
        }
        counts[row].0 += 1;
        if let Some(count) = counts[row].1.get_mut(planned.target) {
            *count += 1;
        }
        total += 1;
    }
    let head = names
        .iter()
        .fold(format!("{:>10}{:>10}", "from", "all"), |line, name| {
            format!("{line}{name:>10}")
        });
    let mut lines = vec![head];
    for (row, (all, counts)) in (0_u32..).zip(&counts) {
        let from = f64::from(row) * interval;
        let begin = format!("{from:>8.1} s{:>10}", number(*all));
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
