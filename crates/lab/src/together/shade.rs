//! The shades of the live picture, as far as a terminal has colours: the palette of the page and of the dashboards.
//!
//! A word stands on a block of its colour, in the ink that is easiest to read on it, so that it is readable on any
//! background that the user has chosen. Without colours the words and shapes say the same.

use std::ffi::OsStr;

use experiment::palette::{
    CLOSED, Colour, DISABLED, FORCED_OPEN, HALF_OPEN, LOOK, METRICS_ONLY, OPEN, SICK, ink_on,
};
use fusebox::State;

/// The subject of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shade {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
    /// The downstream is unhealthy.
    Sick,
    /// A mark for attention.
    Look,
    /// Less important than the rest. It has no colour: the terminal's own text, fainter.
    Faint,
}

impl From<State> for Shade {
    fn from(state: State) -> Self {
        match state {
            State::Closed => Self::Closed,
            State::Open => Self::Open,
            State::HalfOpen => Self::HalfOpen,
            State::ForcedOpen => Self::ForcedOpen,
            State::MetricsOnly => Self::MetricsOnly,
            _ => Self::Disabled,
        }
    }
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// None, or none are wanted.
    Plain,
    /// The sixteen whose values the user may have chosen.
    Sixteen,
    /// 256, most of which are the same everywhere.
    Table,
    /// All.
    True,
}

impl Depth {
    /// The depth that the environment suggests. `NO_COLOR` wins (no-color.org).
    pub(super) fn of_environment() -> Self {
        let [no, term, colour] = ["NO_COLOR", "TERM", "COLORTERM"].map(std::env::var_os);
        Self::told(no.as_deref(), term.as_deref(), colour.as_deref())
    }

    fn told(no_color: Option<&OsStr>, term: Option<&OsStr>, colorterm: Option<&OsStr>) -> Self {
        if no_color.is_some_and(|value| !value.is_empty()) {
            return Self::Plain;
        }
        if colorterm.is_some_and(|it| it == "truecolor" || it == "24bit") {
            return Self::True;
        }
        let term = term.map(OsStr::to_string_lossy).unwrap_or_default();
        if term.contains("256color") {
            Self::Table
        } else {
            Self::Sixteen
        }
    }
}

/// A block of colour in each depth: the palette's own colour, its place in the table of 256, and the codes of
/// background and ink among the sixteen.
struct Block {
    colour: Colour,
    table: u8,
    sixteen: [u8; 2],
}

impl Shade {
    /// The parameters of the control sequence (SGR) that begins a shape in this shade, on the terminal's own background.
    pub(super) fn mark(self, depth: Depth) -> Option<String> {
        let block = self.block()?;
        match depth {
            Depth::Plain => None,
            // Each background has its foreground ten before it.
            Depth::Sixteen => Some((block.sixteen[0] - 10).to_string()),
            Depth::Table => Some(format!("38;5;{}", block.table)),
            Depth::True => {
                let [red, green, blue] = block.colour.parts();
                Some(format!("38;2;{red};{green};{blue}"))
            }
        }
    }

    /// The parameters that begin a word on a block of this shade; none where a terminal cannot show it.
    pub(super) fn codes(self, depth: Depth) -> Option<String> {
        let Some(block) = self.block() else {
            return Some("2".to_owned());
        };
        let [back, ink] = block.sixteen;
        match depth {
            Depth::Plain => None,
            Depth::Sixteen => Some(format!("{ink};{back}")),
            // The ends of the grey ramp are as good as black and white.
            Depth::Table => {
                let ink = if is_dark(ink_on(listed(block.table))) {
                    16
                } else {
                    231
                };
                Some(format!("38;5;{ink};48;5;{}", block.table))
            }
            Depth::True => {
                let [ink, back] = [ink_on(block.colour), block.colour].map(|colour| {
                    let [red, green, blue] = colour.parts();
                    format!("2;{red};{green};{blue}")
                });
                Some(format!("38;{ink};48;{back}"))
            }
        }
    }

    fn block(self) -> Option<Block> {
        const BLACK: u8 = 30;
        const WHITE: u8 = 97;
        let (colour, table, sixteen) = match self {
            Self::Closed => (CLOSED.block, 36, [102, BLACK]),
            Self::Open => (OPEN.block, 166, [101, BLACK]),
            Self::HalfOpen => (HALF_OPEN.block, 117, [46, BLACK]),
            Self::ForcedOpen => (FORCED_OPEN.block, 124, [41, WHITE]),
            Self::Disabled => (DISABLED.block, 248, [47, BLACK]),
            Self::MetricsOnly => (METRICS_ONLY.block, 255, [107, BLACK]),
            Self::Sick => (SICK.block, 134, [105, BLACK]),
            Self::Look => (LOOK, 178, [103, BLACK]),
            Self::Faint => return None,
        };
        Some(Block {
            colour,
            table,
            sixteen,
        })
    }
}

fn is_dark(ink: Colour) -> bool {
    ink == experiment::palette::INKS[0]
}

/// The colour at a place of the table of 256, from 16 on: a cube of six steps each, then greys.
fn listed(place: u8) -> Colour {
    let step = |it: u32| if it == 0 { 0 } else { 55 + 40 * it };
    let place = u32::from(place);
    let [red, green, blue] = if place < 232 {
        let place = place.saturating_sub(16);
        [place / 36, place / 6 % 6, place % 6].map(step)
    } else {
        [8 + 10 * (place - 232); 3]
    };
    Colour::new(red << 16 | green << 8 | blue)
}

#[cfg(test)]
mod tests;
