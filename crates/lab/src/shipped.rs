//! The scenarios that come with the lab. They are part of the program, so each can be run by name.

use std::path::{Path, PathBuf};

use experiment::load::Point;
use experiment::reading::{nearest, without_mark};
use experiment::scenario::{Place, Scenario, Set, blamed, set};

use crate::cli::as_given;
use crate::failure::Failure;
use crate::load::read_rates;

/// The text before each flag at the head of a scenario that was changed by flags.
pub(crate) const RUN_WITH: &str = "# Run with ";

/// A scenario and its source.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name for its results.
    pub(crate) name: String,
    /// The file as it is run: as it was written, except for the keys that were set.
    pub(crate) text: String,
    /// The scenario that it describes.
    pub(crate) scenario: Scenario,
    /// Where it was found; files that it names lie beside it.
    folder: PathBuf,
}

impl Source {
    /// The path of a file that the scenario names.
    pub(crate) fn beside(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The scenario with these keys set, and with the seed that it has here.
    ///
    /// # Errors
    ///
    /// What is wrong with the keys that were set.
    pub(crate) fn with_sets(&self, sets: &[Set]) -> Result<Scenario, String> {
        let changed = set(&self.text, sets)?;
        let scenario = Scenario::parse_with(&changed, |file| beside(&self.folder, file));
        let scenario = scenario.map_err(|what| blamed(sets, &what))?;
        Ok(scenario.with_seed(self.scenario.seed()))
    }
}

/// Reads the file of a replayed shape.
fn beside(folder: &Path, file: &str) -> Result<Vec<Point>, String> {
    read_rates(&folder.join(file)).map_err(|failure| failure.to_string())
}

macro_rules! shipped {
    ($($name:literal),* ; $($together:literal),* ; $($published:literal),* $(,)?) => {
        /// Names and texts, in the best order for reading.
        pub(crate) const SHIPPED: &[(&str, &str)] = &[$(
            ($name, include_str!(concat!("../../../scenarios/", $name, ".toml"))),
        )* $(
            ($together, include_str!(concat!("../../../scenarios/coordination/", $together, ".toml"))),
        )* $(
            ($published, include_str!(concat!("../../../scenarios/gedcb/", $published, ".toml"))),
        )*];

        /// The names of the scenarios that show coordination.
        pub(crate) const TOGETHER: &[&str] = &[$($together),*];
    };
}

shipped!(
    "divergence",
    "fast-fail",
    "flapping",
    "partial-degradation",
    "shared-bursts",
    "independent-bursts",
    "asymmetric",
    "sharded-downstream",
    "brown-out",
    "slow-death",
    "retry-storm",
    "retry-storm-without-breakers",
    "metastable",
    "metastable-without-breakers",
    "recovery-herd",
    "thresholds";
    "total-outage",
    "slow-failures",
    "trickle",
    "one-bad-instance",
    "four-bad",
    "six-bad",
    "shard-down",
    "shard-down-keyed",
    "half-of-the-shards-down",
    "steady-errors",
    "engine-lost-before",
    "engine-lost-while-open",
    "half-partitioned",
    "gossip-split",
    "slow-recovery",
    "flapping-downstream",
    "herd",
    "prober-crash",
    "lost-messages",
    "engine-flushed",
    "sick-clock",
    "rolling-restart",
    "scale-in",
    "retry-storm-shared";
    "gedcb-local",
    "gedcb-votes",
);

/// The parts of the scenario that the live lab cannot carry out, by their keys.
pub(crate) fn only_in_virtual_time(scenario: &Scenario) -> Option<String> {
    let name = |place: usize| &scenario.instances()[place];
    let leave = scenario.leaves().next();
    let leave = leave.map(|(place, _)| format!("instance.{}.leaves_at", name(place)));
    let step = || scenario.clock_steps().next();
    let step = || step().map(|(place, _)| format!("instance.{}.clock_step", name(place)));
    let throttles = scenario.policy().throttle().is_some();
    let policy = || throttles.then(|| format!("policy = {}", scenario.policy()));
    leave.or_else(step).or_else(policy)
}

/// The text of the shipped scenario of this name; `None` if there is none.
pub(crate) fn text_of(name: &str) -> &'static str {
    let found = SHIPPED.iter().find(|(known, _)| *known == name);
    found.map_or("", |(_, text)| text)
}

/// Reads and checks the scenario in a file, or the shipped one of this name, with these keys set and with this
/// seed, if there is one.
pub(crate) fn read(asked: &str, sets: &[Set], seed: Option<u64>) -> Result<Source, Failure> {
    if let (Some(seed), Some(set)) = (seed, sets.iter().find(|set| set.path() == ["seed"])) {
        return Err(Failure::usage(format!(
            "--set {set} is not allowed together with {}: leave one of the two out",
            as_given("--seed", seed)
        )));
    }
    let path = Path::new(asked);
    let known = SHIPPED.iter().find(|(name, _)| *name == asked);
    let (name, text) = match known {
        Some((name, text)) if !path.is_file() => ((*name).to_owned(), (*text).to_owned()),
        _ => (name_of(path), file(path, asked)?),
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let refused = |what: String| Failure::usage(format!("{asked}:{what}"));
    let changed = set(&text, sets).map_err(refused)?;
    contradiction(&changed, sets)?;
    let scenario = Scenario::parse_with(&changed, |file| beside(&folder, file));
    let scenario = scenario.map_err(|what| refused(blamed(sets, &what)))?;
    let scenario = match seed {
        Some(seed) => scenario.with_seed(seed),
        None => scenario,
    };
    Ok(Source {
        name,
        text: as_run(changed, sets, seed),
        scenario,
        folder,
    })
}

/// Refuses a key that is set to two values, and a key whose part was set before, because the first value would have
/// no effect. `changed` is the text in which all of them are set.
fn contradiction(changed: &str, sets: &[Set]) -> Result<(), Failure> {
    let places: Vec<Place> = sets.iter().map(|set| Place::of(changed, set)).collect();
    for (later, set) in sets.iter().enumerate() {
        let undone = (0..later).find(|first| {
            places[later].holds(&places[*first]) && sets[*first].value() != set.value()
        });
        if let Some(first) = undone {
            return Err(Failure::usage(format!(
                "--set {set} is not allowed after --set {}, which it would undo: leave one of the two out",
                sets[first]
            )));
        }
    }
    Ok(())
}

/// The text with the seed in it, and the changes at its head.
fn as_run(mut text: String, sets: &[Set], seed: Option<u64>) -> String {
    let mut flags: Vec<String> = sets.iter().map(|set| format!("--set {set}")).collect();
    if let Some(seed) = seed {
        flags.insert(0, format!("--seed {seed}"));
        // One above 2^63 − 1 stands in quotes, as TOML has no number so large.
        let with_seed = Set::new("seed", &seed.to_string()).and_then(|one| set(&text, &[one]));
        text = with_seed.unwrap_or(text);
    }
    let head = flags.iter().map(|flag| format!("{RUN_WITH}{flag}\n"));
    head.chain([text]).collect()
}

fn file(path: &Path, asked: &str) -> Result<String, Failure> {
    crate::file::read_text(path, crate::file::WRITTEN_BY_HAND).map_err(|error| {
        let names = || SHIPPED.iter().map(|(name, _)| *name);
        let hint = match nearest(asked, names()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`breaker-lab scenarios` lists those that come with the lab".to_owned(),
        };
        Failure::usage(format!(
            "cannot read the scenario `{asked}`: {error}; {hint}"
        ))
    })
}

/// `flapping` of `scenarios/flapping.toml`.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// The comment at the head of a scenario: its lesson.
pub(crate) fn lesson(text: &str) -> Vec<&str> {
    without_mark(text)
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .map(str::trim_start)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_scenario_is_valid_and_has_a_lesson() {
        for (name, text) in SHIPPED {
            let scenario = Scenario::parse(text);
            assert!(scenario.is_ok(), "{name}: {}", scenario.unwrap_err());
            assert!(lesson(text).len() >= 2, "{name} teaches something");
        }
    }

    #[test]
    fn every_file_in_the_folder_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
        let (together, published) = (format!("{folder}/coordination"), format!("{folder}/gedcb"));
        let files =
            [folder, &together, &published].map(|folder| std::fs::read_dir(folder).unwrap());
        let files = files.into_iter().flatten().map(|file| file.unwrap().path());
        let files = files.filter(|path| path.is_file());
        let mut files: Vec<String> = files.map(|path| name_of(&path)).collect();
        files.sort();
        let mut names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();

        assert_eq!(files, names);
    }
}
