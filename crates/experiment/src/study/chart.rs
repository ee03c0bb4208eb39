//! The pictures of a study, as SVG text.
//!
//! Colours are those of the dashboards; a shape or a word stands beside each colour. The text follows the reader's light
//! or dark scheme.

mod frontier;
mod gedcb;
mod goodput;

use std::fmt::Write as _;

pub use frontier::svg as frontier;
pub use gedcb::svg as gedcb;
pub use goodput::svg as goodput;

use crate::sweep::chart::{escaped, write_text};

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

/// A picture that is being drawn.
struct Picture {
    text: String,
    width: f64,
    height: f64,
}

/// A shape for a point, beside its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Disc,
    Square,
    Diamond,
    Triangle,
}

impl Picture {
    fn new(width: f64, height: f64) -> Self {
        Self {
            text: String::new(),
            width,
            height,
        }
    }

    /// The whole picture; `about` is read out to who cannot see it.
    fn finish(self, about: &str) -> String {
        let (width, height) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
             <rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
            escaped(about),
            self.text
        )
    }

    /// A line of text that begins at a place, or ends there (`end` in its class), or has its middle there (`mid`).
    fn write(&mut self, at: (f64, f64), class: &str, text: &str) {
        write_text(&mut self.text, at, class, text);
    }

    fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// A thin bar for an interval, in the colour of its point.
    fn whisker(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.line(
            &format!("{class}-line\" stroke-width=\"1.5\" stroke-opacity=\"0.7"),
            from,
            to,
        );
    }

    fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
        let points: Vec<String> = points.collect();
        let _ = writeln!(
            self.text,
            "<polyline class=\"{class}\" fill=\"none\" points=\"{}\"/>",
            points.join(" ")
        );
    }

    fn rectangle(&mut self, class: &str, from: (f64, f64), size: (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            from.0, from.1, size.0, size.1
        );
    }

    fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let _ = writeln!(
            self.text,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>"
        );
    }

    fn point(&mut self, shape: Shape, class: &str, (x, y): (f64, f64)) {
        let corners: &[(f64, f64)] = match shape {
            Shape::Disc => {
                self.circle(&format!("{class} ring"), (x, y), 5.0);
                return;
            }
            Shape::Square => &[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)],
            Shape::Diamond => &[(0.0, -6.2), (6.2, 0.0), (0.0, 6.2), (-6.2, 0.0)],
            Shape::Triangle => &[(0.0, -6.0), (5.8, 4.6), (-5.8, 4.6)],
        };
        let corners = corners
            .iter()
            .map(|(dx, dy)| format!("{:.1},{:.1}", x + dx, y + dy));
        let corners: Vec<String> = corners.collect();
        let _ = writeln!(
            self.text,
            "<polygon class=\"{class} ring\" points=\"{}\"/>",
            corners.join(" ")
        );
    }
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
        "adaptive-throttling-10s" => (Shape::Triangle, "look"),
        "votes-alone" => (Shape::Square, "good"),
        _ => (Shape::Diamond, "cool"),
    }
}
