//! One run of a scenario, beside the same seed without breakers if the health of the downstream follows the load.

use experiment::events::Events;
use experiment::result::{Counterfactual, Repetition};
use experiment::scenario::Scenario;

use crate::options::{Cancel, Options};
use crate::performance::{Performed, has_overload, judge, perform_by};

/// Carries a scenario out under virtual time with this seed, which is also that of its faults.
///
/// The run is the same on any machine. If the scenario has an overload model, breakers change the health with which
/// they are compared. So the run is made once more without breakers, and its truth is added (`counterfactual`). If
/// only the first of the two has ended before [`Cancel::cancel`](crate::Cancel::cancel), the repetition is
/// `cut_short` and has no counterfactual.
pub fn run(scenario: &Scenario, seed: u64, options: &Options) -> Repetition {
    run_telling(scenario, seed, options, None)
}

/// The same, telling each call and each transition to `events`; those of the run without breakers are not told.
pub fn run_telling(
    scenario: &Scenario,
    seed: u64,
    options: &Options,
    events: Option<&mut dyn Events>,
) -> Repetition {
    let scenario = scenario.clone().with_seed(seed);
    let mut repetition = perform_by(&scenario, options, events).repetition;
    if has_overload(&scenario) && !repetition.cut_short {
        let without = scenario.clone().without_breakers();
        let without = perform_by(&without, options, None).repetition;
        if without.cut_short {
            // A part of it says nothing beside the whole of the other one.
            repetition.cut_short = true;
        } else {
            repetition.counterfactual = Some(Counterfactual::of(&without));
            judge(&mut repetition, &scenario);
        }
    }
    repetition
}

/// Carries a scenario out under virtual time with its seed, with the digest of all events and what the run took.
///
/// `events` receives each call and each transition. The run has no counterfactual; see [`run`].
pub fn perform(scenario: &Scenario, cancel: &Cancel, events: Option<&mut dyn Events>) -> Performed {
    let options = Options {
        cancel: cancel.clone(),
        ..Options::default()
    };
    perform_by(scenario, &options, events)
}
