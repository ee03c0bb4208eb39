//! The derivation of the load's settings.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use experiment::expectation::{Known, contradiction};
use experiment::load::{Choose, Detail, Phases, Profile, Shape, WrittenProfile, closed_loop};

use super::{PORTS, above_zero, check_name, duration, loopback, observing};
use crate::cli::{LoadArgs, OutcomeArgs, ProfileArgs};
use crate::failure::Failure;
use crate::load::read_rates;
use crate::settings::{Alone, BaseUrl, File, LoadAlone, LoadRun, Named, OutputPaths, Span};

/// The name of all targets together.
const ALL: &str = "all";

/// Settles the load alone.
pub(crate) fn load_alone(args: LoadArgs, seed: u64) -> Result<Alone<LoadAlone>, Failure> {
    let file = File::read(args.common.config.as_deref())?;
    let seed = args.common.seed.or(file.seed).unwrap_or(seed);
    let targets = targets(args.target)?;
    let names: Vec<&str> = targets.iter().map(|target| &*target.name).collect();
    let mut load = file.load.clone();
    let rate_asked = args.rate.is_some();
    set(&mut load.rate, args.rate);
    set(&mut load.timeout, args.timeout);
    apply(&mut load, args.profile);
    // A rate that happens to be the usual one was asked for all the same.
    if let Some(connections) = load.connections.filter(|_| rate_asked) {
        return Err(Failure::usage(closed_loop(connections, "rate")));
    }
    let load = Profile::try_from(replayed(load)?).map_err(Failure::usage)?;
    load.check_targets(&names).map_err(Failure::usage)?;
    let run = run(args.outcome, &load.shape, &names)?;
    let duration = duration(&args.common, &file)?;
    if let Some(duration) = duration {
        check_parts(&run.phases, duration)?;
    }
    Ok(Alone {
        seed,
        duration,
        observing: observing(args.observing, Some(args.sampling), &file)?,
        serving: None,
        part: LoadAlone { targets, load, run },
    })
}

/// The load of the whole system; its scenario checks it.
pub(super) fn load_together(rate: Option<f64>, file: &File) -> Result<WrittenProfile, Failure> {
    let mut load = file.load.clone();
    set(&mut load.rate, rate);
    replayed(load)
}

/// The same with the points of the file that a replayed shape names.
fn replayed(mut load: WrittenProfile) -> Result<WrittenProfile, Failure> {
    if let Shape::Replay {
        file: Some(file),
        points,
    } = &mut load.shape
        && points.is_empty()
    {
        *points = read_rates(Path::new(file))?;
    }
    Ok(load)
}

fn targets(given: Vec<Named<BaseUrl>>) -> Result<Vec<Named<BaseUrl>>, Failure> {
    if given.is_empty() {
        let all = PORTS.map(|(name, port)| Named {
            name: name.to_owned(),
            value: BaseUrl::of(loopback(port).0),
        });
        return Ok(all.into());
    }
    for (place, target) in given.iter().enumerate() {
        let name = &target.name;
        if given[..place].iter().any(|other| other.name == *name) {
            return Err(Failure::usage(format!(
                "--target {name} is given twice: write each name once"
            )));
        }
        check_name(name)?;
        if name == ALL {
            return Err(Failure::usage(format!(
                "--target {name} is not allowed, because the row of all targets has this name: write \
                 another one"
            )));
        }
    }
    Ok(given)
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

fn apply(load: &mut WrittenProfile, args: ProfileArgs) {
    set(&mut load.process, args.process);
    set(&mut load.shape, args.shape);
    load.connections = args.connections.or(load.connections);
    set(&mut load.choose, args.choose);
    if !args.weight.is_empty() {
        let weights = args.weight.into_iter();
        let weights: BTreeMap<_, _> = weights.map(|it| (it.name, it.value)).collect();
        load.choose = Choose::Weighted(weights);
    }
    set(&mut load.keys, args.keys);
    set(&mut load.key_skew, args.key_skew);
    set(&mut load.retries, args.retries);
    set(&mut load.max_connections, args.max_connections);
    set(&mut load.queue, args.queue);
    set(&mut load.path, args.path);
    set(&mut load.lateness_limit, args.lateness_limit);
    set(&mut load.shed_limit, args.shed_limit);
}

fn run(args: OutcomeArgs, shape: &Shape, targets: &[&str]) -> Result<LoadRun, Failure> {
    let warm_up = args.warm_up.map(|span| above_zero("warm_up", span));
    let warm_up = warm_up.transpose()?.unwrap_or(Span(Duration::ZERO));
    let windows = shape.phases().into_iter().chain(args.phase).collect();
    let phases = Phases::new(warm_up.0, windows).map_err(Failure::usage)?;
    let known = Known {
        targets: targets.to_vec(),
        phases: phases.names(),
        fleet: false,
        times_together: Detail::of(targets.len()) == Detail::Together,
    };
    for expectation in &args.assert {
        expectation.check(&known).map_err(Failure::usage)?;
    }
    if let Some(message) = contradiction(&args.assert) {
        return Err(Failure::usage(message));
    }
    Ok(LoadRun {
        phases,
        expectations: args.assert,
        output: OutputPaths {
            json: args.json,
            jsonl: args.jsonl,
            csv: args.csv,
        },
        quiet: args.quiet,
        dry_run: args.dry_run,
        listen: args.listen,
    })
}

/// What begins after the end was not meant.
fn check_parts(phases: &Phases, duration: Span) -> Result<(), Failure> {
    if phases.warm_up() >= duration.0 {
        return Err(Failure::usage(format!(
            "warm_up = {} is not allowed: it must be shorter than the duration, {duration}",
            Span(phases.warm_up())
        )));
    }
    let end = duration.0.as_secs_f64();
    match phases.windows().iter().find(|phase| phase.from_s >= end) {
        Some(phase) => Err(Failure::usage(format!(
            "phase {} is not allowed: it begins at {} s, and the run ends after {duration}",
            phase.name, phase.from_s
        ))),
        None => Ok(()),
    }
}
