//! The scenarios of one run, each with its folder and its results so far.
//!
//! Several scenarios take turns: each repetition runs all of them with the same seed, and the order alternates
//! between repetitions, so that neither a machine that slows down nor the preceding run favours one of them.

use std::path::{Path, PathBuf};

use experiment::result::{Repetition, RunResult};

use super::{Folder, Settings, Source, begun, claimed, compare, judge, keep, keep_inputs, report};
use crate::failure::Failure;
use crate::print;

/// All scenarios of one run.
pub(super) struct Entries {
    /// The folder that holds them all.
    path: PathBuf,
    entries: Vec<Entry>,
}

/// One scenario.
struct Entry {
    name: String,
    folder: Folder,
    result: RunResult,
    /// Whether it has any expectations.
    expects: bool,
}

impl Entry {
    /// The runs that were not cut short.
    fn whole(&self) -> usize {
        let runs = self.result.repetitions.iter();
        runs.filter(|run| !run.cut_short).count()
    }
}

impl Entries {
    /// Makes the folder of the scenario; for several scenarios, a folder with one in it for each.
    pub(super) fn prepare(settings: &Settings) -> Result<Self, Failure> {
        let names = distinct(&settings.sources);
        let path = match &settings.out {
            Some(out) => out.clone(),
            None => claimed(Path::new("runs"), &names.join("-vs-"))?,
        };
        let several = names.len() > 1;
        let entries = names
            .into_iter()
            .zip(&settings.sources)
            .map(|(name, source)| {
                let path = if several {
                    path.join(&name)
                } else {
                    path.clone()
                };
                let folder = Folder::prepare(Some(&path), &name)?;
                keep_inputs(&folder, source)?;
                Ok(Entry {
                    name,
                    folder,
                    result: begun(source),
                    expects: !source.scenario.expectations().is_empty(),
                })
            });
        let entries = entries.collect::<Result<_, Failure>>()?;
        Ok(Self { path, entries })
    }

    /// Prints what is run.
    pub(super) fn introduce(&self, sources: &[Source]) {
        for (entry, source) in self.entries.iter().zip(sources) {
            print::sentence(&format!("{}: {}", entry.name, source.scenario.title()), 2);
        }
    }

    /// Stores a run at once, because later ones may be cut short, and prints its result.
    pub(super) fn keep(
        &mut self,
        place: usize,
        run: Repetition,
        [number, of]: [u32; 2],
    ) -> Result<(), Failure> {
        let several = self.entries.len() > 1;
        let entry = &mut self.entries[place];
        if several {
            print::line(&format!("{}:", entry.name));
        }
        report::one(&run, number, of);
        entry.result.repetitions.push(run);
        keep(&entry.folder, &entry.result)
    }

    /// Prints the results of all runs: the spread of a single scenario, or the comparison of several.
    pub(super) fn report(&self, repeat: u32) {
        if let [alone] = &*self.entries {
            report::all(&alone.result);
        } else {
            let ran = self
                .entries
                .iter()
                .filter(|entry| !entry.result.repetitions.is_empty());
            let (names, results): (Vec<&str>, Vec<&RunResult>) =
                ran.map(|entry| (&*entry.name, &entry.result)).unzip();
            print::line("");
            compare::show(&names, &results);
        }
        if let Some(stopped) = self.stopped(repeat) {
            print::sentence(&stopped, 2);
        }
        let result = if self.entries.len() > 1 {
            "results"
        } else {
            "result"
        };
        print::line(&format!("{result} in {}", self.path.display()));
    }

    /// Writes a report for each scenario with a completed run, and for several a page that compares them; prints where
    /// they are.
    pub(super) fn write_reports(&self) -> Result<(), Failure> {
        let ran = self
            .entries
            .iter()
            .filter(|entry| !entry.result.repetitions.is_empty());
        let ran: Vec<&Entry> = ran.collect();
        for entry in &ran {
            crate::report::write(entry.folder.path(), &entry.result)?;
        }
        if ran.len() < 2 {
            return Ok(());
        }
        let sides = ran.iter().map(|entry| (&*entry.name, &entry.result));
        let (names, results): (Vec<&str>, Vec<&RunResult>) = sides.unzip();
        compare::write(&self.path, &names, &results)
    }

    /// The progress of the scenarios when they were stopped.
    fn stopped(&self, repeat: u32) -> Option<String> {
        let whole: Vec<usize> = self.entries.iter().map(Entry::whole).collect();
        if whole.iter().all(|whole| *whole == repeat as usize) {
            return None;
        }
        let each = self.entries.iter().zip(whole);
        let each = each.map(|(entry, whole)| format!("{whole} of {repeat} of {}", entry.name));
        let each: Vec<String> = each.collect();
        Some(format!("stopped early; complete runs: {}", each.join(", ")))
    }

    /// Whether all of it can be trusted, and held; nothing is known about missing runs.
    pub(super) fn judge(&self, repeat: u32) -> Result<(), Failure> {
        self.entries
            .iter()
            .try_for_each(|entry| judge(&entry.result))?;
        let missing = |entry: &&Entry| entry.expects && entry.whole() < repeat as usize;
        match self.entries.iter().find(missing) {
            None => Ok(()),
            Some(entry) => Err(Failure::Assertion(format!(
                "stopped after {} of {repeat} runs of {}: whether the expectations hold for the others is not known",
                entry.whole(),
                entry.name
            ))),
        }
    }
}

/// The names of the scenarios; a repeated one gets a number.
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

/// The order of repetitions and scenarios, by their numbers from 0.
pub(super) fn turns(repeat: u32, scenarios: usize) -> Vec<(u32, usize)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::read;

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
        let sources =
            ["flapping", "fast-fail", "flapping"].map(|name| read(name, &[], None).unwrap());

        assert_eq!(distinct(&sources), ["flapping", "fast-fail", "flapping-2"]);
    }
}
