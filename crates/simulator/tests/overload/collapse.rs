//! A trigger of five seconds, clients that retry, and a service that may never recover.

use experiment::faults::presets::preset;
use experiment::outcome::{ClientOutcome, Outcomes};
use experiment::result::Repetition;
use experiment::scenario::Scenario;
use simulator::{Cancel, perform};

/// Requests at a rate until second 40, and at another one after; each is tried so often.
#[derive(Clone, Copy)]
struct Clients {
    first: f64,
    then: f64,
    attempts: u32,
}

/// Whether the instances have breakers, with the lab's own settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Breakers {
    Judge,
    None,
}

const END: u64 = 140;

const RETRYING: Clients = Clients {
    first: 300.0,
    then: 300.0,
    attempts: 3,
};

fn tell(limit: u32, clients: Clients, breakers: Breakers, seed: u64) -> Repetition {
    let Clients {
        first,
        then,
        attempts,
    } = clients;
    let mode = match breakers {
        Breakers::Judge => "auto",
        Breakers::None => "disabled",
    };
    let text = format!(
        r#"
        title = "a collapse"
        duration = "{END}s"
        [fleet]
        call_timeout = "250ms"
        mode = "{mode}"
        [load]
        shape = "steps:{first}:40s,{then}:100s"
        retries = "immediate:attempts={attempts}"
        max_connections = 10000
        [faults.overload]
        workers = 8
        service = {{ exponential = {{ mean = "20ms" }} }}
        queue = {{ limit = {limit} }}
        abandoned_work = "continues"
        trigger = {{ at = "20s", for = "5s", service_factor = 2.0 }}
        "#
    );
    let scenario = Scenario::parse(&text).unwrap().with_seed(seed);
    perform(&scenario, &Cancel::default(), None).repetition
}

/// The share of the requests that ended in these seconds and ended well.
fn share(run: &Repetition, from: u64, to: u64) -> f64 {
    let seconds = run.load.seconds.iter();
    let seconds = seconds.filter(|it| (from..to).contains(&it.second));
    let mut sum = Outcomes::default();
    for target in seconds.flat_map(|it| &it.targets) {
        sum += &target.outcomes;
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let share = sum[ClientOutcome::Ok] as f64 / sum.counted() as f64;
    share
}

/// Whether a run that began well ends well.
fn runs_well(run: &Repetition) -> bool {
    assert!(share(run, 2, 20) > 0.95, "it is well before the trigger");
    share(run, END - 20, END) > 0.95
}

/// How many of `seeds` runs end well.
fn well(limit: u32, clients: Clients, breakers: Breakers, seeds: u64) -> usize {
    let runs = (0..seeds).map(|seed| tell(limit, clients, breakers, seed));
    runs.filter(runs_well).count()
}

/// The same clients at this rate throughout.
fn at_rate(rate: f64) -> Clients {
    Clients {
        first: rate,
        then: rate,
        ..RETRYING
    }
}

/// The usual rate, which becomes this one when it is too late.
fn changing_to(rate: f64) -> Clients {
    Clients {
        then: rate,
        ..RETRYING
    }
}

#[test]
fn the_metastable_preset_collapses_and_stays_collapsed() {
    for seed in 0..3 {
        let run = tell(200, RETRYING, Breakers::None, seed);

        assert!(share(&run, 2, 20) > 0.99, "{seed}");
        assert!(share(&run, 30, 50) < 0.02, "{seed}");
        assert!(share(&run, END - 20, END) < 0.02, "{seed}");
        let part = run.load.part(None, None).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let attempts = part.attempts as f64 / part.sent as f64;
        // One attempt until second 20, and three from then on.
        assert!((2.6..2.8).contains(&attempts), "{seed}: {attempts}");
    }
}

#[test]
fn the_trigger_brings_it_down_from_about_180_to_220_calls_per_second_on() {
    assert_eq!(well(200, at_rate(160.0), Breakers::None, 2), 2);
    assert_eq!(well(200, at_rate(240.0), Breakers::None, 2), 0);
}

#[test]
fn once_it_is_down_less_load_brings_it_back_only_below_about_135_calls_per_second() {
    assert_eq!(well(200, changing_to(130.0), Breakers::None, 2), 2);
    // At these rates it would never have fallen: that is the hysteresis.
    assert_eq!(well(200, changing_to(160.0), Breakers::None, 2), 0);
}

#[test]
fn between_these_loads_it_depends_on_chance() {
    let ends_well = |clients: Clients| {
        (0..9).map(move |seed| runs_well(&tell(200, clients, Breakers::None, seed)))
    };
    // It is run until both have been seen.
    let mut usual = ends_well(at_rate(200.0));
    let first = usual.next().unwrap();
    assert!(usual.any(|other| other != first), "both happen");
    // Half the load: whether it comes back within 100 seconds is chance.
    assert!(ends_well(changing_to(150.0)).any(|well| !well));
}

#[test]
fn what_prevents_the_collapse_from_the_start() {
    let attempts = |attempts| Clients {
        attempts,
        ..RETRYING
    };
    assert_eq!(well(200, attempts(1), Breakers::None, 1), 1, "no retries");
    assert_eq!(well(50, RETRYING, Breakers::None, 1), 1, "a queue of 50");
    assert_eq!(well(200, RETRYING, Breakers::Judge, 1), 1, "breakers");
    assert_eq!(well(200, attempts(2), Breakers::None, 1), 0, "one retry");
}

#[test]
fn a_cold_cache_alone_is_overload_until_it_is_warm_again() {
    let text = r#"
        title = "a cold cache"
        duration = "80s"
        [fleet]
        call_timeout = "250ms"
        mode = "disabled"
        [load]
        rate = 300
        max_connections = 10000
        [faults.overload]
        workers = 8
        service = { exponential = { mean = "10ms" } }
        queue = { limit = 50 }
        warmth = { hit_ratio = 0.9, miss_factor = 6, rewarm_tau = "5s", flush_on = "restart" }
        "#;
    let scenario = Scenario::parse(text).unwrap();

    let run = perform(&scenario, &Cancel::default(), None).repetition;

    let (cold, warm) = (share(&run, 0, 2), share(&run, 40, 79));
    assert!(cold < 0.7, "{cold}");
    assert!(warm > 0.99, "{warm}");
}

#[test]
fn the_preset_is_the_very_model_that_is_tested_here() {
    let plan = preset("metastable").unwrap().plan();
    let text = r#"
        title = "the model"
        duration = "1s"
        [faults.overload]
        workers = 8
        service = { exponential = { mean = "20ms" } }
        queue = { limit = 200 }
        abandoned_work = "continues"
        trigger = { at = "20s", for = "5s", service_factor = 2.0 }
        "#;
    let tested = Scenario::parse(text).unwrap();

    assert_eq!(tested.faults().overload(), plan.overload());
}
