//! The load in a process of its own: plan, run, report, verdict.

use std::sync::Arc;
use std::time::Duration;

use experiment::load::{LoadResult, Profile, Shape};
use experiment::outcome::ClientOutcome;
use telemetry::{Telemetry, service_metrics};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::display::{Display, Voice};
use super::output::Outputs;
use super::{Generator, LOAD_SERVICE, LoadCollector, Record, plan_view, report};
use crate::failure::Failure;
use crate::serve::{Control, Listening, Routes, listen, router, serve};
use crate::settings::{Alone, LoadAlone, LoadRun, Serving};
use crate::shutdown::{Ending, Readers, Shutdown, Stop, end_of_run};

/// A scraper of the generator needs few connections.
const SCRAPE_CONNECTIONS: usize = 64;

/// Runs the load until the end, and reports what the clients saw.
pub(crate) async fn run(
    settings: Alone<LoadAlone>,
    telemetry: &Telemetry,
) -> Result<Ending, Failure> {
    let LoadAlone { targets, load, run } = settings.part;
    let names: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
    let until = settings.duration.map(|span| span.0);
    let voice = if run.output.take_standard_output() {
        Voice::Error
    } else {
        Voice::Output
    };
    if run.dry_run {
        dry_run(&run, &load, &names, settings.seed, until, voice)?;
        return Ok(Ending::now());
    }
    let mut outputs = Outputs::open(&run.output, &names)?;
    let listening = run
        .listen
        .map(|address| listen(address.0, "the load generator", "--listen"))
        .transpose()?;
    outputs.begin()?;
    if !run.quiet {
        voice.say(&greeting(&names, &load, settings.seed));
    }
    let record = Arc::new(Record::new(names, &run.phases));
    let generator = Generator::new(
        &targets,
        &load,
        settings.seed,
        run.phases.clone(),
        Arc::clone(&record),
    )
    .traced_by(telemetry.tracer(LOAD_SERVICE, LOAD_SERVICE));
    let (stop, shutdown) = Stop::new();
    let page = listening.map(|listening| {
        if !run.quiet {
            voice.say(&format!(
                "load generator on http://{}   /metrics",
                listening.address
            ));
        }
        show_metrics(listening, Arc::clone(&record), telemetry, shutdown.clone())
    });
    let task = tokio::spawn(generator.run(shutdown, until));
    let display = Display::new(voice, run.quiet);
    let (ending, result) = watch(task, &stop, &record, display, &mut outputs).await?;
    stop.begin();
    if let Some(page) = page {
        page.await.map_err(broken)?;
    }
    conclude(&run, result, voice, outputs).await?;
    Ok(ending)
}

/// Shows the plan, and writes it where that was asked for.
fn dry_run(
    run: &LoadRun,
    load: &Profile,
    names: &[String],
    seed: u64,
    until: Option<Duration>,
    voice: Voice,
) -> Result<(), Failure> {
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let refused = |flag: &str, why: &str| {
        let message = format!("{flag} is not allowed with --dry-run{why}");
        Err(Failure::usage(message))
    };
    let output = &run.output;
    for (flag, path) in [("--jsonl", &output.jsonl), ("--csv", &output.csv)] {
        if path.is_some() {
            return refused(flag, ": nothing is sent, so there are no seconds to write");
        }
    }
    let whole = match (&output.json, load.connections, until) {
        (None, _, _) => None,
        (Some(_), Some(_), _) => {
            let why = ": in a closed loop the answers decide when requests are sent";
            return refused("--json", why);
        }
        (Some(_), None, None) => {
            let why = " without --duration: the plan has no end; say with --duration how much of it to write";
            return refused("--json", why);
        }
        (Some(_), None, Some(until)) => Some(until),
    };
    let file = Outputs::open(output, &[])?;
    for line in plan_view::lines(load, &run.phases, &names, seed, until) {
        voice.say(&line);
    }
    match whole {
        None => Ok(()),
        Some(until) => {
            file.write_json(|out| plan_view::write(out, load, &run.phases, &names, seed, until))
        }
    }
}

/// Judges the result, shows it and writes it.
async fn conclude(
    run: &LoadRun,
    mut result: LoadResult,
    voice: Voice,
    outputs: Outputs,
) -> Result<(), Failure> {
    let expectations = run.expectations.iter();
    result.verdicts = expectations.map(|it| it.judge(&result)).collect();
    voice.say("");
    for line in report::lines(&result) {
        voice.say(&line);
    }
    // A result that cannot be written is bad, a run that means nothing is worse.
    let (written, verdict) = (outputs.finish(&result).await, verdict(run, &result));
    match verdict {
        Err(failure @ (Failure::Unreachable(_) | Failure::NotKept(_))) => {
            if let Err(unwritten) = written {
                tracing::error!(%unwritten, "the result is lost: it cannot be written");
            }
            Err(failure)
        }
        verdict => written.and(verdict),
    }
}

fn greeting(names: &[String], load: &experiment::load::Profile, seed: u64) -> String {
    let pace = match (load.connections, &load.shape) {
        (Some(connections), _) => format!("by {connections} clients in a closed loop"),
        (None, Shape::Constant {}) => format!("at {} requests per second", load.rate),
        (None, shape) => format!("in the shape {shape}"),
    };
    format!("load on {} {pace}, seed {seed}", names.join(", "))
}

/// Shows and writes each second until the generator has ended; a signal ends it early.
async fn watch(
    mut task: JoinHandle<LoadResult>,
    stop: &Stop,
    record: &Record,
    mut display: Display,
    outputs: &mut Outputs,
) -> Result<(Ending, LoadResult), Failure> {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    seconds.tick().await;
    let mut end = std::pin::pin!(end_of_run(None, Readers::Needed));
    let mut ending = None;
    let result = loop {
        tokio::select! {
            ended = &mut task => break ended.map_err(broken)?,
            asked = &mut end, if ending.is_none() => {
                ending = Some(asked);
                stop.begin();
            }
            _ = seconds.tick() => {
                let new = record.seconds_from(outputs.next());
                outputs.write_seconds(&new);
                display.show(record, &new);
            }
        }
    };
    display.clear();
    Ok((ending.unwrap_or_else(Ending::now), result))
}

fn show_metrics(
    listening: Listening,
    record: Arc<Record>,
    telemetry: &Telemetry,
    shutdown: Shutdown,
) -> JoinHandle<()> {
    let metrics = service_metrics(env!("CARGO_PKG_VERSION"));
    metrics
        .register(LoadCollector::new(record))
        .expect("each metric is registered once");
    telemetry.show_export(&metrics);
    let tracer = telemetry::trace::Tracer::default();
    let routes = router(Routes::new(metrics, Control::new(None), tracer));
    let settings = Serving {
        max_connections: SCRAPE_CONNECTIONS,
        control_token: None,
        drain_time: super::DRAIN_MARGIN,
    };
    tokio::spawn(async move { serve(listening, routes, &settings, shutdown).await })
}

/// The verdict on the run. The first problem makes later ones less important, so it is the one that is reported.
fn verdict(run: &LoadRun, result: &LoadResult) -> Result<(), Failure> {
    result
        .check()
        .map_err(|what| Failure::runtime(format!("{what}; this is a bug of the load generator")))?;
    let unreachable = result.unreachable();
    if !unreachable.is_empty() {
        return Err(Failure::Unreachable(format!(
            "never reached: {}; no connection succeeded in the whole run",
            unreachable.join(", ")
        )));
    }
    if let Some(shortfall) = result.shortfall() {
        return Err(Failure::NotKept(format!(
            "the load generator fell behind its plan: {shortfall}; the figures are void"
        )));
    }
    let failed = result
        .verdicts
        .iter()
        .filter(|verdict| !verdict.held)
        .count();
    if failed > 0 {
        return Err(Failure::Assertion(format!(
            "{failed} of {} expectations did not hold",
            run.expectations.len()
        )));
    }
    if result.cut_short && !run.expectations.is_empty() {
        return Err(Failure::Assertion(format!(
            "stopped {}: whether the expectations hold for the whole run is not known",
            stopped(result)
        )));
    }
    Ok(())
}

/// When a run was stopped that was cut short.
fn stopped(result: &LoadResult) -> String {
    let parts = result.targets.iter().flat_map(|target| &target.parts);
    let due: u64 = parts
        .map(|part| part.outcomes[ClientOutcome::Unfinished])
        .sum();
    match due {
        0 => format!("after {:.1} s, before its end", result.duration_s),
        1 => "while an answer was outstanding".to_owned(),
        due => format!("while {due} answers were outstanding"),
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::runtime(error.to_string())
}
