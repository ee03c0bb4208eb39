//! Settings of a live run, which follow from its flags.

use super::{Settings, read};
use crate::cli::RunArgs;
use crate::failure::Failure;
use crate::settings::File;
use crate::settle::{DRAIN_TIME_TOGETHER, Lab, observing, serving};
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
    if let Some(one) = source.scenario.interruptions().next() {
        let (name, what) = (
            &source.scenario.instances()[one.instance],
            if one.restarts { "restart" } else { "pause" },
        );
        return Err(Failure::usage(format!(
            "instance.{name}.{what}: the instances of a live run share one process, which can neither stand still nor \
             end for one of them: write `breaker-lab simulate {}`, which performs it in virtual time",
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
        events: args.events,
        show,
        lab: Lab::usual(
            observing(args.observing, Some(args.sampling), &nothing)?,
            serving(args.serving, &nothing, DRAIN_TIME_TOGETHER)?,
        ),
    })
}
