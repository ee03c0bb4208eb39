//! The pictures of a study, as SVG text.
//!
//! The colours are those of the dashboards; a shape or a word stands beside each colour. The text follows the
//! reader's light or dark scheme.

mod frontier;
mod gedcb;
mod goodput;

pub use frontier::svg as frontier;
pub use gedcb::svg as gedcb;
pub use goodput::svg as goodput;

use crate::picture::{Picture, Shape};

const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px}\
.bg{fill:#ffffff}.ink{fill:#1f2328}.soft{fill:#59636e}.b{font-weight:600}.s{font-size:12px}\
.h{font-size:17px;font-weight:600}.grid{stroke:#d8dee4}.zero{stroke:#59636e}.band{fill:#f3f5f7}\
.theory{stroke:#59636e;stroke-width:1.5;stroke-dasharray:5 4;fill:none}.open{fill:none;stroke:#59636e;stroke-width:1.5}\
.link{stroke:#8d867b;stroke-opacity:0.55;stroke-dasharray:1 4}\
.halo{paint-order:stroke;stroke:#ffffff;stroke-width:3px;stroke-linejoin:round}.ring{stroke:#ffffff;stroke-width:1.2}\
.good{fill:#3C9580}.good-line{stroke:#3C9580}.cool{fill:#3f9fd6}.cool-line{stroke:#3f9fd6}\
.no{fill:#E95213}.no-line{stroke:#E95213}.dark{fill:#9E2F0A}.dark-line{stroke:#9E2F0A}\
.lost{fill:#A352CC}.lost-line{stroke:#A352CC}.look{fill:#E0B400}.look-line{stroke:#E0B400}\
.white{fill:#ffffff}.off{fill:#8d867b}.off-line{stroke:#8d867b}\
@media(prefers-color-scheme:dark){.bg{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9198a1}\
.grid{stroke:#2d333b}.zero{stroke:#9198a1}.band{fill:#161b22}.theory,.open{stroke:#9198a1}.halo,.ring{stroke:#0d1117}\
.lost{fill:#BC7BE0}.lost-line{stroke:#BC7BE0}.dark{fill:#d0512a}.dark-line{stroke:#d0512a}}";

/// A picture in the style of a study.
fn sheet(width: f64, height: f64) -> Picture {
    Picture::new(width, height, STYLE)
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
