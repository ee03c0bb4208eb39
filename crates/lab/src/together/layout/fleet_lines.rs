//! Lines of the picture about a fleet: its verdict and votes, who probes, who hears the engine, and what each instance
//! does in it.

use crossterm::style::Color;
use fusebox_fleet::Order;

use super::super::fleet_picture::{FleetPicture, Part, next_probe, votes};
use super::{Piece, coloured, plain};

/// The verdict with its votes, and who hears the engine.
pub(super) fn lines(fleet: &FleetPicture) -> [Vec<Piece>; 2] {
    [verdict(fleet), engine(fleet)]
}

fn verdict(fleet: &FleetPicture) -> Vec<Piece> {
    let mut pieces = vec![plain("fleet:      ".to_owned())];
    let Some(known) = fleet.view() else {
        pieces.push(coloured("nobody hears it".to_owned(), Color::Yellow));
        pieces.push(plain(": each instance decides alone".to_owned()));
        return pieces;
    };
    let (word, colour) = if known.0.verdict.is_open() {
        ("OPEN", Color::Red)
    } else {
        ("CLOSED", Color::Green)
    };
    pieces.push(coloured(word.to_owned(), colour));
    pieces.push(plain(format!(", {}", votes(known.0.votes))));
    if fleet.order() != Order::Automatic {
        let order = fleet.order().as_str().replace('_', " ");
        pieces.push(coloured(format!("; ordered: {order}"), Color::Yellow));
        return pieces;
    }
    let probers = fleet.probers();
    match &probers[..] {
        [] => pieces.extend(next_probe(known).map(|probe| plain(format!("; {probe}")))),
        [one] => pieces.push(plain(format!("; {one} probes"))),
        several => pieces.push(plain(format!("; {} probe", several.join(", ")))),
    }
    pieces
}

fn engine(fleet: &FleetPicture) -> Vec<Piece> {
    let [heard, all] = fleet.heard_by();
    let text = format!("heard by {heard} of {all}");
    let heard = if heard == all {
        plain(text)
    } else {
        coloured(text, Color::Yellow)
    };
    vec![
        plain(" ".repeat(12)),
        heard,
        plain(format!(" instances; {}", fleet.described)),
    ]
}

/// What one instance does in its fleet, in a column of this width.
pub(super) fn part(part: Part, width: usize) -> Piece {
    let colour = match part {
        Part::Led(fusebox::HoldStage::Probing) | Part::Apart(_) | Part::Localised => {
            Some(Color::Yellow)
        }
        Part::Led(_) => Some(Color::Red),
        Part::Suspects => Some(Color::Magenta),
        Part::Fine => Some(Color::Green),
        Part::Idle => None,
    };
    let text = format!("{:<width$}", part.as_str());
    match colour {
        Some(colour) => coloured(text, colour),
        None => plain(text),
    }
}
