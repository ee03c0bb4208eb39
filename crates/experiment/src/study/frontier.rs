//! The frontier: how fast a policy opens, how seldom it opens without cause, and which instances it affects.
//!
//! Ten instances make 20 calls per second each; their breakers trip on 10 failures of 20 calls. *Speed*: time from
//! the start of a total outage until half of the fleet is open. *False alarms*: time that an instance is closed
//! between two openings, at an error rate of 30 % for everyone, which is below the threshold. *Blast radius*: while
//! one instance of ten cannot reach the downstream, the share of the good calls of the other nine that are rejected,
//! and the share of the bad instance's calls that are let through to fail.

use std::fmt::Write as _;

use super::theory::{
    calls_to_false_trip, open_by_one, q_th_of, seconds_to_false_count, seconds_to_false_quorum,
};
use super::{FRONTIER, Results, cell};
use crate::statistics::Estimate;

/// How long each run for false alarms has errors, in seconds.
pub const ALARM_SECONDS: u32 = 600;

const INSTANCES: u32 = 10;
const RATE: f64 = 20.0;
const WINDOW: u32 = 20;
const TRIP: u32 = 10;
const RUN: u32 = 4;
const NEED: u32 = 5;
const ERRORS: f64 = 0.3;
/// The mean open period: 5 s, which jitter shortens by up to a fifth.
const WAIT: f64 = 4.5;
/// The times until a failure is known, and until news of it has arrived, in seconds.
const KNOWN: f64 = 0.05;
const NEWS: f64 = 0.005;
/// The time between two batches of counts; on average, counts wait for half of it.
const BATCH: f64 = 0.1;
/// How long the bad instance cannot reach the downstream.
const BAD_FOR: f64 = 30.0;

/// The rule that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each breaker alone.
    Local,
    /// Any breaker that trips opens all.
    AnyOpen,
    /// Votes in addition to each breaker's own trips.
    Votes,
    /// Votes alone.
    VotesAlone,
    /// Merged counts of this many windows, in addition to each breaker's own trips.
    Pooled(u32),
    /// Merged counts of this many windows alone.
    PooledAlone(u32),
}

/// A rule with its names.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// The policy of its cells.
    pub name: &'static str,
    /// Its name in the picture.
    pub label: &'static str,
    /// The rule.
    pub way: Way,
    /// The keys of a scenario that set it.
    pub sets: &'static [&'static str],
}

/// Keys of breakers that never trip by themselves.
const ALONE: &str = "breaker.failure_rate_threshold=off breaker.consecutive_failures=1000000 \
                     coordination.pool_threshold=0.5 coordination.pool_window=20";

macro_rules! named {
    ($($name:literal, $label:literal, $way:expr, [$($set:expr),*];)*) => {
        /// All ways, in the order in which they share more.
        pub const WAYS: &[Named] = &[$(Named { name: $name, label: $label, way: $way, sets: &[$($set),*] },)*];
    };
}

named! {
    "local", "local", Way::Local, ["coordination.mode=local"];
    "advisory", "advisory", Way::Votes, ["coordination.mode=advisory"];
    "quorum", "quorum", Way::Votes, ["coordination.mode=quorum"];
    "pooled", "pooled", Way::Pooled(5), ["coordination.mode=pooled"];
    "any-open", "any-open", Way::AnyOpen, ["coordination.mode=any-open"];
    "pooled-naive", "pooled-naive", Way::PooledAlone(1), ["coordination.mode=pooled-naive"];
    "votes-alone", "votes alone", Way::VotesAlone, ["coordination.mode=quorum", ALONE];
    "pooled-alone-1", "c = 1", Way::PooledAlone(1), ["coordination.mode=pooled coordination.pool_windows=1", ALONE];
    "pooled-alone-2", "c = 2", Way::PooledAlone(2), ["coordination.mode=pooled coordination.pool_windows=2", ALONE];
    "pooled-alone-3", "c = 3", Way::PooledAlone(3), ["coordination.mode=pooled coordination.pool_windows=3", ALONE];
    "pooled-alone-5", "c = 5", Way::PooledAlone(5), ["coordination.mode=pooled coordination.pool_windows=5", ALONE];
    "pooled-alone-10", "c = 10", Way::PooledAlone(10), ["coordination.mode=pooled coordination.pool_windows=10", ALONE];
}

impl Way {
    /// Returns the mean time in seconds until half of the fleet is open.
    pub fn speed(self) -> f64 {
        let own = q_th_of(NEED, INSTANCES, TRIP, RATE) + KNOWN;
        let votes = q_th_of(NEED, INSTANCES, RUN, RATE) + KNOWN + NEWS;
        let merged = |windows: u32| {
            f64::from(windows * TRIP) / (f64::from(INSTANCES) * RATE) + KNOWN + BATCH / 2.0 + NEWS
        };
        match self {
            Self::Local => own,
            Self::AnyOpen => q_th_of(1, INSTANCES, TRIP, RATE) + KNOWN + NEWS,
            Self::Votes | Self::VotesAlone => votes,
            Self::Pooled(windows) => merged(windows).min(own),
            Self::PooledAlone(windows) => merged(windows),
        }
    }

    /// Returns the mean time in seconds that an instance is closed between two openings without cause. There is no
    /// closed form if open breakers are votes, and none for windows that fill again after each opening of the fleet.
    pub fn alarms(self) -> Option<f64> {
        let own = calls_to_false_trip(WINDOW, TRIP, ERRORS) / RATE;
        match self {
            Self::AnyOpen | Self::Votes => None,
            Self::Local | Self::Pooled(_) => Some(own),
            Self::VotesAlone => Some(seconds_to_false_quorum(NEED, INSTANCES, RUN, ERRORS, RATE)),
            Self::PooledAlone(windows) => {
                let (window, trip) = (WINDOW * windows, TRIP * windows);
                Some(seconds_to_false_count(window, trip, ERRORS, BATCH))
            }
        }
    }

    /// Returns the share of the good calls of healthy instances that are rejected while one instance of ten is bad.
    pub fn blast(self) -> f64 {
        match self {
            Self::AnyOpen => {
                let found = f64::from(TRIP) / RATE + KNOWN + NEWS;
                (1.0 - found / BAD_FOR) * open_by_one(INSTANCES, RATE, WAIT, KNOWN + NEWS)
            }
            _ => 0.0,
        }
    }
}

/// The openings without cause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alarms {
    /// Openings of all instances in all runs.
    pub openings: f64,
    /// How long instances were closed, in seconds, in all runs.
    pub closed_s: f64,
}

impl Alarms {
    /// Returns the time that an instance is closed between two openings; infinite if there was none.
    pub fn between(&self) -> f64 {
        self.closed_s / self.openings
    }

    /// Returns how many of the openings can be counted as independent of each other: where breakers open together,
    /// one of each fleet.
    pub fn independent(&self, way: Way) -> f64 {
        let together = match way {
            Way::Local | Way::Pooled(_) => 1.0,
            _ => f64::from(INSTANCES),
        };
        (self.openings / together).max(1.0)
    }

    /// Returns the time that it exceeds with 95 % confidence if there was none: a third of the observed time. All
    /// instances of a fleet may open together, so they count as one.
    pub fn at_least(&self) -> f64 {
        self.closed_s / f64::from(INSTANCES) / 3.0
    }
}

/// The results of one rule, beside those of theory.
#[derive(Clone, Debug)]
pub struct Row {
    /// The rule.
    pub named: Named,
    /// Until half of the fleet is open, in seconds.
    pub speed: Option<Estimate>,
    /// False alarms.
    pub alarms: Option<Alarms>,
    /// The share of the good calls of nine healthy instances that are rejected.
    pub blast: Option<Estimate>,
    /// The share of the bad instance's calls that are let through.
    pub let_through: Option<Estimate>,
}

/// Returns the rows of all rules that were performed.
pub fn rows(results: &Results) -> Vec<Row> {
    let all = WAYS.iter().map(|named| Row {
        named: *named,
        speed: results.estimate(&cell(FRONTIER, "speed", named.name), "detection_delay_p50"),
        alarms: alarms(results, named.name),
        blast: blast(results, named.name),
        let_through: let_through(results, named.name),
    });
    all.filter(|row| row.speed.is_some()).collect()
}

fn alarms(results: &Results, name: &str) -> Option<Alarms> {
    let own = cell(FRONTIER, "alarms", name);
    let of = |figure: &str| results.values(&own, figure).into_iter().sum::<f64>();
    let closed = of("closed_share(phase=errors)");
    (closed > 0.0).then(|| Alarms {
        openings: of("openings(phase=errors)") - of("flaps(phase=errors)"),
        closed_s: closed * f64::from(ALARM_SECONDS) * f64::from(INSTANCES),
    })
}

fn blast(results: &Results, name: &str) -> Option<Estimate> {
    let own = cell(FRONTIER, "bad-instance", name);
    let of = results.computed(&own, |trial| {
        let value = |figure: &str| trial.figures.get(figure).copied();
        let healthy = value("planned(phase=B cut off)")? - value("planned(B, phase=B cut off)")?;
        Some(value("wrongly_rejected_calls(phase=B cut off)")? / healthy)
    });
    Estimate::of(&of)
}

fn let_through(results: &Results, name: &str) -> Option<Estimate> {
    let own = cell(FRONTIER, "bad-instance", name);
    let of = results.computed(&own, |trial| {
        let value = |figure: &str| trial.figures.get(figure).copied();
        Some(value("wasted_calls(B, phase=B cut off)")? / value("planned(B, phase=B cut off)")?)
    });
    Estimate::of(&of)
}

/// The section of the page; `None` if the study has no such part.
pub(super) fn section(results: &Results) -> Option<String> {
    let rows = rows(results);
    if rows.is_empty() {
        return None;
    }
    let mut text = "## Detection speed against false alarms against blast radius\n\nTen instances with 20 calls per second \
        each, 10 failures of 20 calls trip a breaker, 4 in a row are a vote. Speed: until half of the fleet is open in a \
        total outage. False alarms: time that an instance is closed between two openings at 30 % of errors. Blast radius: \
        with one bad instance of ten, the share of the good calls of the nine others that are rejected, and the share of \
        the bad one's calls that are let through. *Alone* means without the trips of single breakers; c is how many \
        windows the merged one holds.\n\n| way | speed | theory | closed between false alarms | theory | openings seen \
        | good calls of nine rejected | theory | calls of the bad one let through |\n\
        |---|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        .to_owned();
    for row in &rows {
        let way = row.named.way;
        let share = |estimate: &Option<Estimate>| {
            estimate.map_or("–".to_owned(), |it| {
                super::written::with_interval(it, crate::expectation::Unit::Share)
            })
        };
        let seconds =
            |it: Estimate| super::written::with_interval(it, crate::expectation::Unit::Seconds);
        let between = row.alarms.map_or("–".to_owned(), |it| match it.openings {
            none if none <= 0.0 => format!("> {}", time(it.at_least())),
            _ => time(it.between()),
        });
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} ms | {between} | {} | {} | {} | {:.1} % | {} |",
            row.named.name,
            row.speed.map_or("–".to_owned(), seconds),
            1e3 * way.speed(),
            way.alarms().map_or("–".to_owned(), time),
            row.alarms
                .map_or("–".to_owned(), |it| it.openings.to_string()),
            share(&row.blast),
            100.0 * way.blast(),
            share(&row.let_through),
        );
    }
    Some(text)
}

/// Returns the same for programs.
pub fn csv(results: &Results) -> String {
    let mut text = "way,speed_s,speed_low_s,speed_high_s,speed_theory_s,false_openings,closed_s,between_s,between_theory_s,\
                    good_calls_rejected,good_calls_rejected_theory,bad_calls_let_through\r\n"
        .to_owned();
    for row in rows(results) {
        let number = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
        let interval = row.speed.and_then(|it| it.interval);
        let way = row.named.way;
        let fields = [
            number(row.speed.and_then(|it| it.mean)),
            number(interval.map(|it| it.low)),
            number(interval.map(|it| it.high)),
            way.speed().to_string(),
            number(row.alarms.map(|it| it.openings)),
            number(row.alarms.map(|it| it.closed_s)),
            number(row.alarms.map(|it| it.between())),
            number(way.alarms()),
            number(row.blast.and_then(|it| it.mean)),
            way.blast().to_string(),
            number(row.let_through.and_then(|it| it.mean)),
        ];
        let _ = write!(text, "{},{}\r\n", row.named.name, fields.join(","));
    }
    text
}

/// A time from a fraction of a second to years, as people write it.
pub(super) fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1.0 => (s * 1e3, "ms"),
        s if s < 120.0 => (s, "s"),
        s if s < 7_200.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3_600.0, "h"),
        s => (s / 86_400.0, "days"),
    };
    let digits = usize::from(value < 100.0);
    format!("{value:.digits$} {unit}")
}
