//! The agreement of live and simulated runs: how far apart their figures may be.

use experiment::statistics::Summary;

use crate::figures::{COMPARED, values};
use crate::runs::Pair;

/// The tolerance for chance: a number of standard errors of a difference of means, by the spread of simulated runs,
/// of which there are enough to know it. With three scenarios and six figures one test in a thousand fails by chance
/// alone.
const ERRORS: f64 = 4.0;
/// What the machine may do beyond that, as a share of the figure: answers take a few milliseconds more than the plan
/// says, on a machine that does other things, too, some take tens of them; an open period lasts some 1000 ms.
const MACHINE: f64 = 0.1;

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
