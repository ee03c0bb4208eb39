//! The lines of the live picture, fitted to a terminal: 80 columns hold every figure, and more rows show more
//! transitions. A narrower terminal leaves out whole columns, the least important ones first, and marks text that it
//! cuts. If instances decide together, what each of them does in its fleet replaces the least important figures.

mod fleet_lines;

use std::time::Duration;

use experiment::outcome::ClientOutcome;
use fusebox::State;

use super::fleet::Noted;
use super::fleet_picture::Part;
use super::picture::{InstancePicture, Picture};
use super::shade::Shade;
use super::words::{cause, clock, compact, number, percent, seconds, state};

/// The number of lines for any number of instances, without the transitions and the lines about a fleet.
const FIXED_LINES: usize = 6;
/// The lines above the transitions.
const TRANSITIONS_HEAD: usize = 2;
/// The width of a state with its shape.
const STATE_WIDTH: usize = 15;
/// The width of an instance's part in its fleet, with a space.
const PART_WIDTH: usize = 15;
/// The figures of an instance: head, width, and the order in which they are left out for lack of space.
const FIGURES: [(&str, usize, u8); 7] = [
    ("for", 7, 7),
    ("calls", 8, 6),
    ("ok", 8, 4),
    ("failed", 8, 3),
    ("fast-fail", 10, 2),
    ("openings", 9, 5),
    ("flaps", 6, 1),
];
/// The least width of the names, with a space.
const NAME_WIDTH: usize = 9;
/// The letters of `half-open` and `closed`, the longest change that breakers make by themselves.
const CHANGE_WIDTH: usize = 15;

/// The available space.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// A piece of a line, with its look.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) shade: Option<Shade>,
    pub(super) way: Way,
    pub(super) bold: bool,
}

/// The way in which a text gets a shade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As the block under a word.
    Block,
    /// As the colour of a shape.
    Mark,
}

/// All lines of the picture, one fewer than there are rows, because a block that is higher than the terminal could
/// not be redrawn in place.
pub(super) fn lines(picture: &Picture, size: Size) -> Vec<Vec<Piece>> {
    let mut lines = head(picture);
    let extra = lines.len() + 1 - FIXED_LINES;
    let room = size.rows.saturating_sub(1 + FIXED_LINES + extra);
    let columns = Columns::fitted(picture, size.columns);
    lines.push(vec![dim(columns.head())]);
    let instances = &picture.instances;
    let some = if instances.len() <= room {
        instances.len()
    } else {
        room.saturating_sub(1)
    };
    let first = instances.iter().enumerate().take(some);
    lines.extend(first.map(|(place, one)| {
        let fleet = picture.fleet.as_ref();
        let member = fleet.and_then(|fleet| fleet.members.get(place));
        instance(one, member.map(|member| member.part), &columns)
    }));
    if some < instances.len() {
        lines.push(vec![plain(rest(&instances[some..]))]);
    }
    let left = (size.rows.saturating_sub(1)).saturating_sub(lines.len() + TRANSITIONS_HEAD);
    if left > 0 {
        lines.push(vec![]);
        lines.push(vec![dim("last transitions".to_owned())]);
        let newest = picture.transitions.iter().rev().take(left);
        lines.extend(newest.map(|noted| transition(picture, noted)));
    }
    lines.truncate(size.rows.saturating_sub(1));
    for line in &mut lines {
        fit(line, size.columns);
    }
    lines
}

/// The columns for which there is space.
struct Columns {
    name: usize,
    /// The width of an instance's part in its fleet; zero if it has none.
    part: usize,
    figures: [bool; FIGURES.len()],
}

impl Columns {
    fn fitted(picture: &Picture, columns: usize) -> Self {
        let name = name_width(picture, columns);
        let part = match picture.fleet {
            Some(_) if columns >= name + STATE_WIDTH + PART_WIDTH => PART_WIDTH,
            _ => 0,
        };
        Self {
            name,
            part,
            figures: shown(columns.saturating_sub(name + STATE_WIDTH + part)),
        }
    }

    fn head(&self) -> String {
        let (name, part) = (self.name, self.part);
        let figures = figures(&FIGURES.map(|(head, ..)| head.to_owned()), self.figures);
        let in_fleet = if part > 0 { "in the fleet" } else { "" };
        format!(
            "{:<name$}{:<STATE_WIDTH$}{in_fleet:<part$}{figures}",
            "instance", "state"
        )
    }
}

/// The figures for which there is space; the figure with the lowest number is left out last.
fn shown(room: usize) -> [bool; FIGURES.len()] {
    let mut shown = [true; FIGURES.len()];
    loop {
        let kept = FIGURES.iter().zip(shown).filter(|(_, shown)| *shown);
        let width: usize = kept.clone().map(|((_, width, _), _)| width).sum();
        let Some(least) = kept.map(|((.., early), _)| *early).max() else {
            return shown;
        };
        if width <= room {
            return shown;
        }
        for (place, (.., early)) in FIGURES.iter().enumerate() {
            shown[place] &= *early != least;
        }
    }
}

/// The texts in their columns, as far as they are shown.
fn figures(texts: &[String; FIGURES.len()], shown: [bool; FIGURES.len()]) -> String {
    let columns = FIGURES.iter().zip(texts).zip(shown);
    columns
        .filter(|(_, shown)| *shown)
        .map(|(((_, width, _), text), _)| format!("{text:>width$}"))
        .collect::<Vec<_>>()
        .concat()
}

/// Cuts what goes beyond the last column, and marks the cut with an ellipsis.
fn fit(line: &mut Vec<Piece>, columns: usize) {
    let mut room = columns;
    for place in 0..line.len() {
        let length = line[place].text.chars().count();
        let last = line[place + 1..].iter().all(|piece| piece.text.is_empty());
        if length < room || length == room && last {
            room -= length;
            continue;
        }
        let piece = &mut line[place];
        piece.text = piece.text.chars().take(room.saturating_sub(1)).collect();
        piece.text.push('…');
        line.truncate(place + 1);
        return;
    }
}

/// Wide terminals have space for whole names.
fn name_width(picture: &Picture, columns: usize) -> usize {
    let longest = picture.instances.iter().map(|one| one.name.chars().count());
    let longest = longest.max().unwrap_or_default() + 1;
    longest
        .min(
            columns.saturating_sub(
                STATE_WIDTH + FIGURES.iter().map(|(_, width, _)| width).sum::<usize>(),
            ),
        )
        .max(NAME_WIDTH)
}

/// Time, downstream and fleet.
fn head(picture: &Picture) -> Vec<Vec<Piece>> {
    let downstream = &picture.downstream;
    let failing = downstream.failing_share > 0.0;
    let left = downstream
        .remaining
        .map(seconds)
        .map_or(String::new(), |left| format!(", {left} left"));
    let mut lines = vec![
        vec![
            bold(clock(picture.elapsed)),
            plain(remaining(picture)),
            plain(format!(
                "  {} requests/s, seed {}, Ctrl-C stops",
                picture.rate, picture.seed
            )),
        ],
        vec![
            plain("downstream: ".to_owned()),
            shaded(
                downstream.phase.to_uppercase(),
                if failing { Shade::Sick } else { Shade::Closed },
            ),
            plain(format!(
                ", {} of calls fail{left}",
                percent(downstream.failing_share),
            )),
        ],
        vec![plain(format!(
            "            {} calls arrived, {:.0} of them were expected to fail",
            number(downstream.counts.received()),
            picture.expected_to_fail,
        ))],
        vec![
            plain("divergence: ".to_owned()),
            if picture.diverges {
                shaded("now".to_owned(), Shade::Look)
            } else {
                plain("not now".to_owned())
            },
            plain(format!(
                ", some closed while others were not {} of the time",
                percent(picture.disagreed),
            )),
        ],
    ];
    if let Some(fleet) = &picture.fleet {
        lines.extend(fleet_lines::lines(fleet));
    }
    lines.push(vec![]);
    lines
}

/// ` of 1:00.0, 0:47.7 left`, when there is an end.
pub(super) fn remaining(picture: &Picture) -> String {
    let ends = |until: Duration| {
        let left = until.saturating_sub(picture.elapsed);
        format!(" of {}, {} left", clock(until), clock(left))
    };
    picture.until.map_or(String::new(), ends)
}

/// The instances for which there is no space, by their states.
fn rest(instances: &[InstancePicture]) -> String {
    let mut states: Vec<(String, usize)> = Vec::new();
    for one in instances {
        let state = one.standing();
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => states.push((state, 1)),
        }
    }
    let states: Vec<_> = states
        .iter()
        .map(|(of, count)| format!("{count} {of}"))
        .collect();
    format!("… and {} more: {}", instances.len(), states.join(", "))
}

fn instance(instance: &InstancePicture, part: Option<Part>, columns: &Columns) -> Vec<Piece> {
    let (mark, shade) = if instance.is_stopped {
        ("○", Shade::Faint)
    } else {
        let state = instance.snapshot.state;
        (shape(state), state.into())
    };
    let clients = &instance.clients;
    let texts = [
        span(instance.in_state()),
        compact(clients.ended()),
        compact(clients[ClientOutcome::Ok]),
        compact(clients.failed()),
        compact(clients[ClientOutcome::FastFail]),
        compact(instance.openings()),
        compact(instance.flaps()),
    ];
    let width = columns.name;
    let mut pieces = vec![
        bold(format!("{:<width$}", short(&instance.name, width - 1))),
        Piece {
            way: Way::Mark,
            ..shaded(mark.to_owned(), shade)
        },
    ];
    let word = format!(" {} ", instance.standing());
    pieces.extend(block(word, shade, STATE_WIDTH - 1));
    if let Some(part) = part.filter(|_| columns.part > 0) {
        pieces.extend(fleet_lines::part(part, columns.part));
    }
    pieces.push(plain(figures(&texts, columns.figures)));
    pieces
}

/// `text`, or its beginning and an ellipsis.
fn short(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// `1.9 s`, `123 s` or `45 min`: at most six letters.
fn span(span: Duration) -> String {
    match span.as_secs() {
        ..100 => seconds(span),
        100..1000 => format!("{} s", span.as_secs()),
        1000..60_000 => format!("{} min", span.as_secs() / 60),
        _ => format!("{} h", span.as_secs() / 3600),
    }
}

fn transition(picture: &Picture, noted: &Noted) -> Vec<Piece> {
    let transition = &noted.transition;
    let (from, to) = (state(transition.from), state(transition.to));
    let padding = " ".repeat(CHANGE_WIDTH.saturating_sub(from.len() + to.len()));
    let name = picture.instances.get(noted.instance);
    let name = name.map_or("", |one| &*one.name);
    vec![
        plain(format!("{:>8}  ", clock(noted.at))),
        bold(format!("{:<3} ", short(name, NAME_WIDTH - 1))),
        plain(format!("{from} → ")),
        shaded(to, transition.to.into()),
        plain(format!("{padding}  {}", cause(transition))),
    ]
}

/// The height of a state, which shows it without colour and before its word.
fn shape(state: State) -> &'static str {
    match state {
        State::Open => "█",
        State::ForcedOpen => "▓",
        State::HalfOpen => "▄",
        State::Disabled => "─",
        State::MetricsOnly => "┄",
        _ => "▁",
    }
}

/// Text on a block of its shade, and the rest of its column.
fn block(text: String, shade: Shade, width: usize) -> [Piece; 2] {
    let rest = width.saturating_sub(text.chars().count());
    [shaded(text, shade), plain(" ".repeat(rest))]
}

fn plain(text: String) -> Piece {
    Piece {
        text,
        shade: None,
        way: Way::Block,
        bold: false,
    }
}

fn bold(text: String) -> Piece {
    Piece {
        bold: true,
        ..plain(text)
    }
}

fn shaded(text: String, shade: Shade) -> Piece {
    Piece {
        shade: Some(shade),
        ..plain(text)
    }
}

fn dim(text: String) -> Piece {
    shaded(text, Shade::Faint)
}

#[cfg(test)]
mod tests;
