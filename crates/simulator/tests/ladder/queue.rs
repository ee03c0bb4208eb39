//! The queue of the overload model against M/M/c.

use experiment::scenario::Scenario;
use simulator::{Options, run};

use crate::closed_forms::waiting_in_queue;
use crate::sample::Sample;

/// The mean piece of work, in seconds.
const WORK: f64 = 0.02;

#[test]
fn work_waits_in_the_queue_as_long_as_in_mmc() {
    for (workers, busy) in [(1, 0.5), (2, 0.8), (4, 0.8)] {
        let offered = f64::from(workers) * busy;
        let rate = offered / WORK;
        let scenario = Scenario::parse(&format!(
            "title = \"M/M/{workers}\"\nduration = \"100s\"\n\
             [fleet]\nsize = 3\nmode = \"disabled\"\ncall_timeout = \"1m\"\n\
             [load]\nrate = {rate}\ntimeout = \"2m\"\nmax_connections = 10000\n\
             [faults.overload]\nworkers = {workers}\nservice = {{ exponential = {{ mean = \"20ms\" }} }}\n\
             queue = {{ limit = 100000 }}\n"
        ));
        let scenario = scenario.unwrap();
        let took = (1..=10).map(|seed| {
            let run = run(&scenario, seed, &Options::default());
            run.load.figures["ok_mean"]
        });
        let took: Sample = took.collect();

        let formula = WORK + waiting_in_queue(workers, offered) / rate;
        took.confirms(&format!("M/M/{workers}, ρ = {busy}"), formula, 0.3);
    }
}
