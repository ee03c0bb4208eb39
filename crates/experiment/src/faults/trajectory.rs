//! The trajectory of a process: its state at an instant, as a function of seed and time, not of traffic.
//!
//! Time is cut into blocks of some two hundred rounds of the process. Each block begins in a state that is drawn from
//! the long-run distribution of the process, with the rest of a stay in that state. So any instant costs at most one
//! block to compute, however late it is and in whatever order instants are requested. The share of time in each state
//! is exact; one stay in some hundreds is cut short.

use std::time::Duration;

use crate::chance::Draw;
use crate::law::Law;

/// The number of rounds in a block.
const ROUNDS: f64 = 200.0;
/// The shortest stay, so that a block has an end.
const SHORTEST_MS: f64 = 0.1;

/// A process with states that a gate follows: how long each lasts, what follows, and how likely calls are hit.
#[derive(Clone, Debug, PartialEq)]
pub struct GateProcess {
    states: Vec<ProcessState>,
    /// The share of time in each state.
    shares: Vec<f64>,
    block_ms: f64,
    /// How long a key follows the same one of its own and the shared trajectory.
    slot_ms: f64,
}

/// A state of a process.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProcessState {
    pub(super) name: String,
    /// How long a stay in it lasts.
    pub(super) dwell: Law,
    /// The probability that a call is hit in it.
    pub(super) p: f64,
    /// The weights of the states that may follow, in the order of all states.
    pub(super) next: Vec<f64>,
}

/// The state of a trajectory at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Visit {
    pub(super) state: usize,
    /// Since when it has been in that state, in milliseconds.
    pub(super) since_ms: f64,
}

/// One run of a process, with the place where it was last read.
#[derive(Clone, Debug)]
pub(super) struct Trajectory {
    draw: Draw,
    at: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    block: u64,
    step: u64,
    state: usize,
    from_ms: f64,
    until_ms: f64,
}

impl GateProcess {
    /// The process with these states: at least one, and each can be reached from every other.
    pub(super) fn of(states: Vec<ProcessState>) -> Self {
        let visits = visits(&states);
        let times = states.iter().zip(&visits);
        let times: Vec<f64> = times.map(|(state, v)| state.dwell.mean() * v).collect();
        let per_visit: f64 = times.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a handful of states")]
        let round = per_visit * states.len() as f64;
        Self {
            shares: times.iter().map(|time| time / per_visit).collect(),
            block_ms: round * ROUNDS,
            slot_ms: round,
            states,
        }
    }

    pub(super) fn p(&self, state: usize) -> f64 {
        self.states[state].p
    }

    pub(super) fn name(&self, state: usize) -> &str {
        &self.states[state].name
    }

    /// The number of the slot in which one trajectory is followed.
    pub(super) fn slot(&self, now: Duration) -> u64 {
        whole(millis(now) / self.slot_ms)
    }

    /// When the next slot begins.
    pub(super) fn next_slot(&self, now: Duration) -> Duration {
        let slot = self.slot(now);
        #[expect(clippy::cast_precision_loss, reason = "slots are few")]
        let begins_ms = (slot as f64 + 1.0) * self.slot_ms;
        first_after(now, begins_ms, |at| self.slot(at) > slot)
    }

    fn begin(&self, draw: Draw, block: u64) -> Place {
        let draw = draw.number(block).with("begin");
        let state = choose(&self.shares, draw.with("state").share());
        let dwell = &self.states[state].dwell;
        let left = dwell.residual(draw.with("dwell").share(), draw.with("part").share());
        #[expect(clippy::cast_precision_loss, reason = "blocks are few")]
        let from_ms = block as f64 * self.block_ms;
        Place {
            block,
            step: 0,
            state,
            from_ms,
            until_ms: from_ms + left.max(SHORTEST_MS),
        }
    }

    fn next(&self, draw: Draw, place: Place) -> Place {
        let draw = draw.number(place.block).number(place.step);
        let state = choose(&self.states[place.state].next, draw.with("state").share());
        let dwell = self.states[state].dwell.sample(draw.with("dwell").share());
        Place {
            block: place.block,
            step: place.step + 1,
            state,
            from_ms: place.until_ms,
            until_ms: place.until_ms + dwell.max(SHORTEST_MS),
        }
    }
}

impl Trajectory {
    pub(super) fn new(draw: Draw) -> Self {
        Self { draw, at: None }
    }

    /// Its state at `now`.
    pub(super) fn at(&mut self, process: &GateProcess, now: Duration) -> Visit {
        let now = millis(now);
        let block = whole(now / process.block_ms);
        let mut place = self
            .at
            .filter(|place| place.block == block && place.from_ms <= now)
            .unwrap_or_else(|| process.begin(self.draw, block));
        // The last comparison ends the walk where an instant is beyond what a float can tell apart.
        while place.until_ms <= now && place.until_ms > place.from_ms {
            place = process.next(self.draw, place);
        }
        self.at = Some(place);
        Visit {
            state: place.state,
            since_ms: place.from_ms,
        }
    }

    /// When its state next changes after `now`.
    pub(super) fn next_change(&mut self, process: &GateProcess, now: Duration) -> Duration {
        self.at(process, now);
        let Some(place) = self.at else {
            return now;
        };
        #[expect(clippy::cast_precision_loss, reason = "blocks are few")]
        let block_ms = (place.block as f64 + 1.0) * process.block_ms;
        let about = place.until_ms.min(block_ms);
        first_after(now, about, |at| {
            let at = millis(at);
            place.until_ms <= at || whole(at / process.block_ms) > place.block
        })
    }
}

/// The first instant after `now`, near `about_ms`, at which something has changed for good.
///
/// It is exact to the nanosecond as long as a float can tell such instants apart.
fn first_after(now: Duration, about_ms: f64, changed: impl Fn(Duration) -> bool) -> Duration {
    const TICK: Duration = Duration::from_nanos(1);
    const MANY: u32 = 1000;
    let next = now.saturating_add(TICK);
    let about = Duration::try_from_secs_f64(about_ms / 1000.0).unwrap_or(Duration::MAX);
    let mut at = about.max(next);
    for _ in 0..MANY {
        if at == next || !changed(at.saturating_sub(TICK)) {
            break;
        }
        at -= TICK;
    }
    for _ in 0..MANY {
        if changed(at) {
            break;
        }
        at = at.saturating_add(TICK);
    }
    at
}

/// How often each state is visited in the long run: the fixed point of the chain, solved as a linear system (Gauss,
/// with the largest pivot).
fn visits(states: &[ProcessState]) -> Vec<f64> {
    let count = states.len();
    // Of each state: what comes in from all others less what goes out; the last row says that all is one.
    let mut rows = vec![vec![0.0; count + 1]; count];
    for (from, state) in states.iter().enumerate() {
        let whole: f64 = state.next.iter().sum();
        for (to, weight) in state.next.iter().enumerate() {
            rows[to][from] += weight / whole;
        }
        rows[from][from] -= 1.0;
    }
    rows[count - 1] = vec![1.0; count + 1];
    for column in 0..count {
        let best = (column..count).max_by(|&a, &b| {
            let size = |row: usize| f64::abs(rows[row][column]);
            size(a).total_cmp(&size(b))
        });
        rows.swap(column, best.unwrap_or(column));
        let pivot = rows[column][column];
        if pivot.abs() < 1e-12 {
            return walked(states);
        }
        for value in &mut rows[column] {
            *value /= pivot;
        }
        let solved = rows[column].clone();
        for (place, row) in rows.iter_mut().enumerate() {
            let times = row[column];
            if place != column && times != 0.0 {
                for (value, part) in row.iter_mut().zip(&solved) {
                    *value -= times * part;
                }
            }
        }
    }
    rows.iter().map(|row| row[count].max(0.0)).collect()
}

/// The same for a chain whose states fall apart: where a walk from any state is after a long time. Staying half of
/// the time changes no fixed point, and makes chains that alternate converge.
fn walked(states: &[ProcessState]) -> Vec<f64> {
    let mut now = vec![1.0; states.len()];
    for _ in 0..2000 {
        let mut then: Vec<f64> = now.iter().map(|share| share / 2.0).collect();
        for (state, share) in states.iter().zip(&now) {
            let whole: f64 = state.next.iter().sum();
            for (next, weight) in then.iter_mut().zip(&state.next) {
                *next += share * weight / whole / 2.0;
            }
        }
        now = then;
    }
    let whole: f64 = now.iter().sum();
    now.iter().map(|share| share / whole).collect()
}

fn choose(weights: &[f64], luck: f64) -> usize {
    let mut left = luck * weights.iter().sum::<f64>();
    let chosen = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    chosen.unwrap_or(weights.len() - 1)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative; saturates"
)]
fn whole(number: f64) -> u64 {
    number as u64
}
