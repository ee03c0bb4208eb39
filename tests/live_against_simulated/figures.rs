//! The figures that live and simulated runs are held against each other by, and how far apart they may lie.

use experiment::expectation::{Figure, Figures};
use experiment::result::Repetition;
use experiment::statistics::Summary;

use crate::runs::Pair;

/// A figure, and how far live and simulated runs may differ where both hardly differ from seed to seed: an opening
/// more in all, a hundredth of the time, 50 ms, five calls.
pub(crate) const COMPARED: [(&str, f64); 6] = [
    ("openings", 1.0),
    ("divergence_share", 0.01),
    ("detection_delay_p50", 0.05),
    ("recovery_delay_p50", 0.05),
    ("wasted_calls", 5.0),
    ("wrongly_rejected_calls", 5.0),
];

/// What chance may do: so many standard errors of a difference of means, by the spread of simulated runs, of which
/// there are enough to know it. With three scenarios and six figures one test in a thousand fails by chance alone.
const ERRORS: f64 = 4.0;
/// What the machine may do beyond that, as a share of the figure: answers take a few milliseconds more than the plan
/// says, on a machine that does other things, too, some take tens of them; an open period lasts some 1000 ms.
const MACHINE: f64 = 0.1;

/// The values of a figure, of the runs in which it was measured and did come.
pub(crate) fn values(runs: &[Repetition], figure: &str) -> Vec<f64> {
    let figure: Figure = figure.parse().expect("a figure of the catalogue");
    let values = runs.iter().filter_map(|run| run.value(&figure));
    values.filter(|value| value.is_finite()).collect()
}

/// What lies further apart than it may; nothing if all is well.
pub(crate) fn agree(pair: &Pair) -> Vec<String> {
    let name = &pair.name;
    let void = pair.live.iter().filter_map(|run| run.invalid.as_deref());
    let mut wrong: Vec<String> = void
        .map(|why| format!("{name}: a live run is void: {why}"))
        .collect();
    for (figure, least) in COMPARED {
        let live = Summary::of(&values(&pair.live, figure));
        let simulated = Summary::of(&values(&pair.simulated, figure));
        let (Some(live), Some(simulated)) = (live, simulated) else {
            wrong.push(format!(
                "{name}: {figure} was measured by one of the two at most"
            ));
            continue;
        };
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let spread = (1.0 / number(live.count) + 1.0 / number(simulated.count)).sqrt();
        let bound = ERRORS * simulated.sd * spread + MACHINE * simulated.mean.abs() + least;
        let apart = (live.mean - simulated.mean).abs();
        let said = format!(
            "{name}: {figure}: live {:.3} ± {:.3}, simulated {:.3} ± {:.3}, {apart:.3} apart of {bound:.3}",
            live.mean, live.sd, simulated.mean, simulated.sd
        );
        println!("{said}");
        if apart > bound {
            wrong.push(said);
        }
    }
    wrong
}
