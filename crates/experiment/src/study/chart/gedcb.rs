//! The picture of the published comparison: what votes save, by how late news arrives.

use super::sheet;
use crate::picture::Picture;
use crate::study::Results;
use crate::study::gedcb::{PUBLISHED, Point, points};

const LEFT: f64 = 76.0;
const TOP: f64 = 112.0;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 270.0;
/// The share at the upper and the lower edge.
const MOST: f64 = 0.9;
const LEAST: f64 = 0.0;
/// The longest period.
const SLOWEST: f64 = 310.0;

/// Draws the share of timeouts that votes save, published and ours, at availability 0.4.
pub fn svg(results: &Results) -> String {
    let availability = &PUBLISHED[1];
    let mut picture = sheet(820.0, TOP + HEIGHT + 74.0);
    picture.write((24.0, 34.0), "h ink", "What votes save when news is late");
    picture.write(
        (24.0, 56.0),
        "soft",
        &format!(
            "Share of the timeouts of breakers alone, availability 0.4, a timeout is 25 units; {} seeds, bars are 95 % \
             intervals.",
            results.plan().repeat
        ),
    );
    axes(&mut picture);
    let published = availability.votes.iter();
    let published = published.filter_map(|(period, _)| {
        Some((x_of(*period), y_of(availability.published_gain(*period)?)))
    });
    let published: Vec<(f64, f64)> = published.collect();
    picture.path("theory", &published);
    for at in &published {
        picture.circle("open", *at, 4.5);
    }
    let mut labels = vec![(published.last().copied(), "GEDCB, published")];
    for (mode, class) in [("advisory", "cool"), ("quorum", "good")] {
        let own = points(results, availability, mode);
        let last = ours(&mut picture, class, &own);
        labels.push((
            last,
            if mode == "advisory" {
                "advisory"
            } else {
                "quorum"
            },
        ));
    }
    let mut taken: Vec<f64> = Vec::new();
    for (at, text) in labels {
        let Some((x, y)) = at else { continue };
        let mut place = y + 4.5;
        while taken.iter().any(|it| (it - place).abs() < 15.0) {
            place -= 15.0;
        }
        taken.push(place);
        picture.write((x + 14.0, place), "b ink", text);
    }
    picture.finish(
        "The share of timeouts that votes save, by the gossip period, published and simulated",
    )
}

/// The grid and what stands at it.
fn axes(picture: &mut Picture) {
    for tenths in [0_i32, 2, 4, 6, 8] {
        let y = y_of(f64::from(tenths) / 10.0);
        picture.line(
            if tenths == 0 { "zero" } else { "grid" },
            (LEFT, y),
            (LEFT + WIDTH, y),
        );
        picture.write(
            (LEFT - 8.0, y + 4.0),
            "s soft end",
            &format!("{} %", tenths * 10),
        );
    }
    for period in [4_u32, 50, 100, 150, 200, 250, 300] {
        let x = x_of(period);
        picture.write((x, TOP + HEIGHT + 17.0), "s soft mid", &period.to_string());
    }
    picture.write(
        (LEFT + WIDTH / 2.0, TOP + HEIGHT + 38.0),
        "s soft mid",
        "gossip period, in units of their time",
    );
    picture.write((LEFT - 52.0, TOP - 16.0), "s soft", "timeouts saved");
}

/// A line through our points; where its last one is.
fn ours(picture: &mut Picture, class: &str, own: &[Point]) -> Option<(f64, f64)> {
    let gains = own
        .iter()
        .filter_map(|point| Some((point.period, point.gain?)));
    let at: Vec<(f64, f64)> = gains
        .clone()
        .map(|(period, gain)| (x_of(period), y_of(gain.mean)))
        .collect();
    picture.path(&format!("{class}-line\" stroke-width=\"2"), &at);
    for ((_, gain), at) in gains.zip(&at) {
        if let Some(it) = gain.interval() {
            picture.whisker(class, (at.0, y_of(it.low)), (at.0, y_of(it.high)));
        }
        picture.circle(&format!("{class} ring"), *at, 4.5);
    }
    at.last().copied()
}

fn x_of(period: u32) -> f64 {
    LEFT + WIDTH * f64::from(period) / SLOWEST
}

fn y_of(share: f64) -> f64 {
    let place = (share.clamp(LEAST, MOST) - LEAST) / (MOST - LEAST);
    TOP + HEIGHT * (1.0 - place)
}
