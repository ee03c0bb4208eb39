//! Shares of the time, which count the time in which load was offered and not the wait for its last answers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use experiment::comparison::{Comparison, LEVEL};
use experiment::expectation::{Figure, Figures};
use experiment::result::{Machine, Repetition, RunResult, SCHEMA, Versions};
use experiment::scenario::Scenario;
use simulator::{Options, run};

/// Healthy for a half, and then calls that hang: as long as an instance waits for them.
fn performed(duration: &str, call_timeout: &str, seed: u64) -> Repetition {
    let text = format!(
        r#"
        title = "hangs"
        duration = "{duration}"
        [fleet]
        call_timeout = "{call_timeout}"
        [load]
        rate = 90
        process = "constant"
        timeout = "20s"
        [faults]
        loop = true
        phases = [
          {{ name = "good", for = "5s" }},
          {{ name = "bad", for = "5s", hang_ratio = 1, hang = "30s" }},
        ]
        "#
    );
    let scenario = Scenario::parse(&text).unwrap().with_seed(seed);
    run(&scenario, seed, &Options::default())
}

fn value(run: &Repetition, figure: &str) -> f64 {
    let figure: Figure = figure.parse().unwrap();
    run.value(&figure).unwrap()
}

fn result(repetitions: Vec<Repetition>) -> RunResult {
    RunResult {
        schema: SCHEMA.to_owned(),
        scenario: "hangs".to_owned(),
        title: "calls that hang".to_owned(),
        started_unix_s: 0.0,
        versions: Versions {
            breaker_lab: "0.1.0".to_owned(),
            build: "release".to_owned(),
            commit: None,
        },
        machine: Machine {
            os: "any".to_owned(),
            arch: "any".to_owned(),
            cpu: None,
            cores: 2,
            load: None,
        },
        repetitions,
    }
}

#[test]
fn shares_of_the_time_do_not_depend_on_how_long_the_last_answers_take() {
    for call_timeout in ["200ms", "1s", "8s", "15s"] {
        let run = performed("10s", call_timeout, 1);

        assert!((run.fleet.duration_s - 10.0).abs() < 1e-6, "{call_timeout}");
        let unhealthy = value(&run, "unhealthy_share");
        assert!(
            (unhealthy - 0.5).abs() < 1e-6,
            "{call_timeout}: {unhealthy}"
        );
        let parts = ["closed_share", "open_share", "half_open_share"];
        let whole: f64 = parts.iter().map(|it| value(&run, it)).sum();
        assert!((whole - 1.0).abs() < 1e-6, "{call_timeout}: {whole}");
        let last = run.fleet.phases.last().unwrap();
        assert!(
            (last.until_s - 10.0).abs() < 1e-6,
            "{call_timeout}: {last:?}"
        );
    }
}

#[test]
fn a_load_of_one_rate_is_planned_at_one_rate_however_long_runs_are() {
    let runs = |duration| result((1..9).map(|seed| performed(duration, "8s", seed)).collect());
    let (short, long) = (runs("10s"), runs("20s"));
    let figures = ["planned", "planned(phase=bad)"].map(|it| it.parse::<Figure>().unwrap());

    let comparison = Comparison::of(&[&short, &long], &figures);

    for row in &comparison.rows {
        let contrast = row.contrasts[0].unwrap();
        assert!(contrast.corrected > LEVEL, "{}: {contrast:?}", row.name());
        for estimate in contrast.estimates {
            let mean = estimate.mean.unwrap();
            assert!((mean - 5400.0).abs() < 10.0, "{}: {mean}", row.name());
        }
    }
}
