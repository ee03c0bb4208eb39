//! Live and simulated runs of one scenario.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use end_to_end::{Process, empty_folder, repository};
use experiment::result::{Repetition, RunResult};
use experiment::scenario::{Scenario, Set};
use simulator::{Options, many};

/// One scenario, performed both ways.
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) live: Vec<Repetition>,
    pub(crate) simulated: Vec<Repetition>,
}

impl Pair {
    /// Performs a shipped scenario, with these keys set to other values, live with the first seeds and simulated
    /// with more of them.
    pub(crate) async fn of(name: &str, sets: &[&str], live: u32, simulated: u64) -> Self {
        let file = repository().join(format!("scenarios/{name}.toml"));
        let text = std::fs::read_to_string(file).expect("the scenario is shipped");
        Self::of_text(name, &text, sets, live, simulated).await
    }

    /// The same for the text of a scenario.
    pub(crate) async fn of_text(
        name: &str,
        text: &str,
        sets: &[&str],
        live: u32,
        simulated: u64,
    ) -> Self {
        let parsed = sets
            .iter()
            .map(|set| set.parse::<Set>().expect("a key and a value"));
        let parsed: Vec<Set> = parsed.collect();
        let scenario = Scenario::parse_with_sets(text, &parsed).expect("a scenario");
        let limit = scenario.duration() * live * 2 + Duration::from_secs(60);
        // Those of coordination have a folder of their own.
        let name = name.rsplit('/').next().unwrap_or(name);
        let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), &format!("live-{name}"));
        let file = folder.join(format!("{name}.toml"));
        std::fs::write(&file, text).expect("the scenario can be written");
        let out = folder.join("out");
        let repeat = live.to_string();
        let plain = |path: &Path| path.to_str().expect("paths of tests are plain").to_owned();
        let (file, out_text) = (plain(&file), plain(&out));
        let mut arguments = vec![
            "run", &file, "--repeat", &repeat, "--out", &out_text, "--quiet",
        ];
        arguments.extend(sets.iter().flat_map(|set| ["--set", set]));

        // Whether the expectations held is no matter here: the scenario was cut short.
        let ended = Process::start(&arguments).ended(limit).await;

        let bytes = std::fs::read(out.join("result.json"));
        let bytes = bytes.unwrap_or_else(|error| panic!("{name}: {error}: {ended:#?}"));
        let result = RunResult::parse(&bytes).expect("the lab writes what it can read");
        Self {
            name: name.to_owned(),
            live: result.repetitions,
            simulated: simulate(&scenario, simulated).await,
        }
    }
}

async fn simulate(scenario: &Scenario, runs: u64) -> Vec<Repetition> {
    let scenario = scenario.clone();
    let runs = tokio::task::spawn_blocking(move || {
        let seeds: Vec<u64> = (scenario.seed()..)
            .take(usize::try_from(runs).unwrap_or(1))
            .collect();
        many(
            &scenario,
            &seeds,
            NonZeroUsize::MIN,
            &Options::default(),
            |_| {},
        )
    });
    runs.await.expect("the simulator does not panic")
}
