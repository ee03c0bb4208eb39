//! The pictures of a study, as SVG text.
//!
//! The colours are those of the palette; a shape or a word stands beside each colour. The text follows the
//! reader's light or dark scheme.

mod frontier;
mod gedcb;
mod goodput;

pub use frontier::svg as frontier;
pub use gedcb::svg as gedcb;
pub use goodput::svg as goodput;

use crate::palette::{CLOSED, DISABLED, FORCED_OPEN, GROUNDS, HALF_OPEN, OPEN, SICK};
use crate::picture::{LOOK_HERE, Picture, Shape, scheme, toned};

/// What has no colour of its own.
const RULES: &str = "\
.theory{stroke-width:1.5;stroke-dasharray:5 4;fill:none}.open{fill:none;stroke-width:1.5}\
.link{stroke-opacity:0.55;stroke-dasharray:1 4}.ring{stroke-width:1.2}";

/// A picture in the style of a study.
fn sheet(width: f64, height: f64) -> Picture {
    let white = ("white", [GROUNDS[0][1], GROUNDS[1][1]]);
    let tones = [
        toned("good", CLOSED),
        toned("cool", HALF_OPEN),
        toned("no", OPEN),
        toned("dark", FORCED_OPEN),
        toned("lost", SICK),
        toned("off", DISABLED),
        LOOK_HERE,
        white,
    ];
    Picture::new(width, height, scheme(RULES, &tones))
}

/// The colour and the shape of a policy, the same in all pictures.
fn look_of(policy: &str) -> (Shape, &'static str) {
    match policy {
        "local" => (Shape::Disc, "off"),
        "advisory" => (Shape::Square, "cool"),
        "quorum" => (Shape::Disc, "good"),
        "pooled" => (Shape::Diamond, "look"),
        "any-open" => (Shape::Triangle, "no"),
        "pooled-naive" => (Shape::Diamond, "lost"),
        "none" => (Shape::Square, "off"),
        "adaptive-throttling" => (Shape::Triangle, "dark"),
        "adaptive-throttling-10s" => (Shape::Square, "dark"),
        "votes-alone" => (Shape::Square, "good"),
        _ => (Shape::Diamond, "cool"),
    }
}
