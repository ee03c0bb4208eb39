//! Laws of every run: scaling, conservation, and the edge cases.

use std::path::Path;

use experiment::outcome::ClientOutcome;
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use fusebox::Cause;
use simulator::{Cancel, Options, perform, run};

/// The scenarios that are shipped, by name.
fn shipped() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let files = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    assert!(paths.len() >= 16, "{paths:?}");
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, Scenario::parse(&text).unwrap())
    };
    paths.iter().map(read).collect()
}

/// A flapping downstream with everything that takes time, where a unit lasts this many milliseconds.
fn timed(unit_ms: f64, rate: f64) -> Scenario {
    let ms = |units: f64| format!("\"{}ms\"", units * unit_ms);
    let text = format!(
        "title = \"scaled\"\nduration = {duration}\n\
         [fleet]\nsize = 5\ncall_timeout = {call_timeout}\n\
         [breaker]\nopen_for = {open_for}\nmax_open_for = {max_open_for}\nhalf_open_for = {half_open_for}\n\
         ramp_up_for = {ramp}\n\
         [load]\nrate = {rate}\ntimeout = {patience}\n\
         retries = {{ exponential = {{ attempts = 3, base = {base}, max = {most}, jitter = \"none\" }} }}\n\
         [faults]\nbase = {{ delay = {{ uniform = {{ min = {least}, max = {longest} }} }} }}\nloop = true\n\
         phases = [{{ name = \"good\", for = {good} }}, {{ name = \"bad\", for = {bad}, failure_ratio = 0.7 }}]\n",
        duration = ms(20_000.0),
        call_timeout = ms(28.0),
        open_for = ms(500.0),
        max_open_for = ms(4_000.0),
        half_open_for = ms(2_000.0),
        ramp = ms(300.0),
        patience = ms(400.0),
        base = ms(50.0),
        most = ms(200.0),
        least = ms(4.0),
        longest = ms(30.0),
        good = ms(2_000.0),
        bad = ms(1_500.0),
    );
    Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn halving_all_times_doubles_all_rates_and_changes_nothing_else() {
    let whole = run(&timed(2.0, 100.0), 3, &Options::default());
    let half = run(&timed(1.0, 200.0), 3, &Options::default());

    let mut changes = 0;
    for (slow, fast) in whole.fleet.instances.iter().zip(&half.fleet.instances) {
        assert_eq!(
            slow.transitions.len(),
            fast.transitions.len(),
            "{}",
            slow.name
        );
        for (slow, fast) in slow.transitions.iter().zip(&fast.transitions) {
            assert_eq!(
                (slow.from, slow.to, slow.cause),
                (fast.from, fast.to, fast.cause)
            );
            // Times are counted in nanoseconds and written in microseconds. That an open period is over is noticed at
            // the next tick of the instance, which is not a setting.
            let off = (slow.at_s / 2.0 - fast.at_s).abs();
            assert!(
                slow.cause == Cause::WaitElapsed || off < 2e-6,
                "{slow:?} {fast:?}"
            );
            changes += 1;
        }
        for (slow, fast) in slow.calls.iter().zip(&fast.calls) {
            assert_eq!(
                (slow.permitted, slow.rejected),
                (fast.permitted, fast.rejected)
            );
        }
    }
    assert!(changes > 100, "{changes}");
    for outcome in ClientOutcome::ALL {
        assert_eq!(
            counted(&whole, outcome),
            counted(&half, outcome),
            "{outcome}"
        );
    }
}

fn counted(run: &Repetition, outcome: ClientOutcome) -> u64 {
    let targets = run.load.targets.iter();
    let parts = targets.flat_map(|target| &target.parts);
    parts.map(|part| part.outcomes[outcome]).sum()
}

#[test]
fn no_request_and_no_call_is_lost_or_counted_twice_in_any_shipped_scenario() {
    for (name, scenario) in shipped() {
        let performed = perform(&scenario, &Cancel::default(), None);
        let (run, effort) = (&performed.repetition, performed.effort);
        let ended: u64 = ClientOutcome::ALL
            .map(|outcome| counted(run, outcome))
            .iter()
            .sum();
        assert_eq!(ended, run.load.planned, "{name}: requests");

        let (mut permitted, mut rejected, mut reached) = (0, 0, 0);
        for one in &run.fleet.instances {
            permitted += one.calls.iter().map(|calls| calls.permitted).sum::<u64>();
            rejected += one.calls.iter().map(|calls| calls.rejected).sum::<u64>();
            reached += one.downstream_calls;
        }
        assert_eq!(
            (permitted, rejected),
            (effort.permitted, effort.rejected),
            "{name}"
        );
        assert_eq!(permitted + rejected, effort.calls, "{name}: calls");
        assert_eq!(
            permitted, reached,
            "{name}: calls that reached the downstream"
        );
        assert!(
            counted(run, ClientOutcome::FastFail) <= rejected,
            "{name}: fast failures"
        );
        assert!(run.invalid.is_none(), "{name}: {:?}", run.invalid);
    }
}

/// A short outage, with other lines in the parts that are named.
fn outage(fleet: &str, load: &str, failing: f64) -> Repetition {
    let text = format!(
        "title = \"an outage\"\nduration = \"10s\"\n[fleet]\n{fleet}\n[load]\nrate = 100\n{load}\n\
         [faults]\nbase = {{ delay = {{ uniform = {{ min = \"4ms\", max = \"30ms\" }} }} }}\n\
         phases = [{{ name = \"good\", for = \"2s\" }}, {{ name = \"bad\", for = \"4s\", failure_ratio = {failing} }},\
         {{ name = \"good again\" }}]\n"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    run(&scenario, 7, &Options::default())
}

#[test]
fn a_healthy_downstream_opens_nothing_and_every_request_succeeds() {
    let run = outage("", "", 0.0);

    assert!(
        run.fleet
            .instances
            .iter()
            .all(|one| one.transitions.is_empty())
    );
    assert_eq!(counted(&run, ClientOutcome::Ok), run.load.planned);
}

#[test]
fn breakers_that_do_not_judge_let_every_call_pass_and_forced_open_ones_none() {
    for mode in ["disabled", "metrics_only"] {
        let run = outage(&format!("mode = \"{mode}\""), "", 1.0);
        assert_eq!(counted(&run, ClientOutcome::FastFail), 0, "{mode}");
        let calls: u64 = run
            .fleet
            .instances
            .iter()
            .map(|one| one.downstream_calls)
            .sum();
        assert_eq!(calls, run.load.planned, "{mode}");
    }
    let run = outage("mode = \"forced_open\"", "", 1.0);
    assert_eq!(counted(&run, ClientOutcome::FastFail), run.load.planned);
    assert!(
        run.fleet
            .instances
            .iter()
            .all(|one| one.downstream_calls == 0)
    );
}

#[test]
fn a_fleet_of_one_is_the_same_however_targets_are_chosen() {
    let one = |choose: &str| outage("size = 1", &format!("choose = \"{choose}\""), 0.7).fleet;

    let random = one("random");

    assert!(!random.instances[0].transitions.is_empty());
    for choose in ["round_robin", "least_loaded", "sticky"] {
        assert_eq!(one(choose), random, "{choose}");
    }
}

#[test]
fn a_patience_that_nobody_needs_changes_nothing() {
    let patient = |timeout: &str| {
        let run = outage(&format!("call_timeout = \"{timeout}\""), "", 0.7);
        run.fleet
    };
    assert_eq!(patient("40ms"), patient("30s"));
    assert_ne!(patient("20ms"), patient("30s"));
}
