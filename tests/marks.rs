//! Marks in the dashboards, asked of a real Prometheus about a past that the test makes up: every opening is in a
//! mark, at whatever step Grafana asks; every restart and every short phase of the fault plan has a mark.
//!
//! Grafana asks in steps of a hundredth of the range shown. A mark stands where a series of the answer has a value
//! above 0, and neighbours of one series that are at most a step apart become one mark.

use std::fmt::Write;

use end_to_end::{Prometheus, Query, QueryKind, Sample, dashboards, queries, unix_now};

/// How long the past is, in seconds.
const PAST: u32 = 300;
const STEPS: [u32; 4] = [1, 7, 15, 60];
/// How long after the full second a scrape comes.
const SCRAPED_AT: f64 = 0.37;

/// The life of a process with one breaker. All times are seconds since the past began.
struct Life {
    instance: &'static str,
    born: f64,
    /// The seconds in which it is scraped.
    scraped: Vec<u32>,
    /// When the breaker opens.
    openings: Vec<f64>,
}

impl Life {
    /// One that is scraped from its birth, or from the beginning, until `end`, except in `missed`.
    fn new(instance: &'static str, born: f64, end: u32, missed: std::ops::Range<u32>) -> Self {
        let is_scraped =
            |second: &u32| f64::from(*second) + SCRAPED_AT > born && !missed.contains(second);
        let mut openings = Vec::new();
        // Often several in a second, and sometimes none for ten.
        let mut drawn = 7 + u64::from(end);
        let mut at = born + 0.1;
        while at < f64::from(end) {
            openings.push(at);
            drawn = drawn * 48_271 % 2_147_483_647;
            let gaps = [0.2, 0.3, 0.6, 1.1, 2.7, 9.9];
            at += gaps[usize::try_from(drawn).expect("it fits") % gaps.len()];
        }
        Self {
            instance,
            born,
            scraped: (0..end).filter(is_scraped).collect(),
            openings,
        }
    }

    /// The openings until a time.
    fn until(&self, time: f64) -> usize {
        self.openings.iter().filter(|at| **at <= time).count()
    }

    /// The openings that a scrape has told of, except those before anybody looked.
    fn told(&self) -> usize {
        let last = f64::from(*self.scraped.last().expect("it is scraped")) + SCRAPED_AT;
        let before = if self.born < -20.0 {
            self.until(SCRAPED_AT)
        } else {
            0
        };
        self.until(last) - before
    }
}

/// A process that ran long before, one that has just begun, one that is away for three seconds and comes back new,
/// one that comes back twice, and one that is not reached for 40 seconds.
fn lives() -> Vec<Life> {
    let all = 0..0;
    vec![
        Life::new("old", -100.0, PAST, all.clone()),
        Life::new("young", -2.0, PAST, all.clone()),
        Life::new("restarted", -50.0, 130, all.clone()),
        Life::new("restarted", 132.8, 160, all.clone()),
        Life::new("twice", -50.0, 100, all.clone()),
        Life::new("twice", 103.0, 174, all.clone()),
        Life::new("twice", 179.5, 200, all),
        Life::new("unreached", -50.0, PAST, 140..180),
    ]
}

/// What Prometheus would have of them, in OpenMetrics.
fn samples(lives: &[Life], began: f64) -> String {
    let mut text = String::new();
    for life in lives {
        for second in &life.scraped {
            let at = f64::from(*second) + SCRAPED_AT;
            let (time, age, openings) = (began + at, at - life.born, life.until(at));
            let target = format!("job=\"instances\",instance=\"{}\"", life.instance);
            let mut line = |name: &str, more: &str, value: f64| {
                writeln!(text, "{name}{{{target}{more}}} {value} {time:.3}")
                    .expect("a string grows");
            };
            line("process_start_time_seconds", "", began + life.born);
            line("up", "", 1.0);
            for (state, share) in [("closed", 0.6), ("open", 0.4)] {
                let labels = format!(",breaker=\"b\",state=\"{state}\"");
                line("circuit_breaker_state", &labels, share);
                line("circuit_breaker_state_seconds_total", &labels, age * share);
            }
            for (rule, openings) in [
                ("failure_ratio", openings.div_ceil(2)),
                ("probe_failed", openings / 2),
            ] {
                let labels = format!(",breaker=\"b\",rule=\"{rule}\"");
                let openings = u32::try_from(openings).expect("few openings");
                line("circuit_breaker_trips_total", &labels, openings.into());
            }
        }
    }
    // A phase that lasts four seconds, and the end of everything.
    for second in 97..101 {
        let time = began + f64::from(second) + SCRAPED_AT;
        writeln!(
            text,
            "unreliable_service_phase_info{{phase=\"outage\"}} 1 {time:.3}"
        )
        .expect("a string grows");
    }
    for second in PAST..PAST + 30 {
        let time = began + f64::from(second) + SCRAPED_AT;
        for instance in ["old", "young", "restarted", "twice", "unreached"] {
            writeln!(
                text,
                "up{{job=\"instances\",instance=\"{instance}\"}} 0 {time:.3}"
            )
            .expect("a string grows");
        }
    }
    text.push_str("# EOF\n");
    text
}

/// A past that ended some minutes ago, at a time at which all steps meet.
async fn past(lives: &[Life]) -> (Prometheus, f64) {
    let began = (unix_now() / 1680.0).floor() * 1680.0 - 1680.0;
    (Prometheus::remembering(&samples(lives, began)).await, began)
}

/// The queries at the places whose names end so, one per dashboard at least.
fn asked(place: &str) -> Vec<Query> {
    let dashboards = dashboards();
    let all = dashboards
        .iter()
        .flat_map(|(file, dashboard)| queries(file, dashboard));
    let found: Vec<_> = all.filter(|query| query.place.ends_with(place)).collect();
    assert!(found.len() >= 2, "{place}: {found:?}");
    found
}

/// What Grafana gets when it asks for the whole past, a step more on both sides.
async fn answer(prometheus: &Prometheus, query: &Query, began: f64, step: u32) -> Vec<Sample> {
    let end = PAST.div_ceil(step) * step + step;
    let range = [began - f64::from(step), began + f64::from(end)];
    prometheus
        .between(&query.sent_at(step, "5m"), range, step)
        .await
}

#[tokio::test]
async fn every_opening_is_in_a_mark_at_any_step() {
    let lives = lives();
    let (prometheus, began) = past(&lives).await;
    for query in asked("annotation Openings") {
        for step in STEPS {
            let told: usize = lives.iter().map(Life::told).sum();
            let mut marked = 0;
            for series in answer(&prometheus, &query, began, step).await {
                let times: usize = series.label("times").parse().expect("how many openings");
                marked += times * series.points.len();
                let neighbours = series.points.windows(2);
                let apart = neighbours.map(|pair| pair[1].0 - pair[0].0);
                assert!(
                    apart
                        .min_by(f64::total_cmp)
                        .is_none_or(|apart| apart > f64::from(step)),
                    "Grafana would make one mark of two: {series:?}"
                );
            }
            assert_eq!(marked, told, "at a step of {step} s: {}", query.place);
        }
    }
}

#[tokio::test]
async fn a_restart_has_one_mark_and_it_stands_where_the_process_began() {
    let lives = lives();
    let (prometheus, began) = past(&lives).await;
    for query in asked("annotation Restarts") {
        for step in [1, 15, 60] {
            let answer = answer(&prometheus, &query, began, step).await;
            for name in ["old", "young", "restarted", "twice", "unreached"] {
                let of_it = answer
                    .iter()
                    .filter(|series| series.label("instance") == name);
                let marks: Vec<f64> = of_it
                    .flat_map(|series| &series.points)
                    .map(|point| point.1)
                    .collect();
                let of_name = lives.iter().filter(|life| life.instance == name);
                let wanted: Vec<f64> = of_name
                    .skip(1)
                    .map(|life| 1000.0 * (began + life.born))
                    .collect();
                let close = |(mark, wanted): (&f64, &f64)| (mark - wanted).abs() < 1.0;
                assert!(
                    marks.len() == wanted.len() && marks.iter().zip(&wanted).all(close),
                    "{name} at a step of {step} s: {marks:?}, not {wanted:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_phase_shorter_than_a_step_has_a_mark() {
    let (prometheus, began) = past(&lives()).await;
    for query in asked("annotation Fault plan") {
        for step in STEPS {
            let answer = answer(&prometheus, &query, began, step).await;
            assert_eq!(answer.len(), 1, "at a step of {step} s: {}", query.place);
            assert_eq!(answer[0].label("phase"), "outage");
            let marked = answer[0].points.iter().map(|point| point.0 - began);
            let ends = 101.0 + f64::from(step);
            assert!(
                marked.clone().all(|time| (97.0..=ends).contains(&time)),
                "at a step of {step} s: {:?}",
                marked.collect::<Vec<_>>()
            );
        }
    }
}

#[tokio::test]
async fn the_timeline_says_when_no_instance_is_up() {
    let (prometheus, began) = past(&lives()).await;
    let mut says = asked("State of each breaker");
    says.extend(asked("breaker.json: State"));
    says.retain(|query| query.kind == QueryKind::Range && query.written.contains("vector"));
    assert_eq!(says.len(), 2, "{says:?}");
    for query in says {
        let range = [began, began + f64::from(PAST) + 40.0];
        let said = prometheus.between(&query.sent_at(1, "5m"), range, 1).await;
        let times: Vec<f64> = said
            .iter()
            .flat_map(|series| &series.points)
            .map(|point| point.0 - began)
            .collect();
        let is_up = |time: &&f64| (1.0..=f64::from(PAST)).contains(*time);
        assert_eq!(times.iter().find(is_up), None, "{}", query.place);
        // One missed scrape is no outage; half a minute without any is.
        let after = f64::from(PAST) + 30.0;
        let says_so_after = times.iter().filter(|time| **time > after).count();
        assert_eq!(says_so_after, 10, "{}: {times:?}", query.place);
    }
}
