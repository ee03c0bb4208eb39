//! The display of a running load: a line per second, or a few lines redrawn in place.

use std::io;

use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};
use crossterm::{cursor, queue, terminal};
use experiment::expectation::Unit;
use experiment::load::Second;
use experiment::outcome::{ClientOutcome, Outcomes};

use super::record::Record;
use crate::print;
use crate::terminal::can_draw;
use crate::words::number;

/// The output for people: standard output, unless the result goes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    Output,
    Error,
}

impl Voice {
    pub(super) fn say(self, line: &str) {
        match self {
            Self::Output => print::line(line),
            Self::Error => print::error(line),
        }
    }
}

/// The amount that is shown.
#[derive(Debug)]
pub(super) enum Display {
    /// Nothing.
    Quiet,
    /// A line per second.
    Lines(Voice),
    /// Lines that are redrawn in place, and how many there are at present.
    InPlace { drawn: u16 },
}

impl Display {
    pub(super) fn new(voice: Voice, quiet: bool) -> Self {
        match voice {
            _ if quiet => Self::Quiet,
            Voice::Output if can_draw() => Self::InPlace { drawn: 0 },
            voice => Self::Lines(voice),
        }
    }

    /// Shows the seconds that have passed since the last time.
    pub(super) fn show(&mut self, record: &Record, seconds: &[Second]) {
        match self {
            Self::Quiet => {}
            Self::Lines(voice) => voice.say(&progress(record)),
            Self::InPlace { drawn } => {
                let lines = seconds.last().map(|last| picture(record, last));
                // Writing to memory does not fail.
                let _ = draw(drawn, &lines.unwrap_or_default());
            }
        }
    }

    /// Clears the drawing, so that the report takes its place.
    pub(super) fn clear(&mut self) {
        if let Self::InPlace { drawn } = self {
            let _ = draw(drawn, &[]);
        }
    }
}

/// One line with the replies so far.
fn progress(record: &Record) -> String {
    let parts = record.names().iter().enumerate().map(|(target, name)| {
        let outcomes = record.figures(target);
        format!(
            "{name}: {} ok, {} failed, {} fast-fail",
            outcomes[ClientOutcome::Ok],
            outcomes.failed(),
            outcomes[ClientOutcome::FastFail],
        )
    });
    parts.collect::<Vec<_>>().join("   ")
}

fn picture(record: &Record, last: &Second) -> Vec<String> {
    let seconds = |value: Option<f64>| value.map_or("-".to_owned(), |it| Unit::Seconds.show(it));
    let mut all = Outcomes::default();
    let mut lines = vec![format!(
        "{:<12}{:>8}{:>8}{:>11}{:>9}{:>11}{:>11}{:>8}",
        "last second", "planned", "ok", "fast-fail", "failed", "ok p50", "ok p99", "waiting",
    )];
    for (place, (name, target)) in record.names().iter().zip(&last.targets).enumerate() {
        all += &target.outcomes;
        let outcomes = &target.outcomes;
        lines.push(format!(
            "{name:<12}{:>8}{:>8}{:>11}{:>9}{:>11}{:>11}{:>8}",
            number(outcomes.planned()),
            number(outcomes[ClientOutcome::Ok]),
            number(outcomes[ClientOutcome::FastFail]),
            number(outcomes.failed()),
            seconds(target.ok_p50_s),
            seconds(target.ok_p99_s),
            number(record.waiting(place).get() as u64),
        ));
    }
    let lateness = record.lateness();
    lines.push(format!(
        "{}:{:02}   {} requests in this second; generator late by {} p50, {} p99; {} shed",
        (last.second + 1) / 60,
        (last.second + 1) % 60,
        number(all.planned()),
        seconds(lateness.quantile(0.5)),
        seconds(lateness.quantile(0.99)),
        number(all[ClientOutcome::Shed]),
    ));
    lines
}

fn draw(drawn: &mut u16, lines: &[String]) -> io::Result<()> {
    // Some terminals do not know their size, and say zero.
    let columns = terminal::size().map_or(80, |(columns, _)| columns);
    let width = usize::from(if columns == 0 { 80 } else { columns });
    // A terminal that is stopped keeps the picture that it has: each one is drawn over the last.
    if !print::is_idle() {
        return Ok(());
    }
    let mut out = Vec::new();
    if *drawn > 0 {
        queue!(out, cursor::MoveUp(*drawn))?;
    }
    queue!(
        out,
        cursor::MoveToColumn(0),
        Clear(ClearType::FromCursorDown)
    )?;
    for line in lines {
        let shown: String = line.chars().take(width).collect();
        queue!(out, Print(shown), Print("\r\n"))?;
    }
    *drawn = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    print::drawing(out);
    Ok(())
}
