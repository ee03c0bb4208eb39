//! The live picture on a terminal: one block of lines, drawn in place.

use std::io::{self, Write};

use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{Clear, ClearType};
use crossterm::{cursor, queue, terminal};

use telemetry::HeldLog;

use super::layout::{Piece, Size, Way, lines};
use super::picture::Picture;
use super::shade::Depth;
use super::{Display, Watched};
use crate::print;
use crate::terminal::is_ours;

/// A terminal with the live picture.
pub(super) struct Screen {
    drawn: u16,
    depth: Depth,
    /// Lines that were logged meanwhile; they are printed above the picture.
    log: HeldLog,
}

/// The columns of the terminal.
pub(super) fn width() -> usize {
    size_of(terminal::size().ok()).columns
}

/// The size that a terminal reports. A terminal that reports nothing, or no size (as a console on a serial line
/// does), is taken for the smallest usual one.
fn size_of(told: Option<(u16, u16)>) -> Size {
    let told = told.filter(|(columns, rows)| *columns > 0 && *rows > 0);
    let (columns, rows) = told.unwrap_or((80, 24));
    Size {
        columns: columns.into(),
        rows: rows.into(),
    }
}

impl Screen {
    /// Hides the cursor until the screen is dropped.
    pub(super) fn new(log: HeldLog) -> Self {
        Self {
            log,
            drawn: 0,
            depth: Depth::of_environment(),
        }
    }

    fn draw(&mut self, lines: &[Vec<Piece>], width: usize) -> io::Result<()> {
        let mut out = Vec::new();
        queue!(out, cursor::Hide)?;
        if self.drawn > 0 {
            queue!(out, cursor::MoveUp(self.drawn))?;
        }
        queue!(out, cursor::MoveToColumn(0))?;
        for line in self.log.take() {
            queue!(
                out,
                Clear(ClearType::FromCursorDown),
                Print(line),
                Print("\r\n")
            )?;
        }
        for line in lines {
            let mut room = width;
            for piece in line {
                let text: String = piece.text.chars().take(room).collect();
                room -= text.chars().count();
                self.paint(&mut out, piece, &text)?;
            }
            queue!(out, Clear(ClearType::UntilNewLine), Print("\r\n"))?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        self.drawn = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        print::drawing(out);
        Ok(())
    }

    fn paint(&self, out: &mut impl Write, piece: &Piece, text: &str) -> io::Result<()> {
        let codes = piece.shade.and_then(|shade| match piece.way {
            Way::Block => shade.codes(self.depth),
            Way::Mark => shade.mark(self.depth),
        });
        if let Some(codes) = codes {
            queue!(out, Print(format_args!("\u{1b}[{codes}m")))?;
        }
        if piece.bold {
            queue!(out, SetAttribute(Attribute::Bold))?;
        }
        queue!(out, Print(text), SetAttribute(Attribute::Reset))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut out = Vec::new();
        if queue!(out, cursor::Show).is_ok() {
            print::drawing(out);
        }
        for line in self.log.take() {
            print::error(&line);
        }
        self.log.release();
    }
}

impl Display for Screen {
    fn show(&mut self, watched: &Watched) {
        // A job that was sent to the background draws nothing until it is back. A terminal that is stopped
        // keeps the picture that it has: each one is drawn over the last.
        if !is_ours() || !print::is_idle() {
            return;
        }
        let size = size_of(terminal::size().ok());
        let lines = lines(&Picture::of(watched), size);
        // Writing to memory does not fail.
        let _ = self.draw(&lines, size.columns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_tells_no_size_or_none_that_holds_anything_is_taken_for_a_usual_one() {
        for (told, columns, rows) in [
            (None, 80, 24),
            (Some((0, 0)), 80, 24),
            (Some((120, 40)), 120, 40),
        ] {
            let size = size_of(told);
            assert_eq!((size.columns, size.rows), (columns, rows), "{told:?}");
        }
    }
}
