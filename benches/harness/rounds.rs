//! Rounds, which measure how long one operation takes while N threads use one object.
//!
//! The speed of a shared machine drifts by tens of per cent within seconds. So every row has a short turn in each of
//! many rounds, and its figure is the median over its turns: a drift affects all rows alike instead of the one that
//! was running. Turns in which another process took a core away are repeated, within bounds.
//!
//! Neither criterion nor divan can do this. Both finish one benchmark before they begin the next, so a ratio of two
//! rows compares two different moments. criterion runs one thread; its `iter_custom` would have to contain this
//! crate. divan has threads, but gives each a fixed number of operations, so the slower one ends its sample alone. It
//! also makes a sample about a hundred ticks of its timer long, which is less than it takes to wake a thread. Neither
//! returns its medians to the program, so no limit could be checked in the same run. Left out here are outliers,
//! confidence intervals, and a comparison with an earlier run.

use std::time::Duration;

use crate::results::{Figure, Results};
use crate::row::Row;
use crate::threads::Threads;
use crate::turn::Turn;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many undisturbed turns a figure is made of. Odd, so that a median is one of them.
    pub turns: usize,
    /// After how many rounds disturbed turns must do.
    pub rounds: usize,
    /// How long a turn is.
    pub length: Duration,
}

impl Plan {
    /// For figures: half a second to a second per figure.
    pub const MEASURE: Self = Self {
        turns: 15,
        rounds: 40,
        length: Duration::from_millis(25),
    };

    /// For seeing that every row works.
    pub const TRY: Self = Self {
        turns: 1,
        rounds: 1,
        length: Duration::from_millis(1),
    };
}

/// Measures all rows, in rounds.
pub fn measure(rows: &[Row], plan: Plan) -> Results {
    let mut turns = vec![[const { Vec::new() }; Threads::ALL.len()]; rows.len()];
    for _ in 0..plan.rounds {
        for (row, turns) in rows.iter().zip(&mut turns) {
            for (threads, turns) in Threads::ALL.into_iter().zip(turns) {
                if lacks(turns, plan) {
                    turns.push(Turn::take(row, threads.count(), plan.length));
                }
            }
        }
    }
    let figure = |turns| Figure::of(turns, plan.turns);
    let figures = turns.into_iter().map(|turns| turns.map(figure));
    Results::new(rows.iter().map(Row::name).zip(figures).collect())
}

fn lacks(turns: &[Turn], plan: Plan) -> bool {
    let undisturbed = turns.iter().filter(|turn| !turn.is_disturbed());
    undisturbed.count() < plan.turns
}
