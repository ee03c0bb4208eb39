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
    let nothing = File::default();
    if let Some(interruption) = source.scenario.interruptions().next() {
        let name = &source.scenario.instances()[interruption.instance];
        return Err(Failure::usage(format!(
            "instance.{name}: live instances neither pause nor restart: write `breaker-lab simulate {}`, or \
             leave `pause` and `restart` out",
            args.scenario
        )));
    }
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
