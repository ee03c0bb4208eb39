//! The runs of an experiment: a scenario file, performed once or several times, watched, judged and kept.
//!
//! A run is the same system that the lab shows, with the load, the faults and the breakers of the scenario. In
//! addition, an observer records the truth, with which the belief of the breakers is compared.

mod compare;
mod entries;
mod folder;
mod inputs;
mod list;
mod live_settings;
mod machine;
pub(crate) mod report;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use experiment::expectation::ExpectationVerdict;
use experiment::result::{Performer, Repetition, RunResult, SCHEMA};
use experiment::scenario::Scenario;
use telemetry::Telemetry;

pub(crate) use crate::shipped::{RUN_WITH, Source, TOGETHER, read, text_of};
pub(crate) use compare::{compare, each_once};
pub(crate) use list::{check, list};
pub(crate) use live_settings::{check_use, settled, with_engine};
pub(crate) use machine::commit;

use entries::{Entries, turns};

use crate::browser::Opening;
use crate::event_table::EventTable;
use crate::failure::Failure;
use crate::print;
use crate::settings::{Observing, Span};
use crate::settle::Lab;
use crate::shutdown::{Ending, Readers, end_of_run};
use crate::together::{
    Course, EventWriter, Observer, Show, System, Tap, bind_anywhere, engines, print_summary,
    url_table,
};
pub(crate) use folder::{Folder, claimed, places};
pub(crate) use inputs::keep_inputs;

/// What to run, and what to do with the result.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The scenarios: the first one, and those that are compared with it.
    pub(crate) sources: Vec<Source>,
    pub(crate) repeat: u32,
    pub(crate) out: Option<PathBuf>,
    pub(crate) events: Option<PathBuf>,
    pub(crate) show: Show,
    pub(crate) opening: Opening,
    pub(crate) lab: Lab,
}

impl AsRef<Observing> for Settings {
    fn as_ref(&self) -> &Observing {
        &self.lab.observing
    }
}

/// Runs the scenarios, prints the results and leaves a folder with them. Several scenarios take turns and are
/// compared.
pub(crate) async fn run(settings: Settings, telemetry: &Telemetry) -> Result<Ending, Failure> {
    // All that may be refused is refused before anything is made.
    let mut table = opened(settings.events.as_deref(), settings.out.as_deref())?;
    let mut entries = Entries::prepare(&settings)?;
    entries.introduce(&settings.sources);
    let turns = turns(settings.repeat, settings.sources.len());
    let of = u32::try_from(turns.len()).unwrap_or(u32::MAX);
    let mut end = std::pin::pin!(end_of_run(None, Readers::Needed));
    let mut ending = None;
    for (turn, (number, place)) in (1..).zip(turns) {
        let source = &settings.sources[place];
        let seed = source.scenario.seed().wrapping_add(number.into());
        let scenario = source.scenario.clone().with_seed(seed);
        let turn = Turn {
            place: [turn, of],
            telemetry,
            table: table.take(),
        };
        let run = repetition(&settings, &scenario, turn, end.as_mut()).await?;
        ending = run.ending;
        entries.keep(place, run.repetition, [number, settings.repeat])?;
        table = run.table?;
        if ending.is_some() {
            break;
        }
    }
    let written = table.map_or(Ok(()), EventTable::finish);
    entries.report(settings.repeat);
    let written = written.and(entries.write_reports());
    both(written, entries.judge(settings.repeat))?;
    Ok(ending.unwrap_or_else(Ending::now))
}

/// The table of events, if one was requested, which is checked to be writable.
pub(crate) fn opened(
    events: Option<&Path>,
    out: Option<&Path>,
) -> Result<Option<EventTable>, Failure> {
    let taken = out.map(places).unwrap_or_default();
    let table = events.map(|path| EventTable::open(path, &taken));
    table.transpose()
}

/// The results of writing the events and the report, and of the judgement. The result is kept whatever became of
/// these. If several failed, all failures are reported, and the judgement decides the exit status.
pub(crate) fn both(
    written: Result<(), Failure>,
    judged: Result<(), Failure>,
) -> Result<(), Failure> {
    if let (Err(written), Err(_)) = (&written, &judged) {
        print::error(&format!("breaker-lab: {written}"));
    }
    judged.and(written)
}

/// The result of a scenario that has not been run yet.
pub(crate) fn begun(source: &Source) -> RunResult {
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: source.name.clone(),
        title: source.scenario.title().to_owned(),
        started_unix_s: telemetry::unix_now(),
        versions: machine::versions(),
        machine: machine::machine(),
        repetitions: Vec::new(),
    }
}

/// Writes the result as it is so far.
pub(crate) fn keep(folder: &Folder, result: &RunResult) -> Result<(), Failure> {
    folder.write_with("result.json", |to| {
        serde_json::to_writer(to, result).map_err(io::Error::from)
    })
}

/// Which run it is, and the destination of its events.
struct Turn<'a> {
    /// Its number, from 1, and that of the last run.
    place: [u32; 2],
    telemetry: &'a Telemetry,
    table: Option<EventTable>,
}

/// One run, whether the user ended it, and the result of writing its events.
struct Run {
    repetition: Repetition,
    ending: Option<Ending>,
    table: Result<Option<EventTable>, Failure>,
}

async fn repetition(
    settings: &Settings,
    scenario: &Scenario,
    turn: Turn<'_>,
    end: std::pin::Pin<&mut impl Future<Output = Ending>>,
) -> Result<Run, Failure> {
    let duration = Some(Span(scenario.duration()));
    let together = settings.lab.perform(scenario, duration);
    let bound = bind_anywhere(&together)?;
    let engines = engines(&together).await?;
    if settings.show.is_whole() {
        for line in url_table(&together, &bound, engines.as_ref()) {
            print::line(&line);
        }
    }
    let page = bound.page();
    let events = turn.table.map(|table| (Tap::open(), table));
    let course = Course {
        phases: scenario.phases().clone(),
        until: Some(scenario.duration()),
        unhealthy_at: scenario.unhealthy_at(),
        ends: Some(scenario.duration()),
        run: turn.place,
        events: events.as_ref().map(|((tap, _), _)| tap.clone()),
    };
    let (system, watched) = System::start(together, (bound, engines), turn.telemetry, course);
    if turn.place[0] == 1 {
        settings.opening.of_page(page);
    }
    let watched = Arc::new(watched);
    let writer = events.map(|((tap, flow), table)| EventWriter::start(tap, flow, &watched, table));
    // A task of its own, because the display of the run, or the wait for its end, may be slow.
    let observer = Observer::start(&watched);
    let ending = tokio::select! {
        ending = end => Some(ending),
        () = system.load_ended() => None,
        () = watched.show(settings.show, turn.telemetry) => None,
    };
    // The last answers belong to the run: what the observer saw ends with them.
    let (load, seen) = system.stop(|| observer.finish(&watched)).await?;
    let mut repetition = Repetition::new(Performer::Live, scenario.seed(), load, seen.fleet);
    repetition.coordination = seen.coordination;
    repetition.orders = seen.orders;
    repetition.cut_short = ending.is_some();
    repetition.invalid = repetition.load.shortfall().or(seen.void);
    repetition.judge(scenario.expectations());
    if settings.show.is_whole() {
        print_summary(&repetition, settings.show);
    }
    let table = writer.map(EventWriter::finish).transpose();
    Ok(Run {
        repetition,
        ending,
        table,
    })
}

/// Whether all of it can be trusted, and held.
pub(crate) fn judge(result: &RunResult) -> Result<(), Failure> {
    let runs = &result.repetitions;
    if let Some(name) = runs
        .iter()
        .find_map(|run| run.load.unreachable().first().copied())
    {
        return Err(Failure::Unreachable(format!(
            "instance {name} was never reached"
        )));
    }
    if let Some(why) = runs.iter().find_map(|run| run.invalid.as_ref()) {
        return Err(Failure::NotKept(why.clone()));
    }
    // What failed in a part of a run might have held in all of it.
    let whole = runs.iter().filter(|run| !run.cut_short);
    let failed = |verdict: &&ExpectationVerdict| !verdict.held;
    let failed = whole.flat_map(|run| &run.verdicts).filter(failed);
    let failed: Vec<_> = failed.map(|verdict| &*verdict.expectation).collect();
    if let Some(first) = failed.first() {
        return Err(Failure::Assertion(match failed.len() {
            1 => format!("an expectation did not hold: {first}"),
            many => format!("{many} expectations did not hold, first: {first}"),
        }));
    }
    if runs
        .iter()
        .any(|run| run.cut_short && !run.verdicts.is_empty())
    {
        return Err(Failure::Assertion(
            "a run was stopped before its end: whether the expectations hold for the whole run is not known"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two runs of a scenario that expects what cannot be; the places say which were cut short.
    fn judged(cut_short: &[usize]) -> String {
        let set = "expectations=[\"ok_ratio > 0.999\"]".parse().unwrap();
        let source = read("fast-fail", &[set], None).unwrap();
        let mut result = begun(&source);
        let options = simulator::Options::default();
        let runs = [1, 2].map(|seed| simulator::run(&source.scenario, seed, &options));
        result.repetitions = runs.into();
        for place in cut_short {
            result.repetitions[*place].cut_short = true;
        }
        judge(&result).unwrap_err().to_string()
    }

    #[test]
    fn an_expectation_fails_in_whole_runs_only() {
        let said = judged(&[0, 1]);
        assert!(said.contains("stopped before its end"), "{said}");

        // The other run is proof enough.
        let said = judged(&[0]);
        assert!(said.starts_with("an expectation did not hold"), "{said}");
        let said = judged(&[]);
        assert!(said.starts_with("2 expectations did not hold"), "{said}");
    }
}
