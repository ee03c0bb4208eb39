//! The picture of the frontier: detection speed against false alarms, and the blast radius beside it.

use super::{look_of, sheet};
use crate::picture::{Picture, Shape};
use crate::study::Results;
use crate::study::frontier::{Row, WAYS, Way, rows};

const LEFT: f64 = 82.0;
const TOP: f64 = 132.0;
const WIDTH: f64 = 446.0;
const HEIGHT: f64 = 380.0;
/// Seconds at the right edge.
const SLOWEST: f64 = 0.68;
/// Powers of ten of seconds at the lower and the upper edge.
const DECADES: (f64, f64) = (-0.6, 7.8);
const BARS_LEFT: f64 = 662.0;
const BARS_WIDTH: f64 = 226.0;

/// Draws all ways, simulated and as theory has them.
pub fn svg(results: &Results) -> String {
    let rows = rows(results);
    let mut picture = sheet(960.0, TOP + HEIGHT + 104.0);
    picture.write(
        (24.0, 34.0),
        "h ink",
        "How fast a fleet opens, how seldom for nothing, and whom it hits",
    );
    picture.write(
        (24.0, 56.0),
        "soft",
        &format!(
            "Ten instances with 20 calls per second each; 10 failures of 20 calls trip a breaker, 4 in a row are a vote. \
             {} seeds.",
            results.plan().repeat
        ),
    );
    axes(&mut picture);
    theory(&mut picture);
    points(&mut picture, &rows);
    bars(&mut picture, &rows);
    let below = TOP + HEIGHT + 62.0;
    picture.circle("open", (30.0, below - 4.0), 4.5);
    picture.write(
        (42.0, below),
        "s soft",
        "Outlined and dashed: theory. Filled: simulated, bars are 95 % intervals. Arrow: no false alarm was seen in the time simulated.",
    );
    picture.write(
        (24.0, below + 20.0),
        "s soft",
        "c: merged counts of c windows, and votes alone: without the trips of single breakers. A breaker that may trip \
         by itself is never calmer than local.",
    );
    picture.finish(
        "Detection speed against false alarms against blast radius, simulated and by theory",
    )
}

fn axes(picture: &mut Picture) {
    let bottom = TOP + HEIGHT;
    picture.write(
        (LEFT - 58.0, TOP - 32.0),
        "b ink",
        "When failures hit all alike",
    );
    picture.write(
        (LEFT - 58.0, TOP - 14.0),
        "s soft",
        "time closed between two false alarms, at 30 % of errors (up is better)",
    );
    let marks = [
        (1.0, "1 s"),
        (10.0, "10 s"),
        (60.0, "1 min"),
        (600.0, "10 min"),
        (3_600.0, "1 h"),
        (86_400.0, "1 day"),
        (604_800.0, "1 week"),
        (7.776e6, "90 days"),
    ];
    for (seconds, text) in marks {
        let y = y_of(seconds);
        picture.line("grid", (LEFT, y), (LEFT + WIDTH, y));
        picture.write((LEFT - 8.0, y + 4.0), "s soft end", text);
    }
    for tenths in 0..=6_u32 {
        let x = x_of(f64::from(tenths) / 10.0);
        picture.line("grid", (x, TOP), (x, bottom));
        let text = if tenths == 0 {
            "0".to_owned()
        } else {
            format!("{} ms", tenths * 100)
        };
        picture.write((x, bottom + 17.0), "s soft mid", &text);
    }
    picture.write(
        (LEFT + WIDTH / 2.0, bottom + 36.0),
        "s soft mid",
        "until half of the fleet is open in a total outage (left is better)",
    );
}

fn theory(picture: &mut Picture) {
    let merged = (1..=12).map(Way::PooledAlone);
    let line: Vec<(f64, f64)> = merged
        .filter_map(|way| Some((x_of(way.speed()), y_of(way.alarms()?))))
        .filter(|(x, y)| *x <= LEFT + WIDTH && *y >= TOP)
        .collect();
    picture.path("theory", &line);
    let mut drawn: Vec<(f64, f64)> = Vec::new();
    for named in WAYS {
        let Some(alarms) = named.way.alarms() else {
            continue;
        };
        let at = (x_of(named.way.speed()), y_of(alarms));
        if !drawn.contains(&at) {
            picture.circle("open", at, 7.5);
            drawn.push(at);
        }
    }
}

/// Where the words stand beside a point, so that none covers another.
fn label_of(name: &str) -> (f64, f64, &'static str) {
    match name {
        "pooled-alone-2" => (-12.0, -6.0, "end"),
        "advisory" => (12.0, 13.0, ""),
        "quorum" => (12.0, -1.0, ""),
        "pooled-naive" => (10.0, 15.0, ""),
        "pooled-alone-1" => (-12.0, 2.0, "end"),
        "votes-alone" => (-12.0, 4.5, "end"),
        _ => (14.0, 4.5, ""),
    }
}

fn points(picture: &mut Picture, rows: &[Row]) {
    for row in rows {
        let (Some(speed), Some(alarms)) = (row.speed.and_then(|it| it.mean), row.alarms) else {
            continue;
        };
        let (shape, class) = look(row);
        let none_seen = alarms.openings <= 0.0;
        let between = if none_seen {
            alarms.at_least()
        } else {
            alarms.between()
        };
        let at = (x_of(speed), y_of(between));
        if let Some(it) = row.speed.and_then(|it| it.interval) {
            picture.whisker(class, (x_of(it.low), at.1), (x_of(it.high), at.1));
        }
        if let Some(alarms) = row.named.way.alarms() {
            let by_theory = (x_of(row.named.way.speed()), y_of(alarms));
            picture.line("link", at, by_theory);
        }
        if none_seen {
            arrow(picture, class, at);
        } else {
            let error = 1.96 / alarms.independent(row.named.way).sqrt();
            let ends =
                [1.0 - error, 1.0 + error].map(|part| (at.0, y_of(between * part.max(0.05))));
            picture.whisker(class, ends[0], ends[1]);
        }
        picture.point(shape, class, at);
        let (dx, dy, anchor) = label_of(row.named.name);
        let class = format!("s b ink halo {anchor}");
        picture.write((at.0 + dx, at.1 + dy), class.trim_end(), row.named.label);
    }
}

fn arrow(picture: &mut Picture, class: &str, (x, y): (f64, f64)) {
    let tip = y - 26.0;
    picture.whisker(class, (x, y), (x, tip));
    picture.whisker(class, (x - 4.0, tip + 6.0), (x, tip));
    picture.whisker(class, (x + 4.0, tip + 6.0), (x, tip));
}

/// Bars of the blast radius: what the healthy lose, and what the bad one lets through.
fn bars(picture: &mut Picture, rows: &[Row]) {
    bars_legend(picture);
    let shown = [
        "local",
        "advisory",
        "quorum",
        "pooled",
        "any-open",
        "pooled-naive",
    ];
    let shown = rows.iter().filter(|row| shown.contains(&row.named.name));
    let (top, step) = (TOP + 22.0, 57.0);
    let bottom = TOP + HEIGHT;
    for percent in [0_u32, 25, 50, 75, 100] {
        let x = bar_x(f64::from(percent) / 100.0);
        picture.line("grid", (x, top), (x, bottom));
        picture.write((x, bottom + 17.0), "s soft mid", &format!("{percent} %"));
    }
    for (number, row) in (0_u32..).zip(shown) {
        let y = top + 10.0 + step * f64::from(number);
        picture.write((BARS_LEFT - 10.0, y + 19.0), "ink end", row.named.label);
        let of = [("no", row.blast), ("lost", row.let_through)];
        for (place, (class, estimate)) in (0_u32..).zip(of) {
            let Some(mean) = estimate.and_then(|it| it.mean) else {
                continue;
            };
            let y = y + 18.0 * f64::from(place);
            let width = (bar_x(mean) - BARS_LEFT).max(1.5);
            picture.rectangle(class, (BARS_LEFT, y), (width, 13.0));
            let text = match 100.0 * mean {
                none if none < 0.05 => "0 %".to_owned(),
                few if few < 10.0 => format!("{few:.1} %"),
                many => format!("{many:.0} %"),
            };
            let beyond = bar_x(mean) > BARS_LEFT + BARS_WIDTH - 44.0;
            if beyond {
                picture.write((BARS_LEFT + width - 6.0, y + 10.8), "s b white end", &text);
            } else {
                picture.write((BARS_LEFT + width + 6.0, y + 10.8), "s ink", &text);
            }
        }
        let x = bar_x(row.named.way.blast());
        if row.named.way.blast() > 0.0 {
            picture.line("theory", (x, y - 5.0), (x, y + 18.0));
            picture.write((x, y - 8.0), "s soft mid", "theory");
        }
    }
}

/// What the bars' colours mean.
fn bars_legend(picture: &mut Picture) {
    picture.write(
        (BARS_LEFT - 92.0, TOP - 32.0),
        "b ink",
        "When one of ten cannot reach it",
    );
    picture.rectangle("no", (BARS_LEFT - 92.0, TOP - 22.0), (10.0, 10.0));
    picture.write(
        (BARS_LEFT - 77.0, TOP - 13.0),
        "s soft",
        "good calls of the nine others that are rejected",
    );
    picture.rectangle("lost", (BARS_LEFT - 92.0, TOP - 5.0), (10.0, 10.0));
    picture.write(
        (BARS_LEFT - 77.0, TOP + 4.0),
        "s soft",
        "calls of the bad one that are let through",
    );
}

fn look(row: &Row) -> (Shape, &'static str) {
    look_of(row.named.name)
}

fn x_of(seconds: f64) -> f64 {
    LEFT + WIDTH * (seconds / SLOWEST).min(1.04)
}

fn y_of(seconds: f64) -> f64 {
    let share = (libm::log10(seconds) - DECADES.0) / (DECADES.1 - DECADES.0);
    TOP + HEIGHT * (1.0 - share.clamp(-0.02, 1.02))
}

fn bar_x(share: f64) -> f64 {
    BARS_LEFT + BARS_WIDTH * share
}
