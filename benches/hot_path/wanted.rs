//! The targets for the breaker's speed: each figure against a multiple of another figure of the same run.

use benches::{Name, Results, Threads};

use crate::ours::OnClock;
use crate::{fleet, keyed, limits, ours, peers, tower_layer};

/// A figure that must not be exceeded: a multiple of another one.
struct Limit {
    factor: f64,
    of: Name,
    at: Threads,
}

impl Limit {
    const fn times(factor: f64, of: Name, at: Threads) -> Self {
        Self { factor, of, at }
    }
}

struct Wanted {
    row: Name,
    one: Limit,
    two: Option<Limit>,
}

/// What was measured against what was wanted, as a Markdown table.
pub(crate) fn table(results: &Results) -> String {
    let head = "| whose | what | one thread | two threads |\n|---|---|---|---|\n";
    let wanted = ours::CLOCKS.iter().flat_map(of_breaker);
    let lines = wanted
        .chain([of_fleet(), of_registry(), of_layer()])
        .map(|wanted| {
            let Wanted { row, one, two } = wanted;
            let one = verdict(results, row, Threads::One, &one);
            let two = two.map_or(String::new(), |two| {
                verdict(results, row, Threads::Two, &two)
            });
            format!("| {} | {} | {one} | {two} |\n", row.subject, row.case)
        });
    head.to_owned() + &lines.collect::<String>()
}

fn of_breaker(clock: &OnClock) -> [Wanted; 4] {
    use Threads::{One, Two};
    let row = |case| Name::new(clock.subject, case);
    let flat = |case| Some(Limit::times(1.2, row(case), One));
    [
        Wanted {
            row: row(ours::CONSECUTIVE),
            one: Limit::times(2.0, limits::OWN_WORD, One),
            two: Some(Limit::times(2.0, limits::ONE_WORD, Two)),
        },
        Wanted {
            row: row(ours::COUNT),
            one: Limit::times(1.0, peers::RECLOSER, One),
            two: Some(Limit::times(1.0 / 2.5, peers::RECLOSER, Two)),
        },
        Wanted {
            row: row(ours::TIME_SLOW),
            one: Limit::times(1.0, limits::NOW, One),
            two: flat(ours::TIME_SLOW),
        },
        Wanted {
            row: row(ours::OPEN),
            one: Limit::times(0.5, limits::NOW, One),
            two: flat(ours::OPEN),
        },
    ]
}

/// A fleet that has nothing to say costs at most 5 ns: 8 instead of 3 on the machine for which the limit was set.
fn of_fleet() -> Wanted {
    let alone = Name::new(ours::CLOCKS[0].subject, ours::CONSECUTIVE);
    Wanted {
        row: fleet::BOUND,
        one: Limit::times(8.0 / 3.0, alone, Threads::One),
        two: Some(Limit::times(1.2, fleet::BOUND, Threads::One)),
    }
}

/// The same key from two threads: they share a lock, a handle count and a success count.
fn of_registry() -> Wanted {
    Wanted {
        row: keyed::SAME,
        // 60 ns on the machine for which the limit was set.
        one: Limit::times(2.6, limits::NOW, Threads::One),
        two: Some(Limit::times(1.5, keyed::SAME, Threads::One)),
    }
}

fn of_layer() -> Wanted {
    Wanted {
        row: tower_layer::CLOSED,
        one: Limit::times(1.0 / 5.0, peers::TOWER_RESILIENCE, Threads::One),
        two: None,
    }
}

fn verdict(results: &Results, row: Name, threads: Threads, limit: &Limit) -> String {
    let measured = results.median_ns(row, threads);
    let other = results.median_ns(limit.of, limit.at);
    let (Some(measured), Some(other)) = (measured, other) else {
        return "not measured".to_owned();
    };
    let ratio = measured / other;
    let verdict = if ratio <= limit.factor {
        "met"
    } else {
        "missed"
    };
    let at = match limit.at {
        Threads::One => "",
        Threads::Two => ", two threads",
    };
    format!(
        "{ratio:.2} × {} ({}{at}); wanted {:.2}: {verdict}",
        limit.of.case, limit.of.subject, limit.factor
    )
}
