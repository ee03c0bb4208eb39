//! The settings that follow from a scenario, as if they had been given by hand.

use std::collections::BTreeMap;

use experiment::scenario::Scenario;

use super::{Settings, read};
use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::settings::{
    BaseUrl, File, Instance, Observing, Page, Serving, Span, Together, Unreliable,
};
use crate::settle::{
    DRAIN_TIME_TOGETHER, PAGE_PORT, UNRELIABLE_PORT, loopback, observing, own_port, serving,
};
use crate::together::Show;

/// Instances that run live in one process.
const MAX_LIVE_INSTANCES: usize = 64;

/// Settles how a scenario is run.
pub(crate) fn settled(args: RunArgs) -> Result<Settings, Failure> {
    let source = read(&args.scenario, &args.set, args.seed)?;
    let size = source.scenario.instances().len();
    if size > MAX_LIVE_INSTANCES {
        return Err(Failure::usage(format!(
            "fleet: {size} instances are more than can be run live, up to {MAX_LIVE_INSTANCES}: write \
             `breaker-lab simulate {}`, which runs them in virtual time",
            args.scenario
        )));
    }
    let nothing = File::default();
    let show = if args.quiet {
        Show::Nothing
    } else if args.repeat > 1 {
        Show::Progress
    } else {
        Show::fitting(args.plain)
    };
    Ok(Settings {
        source,
        repeat: args.repeat,
        out: args.out,
        show,
        observing: observing(args.observing, Some(args.sampling), &nothing)?,
        serving: serving(args.serving, &nothing, DRAIN_TIME_TOGETHER)?,
    })
}

/// The whole system as a scenario wants it, on the usual ports where there are such.
pub(super) fn system(
    scenario: &Scenario,
    observing: &Observing,
    serving: &Serving,
) -> Result<Together, Failure> {
    let unreliable = Unreliable {
        listen: loopback(UNRELIABLE_PORT),
        control_listen: loopback(0),
        plan: scenario.faults().clone(),
    };
    let mut instances = BTreeMap::new();
    for (place, name) in scenario.instances().iter().enumerate() {
        let settled = Instance {
            listen: own_port(name).unwrap_or_else(|| loopback(0)),
            downstream: BaseUrl::of(unreliable.listen.0),
            call_timeout: scenario.call_timeout_of(name),
            breaker: scenario.breaker_of(name),
            config: scenario.config_of(place),
            mode: scenario.mode_of(name),
        };
        instances.insert(name.clone(), settled);
    }
    Ok(Together {
        seed: scenario.seed(),
        duration: Some(Span(scenario.duration())),
        observing: observing.clone(),
        lab: Page {
            listen: loopback(PAGE_PORT),
            chosen: false,
        },
        serving: serving.clone(),
        unreliable,
        load: scenario.load().clone(),
        instance: instances,
    })
}
