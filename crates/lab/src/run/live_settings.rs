//! The settings of a live run, which follow from its flags.

use experiment::scenario::{Scenario, Set};

use super::{Settings, Source, read};
use crate::cli::RunArgs;
use crate::cli::as_given;
use crate::failure::Failure;
use crate::settings::{Engine, File};
use crate::settle::{DRAIN_TIME_TOGETHER, Lab, observing, serving};
use crate::shipped::only_in_virtual_time;
use crate::together::Show;

/// The most instances that run live in one process.
const MAX_LIVE_INSTANCES: usize = 64;

/// Settles how scenarios are run.
pub(crate) fn settled(args: RunArgs) -> Result<Settings, Failure> {
    let (first, rest) = args
        .scenarios
        .split_first()
        .expect("at least one is required");
    let first = live(first, &args, args.changed.seed)?;
    // Those that are compared have the same seeds.
    let is_set = args.changed.set.iter().any(|set| set.path() == ["seed"]);
    let seed = (!is_set).then(|| first.scenario.seed());
    let rest = rest.iter().map(|asked| live(asked, &args, seed));
    let rest: Vec<Source> = rest.collect::<Result<_, Failure>>()?;
    let sources: Vec<Source> = std::iter::once(first).chain(rest).collect();
    if let (Some(events), [_, _, ..]) = (&args.result.events, &*sources) {
        return Err(Failure::usage(format!(
            "--events {} is not allowed with several scenarios, because its lines do not name the scenario: \
             run each scenario alone",
            events.display()
        )));
    }
    let nothing = File::default();
    let show = if args.changed.quiet {
        Show::Nothing
    } else if args.repeat > 1 || sources.len() > 1 {
        Show::Progress
    } else {
        Show::fitting(args.plain)
    };
    Ok(Settings {
        sources,
        repeat: args.repeat,
        out: args.result.out,
        events: args.result.events,
        show,
        opening: args.open.into(),
        lab: Lab::usual(
            observing(args.observing, Some(args.sampling), &nothing)?,
            serving(args.serving, &nothing, DRAIN_TIME_TOGETHER)?,
            args.engine.engine,
        ),
    })
}

/// A scenario that can be run live.
fn live(asked: &str, args: &RunArgs, seed: Option<u64>) -> Result<Source, Failure> {
    let mut source = read(asked, &args.changed.set, seed)?;
    let engine = args.engine.engine.as_ref();
    if engine.is_some_and(Engine::is_memory) && source.scenario.coordination().engine.is_gossip() {
        // What a scenario says about instances that gossip is not about an engine.
        let sets = with_engine(&args.changed.set, "memory")?;
        source = read(asked, &sets, seed)?;
    }
    let size = source.scenario.instances().len();
    if size > MAX_LIVE_INSTANCES {
        return Err(Failure::usage(format!(
            "fleet: {size} instances are not allowed in a live run, only up to {MAX_LIVE_INSTANCES}: write \
             `breaker-lab simulate {asked}`, which runs them in virtual time"
        )));
    }
    if let Some(interruption) = source.scenario.interruptions().next() {
        let name = &source.scenario.instances()[interruption.instance];
        return Err(Failure::usage(format!(
            "instance.{name}: live instances cannot pause or restart: write `breaker-lab simulate {asked}`, \
             or leave `pause` and `restart` out"
        )));
    }
    if let Some(what) = only_in_virtual_time(&source.scenario) {
        return Err(Failure::usage(format!(
            "{what} works only in virtual time: write `breaker-lab simulate {asked}`, or leave the key out"
        )));
    }
    check_engine(asked, &source.scenario, engine)?;
    Ok(source)
}

/// What is set, and the engine.
pub(crate) fn with_engine(sets: &[Set], engine: &str) -> Result<Vec<Set>, Failure> {
    if let Some(set) = sets
        .iter()
        .find(|it| it.path().join(".") == "coordination.engine")
    {
        return Err(Failure::usage(format!(
            "--set {set} is not allowed together with {}: leave one of the two out",
            as_given("--engine", engine)
        )));
    }
    let engine = Set::new("coordination.engine", engine).map_err(Failure::usage)?;
    Ok(sets.iter().cloned().chain([engine]).collect())
}

/// Checks that a requested engine is used.
pub(crate) fn check_use(scenario: &Scenario, engine: &Engine) -> Result<(), Failure> {
    if scenario.coordination().mode.is_local() {
        return Err(Failure::usage(format!(
            "{} has no effect while each instance decides for itself: add --set coordination.mode=quorum, or \
             leave the engine out",
            as_given("--engine", engine)
        )));
    }
    Ok(())
}

/// Nothing of the scenario is about an engine that it does not run on, and what is said can be carried out live.
fn check_engine(name: &str, scenario: &Scenario, asked: Option<&Engine>) -> Result<(), Failure> {
    if let Some(engine) = asked {
        check_use(scenario, engine)?;
    }
    let own = Engine::from(scenario.coordination().engine);
    let is_local = scenario.coordination().mode.is_local();
    let engine = asked.unwrap_or(&own);
    if engine.is_memory() || is_local {
        return Ok(());
    }
    let network = (!scenario.network().only_delays()).then_some("network");
    let plan = (!scenario.engine().faults.is_empty()).then_some("engine");
    let Some(section) = network.or(plan) else {
        return Ok(());
    };
    if !own.is_memory() {
        return Err(Failure::usage(format!(
            "[{section}]: these faults work only in virtual time with the engine gossip: write `breaker-lab \
             simulate {name}`, or remove them from the scenario"
        )));
    }
    Err(Failure::usage(format!(
        "[{section}]: these faults work only with the engine memory, not with {engine}: leave --engine out, \
         or remove them from the scenario"
    )))
}
