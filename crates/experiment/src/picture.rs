//! Pictures as SVG text: lines, bars, points and words at given places, escaped, with a style of their own.
//!
//! A picture loads no file and refers to nothing outside, so it can be opened anywhere.

mod scheme;

use std::borrow::Cow;
use std::fmt::Write as _;

pub(crate) use scheme::{LOOK_HERE, scheme, toned};

/// A picture that is being drawn. Places are pixels from the left and from the top.
///
/// Its parts have classes; the style defines how they look. The class `bg` is for the background, `ring` for the edge
/// of a point.
///
/// # Examples
///
/// ```
/// use experiment::picture::Picture;
///
/// let mut picture = Picture::new(100.0, 40.0, ".bg{fill:#fff}");
/// picture.write((8.0, 20.0), "ink", "p < 0.05");
/// let svg = picture.finish("a word");
/// assert!(svg.contains("p &lt; 0.05"));
/// ```
#[derive(Clone, Debug)]
pub struct Picture {
    text: String,
    width: f64,
    height: f64,
    style: Cow<'static, str>,
    ground: &'static str,
}

/// The shape of a point, in addition to its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A circle.
    Disc,
    /// A square.
    Square,
    /// A square on its tip.
    Diamond,
    /// A triangle.
    Triangle,
}

impl Picture {
    /// Makes an empty picture of this size.
    pub fn new(width: f64, height: f64, style: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: String::new(),
            width,
            height,
            style: style.into(),
            ground: "bg",
        }
    }

    /// Sets another class for the background.
    #[must_use]
    pub fn on(self, ground: &'static str) -> Self {
        Self { ground, ..self }
    }

    /// Adds definitions, as XML, such as patterns that the style fills with.
    #[must_use]
    pub fn with_definitions(mut self, definitions: &'static str) -> Self {
        self.text.push_str(definitions);
        self
    }

    /// Returns the whole picture; `about` is the description for screen readers.
    pub fn finish(self, about: &str) -> String {
        let Self {
            width,
            height,
            style,
            ground,
            text,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{}\">\n<style>{style}</style>\n\
             <rect class=\"{ground}\" width=\"{width}\" height=\"{height}\"/>\n{}</svg>\n",
            escaped(about),
            text
        )
    }

    /// Writes a line of text that begins at a place, or ends there (`end` in its class), or has its middle there
    /// (`mid`).
    pub fn write(&mut self, at: (f64, f64), class: &str, text: &str) {
        write_text(&mut self.text, at, class, text);
    }

    /// Draws a line from one place to another.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// Draws a thin bar for an interval, in the colour of its point.
    pub fn whisker(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.line(
            &format!("{class}-line\" stroke-width=\"1.5\" stroke-opacity=\"0.7"),
            from,
            to,
        );
    }

    /// Draws a line through these places.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
        let points: Vec<String> = points.collect();
        let _ = writeln!(
            self.text,
            "<polyline class=\"{class}\" fill=\"none\" points=\"{}\"/>",
            points.join(" ")
        );
    }

    /// Draws a rectangle that begins at a place.
    pub fn rectangle(&mut self, class: &str, from: (f64, f64), size: (f64, f64)) {
        let _ = writeln!(
            self.text,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            from.0, from.1, size.0, size.1
        );
    }

    /// Draws a circle about a place.
    pub fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let _ = writeln!(
            self.text,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"/>"
        );
    }

    /// Draws a point of a chart.
    pub fn point(&mut self, shape: Shape, class: &str, (x, y): (f64, f64)) {
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

/// A line of text that begins at a place, or ends there (`end` in its class), or has its middle there (`mid`).
pub(crate) fn write_text(out: &mut String, (x, y): (f64, f64), class: &str, text: &str) {
    let anchor = match class.split(' ').next_back() {
        Some("end") => " text-anchor=\"end\"",
        Some("mid") => " text-anchor=\"middle\"",
        _ => "",
    };
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\"{anchor}>{}</text>",
        escaped(text)
    );
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
