//! What follows for the load?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use experiment::expectation::Known;
use experiment::load::{Choose, Phases, Point, Profile, Shape};

use super::{PORTS, above_zero, duration, loopback, observing};
use crate::cli::{LoadArgs, OutcomeArgs, ProfileArgs};
use crate::failure::Failure;
use crate::load::OutputPaths;
use crate::settings::{Alone, BaseUrl, File, LoadAlone, LoadRun, Named, Span};

/// Settles the load alone.
pub(crate) fn load_alone(args: LoadArgs, seed: u64) -> Result<Alone<LoadAlone>, Failure> {
    let file = File::read(args.common.config.as_deref())?;
    let seed = args.common.seed.or(file.seed).unwrap_or(seed);
    let targets = targets(args.target)?;
    let names: Vec<&str> = targets.iter().map(|target| &*target.name).collect();
    let mut load = file.load.clone();
    set(&mut load.rate, args.rate);
    set(&mut load.timeout, args.timeout);
    apply(&mut load, args.profile);
    let load = checked(load)?;
    load.check_targets(&names).map_err(Failure::usage)?;
    let run = run(args.outcome, &load.shape, &names)?;
    Ok(Alone {
        seed,
        duration: duration(&args.common, &file)?,
        observing: observing(args.observing, Some(args.sampling), &file)?,
        serving: None,
        part: LoadAlone { targets, load, run },
    })
}

/// Settles the load of the whole system.
pub(super) fn load_together(rate: Option<f64>, file: &File) -> Result<Profile, Failure> {
    let mut load = file.load.clone();
    set(&mut load.rate, rate);
    checked(load)
}

fn checked(mut load: Profile) -> Result<Profile, Failure> {
    if let Shape::Replay {
        file: Some(file),
        points,
    } = &mut load.shape
        && points.is_empty()
    {
        *points = replay(Path::new(file))?;
    }
    load.check().map_err(Failure::usage)?;
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
            return Err(Failure::usage(format!("--target {name} is given twice")));
        }
    }
    Ok(given)
}

fn set<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

fn apply(load: &mut Profile, args: ProfileArgs) {
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
    };
    for expectation in &args.assert {
        expectation.check(&known).map_err(Failure::usage)?;
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

/// Reads rows of `seconds,rate`. Empty rows and those that begin with `#` mean nothing, and the first
/// one may name the columns.
fn replay(path: &Path) -> Result<Vec<Point>, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;
    let mut points = Vec::new();
    for (number, row) in (1..).zip(text.lines()) {
        let row = row.trim();
        if row.is_empty() || row.starts_with('#') {
            continue;
        }
        let point = row.split_once(',').and_then(|(at, rate)| {
            let (at_s, rate) = (at.trim().parse().ok()?, rate.trim().parse().ok()?);
            Some(Point { at_s, rate })
        });
        match point {
            Some(point) => points.push(point),
            None if points.is_empty() && number == 1 => {}
            None => {
                return Err(Failure::usage(format!(
                    "{shown}:{number}: `{row}` is not allowed: it must be SECONDS,RATE"
                )));
            }
        }
    }
    Ok(points)
}
