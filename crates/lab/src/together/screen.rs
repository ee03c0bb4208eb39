//! How is the run shown on a terminal? One block of lines, drawn in place.

use std::io::{self, Write};

use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use fusebox::State;

use crossterm::terminal::{Clear, ClearType};
use crossterm::{cursor, queue, terminal};
use experiment::outcome::Outcome;

use telemetry::HeldLog;

use super::fleet::Noted;
use super::picture::{InstancePicture, Picture};
use super::words::{cause, clock, number, percent, seconds};
use super::{Display, Watched};
use crate::print;

/// Lines that are not transitions.
const FIXED_LINES: usize = 7;
/// Transitions that are shown where there is room.
const TRANSITIONS: usize = 10;

/// The letters of `half_open` and `closed`, the longest change that breakers make by themselves.
const CHANGE_WIDTH: usize = 15;

/// A terminal with the live picture.
pub(super) struct Screen {
    drawn: u16,
    colours: bool,
    /// What was logged meanwhile; it is printed above the picture.
    log: HeldLog,
}

/// The columns of the terminal.
pub(super) fn width() -> usize {
    terminal::size().map_or(80, |(columns, _)| columns.into())
}

/// A piece of a line and how it looks.
struct Piece {
    text: String,
    colour: Option<Color>,
    bold: bool,
}

impl Screen {
    /// Hides the cursor until the screen is dropped. Honours `NO_COLOR` (no-color.org).
    pub(super) fn new(log: HeldLog) -> Self {
        Self {
            log,
            drawn: 0,
            colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
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
        if let Some(colour) = piece.colour.filter(|_| self.colours) {
            queue!(out, SetForegroundColor(colour))?;
        }
        if piece.bold {
            queue!(out, SetAttribute(Attribute::Bold))?;
        }
        queue!(out, Print(text), ResetColor, SetAttribute(Attribute::Reset))
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
        // A terminal that is stopped keeps the picture that it has: each one is drawn over the last.
        if !print::is_idle() {
            return;
        }
        let (width, height) = terminal::size().unwrap_or((80, 24));
        let picture = Picture::of(watched);
        let room = usize::from(height).saturating_sub(FIXED_LINES + picture.instances.len() + 1);
        let mut lines = lines(watched, &picture, room.min(TRANSITIONS));
        // A block that is higher than the terminal could not be drawn in place.
        lines.truncate(usize::from(height).saturating_sub(1));
        // Writing to memory does not fail.
        let _ = self.draw(&lines, usize::from(width));
    }
}

fn lines(watched: &Watched, picture: &Picture, transitions: usize) -> Vec<Vec<Piece>> {
    let downstream = &picture.downstream;
    let failing = downstream.failing_share > 0.0;
    let left = downstream
        .remaining
        .map(seconds)
        .map_or(String::new(), |left| format!(", {left} left"));
    let mut lines = vec![
        vec![
            bold(clock(picture.elapsed)),
            plain(format!(
                "  {} requests/s, seed {}, Ctrl-C ends",
                watched.rate, watched.seed
            )),
        ],
        vec![
            plain("downstream: ".to_owned()),
            coloured(
                downstream.phase.to_uppercase(),
                if failing { Color::Red } else { Color::Green },
            ),
            plain(format!(
                ", {} of calls fail{left}",
                percent(downstream.failing_share),
            )),
        ],
        vec![plain(format!(
            "            {} calls arrived, {} while it was failing",
            number(downstream.counts.received()),
            number(downstream.counts.while_failing),
        ))],
        vec![],
        vec![dim(format!(
            "{:<10}{:<15}{:>8}{:>8}{:>8}{:>8}{:>11}{:>8}{:>7}",
            "instance", "state", "for", "calls", "ok", "failed", "fast-fail", "opened", "flaps",
        ))],
    ];
    lines.extend(picture.instances.iter().map(instance));
    lines.push(vec![]);
    lines.push(vec![dim("last transitions".to_owned())]);
    let newest = picture.transitions.iter().rev().take(transitions);
    lines.extend(newest.map(|noted| transition(watched, noted)));
    lines
}

fn instance(instance: &InstancePicture) -> Vec<Piece> {
    let state = instance.snapshot.state;
    let clients = &instance.clients;
    vec![
        bold(format!("{:<10}", instance.name)),
        coloured(format!("● {:<13}", state.as_str()), colour(state)),
        plain(format!(
            "{:>8}{:>8}{:>8}{:>8}{:>11}{:>8}{:>7}",
            seconds(instance.in_state()),
            number(clients.ended()),
            number(clients[Outcome::Ok]),
            number(clients.failed()),
            number(clients[Outcome::FastFail]),
            number(instance.openings()),
            number(instance.flaps()),
        )),
    ]
}

fn transition(watched: &Watched, noted: &Noted) -> Vec<Piece> {
    let transition = &noted.transition;
    let (from, to) = (transition.from.as_str(), transition.to.as_str());
    let padding = " ".repeat(CHANGE_WIDTH.saturating_sub(from.len() + to.len()));
    vec![
        plain(format!("{:>8}  ", clock(noted.at))),
        bold(format!("{:<3} ", watched.names[noted.instance])),
        coloured(from.to_owned(), colour(transition.from)),
        plain(" → ".to_owned()),
        coloured(to.to_owned(), colour(transition.to)),
        plain(format!("{padding}  {}", cause(transition))),
    ]
}

fn colour(state: State) -> Color {
    match state {
        State::Closed => Color::Green,
        State::Open | State::ForcedOpen => Color::Red,
        State::HalfOpen => Color::Yellow,
        _ => Color::Blue,
    }
}

fn plain(text: String) -> Piece {
    Piece {
        text,
        colour: None,
        bold: false,
    }
}

fn bold(text: String) -> Piece {
    Piece {
        bold: true,
        ..plain(text)
    }
}

fn coloured(text: String, colour: Color) -> Piece {
    Piece {
        colour: Some(colour),
        ..plain(text)
    }
}

fn dim(text: String) -> Piece {
    coloured(text, Color::DarkGrey)
}
