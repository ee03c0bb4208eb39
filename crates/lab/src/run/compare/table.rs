//! The table of a comparison, in 80 columns: each further result beside the first one, with the difference, its
//! interval, and a mark where chance alone does not explain it.

mod scale;

use experiment::comparison::{Comparison, Contrast, LEVEL, Pairing, Row, Side};
use experiment::count::counted;
use experiment::expectation::Unit;
use experiment::result::Performer;
use experiment::statistics::{Difference, Estimate};

use scale::Scale;

use crate::words::{WIDTH, wrapped};

/// The widths for the name of a figure, for a value, and for a difference with its interval.
const NAME: usize = 23;
const VALUE: usize = 10;
const DIFFERENCE: usize = 27;

/// The sign before a median.
const MEDIAN: char = '~';

/// What a figure without a mark means: nothing can be concluded.
pub(super) const UNMARKED: &str =
    "No mark: these runs show no difference. That does not mean that there is none.";

/// Prints everything about a comparison.
pub(super) fn lines(names: &[String], comparison: &Comparison<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (number, (name, side)) in (1..).zip(names.iter().zip(&comparison.sides)) {
        lines.extend(wrapped(
            &format!("[{number}] {name}: {}", about(side)),
            WIDTH,
            4,
        ));
    }
    for caution in comparison.cautions() {
        lines.extend(wrapped(&format!("! {caution}"), WIDTH, 2));
    }
    if comparison.sides.len() == 1 {
        lines.push(String::new());
        lines.extend(alone(comparison));
    }
    for further in 0..comparison.pairings.len() {
        lines.push(String::new());
        lines.extend(pairing(comparison, further));
        lines.push(String::new());
        lines.extend(beside(comparison, further));
    }
    if comparison.sides.len() > 1 {
        lines.push(String::new());
        lines.extend(notes(comparison));
    }
    lines
        .into_iter()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// The description of a result, such as `Half of the calls fail; 20 runs of 40 s, simulated, 0.1.0`.
pub(super) fn about(side: &Side<'_>) -> String {
    let first = side.runs.first();
    let seconds = first.map_or(0.0, |run| run.load.duration_s.round());
    let all = side.result.repetitions.len();
    let runs = if all == 1 { "run" } else { "runs" };
    let out: Vec<String> = side.left_out.iter().map(usize::to_string).collect();
    let out = match (side.is_trusted(), out.is_empty()) {
        (_, true) => String::new(),
        (true, false) => format!("; left out as void or cut short: run {}", out.join(", ")),
        (false, false) => "; all void or cut short, so that nothing is marked".to_owned(),
    };
    let machine = &side.result.machine;
    let on = match first.map(|run| run.performer) {
        Some(Performer::Simulated) => "simulated",
        _ => machine.cpu.as_deref().unwrap_or(&machine.arch),
    };
    format!(
        "{}; {all} {runs} of {seconds}s, {on}{out}",
        side.result.title
    )
}

/// The pairing of the runs, and what is tested.
pub(super) fn pairing(comparison: &Comparison<'_>, further: usize) -> Vec<String> {
    let sides = [&comparison.sides[0], &comparison.sides[further + 1]];
    let runs = sides.map(|side| side.runs.len());
    let number = further + 2;
    let tests = comparison.tests;
    let how = match &comparison.pairings[further] {
        Pairing::BySeed(pairs) => {
            let alone = runs[0] + runs[1] - 2 * pairs.len();
            let alone = match alone {
                0 => String::new(),
                1 => " (1 run has no partner)".to_owned(),
                alone => format!(" ({} have no partner)", counted(alone, "run")),
            };
            format!(
                "[{number}] and [1] in {} of one seed each{alone}, signed-rank test",
                counted(pairs.len(), "pair")
            )
        }
        Pairing::None => format!(
            "{} of [{number}] and {} of [1], rank-sum test",
            counted(runs[1], "run"),
            runs[0]
        ),
    };
    let corrected = format!("; p corrected for {tests} tests (Holm).");
    let mut lines = wrapped(&(how + &corrected), WIDTH, 0);
    if let Some(needed) = comparison.needed(further) {
        let what = format!(
            "Too few runs: nothing can be marked. It takes {needed} runs of each, or fewer figures (--figure)."
        );
        lines.extend(wrapped(&what, WIDTH, 0));
    }
    lines
}

/// The figures of one further result beside those of the first.
fn beside(comparison: &Comparison<'_>, further: usize) -> Vec<String> {
    let number = further + 2;
    let head = format!(
        "{:NAME$}{:>VALUE$}{:>VALUE$}  {:DIFFERENCE$}{:>6}",
        "figure, mean",
        "[1]",
        format!("[{number}]"),
        format!("[{number}] - [1], 95 % interval"),
        "p"
    );
    let mut lines = vec![head];
    for row in &comparison.rows {
        let Cells {
            name,
            values: [first, second],
            apart,
            is_marked,
            p,
        } = Cells::of(comparison, further, row);
        let mark = if is_marked { "*" } else { "" };
        let wide = name.chars().count() > NAME - 1;
        let label = if wide { "" } else { &*name };
        let cells = format!("{label:NAME$}{first:>VALUE$}{second:>VALUE$}  {apart:DIFFERENCE$}");
        // A longer difference takes the room before the mark.
        let cells = cells.trim_end();
        let room = (WIDTH - 8).max(cells.chars().count() + 1);
        if wide {
            lines.push(name);
        }
        lines.push(
            format!("{cells:room$}{mark:<1}{p:>7}")
                .trim_end()
                .to_owned(),
        );
    }
    lines
}

/// The cells of one row.
pub(super) struct Cells {
    /// The figure, with the number of runs that had it if not all had.
    pub(super) name: String,
    /// The values of both results.
    pub(super) values: [String; 2],
    /// The difference with its interval.
    pub(super) apart: String,
    /// Whether chance alone does not explain it.
    pub(super) is_marked: bool,
    /// The corrected p; empty if nothing varies.
    pub(super) p: String,
}

impl Cells {
    /// Those of a figure of a further result beside the first.
    pub(super) fn of(comparison: &Comparison<'_>, further: usize, row: &Row) -> Self {
        let contrast = row.contrasts[further];
        let estimates = shown(row, further);
        let varying = contrast.filter(|it| it.varies);
        let name = match contrast {
            Some(it) if it.runs != compared(comparison, further) => {
                format!("{} ({})", row.name(), runs(it.runs))
            }
            _ => row.name(),
        };
        Self {
            name,
            values: values(row, estimates),
            apart: contrast.map_or(String::new(), |it| difference(row, &it, estimates)),
            is_marked: varying.is_some_and(|it| it.is_marked()),
            p: varying.map_or(String::new(), |it| probability(&it)),
        }
    }
}

/// The content of the two columns: what was compared, so that the difference matches them.
fn shown(row: &Row, further: usize) -> [Option<Estimate>; 2] {
    row.contrasts[further].map_or([row.estimates[0], row.estimates[further + 1]], |it| {
        it.estimates.map(Some)
    })
}

/// The same as text; both by the median if one of them is.
fn values(row: &Row, estimates: [Option<Estimate>; 2]) -> [String; 2] {
    let by_median = estimates.iter().flatten().any(|it| it.never > 0);
    estimates.map(|it| it.map_or("-".to_owned(), |it| value(row, &it, by_median)))
}

/// How many runs of each are compared if a figure was measured in all of them.
fn compared(comparison: &Comparison<'_>, further: usize) -> [usize; 2] {
    match &comparison.pairings[further] {
        Pairing::BySeed(pairs) => [pairs.len(); 2],
        Pairing::None => [0, further + 1].map(|side| comparison.sides[side].runs.len()),
    }
}

/// `8`, or `8, 9` if the two numbers differ.
fn runs([first, second]: [usize; 2]) -> String {
    if first == second {
        first.to_string()
    } else {
        format!("{first}, {second}")
    }
}

/// The figures of a single result.
fn alone(comparison: &Comparison<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "{:30}{:>12}  {:26}{:>6}",
        "figure", "mean", "95 % interval", "runs"
    )];
    for row in &comparison.rows {
        let Some(it) = row.estimates[0] else { continue };
        let interval = match it.interval {
            Some(ends) => {
                let scale = Scale::of(row, &[ends.low, ends.high]);
                format!("{} … {}", scale.bare(ends.low), scale.with_unit(ends.high))
            }
            None if it.never > 0 => format!("never in {}", counted(it.never, "run")),
            None => "one run has none".to_owned(),
        };
        let value = value(row, &it, it.never > 0);
        lines.push(format!(
            "{:30}{value:>12}  {interval:26}{:>6}",
            row.name(),
            it.count
        ));
    }
    if lines.iter().any(|line| line.contains(MEDIAN)) {
        lines.push(format!(
            "{MEDIAN} the median, because it never came in some runs."
        ));
    }
    lines
}

/// What the marks mean.
pub(super) fn notes(comparison: &Comparison<'_>) -> Vec<String> {
    let contrasts = || {
        comparison
            .rows
            .iter()
            .flat_map(|row| row.contrasts.iter().flatten())
    };
    let mut lines = Vec::new();
    if contrasts().any(Contrast::is_marked) {
        lines.push(format!(
            "* differs: p ≤ {LEVEL} after the correction; the intervals are not corrected."
        ));
    }
    let points = |row: &Row| {
        let differs = |it: &Contrast| it.varies && it.difference.is_some();
        row.figure.definition.unit == Unit::Share && row.contrasts.iter().flatten().any(differs)
    };
    if comparison.rows.iter().any(points) {
        lines.push("pp: percentage points.".to_owned());
    }
    let by_median = |row: &Row| {
        let shown = (0..row.contrasts.len()).flat_map(|further| values(row, shown(row, further)));
        shown.into_iter().any(|value| value.starts_with(MEDIAN))
    };
    if comparison.rows.iter().any(by_median) {
        lines.push(format!(
            "{MEDIAN} the median, because it never came in some runs; the test ranks these as the latest."
        ));
    }
    let fewer = (0..comparison.pairings.len()).any(|further| {
        let all = compared(comparison, further);
        let mut rows = comparison.rows.iter();
        rows.any(|row| row.contrasts[further].is_some_and(|it| it.runs != all))
    });
    if fewer {
        lines.push("(n): measured in n runs only, and compared over these.".to_owned());
    }
    lines.push(UNMARKED.to_owned());
    lines
}

fn value(row: &Row, estimate: &Estimate, by_median: bool) -> String {
    match estimate.mean {
        Some(mean) if !by_median => Scale::of(row, &[mean]).with_unit(mean),
        _ if estimate.median.is_infinite() => "never".to_owned(),
        _ => format!(
            "{MEDIAN}{}",
            Scale::of(row, &[estimate.median]).with_unit(estimate.median)
        ),
    }
}

fn difference(row: &Row, contrast: &Contrast, estimates: [Option<Estimate>; 2]) -> String {
    let Some(Difference { mean, interval }) = contrast.difference else {
        let [first, second] = estimates.map(|it| it.map_or(0, |it| it.never));
        return format!("never in {first} and {}", counted(second, "run"));
    };
    if !contrast.varies {
        return "the same in all".to_owned();
    }
    let ends = interval.map(|it| [it.low, it.high]);
    let scale = Scale::of(
        row,
        &[&[mean][..], ends.as_ref().map_or(&[], |ends| ends)].concat(),
    );
    let points = if row.figure.definition.unit == Unit::Share {
        " pp"
    } else {
        scale.unit
    };
    let mean = format!("{}{points}", scale.signed(mean));
    match ends {
        Some([low, high]) => format!("{mean} ({} … {})", scale.signed(low), scale.signed(high)),
        None => mean,
    }
}

fn probability(contrast: &Contrast) -> String {
    match contrast.corrected {
        p if p < 0.001 => "<0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

/// `1 pair`, `2 pairs`.
#[cfg(test)]
mod tests;
