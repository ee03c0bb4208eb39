//! The origin of a result: the scenario as it was run, seeds, program, machine, and the command that does it again.

use std::fmt::Write as _;

use experiment::result::{Performer, RunResult};

use super::element::section;
use crate::report::markdown::Context;
use crate::report::names::counted;
use crate::report::shell::escaped;

/// The scenario and all that a reader needs to do it again.
pub(super) fn made(result: &RunResult, context: &Context) -> String {
    let mut facts = String::from("<dl>\n");
    for (name, value) in facts_of(result) {
        let _ = writeln!(
            facts,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(name),
            escaped(&value)
        );
    }
    facts += "</dl>\n";
    let _ = writeln!(
        facts,
        "<p>In the folder of this result, the same again:</p>\n<pre tabindex=\"0\">{}</pre>",
        escaped(&context.command)
    );
    let scenario = context.scenario.as_deref().map(|text| {
        format!(
            "<details><summary>scenario.toml</summary>\n<pre tabindex=\"0\">{}</pre></details>\n",
            escaped(text)
        )
    });
    facts += scenario
        .as_deref()
        .unwrap_or("<p>The folder has no scenario.toml.</p>\n");
    section("made", "Scenario, seed, machine", &facts)
}

fn facts_of(result: &RunResult) -> Vec<(&'static str, String)> {
    let versions = &result.versions;
    let commit = versions
        .commit
        .as_deref()
        .map(|it| format!(", commit {it}"));
    let machine = &result.machine;
    let load = machine
        .load
        .map(|[one, five, fifteen]| format!("; load {one} {five} {fifteen}"));
    let mut facts = vec![
        ("scenario", result.scenario.clone()),
        ("seeds", seeds(result)),
        ("performed", performed(result).to_owned()),
        ("began", date(result.started_unix_s)),
        (
            "program",
            format!(
                "breaker-lab {} ({}{})",
                versions.breaker_lab,
                versions.build,
                commit.unwrap_or_default()
            ),
        ),
        (
            "machine",
            format!(
                "{}, {}, {} {}{}",
                machine.cpu.as_deref().unwrap_or("an unnamed processor"),
                counted(machine.cores, "core"),
                machine.os,
                machine.arch,
                load.unwrap_or_default()
            ),
        ),
    ];
    if let [alone] = &*result.repetitions {
        facts.push(("lasted", format!("{} s", alone.fleet.duration_s)));
        facts.extend(alone.digest.clone().map(|digest| ("digest", digest)));
    }
    facts
}

fn performed(result: &RunResult) -> &'static str {
    match result
        .repetitions
        .first()
        .map_or(Performer::Live, |run| run.performer)
    {
        Performer::Live => "live, over sockets",
        Performer::Simulated => "in virtual time",
    }
}

fn seeds(result: &RunResult) -> String {
    let seeds: Vec<u64> = result.repetitions.iter().map(|run| run.seed).collect();
    match &*seeds {
        [] => "none".to_owned(),
        [one] => one.to_string(),
        [first, .., last] if follow(&seeds) => format!("{first} to {last}"),
        many => many
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

fn follow(seeds: &[u64]) -> bool {
    seeds
        .windows(2)
        .all(|pair| pair[1] == pair[0].wrapping_add(1))
}

/// `2026-11-27 13:05:12 UTC`, by Hinnant's algorithm for the days of the civil calendar.
fn date(unix_s: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a date is in the present millennium"
    )]
    let seconds = unix_s.max(0.0) as i64;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_its_date() {
        for (unix_s, said) in [
            (0.0, "1970-01-01 00:00:00 UTC"),
            (951_782_399.9, "2000-02-28 23:59:59 UTC"),
            (951_782_400.0, "2000-02-29 00:00:00 UTC"),
            (1_795_784_712.0, "2026-11-27 13:05:12 UTC"),
        ] {
            assert_eq!(date(unix_s), said);
        }
    }
}
