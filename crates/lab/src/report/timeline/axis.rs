//! The axis of time, the phases of the fault plan behind the rows, and the legend.

use experiment::expectation::Unit;
use experiment::fleet::FleetRecord;
use experiment::picture::{Picture, Shape};

use super::{EDGE, LEFT, PHASES, RIGHT, TOP, shortened};

/// Seconds between two ticks: the least of these that leaves room for words.
const STEPS: [f64; 19] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0,
    120.0, 300.0, 600.0,
];
/// Ticks that have room.
const TICKS: f64 = 14.0;
/// The width of a letter of small text, in pixels.
const LETTER: f64 = 7.4;

/// From seconds to pixels.
pub(super) struct Scale {
    pub(super) end: f64,
}

impl Scale {
    pub(super) fn of(fleet: &FleetRecord) -> Self {
        Self {
            end: fleet.duration_s.max(1e-6),
        }
    }

    /// Where a moment is.
    pub(super) fn x(&self, at: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * (at / self.end).clamp(0.0, 1.0)
    }

    fn step(&self) -> f64 {
        let enough = STEPS.iter().find(|step| self.end / **step <= TICKS);
        enough
            .copied()
            .unwrap_or_else(|| (self.end / TICKS / 600.0).ceil() * 600.0)
    }
}

/// Bands behind the rows, every second one shaded, each with the name of its phase where there is room.
pub(super) fn phases(picture: &mut Picture, fleet: &FleetRecord, scale: &Scale, bottom: f64) {
    picture.write((EDGE, TOP + 17.0), "tl-t tl-s tl-soft", "phase");
    for (number, phase) in fleet.phases.iter().enumerate() {
        let (from, until) = (scale.x(phase.from_s), scale.x(phase.until_s));
        let class = if number % 2 == 0 {
            "tl-back"
        } else {
            "tl-band"
        };
        picture.rectangle(class, (from, TOP), (until - from, bottom - TOP));
        let room = (until - from - 10.0) / LETTER;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "letters of a line"
        )]
        let letters = room.max(0.0) as usize;
        if letters >= 4 {
            let name = shortened(&phase.name, letters);
            picture.write((from + 6.0, TOP + 17.0), "tl-t tl-s tl-soft", &name);
        }
    }
    if fleet.phases.is_empty() {
        picture.rectangle("tl-back", (LEFT, TOP), (RIGHT - LEFT, bottom - TOP));
    }
    picture.line("tl-line", (LEFT, TOP + PHASES), (RIGHT, TOP + PHASES));
}

/// The line of time below all rows.
pub(super) fn axis(picture: &mut Picture, scale: &Scale, bottom: f64) {
    picture.line("tl-edge", (LEFT, bottom), (RIGHT, bottom));
    let step = scale.step();
    let mut number = 0_u32;
    loop {
        let at = f64::from(number) * step;
        if at > scale.end * 1.000_001 {
            break;
        }
        let x = scale.x(at);
        picture.line("tl-edge", (x, bottom), (x, bottom + 6.0));
        picture.write(
            (x, bottom + 23.0),
            "tl-t tl-s tl-soft mid",
            &label(at, step),
        );
        number += 1;
    }
}

/// `0 s`, `2.5 s`, `1:30`: as exact as the steps are.
fn label(at: f64, step: f64) -> String {
    if at == 0.0 {
        return "0 s".to_owned();
    }
    if step < 1.0 {
        let text = format!("{at:.3}");
        return format!("{} s", text.trim_end_matches('0').trim_end_matches('.'));
    }
    if at < 60.0 {
        return Unit::Count.show(at) + " s";
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "seconds of a run"
    )]
    let seconds = at.round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, _) => format!("{hours} h {minutes:02}"),
    }
}

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A row for each breaker; each decides alone.
    Alone,
    /// A row for each breaker; they decide together.
    Together,
    /// One row for a large fleet.
    Many,
}

/// What heights, colours and marks mean.
pub(super) fn legend(picture: &mut Picture, y: f64, kind: Kind) {
    let mut x = EDGE;
    for (class, pattern, height, word) in [
        ("tl-closed", "", 6.0, "closed"),
        ("tl-half", "tl-dots", 12.0, "half-open"),
        ("tl-open", "tl-hatch", 18.0, "open"),
        (
            "tl-sick",
            "",
            18.0,
            "truth: how likely a call fails; dashed: unhealthy",
        ),
    ] {
        picture.rectangle(class, (x, y + 4.0 - height), (26.0, height));
        if !pattern.is_empty() {
            picture.rectangle(pattern, (x, y + 4.0 - height), (26.0, height));
        }
        x = said(picture, x, y, word);
    }
    if kind == Kind::Many {
        return;
    }
    for (class, word) in [("tl-sick", "wrongly closed"), ("tl-mark", "wrongly open")] {
        picture.rectangle(class, (x, y - 1.0), (26.0, 5.0));
        x = said(picture, x, y, word);
    }
    if kind == Kind::Together {
        verdict(picture, (x + 18.0, y - 2.0));
        x = said(picture, x, y, "verdict");
        lease(picture, (x + 18.0, y - 2.0));
        said(picture, x, y, "probe for all");
    }
}

/// The mark of a breaker that opened by the fleet's verdict.
pub(super) fn verdict(picture: &mut Picture, (x, y): (f64, f64)) {
    picture.point(Shape::Diamond, "tl-ink", (x, y));
}

/// The mark of a probe that an instance was leased for all.
pub(super) fn lease(picture: &mut Picture, at: (f64, f64)) {
    picture.circle("tl-ring", at, 4.0);
}

/// Writes a word of the legend beside its sample; the place of the next.
fn said(picture: &mut Picture, x: f64, y: f64, word: &str) -> f64 {
    picture.write((x + 34.0, y + 3.0), "tl-t tl-s tl-ink", word);
    #[expect(clippy::cast_precision_loss, reason = "letters of a word")]
    let letters = word.chars().count() as f64;
    x + 34.0 + letters * LETTER + 16.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_said_as_exactly_as_they_are_apart() {
        let step = |end: f64| Scale { end }.step().to_string();

        assert_eq!(
            [0.01, 1.0, 40.0, 600.0, 3600.0].map(step),
            ["0.001", "0.1", "5", "60", "300"]
        );
        assert_eq!(step(86_400.0), "6600");
        assert_eq!(label(0.0, 0.1), "0 s");
        assert_eq!(label(0.3, 0.1), "0.3 s");
        assert_eq!(
            [45.0, 90.0, 3_900.0].map(|at| label(at, 5.0)),
            ["45 s", "1:30", "1 h 05"]
        );
    }
}
