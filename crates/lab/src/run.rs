//! Runs of an experiment: a scenario file, once or several times, watched, judged and kept.
//!
//! A run is the same system as the lab shows, with the load, the faults and the breakers that the scenario
//! says. Beside it an observer notes the truth, so that what breakers believed can be held against it.

mod compare;
mod folder;
mod list;
mod machine;
pub(crate) mod report;
mod settled;
mod shipped;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use experiment::expectation::Verdict;
use experiment::result::{Performer, Repetition, RunResult, SCHEMA};
use experiment::scenario::Scenario;
use telemetry::Telemetry;

pub(crate) use compare::compare;
pub(crate) use list::{check, list};
pub(crate) use settled::settled;
pub(crate) use shipped::{Source, read};

use crate::failure::Failure;
use crate::print;
use crate::settings::{Observed, Observing, Span};
use crate::settle::Lab;
use crate::shutdown::{Ending, Readers, end_of_run};
use crate::together::{Course, Observer, Show, System, bind_anywhere, print_summary, url_table};
pub(crate) use folder::{Folder, unused};

/// What to run, and what to do with the result.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The scenarios; the first one, and those that are held against it.
    pub(crate) sources: Vec<Source>,
    pub(crate) repeat: u32,
    pub(crate) out: Option<PathBuf>,
    pub(crate) show: Show,
    pub(crate) lab: Lab,
}

impl Observed for Settings {
    fn observing(&self) -> &Observing {
        &self.lab.observing
    }
}

/// Runs the scenarios, prints what came of them and leaves a folder with the results.
///
/// Several scenarios take turns: each repetition runs all of them with the same seed, in the one order and then in
/// the other, so that neither a machine that grows slower nor the run before favours one of them.
pub(crate) async fn run(settings: Settings, telemetry: &Telemetry) -> Result<Ending, Failure> {
    let (path, mut entries) = entries(&settings)?;
    let several = entries.len() > 1;
    let turns = turns(settings.repeat, entries.len());
    let mut end = std::pin::pin!(end_of_run(None, Readers::Needed));
    let mut ending = None;
    for (turn, (number, place)) in (0..).zip(&turns) {
        let source = &settings.sources[*place];
        let seed = source.scenario.seed().wrapping_add((*number).into());
        let scenario = source.scenario.clone().with_seed(seed);
        let of = [turn, settings.repeat * count(&entries)];
        let run = repetition(&settings, &scenario, of, telemetry, end.as_mut()).await?;
        ending = run.ending;
        let entry = &mut entries[*place];
        if several {
            print::line(&format!("{}:", entry.name));
        }
        report::one(
            &run.repetition,
            *number,
            if several { of[1] } else { settings.repeat },
        );
        entry.result.repetitions.push(run.repetition);
        // Each ended run is kept at once: what comes later may be cut short.
        keep(&entry.folder, &entry.result)?;
        if ending.is_some() {
            break;
        }
    }
    if several {
        let done = entries
            .iter()
            .filter(|entry| !entry.result.repetitions.is_empty());
        let (names, results): (Vec<&str>, Vec<&RunResult>) =
            done.map(|entry| (&*entry.name, &entry.result)).unzip();
        print::line("");
        compare::show(&names, &results);
    } else {
        report::all(&entries[0].result);
    }
    print::line(&format!(
        "{} in {}",
        if several { "results" } else { "result" },
        path.display()
    ));
    entries.iter().try_for_each(|entry| judge(&entry.result))?;
    Ok(ending.unwrap_or_else(Ending::now))
}

/// One scenario of several, where its result is kept, and what came of it so far.
struct Entry {
    name: String,
    folder: Folder,
    result: RunResult,
}

/// The folder of all, and what is kept of each scenario: in the folder itself, or in one below it for each.
fn entries(settings: &Settings) -> Result<(PathBuf, Vec<Entry>), Failure> {
    let names = distinct(&settings.sources);
    let all = match (&settings.out, names.len()) {
        (Some(out), _) => out.clone(),
        (None, _) => unused(Path::new("runs"), &names.join("-vs-"))?,
    };
    let entries = names
        .into_iter()
        .zip(&settings.sources)
        .map(|(name, source)| {
            let path = if settings.sources.len() > 1 {
                all.join(&name)
            } else {
                all.clone()
            };
            let folder = Folder::prepare(Some(&path), &name)?;
            folder.write("scenario.toml", source.text.as_bytes())?;
            print::line(&format!("{name}: {}", source.scenario.title()));
            Ok(Entry {
                name,
                folder,
                result: begun(source),
            })
        });
    let entries = entries.collect::<Result<_, Failure>>()?;
    Ok((all, entries))
}

/// The names of the scenarios; one that is there again has its number.
fn distinct(sources: &[Source]) -> Vec<String> {
    let names = sources.iter().enumerate().map(|(place, source)| {
        let before = sources[..place]
            .iter()
            .filter(|it| it.name == source.name)
            .count();
        if before == 0 {
            source.name.clone()
        } else {
            format!("{}-{}", source.name, before + 1)
        }
    });
    names.collect()
}

/// Which repetition of which scenario comes when: in each all of them, in turns from the first and from the last.
fn turns(repeat: u32, scenarios: usize) -> Vec<(u32, usize)> {
    let turns = (0..repeat).flat_map(|number| {
        (0..scenarios).map(move |place| {
            let place = if number % 2 == 0 {
                place
            } else {
                scenarios - 1 - place
            };
            (number, place)
        })
    });
    turns.collect()
}

fn count(entries: &[Entry]) -> u32 {
    u32::try_from(entries.len()).unwrap_or(u32::MAX)
}

/// The result of a scenario of which nothing has been run yet.
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
    let text = serde_json::to_vec(result).map_err(|error| {
        Failure::runtime(format!("the result cannot be written as JSON: {error}"))
    })?;
    folder.write("result.json", &text)
}

/// One run, and whether the user ended it.
struct Run {
    repetition: Repetition,
    ending: Option<Ending>,
}

async fn repetition(
    settings: &Settings,
    scenario: &Scenario,
    [turn, of]: [u32; 2],
    telemetry: &Telemetry,
    end: std::pin::Pin<&mut impl Future<Output = Ending>>,
) -> Result<Run, Failure> {
    let duration = Some(Span(scenario.duration()));
    let together = settings.lab.perform(scenario, duration);
    let bound = bind_anywhere(&together)?;
    if settings.show.is_whole() {
        for line in url_table(&together, &bound) {
            print::line(&line);
        }
    }
    let course = Course {
        phases: scenario.phases().clone(),
        until: Some(scenario.duration()),
        unhealthy_at: scenario.unhealthy_at(),
        ends: Some(scenario.duration()),
        run: [turn + 1, of],
    };
    let (system, watched) = System::start(together, bound, telemetry, course);
    let watched = Arc::new(watched);
    // A task of its own: whoever shows the run, or waits for its end, may be slow.
    let observer = Observer::start(&watched);
    let ending = tokio::select! {
        ending = end => Some(ending),
        () = system.load_ended() => None,
        () = watched.show(settings.show, telemetry) => None,
    };
    // The last answers belong to the run: what the observer saw ends with them.
    let (load, (fleet, still)) = system.stop(|| observer.finish(&watched)).await?;
    let mut repetition = Repetition::new(Performer::Live, scenario.seed(), load, fleet);
    repetition.cut_short = ending.is_some();
    repetition.invalid = repetition.load.shortfall().or(still);
    repetition.judge(scenario.expectations());
    if settings.show.is_whole() {
        print_summary(&repetition, settings.show);
    }
    Ok(Run { repetition, ending })
}

/// Whether all of it may be believed, and held.
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
    let failed = |verdict: &&Verdict| !verdict.held;
    let failed = runs.iter().flat_map(|run| &run.verdicts).filter(failed);
    let failed: Vec<_> = failed.map(|verdict| &*verdict.expectation).collect();
    if let Some(first) = failed.first() {
        return Err(Failure::Assertion(format!(
            "{} did not hold, first: {first}",
            match failed.len() {
                1 => "an expectation".to_owned(),
                many => format!("{many} expectations"),
            }
        )));
    }
    if runs
        .iter()
        .any(|run| run.cut_short && !run.verdicts.is_empty())
    {
        return Err(Failure::Assertion(
            "a run was stopped before its time: whether the expectations hold for the whole run is not \
             known"
                .to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_take_turns_and_each_comes_first_as_often() {
        assert_eq!(
            turns(4, 2),
            [
                (0, 0),
                (0, 1),
                (1, 1),
                (1, 0),
                (2, 0),
                (2, 1),
                (3, 1),
                (3, 0)
            ]
        );
        assert_eq!(turns(3, 1), [(0, 0), (1, 0), (2, 0)]);
    }

    #[test]
    fn a_scenario_that_is_there_twice_has_two_names() {
        let read = |name: &str| read(name, &[], None).unwrap();
        let sources = ["flapping", "fast-fail", "flapping"].map(read);

        assert_eq!(distinct(&sources), ["flapping", "fast-fail", "flapping-2"]);
    }
}
