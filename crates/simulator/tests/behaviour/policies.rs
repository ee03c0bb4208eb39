//! Policies without breakers, which reject nothing, or reject at random what the downstream would not accept.

use experiment::expectation::{Figure, Figures};
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use simulator::{Options, run};

const OUTAGE: &str = r#"
    title = "an outage"
    duration = "60s"
    [fleet]
    size = 4
    [load]
    rate = 200
    [faults]
    base = { delay = { fixed = "5ms" } }
    phases = [
      { name = "calm", for = "20s" },
      { name = "outage", for = "20s", failure_ratio = 1 },
      { name = "calm again" },
    ]
"#;

fn performed(policy: &str) -> Repetition {
    let set = format!("policy={policy}").parse().unwrap();
    let scenario = Scenario::parse_with_sets(OUTAGE, &[set]).unwrap();
    run(&scenario, 5, &Options::default())
}

fn value(run: &Repetition, figure: &str) -> f64 {
    run.value(&figure.parse::<Figure>().unwrap()).unwrap()
}

#[test]
#[expect(clippy::float_cmp, reason = "numbers of calls are whole")]
fn without_any_policy_every_call_goes_through() {
    let none = performed("none");

    assert_eq!(value(&none, "fast_fail"), 0.0);
    assert_eq!(value(&none, "downstream_calls"), value(&none, "planned"));
    assert_eq!(value(&none, "openings"), 0.0);
    // Breakers that an operator has disabled are the same.
    let set = "fleet.mode=disabled".parse().unwrap();
    let disabled = Scenario::parse_with_sets(OUTAGE, &[set]).unwrap();
    let disabled = run(&disabled, 5, &Options::default());
    assert_eq!(none.digest, disabled.digest);
}

/// After t seconds of an outage that follows 20 s of health, (20 + t) seconds of requests stand against 20 of accepts.
#[test]
fn adaptive_throttling_rejects_as_its_formula_says() {
    let run = performed("adaptive_throttling");

    // K = 2: nothing for the first 20 s of the outage, as 2 · 20 s of accepts are not fewer than the requests.
    assert!(value(&run, "fast_fail(phase=outage)") < 0.01 * value(&run, "planned(phase=outage)"));
    let soon = performed("adaptive_throttling:k=1.1");
    // The share rejected at t is (20 + t − 1.1 · 20)/(20 + t): its mean from t = 2 to 20, times 18 of the 20 seconds.
    let ln_of_40_by_22 = 0.597_837;
    let expected = (18.0 - 22.0 * ln_of_40_by_22) / 20.0;
    let share = value(&soon, "fast_fail(phase=outage)") / value(&soon, "planned(phase=outage)");
    assert!(
        (share - expected).abs() < 0.02,
        "{share} against {expected}"
    );
    assert!(value(&soon, "lost_in_recovery") > 0.0);
}

#[test]
fn a_throttle_that_was_restarted_knows_nothing() {
    let restart = r#"instance.A.restart=[{ at = "41s", for = "500ms" }]"#;
    let sets =
        [restart, "policy=adaptive_throttling:k=1", "fleet.size=1"].map(|set| set.parse().unwrap());
    let scenario = Scenario::parse_with_sets(OUTAGE, &sets).unwrap();
    let restarted = run(&scenario, 5, &Options::default());
    let kept = Scenario::parse_with_sets(OUTAGE, &sets[1..]).unwrap();
    let kept = run(&kept, 5, &Options::default());

    let lost = |run: &Repetition| value(run, "lost_in_recovery");
    assert!(
        lost(&restarted) < 0.5 * lost(&kept),
        "{} and {}",
        lost(&restarted),
        lost(&kept)
    );
}
