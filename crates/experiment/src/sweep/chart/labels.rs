//! The places of labels beside points, chosen so that no two labels overlap.
//!
//! Each label in turn, from top to bottom, takes the nearest free place around its point. It prefers a place that
//! covers no point and is nearer to its own point than to any other; if there is none, a line leads to the point. If
//! even the farthest place would cover another label, the label is left out, because the table contains all of them.

/// The width of a digit, and the height of a label.
const LETTER: (f64, f64) = (8.0, 13.0);
/// The number of directions that are tried, as parts of a circle.
const DIRECTIONS: u8 = 16;
/// The distances from the point that are tried, in pixels.
const RADII: [f64; 7] = [13.0, 17.0, 24.0, 34.0, 46.0, 60.0, 78.0];
/// The radius of a point with its ring.
const POINT: f64 = 6.0;

/// A rectangle, by its left, upper, right and lower edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// A label with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) text: String,
    /// The point that it belongs to.
    pub(super) of: (f64, f64),
    pub(super) place: Rectangle,
    /// Whether a line must lead to the point.
    pub(super) far: bool,
}

impl Rectangle {
    fn around((x, y): (f64, f64), width: f64, height: f64) -> Self {
        Self {
            left: x - width / 2.0,
            top: y - height / 2.0,
            right: x + width / 2.0,
            bottom: y + height / 2.0,
        }
    }

    pub(super) fn middle(&self) -> (f64, f64) {
        (
            f64::midpoint(self.left, self.right),
            f64::midpoint(self.top, self.bottom),
        )
    }

    /// The place in it that is nearest to a point.
    pub(super) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            x.clamp(self.left, self.right),
            y.clamp(self.top, self.bottom),
        )
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn within(&self, outer: &Self) -> bool {
        outer.left <= self.left
            && self.right <= outer.right
            && outer.top <= self.top
            && self.bottom <= outer.bottom
    }
}

/// Places the labels of some points inside `bounds`; `others` are points without labels. Points that cannot be told
/// apart share a label, such as `3, 7`.
pub(super) fn place(
    wanted: &[((f64, f64), String)],
    others: &[(f64, f64)],
    bounds: Rectangle,
) -> Vec<Label> {
    let mut merged = merged(wanted);
    merged.sort_by(|a, b| a.0.1.total_cmp(&b.0.1));
    let all = merged.iter().map(|(at, _)| at).chain(others);
    let discs: Vec<Rectangle> = all
        .map(|at| Rectangle::around(*at, 2.0 * POINT, 2.0 * POINT))
        .collect();
    let mut placed: Vec<Label> = Vec::new();
    for (at, text) in merged {
        let Some((place, radius)) = nearest(at, &text, &placed, &discs, bounds) else {
            continue;
        };
        placed.push(Label {
            text,
            of: at,
            place,
            far: radius > RADII[1] || !is_nearest(&place, at, &discs),
        });
    }
    placed
}

/// The nearest place that covers no label and, if possible, no point.
fn nearest(
    at: (f64, f64),
    text: &str,
    placed: &[Label],
    discs: &[Rectangle],
    bounds: Rectangle,
) -> Option<(Rectangle, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "a label is short")]
    let width = text.chars().count() as f64 * LETTER.0;
    let free = |place: &Rectangle| {
        place.within(&bounds) && !placed.iter().any(|label| label.place.overlaps(place))
    };
    let candidates = || {
        RADII.into_iter().flat_map(move |radius| {
            (0..DIRECTIONS).map(move |part| {
                let angle =
                    (f64::from(part) / f64::from(DIRECTIONS) - 0.125) * std::f64::consts::TAU;
                let reach = (radius + width / 2.0, radius);
                let middle = (
                    at.0 + libm::cos(angle) * reach.0,
                    at.1 + libm::sin(angle) * reach.1,
                );
                (Rectangle::around(middle, width, LETTER.1), radius)
            })
        })
    };
    let clear = |place: &Rectangle| !discs.iter().any(|disc| disc.overlaps(place));
    let own = |place: &Rectangle| is_nearest(place, at, discs);
    candidates()
        .find(|(place, _)| free(place) && clear(place) && own(place))
        .or_else(|| candidates().find(|(place, _)| free(place) && clear(place)))
        .or_else(|| candidates().find(|(place, _)| free(place)))
}

/// Whether a label at this place is clearly nearer to its own point than to any other: at most half as far, or no
/// other point is near.
fn is_nearest(place: &Rectangle, at: (f64, f64), discs: &[Rectangle]) -> bool {
    let away = |point: (f64, f64)| {
        let (x, y) = place.nearest(point);
        libm::hypot(x - point.0, y - point.1)
    };
    let own = away(at);
    let others = discs.iter().map(Rectangle::middle);
    let mut others = others.filter(|it| libm::hypot(it.0 - at.0, it.1 - at.1) > 0.5);
    !others.any(|other| away(other) < 1.5 * own + 2.0)
}

/// Points at the same place, merged into one.
fn merged(wanted: &[((f64, f64), String)]) -> Vec<((f64, f64), String)> {
    let mut merged: Vec<((f64, f64), String)> = Vec::new();
    for (at, text) in wanted {
        let same = |known: &&mut ((f64, f64), String)| {
            libm::hypot(known.0.0 - at.0, known.0.1 - at.1) < 4.0
        };
        match merged.iter_mut().find(same) {
            Some((_, known)) if known.split(", ").count() < 4 => {
                known.push_str(", ");
                known.push_str(text);
            }
            Some((_, known)) if !known.ends_with('…') => known.push_str(", …"),
            Some(_) => {}
            None => merged.push((*at, text.clone())),
        }
    }
    merged
}
