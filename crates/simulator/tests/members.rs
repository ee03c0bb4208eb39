//! Instances of a simulated fleet have luck and counts of their own, however many there are.

use experiment::expectation::{Figure, Figures as _};
use experiment::scenario::Scenario;
use simulator::{Options, run};

#[test]
fn the_first_call_of_each_of_300_instances_meets_the_rule_for_first_calls() {
    // A fault plan names no instance of a fleet of more than 256.
    let scenario = r#"
        title = "first calls"
        duration = "10s"
        [fleet]
        size = 300
        call_timeout = "1s"
        [load]
        rate = 3000
        choose = "round_robin"
        [faults]
        phases = [{ name = "all" }]
        rules.first = { gate = { first_n = 1 }, effects = [{ status = { code = 503 } }] }
    "#;
    let scenario = Scenario::parse(scenario).unwrap();

    let run = run(&scenario, 1, &Options::default());

    let failed = "failed".parse::<Figure>().unwrap();
    assert_eq!(run.value(&failed), Some(300.0));
}
