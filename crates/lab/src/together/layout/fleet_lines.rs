//! Lines of the picture about a fleet: its verdict and votes, who probes, who hears the engine, and what each instance
//! does in it.

use fusebox_fleet::Order;

use super::super::fleet_picture::{FleetPicture, Part, next_probe, votes};
use super::super::shade::Shade;
use super::{Piece, block, plain, shaded};

/// The verdict with its votes, and who hears the engine.
pub(super) fn lines(fleet: &FleetPicture) -> [Vec<Piece>; 2] {
    [verdict(fleet), engine(fleet)]
}

fn verdict(fleet: &FleetPicture) -> Vec<Piece> {
    let mut pieces = vec![plain("fleet:      ".to_owned())];
    let Some(known) = fleet.view() else {
        pieces.push(shaded("not heard".to_owned(), Shade::Look));
        pieces.push(plain("; each instance decides alone".to_owned()));
        return pieces;
    };
    let (word, shade) = if known.0.verdict.is_open() {
        ("OPEN", Shade::Open)
    } else {
        ("CLOSED", Shade::Closed)
    };
    pieces.push(shaded(word.to_owned(), shade));
    pieces.push(plain(format!(", {}", votes(known.0.votes, fleet.evidence))));
    if fleet.order() != Order::Automatic {
        let order = fleet.order().as_str().replace('_', " ");
        pieces.push(shaded(format!("; ordered: {order}"), Shade::Look));
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
        shaded(text, Shade::Look)
    };
    vec![
        plain(" ".repeat(12)),
        heard,
        plain(format!(" instances; {}", fleet.described)),
    ]
}

/// What one instance does in its fleet, in a column of this width.
pub(super) fn part(part: Part, width: usize) -> [Piece; 2] {
    let shade = match part {
        Part::Led(fusebox::HoldStage::Probing) => Shade::HalfOpen,
        Part::Apart(_) | Part::Localised => Shade::Look,
        Part::Led(_) => Shade::Open,
        Part::Suspects => Shade::Sick,
        Part::Fine => Shade::Closed,
        Part::Idle => Shade::Faint,
    };
    block(part.as_str().to_owned(), shade, width)
}
