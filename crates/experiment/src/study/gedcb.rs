//! The one published comparison of breakers that vote with breakers alone, and our results for it.
//!
//! Palliwar and Pinisetty, "Using Gossip Enabled Distributed Circuit Breaking for Improving Resiliency of Distributed
//! Systems", ICSA 2022. Their figures are read off the charts of their artefact
//! (`aashaypalliwar/gedcb-uppaal-models`), to about ten timeouts. They count timeouts until 500 requests are served.
//! Our timeouts are counted in the same way, per 500 served requests, because a breaker that stays open saves
//! timeouts, too.

use std::fmt::Write as _;

use super::{GEDCB, LOCAL, Results, cell};
use crate::statistics::{Estimate, Summary};
use crate::sweep::{Cell, Trial};

/// The gossip periods in their unit of time, which is a tenth of a second here.
pub const PERIODS: [u32; 7] = [4, 10, 25, 50, 100, 200, 300];

/// An availability: how long the service is up between two outages, and the published results.
#[derive(Clone, Copy, Debug)]
pub struct Availability {
    /// Its name in the cells.
    pub name: &'static str,
    /// How long the service is up, in units.
    pub up: u32,
    /// Timeouts without any breakers.
    pub none: u32,
    /// Timeouts with breakers alone.
    pub alone: u32,
    /// Timeouts with votes, by the gossip period.
    pub votes: &'static [(u32, u32)],
}

/// Timeouts are counted until this many requests are served.
pub const SERVED: f64 = 500.0;

/// How long an outage lasts, in units.
pub const OUTAGE: u32 = 250;

/// The published results. For the availability 0.2 the period was not varied.
pub const PUBLISHED: [Availability; 2] = [
    Availability {
        name: "availability-0.2",
        up: 64,
        none: 1580,
        alone: 890,
        votes: &[(4, 620)],
    },
    Availability {
        name: "availability-0.4",
        up: 156,
        none: 620,
        alone: 399,
        votes: &[(4, 261), (50, 336), (100, 357), (200, 362), (300, 368)],
    },
];

impl Availability {
    /// Returns the published share of the timeouts that votes save at this gossip period.
    pub fn published_gain(&self, period: u32) -> Option<f64> {
        let (_, votes) = self.votes.iter().find(|(known, _)| *known == period)?;
        Some(1.0 - f64::from(*votes) / f64::from(self.alone))
    }
}

/// Returns the name of votes, or of a quorum, with this gossip period.
pub fn policy(mode: &str, period: u32) -> String {
    format!("{mode}-{period}")
}

/// One policy at one availability.
#[derive(Clone, Debug)]
pub struct Point {
    /// The gossip period.
    pub period: u32,
    /// Timeouts per [`SERVED`] served requests.
    pub timeouts: Estimate,
    /// The share of the timeouts of breakers alone that is saved, seed by seed.
    pub gain: Option<Summary>,
    /// The served requests as a share of those that breakers alone serve.
    pub served: Option<Summary>,
}

/// Returns the results of one mode at an availability, by the gossip period.
pub fn points(results: &Results, availability: &Availability, mode: &str) -> Vec<Point> {
    let base = cell(GEDCB, availability.name, LOCAL);
    let all = PERIODS.into_iter().filter_map(|period| {
        let own = cell(GEDCB, availability.name, &policy(mode, period));
        let ratio = results.ratio_of(&own, &base, per_served);
        Some(Point {
            period,
            timeouts: timeouts(results, &own)?,
            gain: ratio.map(|it| Summary {
                mean: 1.0 - it.mean,
                ..it
            }),
            served: results.ratio(&own, &base, "ok"),
        })
    });
    all.collect()
}

/// Returns the timeouts per [`SERVED`] served requests in a cell.
pub fn timeouts(results: &Results, own: &Cell) -> Option<Estimate> {
    Estimate::of(&results.computed(own, per_served))
}

fn per_served(trial: &Trial) -> Option<f64> {
    let served = trial.figures.get("ok")?;
    Some(SERVED * trial.figures.get("failed")? / served)
}

/// The section of the page; `None` if the study has no such part.
pub(super) fn section(results: &Results) -> Option<String> {
    if results.scenarios(GEDCB).is_empty() {
        return None;
    }
    let mut text = "## Beside the published comparison (GEDCB)\n\nTimeouts per 500 served requests. Published: means of 500 \
        runs, read off charts. Ours: advisory mode (votes, each probes for itself) and quorum mode, \
        runs of about 1000 s, a unit of their time is 100 ms. Gain: the share of the timeouts of breakers alone that \
        is saved. Served: requests that succeed, as a share of what breakers alone serve.\n\n| availability | gossip \
        period | published | published gain | ours, advisory | gain | served | ours, quorum | gain | served \
        |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for availability in &PUBLISHED {
        for (name, published) in [("none", availability.none), (LOCAL, availability.alone)] {
            let own = cell(GEDCB, availability.name, name);
            let ours = timeouts(results, &own);
            let _ = writeln!(
                text,
                "| {} | {name} | {published} | – | {} | – | – | – | – | – |",
                availability.name,
                of_number(ours.as_ref())
            );
        }
        let votes = points(results, availability, "advisory");
        let quorum = points(results, availability, "quorum");
        for period in PERIODS {
            let published = availability.votes.iter().find(|it| it.0 == period);
            let number = published.map_or("–".to_owned(), |(_, timeouts)| timeouts.to_string());
            let gain = availability.published_gain(period);
            let gain = gain.map_or("–".to_owned(), |it| format!("{:.0} %", 100.0 * it));
            let _ = writeln!(
                text,
                "| {} | {period} | {number} | {gain} | {} | {} |",
                availability.name,
                at_period(&votes, period),
                at_period(&quorum, period)
            );
        }
    }
    text.push_str(
        "\nWhat differs: their service is up until it has served so many requests, ours for a fixed time; they suspect at 2 timeouts of the last 10, we at 2 in a row (the same in a total outage); their \
         idle three of eight change every 500 units, ours stay the same; their clients wait for each answer, ours send \
         at the mean rate of clients that meet timeouts only (one request each in 29 units); their service works on one \
         request at a time, ours on all; their news travels by gossip to two of the others, ours by an engine, each \
         message delayed by half a period.\n",
    );
    Some(text)
}

/// The cells of one mode at a period: timeouts, gain, served.
fn at_period(points: &[Point], period: u32) -> String {
    let found = points.iter().find(|it| it.period == period);
    let gain = found.and_then(|it| it.gain);
    let gain = gain.map_or("–".to_owned(), |it| {
        let half = it.half_width().unwrap_or(0.0);
        format!("{:.1} ± {:.1} %", 100.0 * it.mean, 100.0 * half)
    });
    let served = found.and_then(|it| it.served);
    let served = served.map_or("–".to_owned(), |it| format!("{:.0} %", 100.0 * it.mean));
    format!(
        "{} | {gain} | {served}",
        of_number(found.map(|it| &it.timeouts))
    )
}

fn of_number(estimate: Option<&Estimate>) -> String {
    estimate.map_or("–".to_owned(), |it| match (it.mean, it.interval) {
        (Some(mean), Some(interval)) => format!("{mean:.1} ± {:.1}", interval.half_width()),
        _ => format!("{:.1}", it.median),
    })
}

/// Returns the same for programs.
pub fn csv(results: &Results) -> String {
    let mut text =
        "availability,policy,period,timeouts_per_500_served,low,high,gain,gain_low,gain_high,\
                    published_timeouts,published_gain\r\n"
            .to_owned();
    for availability in &PUBLISHED {
        for mode in ["advisory", "quorum"] {
            for point in points(results, availability, mode) {
                let number =
                    |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
                let interval = point.timeouts.interval;
                let gain = point.gain.and_then(|it| it.interval());
                let published = availability.votes.iter().find(|it| it.0 == point.period);
                let fields = [
                    number(point.timeouts.mean),
                    number(interval.map(|it| it.low)),
                    number(interval.map(|it| it.high)),
                    number(point.gain.map(|it| it.mean)),
                    number(gain.map(|it| it.low)),
                    number(gain.map(|it| it.high)),
                    number(published.map(|it| f64::from(it.1))),
                    number(availability.published_gain(point.period)),
                ];
                let names = format!("{},{mode},{}", availability.name, point.period);
                let _ = write!(text, "{names},{}\r\n", fields.join(","));
            }
        }
    }
    text
}
