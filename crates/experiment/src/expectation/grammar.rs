//! The grammar of expectations: `FIGURE[(TARGET, phase=NAME)] OP LIMIT[UNIT]`, or the one sentence about
//! recovery.

use super::range::impossible;
use super::{CATALOGUE, Comparison, Definition, Expectation, Figure, Source, Unit, definition};
use crate::reading::nearest;

/// Longest first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

pub(super) fn parse(text: &str) -> Result<Expectation, String> {
    let text = text.trim();
    let wrong = |why: String| format!("`{text}` is not an expectation: {why}");
    if let Some(expectation) = recovery(text) {
        return expectation.map_err(wrong);
    }
    let (left, comparison, right) = split(text).ok_or_else(|| {
        wrong("write FIGURE OP LIMIT, like p99(B) < 250ms, with <, <=, >, >=, == or !=".to_owned())
    })?;
    let figure = figure(left).map_err(wrong)?;
    let limit = limit(right, figure.definition).map_err(wrong)?;
    if let Some(why) = impossible(comparison, limit, figure.definition.unit) {
        return Err(wrong(why));
    }
    Ok(Expectation {
        text: text.to_owned(),
        figure,
        comparison,
        limit,
    })
}

fn split(text: &str) -> Option<(&str, Comparison, &str)> {
    // Within parentheses stand names, and `phase=`.
    let from = text.rfind(')').unwrap_or(0);
    let first = COMPARISONS
        .iter()
        .filter_map(|&(sign, comparison)| Some((from + text[from..].find(sign)?, sign, comparison)))
        .min_by_key(|(place, sign, _)| (*place, usize::MAX - sign.len()));
    let (place, sign, comparison) = first?;
    Some((&text[..place], comparison, &text[place + sign.len()..]))
}

pub(super) fn figure(text: &str) -> Result<Figure, String> {
    let text = text.trim();
    let (name, arguments) = match text.split_once('(') {
        None => (text, ""),
        Some((name, rest)) => (
            name.trim(),
            rest.strip_suffix(')')
                .ok_or("the parenthesis is not closed")?,
        ),
    };
    let definition = definition(name).ok_or_else(|| unknown(name))?;
    let mut figure = Figure {
        definition,
        target: None,
        phase: None,
    };
    for argument in arguments.split(',').map(str::trim) {
        let (key, value) = argument
            .split_once('=')
            .map_or(("target", argument), |(key, value)| {
                (key.trim(), value.trim())
            });
        let value = value.trim_matches(['"', '\'']);
        let place = match key {
            _ if argument.is_empty() => continue,
            "target" | "instance" => &mut figure.target,
            "phase" => &mut figure.phase,
            _ => {
                return Err(format!(
                    "`{key}` is not allowed in the parentheses: write a target, or phase=NAME"
                ));
            }
        };
        if value.is_empty() || place.replace(value.to_owned()).is_some() {
            return Err(format!("`{key}` must be given once, with a name"));
        }
    }
    has_parts(&figure)?;
    Ok(figure)
}

/// Figures about differences between instances, which a single instance does not have.
const OF_FLEET: [&str; 17] = [
    "divergence_share",
    "state_divergence_share",
    "mixed_seconds_share",
    "disagreement",
    "first_open_delay",
    "all_open_delay",
    "opening_spread",
    "closing_spread",
    "lost_in_recovery",
    "probes",
    "probes_in_100ms",
    "load_step",
    "fleet_openings",
    "leases",
    "leases_succeeded",
    "leases_failed",
    "leases_fenced",
];
/// Figures that are counted over the whole run only.
const OF_WHOLE_RUN: [&str; 10] = [
    "mixed_seconds_share",
    "downstream_calls",
    "first_open_delay",
    "all_open_delay",
    "opening_spread",
    "closing_spread",
    "lost_in_recovery",
    "probes",
    "probes_in_100ms",
    "load_step",
];

/// Refuses a part that a figure does not have: the figure would be measured over all, or never.
fn has_parts(figure: &Figure) -> Result<(), String> {
    let name = figure.definition.name;
    if figure.target.is_some() && OF_FLEET.contains(&name) {
        return Err(format!(
            "{name} is a figure of the whole fleet, which no single instance has: leave the instance out"
        ));
    }
    let of_coordination = figure.definition.source == Source::Coordination;
    if figure.phase.is_some() && (OF_WHOLE_RUN.contains(&name) || of_coordination) {
        return Err(format!(
            "{name} is counted over the whole run, not over a phase: leave the phase out"
        ));
    }
    Ok(())
}

/// The former names of the longest delays, which grew with the length of the run.
const GONE: [(&str, &str); 2] = [
    (
        "detection_delay",
        "detection_delay_p50 or detection_delay_p90",
    ),
    (
        "recovery_delay",
        "recovery_delay_p50, recovery_delay_p90 or recovery_delay_max",
    ),
];

fn unknown(name: &str) -> String {
    if let Some((_, now)) = GONE.iter().find(|(gone, _)| *gone == name) {
        return format!("there is no figure `{name}` any more; write {now}");
    }
    let names = || CATALOGUE.iter().map(|known| known.name);
    match nearest(name, names()) {
        Some(near) => format!("there is no figure `{name}`; did you mean `{near}`?"),
        None => format!(
            "there is no figure `{name}`; there are {}",
            names().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// A number with a unit that fits the figure, in the figure's base unit.
fn limit(text: &str, definition: &Definition) -> Result<f64, String> {
    let text = text.trim();
    let end = text
        .find(|letter: char| !(letter.is_ascii_digit() || ".-+".contains(letter)))
        .unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    let number: f64 = number.parse().map_err(|_| {
        format!("`{text}` is not a limit: it must begin with a number, such as 250ms or 0.5")
    })?;
    let factor = match (definition.unit, unit) {
        (Unit::Seconds | Unit::Delay, "ms") => 1e-3,
        (Unit::Seconds | Unit::Delay, "us" | "µs") => 1e-6,
        (Unit::Seconds | Unit::Delay, "m" | "min") => 60.0,
        (Unit::Share, "%") => 1e-2,
        (Unit::Seconds | Unit::Delay, "s")
        | (Unit::Share | Unit::Count | Unit::Expected | Unit::Factor | Unit::PerSecond, "")
        | (Unit::PerSecond, "/s") => 1.0,
        (expected, _) => {
            let allowed = match expected {
                Unit::Seconds | Unit::Delay => "a time with a unit, such as 250ms",
                Unit::Share => "a share from 0 to 1, or with %",
                Unit::Count | Unit::Expected | Unit::Factor => "a number without a unit",
                Unit::PerSecond => "a number, or with /s",
            };
            return Err(format!(
                "`{text}` is not allowed: {} takes {allowed}",
                definition.name
            ));
        }
    };
    let limit = number * factor;
    if definition.unit == Unit::Share && !(0.0..=1.0).contains(&limit) {
        return Err(format!(
            "`{text}` is not allowed: {} is a share from 0 to 1",
            definition.name
        ));
    }
    Ok(limit)
}

/// `every instance closed within TIME of recovery`, or `instance NAME closed …`.
fn recovery(text: &str) -> Option<Result<Expectation, String>> {
    let rest = text.strip_suffix("of recovery")?.trim_end();
    let (who, time) = rest.split_once("closed within")?;
    let definition = definition("recovery_delay_max").expect("it is in the catalogue");
    let target = match who.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["every", "instance"] => None,
        ["instance", name] => Some((*name).to_owned()),
        _ => {
            return Some(Err(
                "write `every instance closed within 10 s of recovery`, or `instance NAME …`"
                    .to_owned(),
            ));
        }
    };
    let comparison = Comparison::AtMost;
    let limit = limit(time, definition).and_then(|limit| {
        let why = impossible(comparison, limit, definition.unit);
        why.map_or(Ok(limit), Err)
    });
    Some(limit.map(|limit| Expectation {
        text: text.to_owned(),
        figure: Figure {
            definition,
            target,
            phase: None,
        },
        comparison,
        limit,
    }))
}
