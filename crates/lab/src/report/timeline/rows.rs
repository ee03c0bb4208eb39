//! The rows of a timeline: the truth, a breaker, a large fleet, and the number that is not closed.

use experiment::expectation::Unit;
use experiment::fleet::{FleetRecord, Span};
use experiment::picture::Picture;
use fusebox::{Cause, State};

use super::axis::{self, Scale};
use super::{AGREEMENT, BREAKER, EDGE, FLEET, LEFT, RIGHT, TRUTH, shortened};
use crate::report::lanes::{Columns, Look, Shares, not_closed, passing, steps, truth_name, wrong};
use crate::words;

/// Spans of a breaker that are drawn each by itself; of more, each pixel has the share of time of each state.
const SPANS: usize = 400;
/// The height of each look, as a share of the row.
const HEIGHTS: Shares = [0.3, 0.3, 0.3, 0.62, 1.0, 1.0];
/// Letters of a name.
const NAME: usize = 12;
/// The height of the marks below a row.
const MARK: f64 = 5.0;

fn name(picture: &mut Picture, y: f64, text: &str) {
    picture.write((EDGE, y), "tl-t tl-b tl-ink", &shortened(text, NAME));
}

/// How likely a call would fail: the height of the row is certainty; the line is where "unhealthy" begins.
pub(super) fn truth(
    picture: &mut Picture,
    fleet: &FleetRecord,
    scale: &Scale,
    (truth, places): (usize, &[usize]),
    top: f64,
) {
    let high = TRUTH - 14.0;
    let bottom = top + high;
    let who = truth_name(fleet, places);
    name(picture, bottom - 9.0, &who);
    let timeline = fleet.truths.get(truth).cloned().unwrap_or_default();
    let spans = steps(&timeline, fleet.duration_s);
    if spans.len() <= SPANS * 4 {
        for span in spans.iter().filter(|span| span.value > 0.0) {
            bar(picture, "tl-sick", scale, span, bottom, high * span.value);
        }
    } else {
        let columns = Columns::of(fleet, pixels());
        for (from, until, p) in runs(&columns.truth(&timeline, fleet.duration_s), |a, b| {
            (a - b).abs() < 0.005
        }) {
            let span = column(columns, from, until, ());
            bar(picture, "tl-sick", scale, &span, bottom, high * p);
        }
    }
    let limit = bottom - high * fleet.unhealthy_at;
    picture.line("tl-limit", (LEFT, limit), (RIGHT, limit));
    let share = Unit::Share.show(fleet.unhealthy_at).replace(".0", "");
    picture.write((RIGHT + 6.0, limit + 4.5), "tl-t tl-s tl-soft", &share);
    picture.line("tl-edge", (LEFT, bottom), (RIGHT, bottom));
}

/// One breaker, its states in words where there is room, and below it where it was wrong.
pub(super) fn breaker(
    picture: &mut Picture,
    fleet: &FleetRecord,
    scale: &Scale,
    place: usize,
    top: f64,
) {
    let high = BREAKER - 16.0;
    let bottom = top + high;
    name(picture, bottom - 10.0, &fleet.instances[place].name);
    let states = fleet.states(place);
    if states.len() <= SPANS {
        for span in &merged(&states) {
            state(picture, scale, span, bottom, high);
        }
    } else {
        let columns = Columns::of(fleet, pixels());
        stacked(
            picture,
            scale,
            (columns, &columns.states(fleet, place)),
            bottom,
            high,
            HEIGHTS,
        );
    }
    picture.line("tl-edge", (LEFT, bottom), (RIGHT, bottom));
    together(picture, fleet, scale, place, top);
    for &(from, until) in &fleet.instances[place].stopped {
        let (from, until) = (scale.x(from), scale.x(until));
        if until - from > 60.0 {
            picture.write((from + 6.0, bottom - 6.0), "tl-t tl-s tl-soft", "stopped");
        }
    }
    marks(picture, fleet, scale, place, bottom + 2.0 + MARK);
}

/// Where a breaker was wrong: of many times each pixel has their share, as a height.
fn marks(picture: &mut Picture, fleet: &FleetRecord, scale: &Scale, place: usize, bottom: f64) {
    const CLASSES: [&str; 2] = ["tl-sick", "tl-mark"];

    let wrong = wrong(fleet, place);
    if wrong.len() <= SPANS {
        for span in &wrong {
            bar(picture, CLASSES[span.value], scale, span, bottom, MARK);
        }
        return;
    }
    let columns = Columns::of(fleet, pixels());
    let alike = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 0.05;
    for (from, until, shares) in runs(&columns.kinds::<2>(&wrong), alike) {
        let span = column(columns, from, until, ());
        for (class, share) in CLASSES
            .iter()
            .zip(shares)
            .filter(|(_, share)| *share > 0.01)
        {
            bar(picture, class, scale, &span, bottom, MARK * share);
        }
    }
}

/// What the fleet had a part in: openings by its verdict, and probes that one instance makes for all.
fn together(picture: &mut Picture, fleet: &FleetRecord, scale: &Scale, place: usize, top: f64) {
    let changes = &fleet.instances[place].transitions;
    for change in changes.iter().filter(|it| it.at_s <= fleet.duration_s) {
        let at = (scale.x(change.at_s), top);
        let opens = change.to == State::Open && Look::of(change.from).passes();
        match change.cause {
            Cause::Fleet if opens => axis::verdict(picture, at),
            Cause::FleetProbe => axis::lease(picture, at),
            _ => {}
        }
    }
}

/// Spans of one state one after another as one; empty ones are left out.
fn merged(states: &[Span<State>]) -> Vec<Span<State>> {
    let mut merged: Vec<Span<State>> = Vec::new();
    for span in states.iter().filter(|span| span.until > span.from) {
        match merged.last_mut() {
            // What was stopped in between is two.
            Some(last) if last.value == span.value && last.until >= span.from => {
                last.until = span.until;
            }
            _ => merged.push(*span),
        }
    }
    merged
}

/// One state, with its word where there is room.
fn state(picture: &mut Picture, scale: &Scale, span: &Span<State>, bottom: f64, high: f64) {
    let look = Look::of(span.value);
    let (class, pattern) = classes(look);
    let height = high * HEIGHTS[look as usize];
    bar(picture, class, scale, span, bottom, height);
    if !pattern.is_empty() {
        bar(picture, pattern, scale, span, bottom, height);
    }
    let (from, until) = (scale.x(span.from), scale.x(span.until));
    let word = words::state(span.value);
    #[expect(clippy::cast_precision_loss, reason = "letters of a word")]
    let wide = word.chars().count() as f64 * 7.6 + 8.0;
    if until - from < wide + 8.0 {
        return;
    }
    if look.passes() {
        let above = (from + 6.0, bottom - height - 5.0);
        picture.write(above, "tl-t tl-s tl-soft", &word);
        return;
    }
    picture.rectangle(
        class,
        (from + 3.0, bottom - height + 4.0),
        (wide, height - 8.0),
    );
    let ink = if look == Look::Open {
        "tl-t tl-s tl-b tl-on"
    } else {
        "tl-t tl-s tl-b tl-white"
    };
    picture.write((from + 7.0, bottom - height / 2.0 + 4.5), ink, &word);
}

fn classes(look: Look) -> (&'static str, &'static str) {
    match look {
        Look::Closed => ("tl-closed", ""),
        Look::MetricsOnly => ("tl-metrics", ""),
        Look::Disabled => ("tl-off", ""),
        Look::HalfOpen => ("tl-half", "tl-dots"),
        Look::Open => ("tl-open", "tl-hatch"),
        Look::ForcedOpen => ("tl-forced", "tl-cross"),
    }
}

/// All breakers of a large fleet: in each moment the share of each state, the open ones on top.
pub(super) fn fleet(picture: &mut Picture, fleet: &FleetRecord, scale: &Scale, top: f64) {
    let high = FLEET - 20.0;
    let bottom = top + high;
    let all: Vec<usize> = (0..fleet.instances.len()).collect();
    let of = words::number(u64::try_from(all.len()).unwrap_or(u64::MAX));
    for (line, word) in [(0.0, "share of"), (18.0, of.as_str()), (36.0, "breakers")] {
        name(picture, top + 36.0 + line, word);
    }
    let columns = Columns::of(fleet, pixels());
    stacked(
        picture,
        scale,
        (columns, &columns.states_of(fleet, &all)),
        bottom,
        high,
        [1.0; Look::ALL.len()],
    );
    for (share, word) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        let y = bottom - high * share;
        picture.line("tl-line", (LEFT - 4.0, y), (LEFT, y));
        picture.write((LEFT - 8.0, y + 4.5), "tl-t tl-s tl-soft end", word);
    }
    picture.line("tl-edge", (LEFT, bottom), (RIGHT, bottom));
}

/// Columns in which each state has its share, closed ones below.
fn stacked(
    picture: &mut Picture,
    scale: &Scale,
    (columns, shares): (Columns, &[Shares]),
    bottom: f64,
    high: f64,
    heights: Shares,
) {
    let alike = |a: &Shares, b: &Shares| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.004);
    for (from, until, shares) in runs(shares, alike) {
        let span = column(columns, from, until, ());
        let mut at = bottom;
        for look in Look::ALL {
            let height = high * shares[look as usize] * heights[look as usize];
            if height < 0.05 {
                continue;
            }
            let (class, pattern) = classes(look);
            bar(picture, class, scale, &span, at, height);
            if !pattern.is_empty() {
                bar(picture, pattern, scale, &span, at, height);
            }
            at -= height;
        }
    }
}

/// How many are not closed: all together or none is agreement.
pub(super) fn agreement(picture: &mut Picture, fleet: &FleetRecord, scale: &Scale, top: f64) {
    let (top, high) = (top + 8.0, AGREEMENT - 18.0);
    let bottom = top + high;
    let of = fleet.instances.len();
    name(picture, bottom - 17.0, "not closed");
    let below = format!("of {of}; grey: some");
    picture.write((EDGE, bottom - 1.0), "tl-t tl-s tl-soft", &below);
    let spans = not_closed(fleet);
    if spans.len() <= SPANS * 2 {
        for span in spans.iter().filter(|span| span.value > 0) {
            number(picture, scale, span, of, (bottom, high));
        }
    } else {
        let all: Vec<usize> = (0..of).collect();
        let columns = Columns::of(fleet, pixels());
        let alike = |a: &Shares, b: &Shares| (passing(a) - passing(b)).abs() < 0.01;
        for (from, until, shares) in runs(&columns.states_of(fleet, &all), alike) {
            let span = column(columns, from, until, ());
            let height = high * (1.0 - passing(&shares)).max(0.0);
            bar(picture, "tl-mark", scale, &span, bottom, height);
        }
    }
    picture.line("tl-edge", (LEFT, bottom), (RIGHT, bottom));
}

/// How many are not closed for a while, with the number where there is room.
fn number(
    picture: &mut Picture,
    scale: &Scale,
    span: &Span<usize>,
    of: usize,
    (bottom, high): (f64, f64),
) {
    #[expect(clippy::cast_precision_loss, reason = "instances of one fleet")]
    let height = high * span.value as f64 / of as f64;
    let is_all = span.value == of;
    let class = if is_all { "tl-open" } else { "tl-mark" };
    bar(picture, class, scale, span, bottom, height);
    let from = scale.x(span.from);
    if scale.x(span.until) - from <= 22.0 {
        return;
    }
    let (y, ink) = match (height < 16.0, is_all) {
        (true, _) => (bottom - height - 4.0, "tl-t tl-s tl-soft"),
        (false, true) => (bottom - 4.0, "tl-t tl-s tl-b tl-on"),
        (false, false) => (bottom - 4.0, "tl-t tl-s tl-b tl-white"),
    };
    picture.write((from + 5.0, y), ink, &span.value.to_string());
}

/// A bar over a span that stands on `bottom`. What is shorter than a tenth of a pixel is drawn as one.
fn bar<T>(
    picture: &mut Picture,
    class: &str,
    scale: &Scale,
    span: &Span<T>,
    bottom: f64,
    height: f64,
) {
    let (from, until) = (scale.x(span.from), scale.x(span.until));
    picture.rectangle(
        class,
        (from, bottom - height),
        ((until - from).max(0.1), height),
    );
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixels of a row"
)]
fn pixels() -> usize {
    (RIGHT - LEFT) as usize
}

/// Equal neighbours are one.
fn runs<T: Copy>(columns: &[T], alike: impl Fn(&T, &T) -> bool) -> Vec<(usize, usize, T)> {
    let mut runs: Vec<(usize, usize, T)> = Vec::new();
    for (place, column) in columns.iter().enumerate() {
        match runs.last_mut() {
            Some(last) if alike(&last.2, column) => last.1 = place + 1,
            _ => runs.push((place, place + 1, *column)),
        }
    }
    runs
}

fn column<T>(columns: Columns, from: usize, until: usize, value: T) -> Span<T> {
    #[expect(clippy::cast_precision_loss, reason = "columns of a picture")]
    let [from, until] = [from, until].map(|column| column as f64 * columns.seconds());
    Span { from, until, value }
}
