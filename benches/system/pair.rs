//! A pair of services under the same load, in alternating turns.
//!
//! The machine drifts, so a ratio compares two consecutive turns, and a figure is the median of many such pairs. The
//! order within a pair alternates. What counts is the time that the processes of a side ran, divided by the number of
//! their answers: requests per second say more about other processes than about the service.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use benches::{Process, Ring, now};

/// One service, its load, and the processes that pay for it.
pub(crate) struct Side {
    pub(crate) ring: Ring,
    /// The status that all its answers have.
    pub(crate) status: u16,
    pub(crate) processes: Vec<Rc<Process>>,
    /// Is scraped once at the beginning of each turn, if it is.
    pub(crate) scraped: Option<Ring>,
}

/// The two sides of a comparison.
pub(crate) struct Pair {
    pub(crate) name: String,
    /// What the goal says about the ratio.
    pub(crate) wanted: Option<f64>,
    /// The longest of this and the plan's length is a turn.
    pub(crate) least_turn: Duration,
    pub(crate) ours: Side,
    pub(crate) bare: Side,
    turns: Vec<[Turn; 2]>,
}

/// What one side did in one turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    cpu_micros: f64,
    per_second: f64,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) length: Duration,
}

impl Plan {
    /// For figures.
    pub(crate) const MEASURE: Self = Self {
        rounds: 15,
        length: Duration::from_millis(200),
    };
    /// For a first look, in less than a minute with everything else.
    pub(crate) const QUICK: Self = Self {
        rounds: 5,
        length: Duration::from_millis(80),
    };
}

impl Side {
    fn turn(&mut self, length: Duration) -> io::Result<Turn> {
        self.ring.prepare(self.status)?;
        if let Some(scrape) = &mut self.scraped {
            scrape.prepare(200)?;
        }
        let (before, began) = (self.cpu(), now());
        if let Some(scrape) = &mut self.scraped {
            scrape.turn(Duration::ZERO, 200)?;
        }
        let answers = f64::from(self.ring.turn(length, self.status)?);
        let took = began.elapsed();
        Ok(Turn {
            cpu_micros: self.cpu().saturating_sub(before).as_secs_f64() * 1e6 / answers,
            per_second: answers / took.as_secs_f64(),
        })
    }

    fn cpu(&self) -> Duration {
        self.processes.iter().map(|process| process.cpu()).sum()
    }
}

impl Pair {
    pub(crate) fn new(name: &str, wanted: Option<f64>, ours: Side, bare: Side) -> Self {
        Self {
            name: name.to_owned(),
            wanted,
            least_turn: Duration::ZERO,
            ours,
            bare,
            turns: Vec::new(),
        }
    }

    /// Sets how long a turn lasts at least.
    pub(crate) fn lasting(mut self, least_turn: Duration) -> Self {
        self.least_turn = least_turn;
        self
    }

    fn round(&mut self, number: usize, length: Duration) -> io::Result<[Turn; 2]> {
        let length = length.max(self.least_turn);
        if number.is_multiple_of(2) {
            let ours = self.ours.turn(length)?;
            Ok([ours, self.bare.turn(length)?])
        } else {
            let bare = self.bare.turn(length)?;
            Ok([self.ours.turn(length)?, bare])
        }
    }

    /// The line of the table.
    pub(crate) fn line(&self) -> String {
        let column = |value: fn(&[Turn; 2]) -> f64| {
            let mut values: Vec<f64> = self.turns.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let median = |value| column(value)[self.turns.len() / 2];
        let ratios = column(|[ours, bare]| bare.cpu_micros / ours.cpu_micros);
        let last = ratios.len() - 1;
        let (low, high) = (ratios[last / 4], ratios[last - last / 4]);
        let wanted = self
            .wanted
            .map_or(String::new(), |goal| format!("≥ {goal:.2}"));
        format!(
            "| {} | {:.1} | {:.1} | {:.0} | {:.0} | **{:.2}** | {low:.2} to {high:.2} | {wanted} |",
            self.name,
            median(|[ours, _]| ours.cpu_micros),
            median(|[_, bare]| bare.cpu_micros),
            median(|[ours, _]| ours.per_second),
            median(|[_, bare]| bare.per_second),
            ratios[ratios.len() / 2],
        )
    }
}

/// Measures all pairs in rounds, after one that warms everything up.
pub(crate) fn measure(pairs: &mut [Pair], plan: Plan) -> io::Result<()> {
    for round in 0..=plan.rounds {
        for pair in &mut *pairs {
            let turns = pair
                .round(round, plan.length)
                .map_err(|error| io::Error::other(format!("{}: {error}", pair.name)))?;
            if round > 0 {
                pair.turns.push(turns);
            }
        }
    }
    Ok(())
}

/// The table of all pairs.
pub(crate) fn table(pairs: &[Pair]) -> String {
    let head = "| the lab beside the other | CPU µs per request | other's | requests/s | other's | other's CPU / the lab's \
                | middle half of the pairs | wanted |\n|---|---:|---:|---:|---:|---:|---:|---:|\n";
    let lines: Vec<String> = pairs.iter().map(Pair::line).collect();
    format!("{head}{}\n", lines.join("\n"))
}
