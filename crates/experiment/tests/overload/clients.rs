//! A trigger of five seconds, clients that retry, and a service that never comes back – or does.

use std::collections::BTreeMap;
use std::time::Duration;

use experiment::overload::{Arrival, Start, Workplace};

use super::simulation::{Agenda, gap, workplace};

/// How long a client waits.
const PATIENCE: Duration = Duration::from_millis(250);
const END: Duration = Duration::from_secs(80);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    Finish(u64),
    GiveUp(u64),
}

/// What clients do.
struct Clients {
    rate: f64,
    retries: u32,
    /// Clients stop calling for a while after so many failures in a row, as a breaker makes them.
    breaker: Option<(u32, Duration)>,
}

#[derive(Clone, Copy)]
struct Attempt {
    came: Duration,
    left: u32,
}

/// Requests by when they came: planned, and answered in time.
#[derive(Clone, Copy, Debug, Default)]
struct Goodput {
    planned: u32,
    good: u32,
    attempts: u32,
}

struct Story {
    workplace: Workplace,
    agenda: Agenda<Event>,
    attempts: BTreeMap<u64, Attempt>,
    next: u64,
    goodput: BTreeMap<u64, Goodput>,
    failures: u32,
    closed_until: Duration,
}

impl Story {
    fn tell(settings: &str, clients: &Clients, seed: u64) -> Self {
        let mut story = Self {
            workplace: workplace(settings, seed),
            agenda: Agenda::new(),
            attempts: BTreeMap::new(),
            next: 0,
            goodput: BTreeMap::new(),
            failures: 0,
            closed_until: Duration::ZERO,
        };
        story.agenda.at(Duration::ZERO, Event::Arrive);
        let mut arrivals = 0;
        while let Some((now, event)) = story.agenda.next() {
            match event {
                Event::Arrive => {
                    story.of(now).planned += 1;
                    story.attempt(now, now, clients.retries, clients);
                    arrivals += 1;
                    let next = now + gap(seed, clients.rate, arrivals);
                    if next < END {
                        story.agenda.at(next, Event::Arrive);
                    }
                }
                Event::Finish(id) => {
                    let next = story.workplace.finished(now, id);
                    story.start(next);
                    if let Some(attempt) = story.attempts.remove(&id) {
                        story.of(attempt.came).good += 1;
                        story.failures = 0;
                    }
                }
                Event::GiveUp(id) => {
                    if let Some(attempt) = story.attempts.remove(&id) {
                        let next = story.workplace.abandon(now, id);
                        story.start(next);
                        story.fail(now, attempt, clients);
                    }
                }
            }
        }
        story
    }

    fn of(&mut self, came: Duration) -> &mut Goodput {
        self.goodput.entry(came.as_secs()).or_default()
    }

    fn start(&mut self, next: Option<Start>) {
        if let Some(Start { id, until }) = next {
            self.agenda.at(until, Event::Finish(id));
        }
    }

    fn attempt(&mut self, now: Duration, came: Duration, left: u32, clients: &Clients) {
        if now < self.closed_until {
            return;
        }
        let id = self.next;
        self.next += 1;
        self.of(came).attempts += 1;
        let attempt = Attempt { came, left };
        match self.workplace.arrive(now, id) {
            Arrival::Full => return self.fail(now, attempt, clients),
            Arrival::Started { until } => self.agenda.at(until, Event::Finish(id)),
            Arrival::Queued => {}
        }
        self.attempts.insert(id, attempt);
        self.agenda.at(now + PATIENCE, Event::GiveUp(id));
    }

    fn fail(&mut self, now: Duration, attempt: Attempt, clients: &Clients) {
        self.failures += 1;
        if let Some((limit, open_for)) = clients.breaker
            && self.failures >= limit
        {
            self.failures = 0;
            self.closed_until = now + open_for;
        }
        if attempt.left > 0 {
            self.attempt(now, attempt.came, attempt.left - 1, clients);
        }
    }

    /// The share of the requests of these seconds that were answered in time, and the attempts of each.
    fn share(&self, from: u64, to: u64) -> (f64, f64) {
        let all = self.goodput.range(from..to).map(|(_, goodput)| goodput);
        let sum = all.fold(Goodput::default(), |sum, one| Goodput {
            planned: sum.planned + one.planned,
            good: sum.good + one.good,
            attempts: sum.attempts + one.attempts,
        });
        let planned = f64::from(sum.planned);
        (
            f64::from(sum.good) / planned,
            f64::from(sum.attempts) / planned,
        )
    }
}

fn settings(limit: u32, abandoned: &str) -> String {
    format!(
        r#"{{"workers": 8, "service": {{"exp": {{"mean_ms": 20}}}}, "queue": {{"limit": {limit}}},
            "abandoned_work": "{abandoned}",
            "trigger": {{"at_ms": 20000, "for_ms": 5000, "service_factor": 2.0}}}}"#
    )
}

const RETRYING: Clients = Clients {
    rate: 300.0,
    retries: 2,
    breaker: None,
};

#[test]
fn the_metastable_preset_collapses_and_stays_collapsed_with_every_seed() {
    for seed in 0..10 {
        let story = Story::tell(&settings(200, "continues"), &RETRYING, seed);

        let (before, _) = story.share(2, 20);
        let (after, _) = story.share(30, 50);
        let (at_the_end, attempts) = story.share(60, 79);

        assert!(before > 0.99, "{seed}: {before}");
        assert!(after < 0.02, "{seed}: {after}");
        assert!(at_the_end < 0.02, "{seed}: {at_the_end}");
        assert!(attempts > 2.9, "{seed}: {attempts}");
        assert!(
            story.workplace.wasted() > Duration::from_secs(300),
            "{seed}"
        );
    }
}

#[test]
fn each_of_the_four_cures_brings_the_service_back() {
    let cures = [
        (
            "no retries",
            200,
            Clients {
                retries: 0,
                ..RETRYING
            },
        ),
        ("a short queue", 50, RETRYING),
        (
            "less load",
            200,
            Clients {
                rate: 150.0,
                ..RETRYING
            },
        ),
        (
            "breakers",
            200,
            Clients {
                breaker: Some((20, Duration::from_secs(1))),
                ..RETRYING
            },
        ),
    ];
    for (cure, limit, clients) in cures {
        for seed in 0..5 {
            let story = Story::tell(&settings(limit, "continues"), &clients, seed);

            let (before, _) = story.share(2, 20);
            let (at_the_end, attempts) = story.share(60, 79);

            assert!(before > 0.98, "{cure}, {seed}: {before}");
            assert!(at_the_end > 0.98, "{cure}, {seed}: {at_the_end}");
            assert!(attempts < 1.1, "{cure}, {seed}: {attempts}");
        }
    }
}

#[test]
fn the_preset_is_the_very_model_that_is_tested_here() {
    let preset = experiment::faults::presets::preset("metastable").unwrap();
    let overload = preset.plan().overload.unwrap();
    let tested = experiment::reading::parse_json(settings(200, "continues").as_bytes()).unwrap();

    assert_eq!(overload, tested);
}

#[test]
fn a_cold_cache_alone_is_overload_until_it_is_warm_again() {
    let settings = r#"{"workers": 8, "service": {"exp": {"mean_ms": 10}}, "queue": {"limit": 50},
        "warmth": {"hit_ratio": 0.9, "miss_factor": 6, "rewarm_tau_ms": 5000, "flush_on": "restart"}}"#;
    let clients = Clients {
        retries: 0,
        ..RETRYING
    };

    let story = Story::tell(settings, &clients, 1);

    let ((cold, _), (warm, _)) = (story.share(0, 2), story.share(40, 79));
    assert!(cold < 0.7, "{cold}");
    assert!(warm > 0.99, "{warm}");
}
