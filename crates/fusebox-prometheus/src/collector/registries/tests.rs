//! Tests of keys that come and go, and of what a scraper concludes from their series.

mod histories;

use std::collections::BTreeMap;
use std::sync::Mutex;

use fusebox::{Breaker, Config, ManualClock, Outcome};
use prometheus::proto::MetricFamily;

use super::super::OTHER;
use super::super::source::{Figures, Listing, Source};
use super::*;

/// A registry that does what the test says.
#[derive(Clone)]
struct Told(Arc<Mutex<State>>);

struct State {
    clock: ManualClock,
    live: Vec<Breaker>,
    retired: Counts,
    calls: u64,
}

impl State {
    fn make(&mut self, name: &str) -> usize {
        let clock = self.clock.clone();
        let breaker = Breaker::with_clock(name, Config::default(), clock);
        self.live.push(breaker);
        self.live.len() - 1
    }

    fn call(&mut self, place: usize, times: u8) {
        for _ in 0..times {
            self.live[place].try_acquire().unwrap().success();
        }
        self.calls += u64::from(times);
    }
}

impl Source for Told {
    fn list(&self) -> Listing {
        let state = self.0.lock().unwrap();
        Listing {
            breakers: state.live.clone(),
            retired: state.retired.clone(),
            figures: Figures {
                breakers: state.live.len(),
                capacity: usize::MAX,
                evictions: 0,
                removals: 0,
                refusals: 0,
            },
        }
    }

    fn is(&self, _other: &dyn Source) -> bool {
        false
    }
}

impl Told {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            clock: ManualClock::new(),
            live: Vec::new(),
            retired: Counts::zero(),
            calls: 0,
        })))
    }

    fn do_it(&self, step: Step) {
        let mut state = self.0.lock().unwrap();
        match step {
            Step::Call { key, times } => {
                let name = key.to_string();
                let known = state.live.iter().position(|live| live.name() == name);
                let place = known.unwrap_or_else(|| state.make(&name));
                state.call(place, times);
            }
            Step::Twin { key, times } => {
                state.clock.advance(Duration::from_nanos(1));
                let place = state.make(&key.to_string());
                state.call(place, times);
                state.clock.advance(Duration::from_nanos(1));
            }
            Step::Evict { place } => {
                if !state.live.is_empty() {
                    let place = place % state.live.len();
                    let gone = state.live.swap_remove(place);
                    state.retired.add(&Counts::of(&gone.snapshot().totals));
                }
            }
            Step::Wait => state.clock.advance(Duration::from_millis(10)),
            Step::Scrape | Step::Read => {}
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call {
        key: u8,
        times: u8,
    },
    /// Another key with the same text.
    Twin {
        key: u8,
        times: u8,
    },
    Evict {
        place: usize,
    },
    Wait,
    Scrape,
    /// Another scrape reads, and is shown after the next one.
    Read,
}

/// Registries as a collector exports them.
struct Exported {
    registries: Registries,
    sources: Vec<(Arc<str>, Arc<dyn Source>)>,
}

impl Exported {
    fn new(max_keys: usize) -> Self {
        Self {
            registries: Registries::new(max_keys),
            sources: Vec::new(),
        }
    }

    fn watch(&mut self, name: &str, source: Arc<dyn Source>) {
        self.sources.push((name.into(), source));
    }

    fn read(&self) -> (Plan, Vec<Reading>) {
        let plan = self.registries.plan(Polling::Off);
        let sources = self.sources.iter();
        let readings = sources
            .map(|(name, source)| Reading::take((name, &**source), &plan, |name| name == OTHER));
        let readings = readings.collect();
        (plan, readings)
    }

    fn show(&mut self, (plan, readings): (Plan, Vec<Reading>)) -> Vec<MetricFamily> {
        let mut families = Families::new();
        self.registries.show(&plan, readings, &mut families);
        families.into_proto()
    }
}

/// The successful calls of each breaker, as shown.
fn scrape(registries: &mut Exported) -> BTreeMap<String, f64> {
    let reading = registries.read();
    successes(&registries.show(reading))
}

fn successes(families: &[MetricFamily]) -> BTreeMap<String, f64> {
    let calls = families
        .iter()
        .find(|family| family.name() == "circuit_breaker_calls_total")
        .unwrap();
    let wanted = Outcome::Success.as_str();
    let mut shown = BTreeMap::new();
    for metric in calls.get_metric() {
        let [breaker, outcome] = metric.get_label() else {
            panic!("two labels")
        };
        if outcome.value() == wanted {
            let calls = crate::proto::counter_value(metric.get_counter());
            let twice = shown.insert(breaker.value().to_owned(), calls);
            assert_eq!(twice, None, "{}", breaker.value());
        }
    }
    shown
}

fn call(told: &Told, key: u8, times: u8) {
    told.do_it(Step::Call { key, times });
}

fn shown(values: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let values = values.iter();
    values
        .map(|(breaker, calls)| ((*breaker).to_owned(), *calls))
        .collect()
}

#[test]
fn a_key_keeps_its_series_while_it_lives_and_leaves_them_to_another_then() {
    let told = Told::new();
    let mut registries = Exported::new(1);
    registries.watch("told", Arc::new(told.clone()));
    call(&told, 1, 5);
    assert_eq!(scrape(&mut registries), shown(&[("1", 5.0), (OTHER, 0.0)]));
    told.do_it(Step::Wait);

    // The second key is busier, and the series stay with the first.
    call(&told, 2, 100);
    assert_eq!(
        scrape(&mut registries),
        shown(&[("1", 5.0), (OTHER, 100.0)])
    );

    // The first key makes two calls that no scrape has seen, and is evicted.
    call(&told, 1, 2);
    told.do_it(Step::Evict { place: 0 });
    assert_eq!(scrape(&mut registries), shown(&[(OTHER, 102.0)]));

    // The second has series now. What it had counted before stays in the sum.
    call(&told, 2, 3);
    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("2", 0.0), (OTHER, 105.0)]));
    call(&told, 2, 1);
    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("2", 1.0), (OTHER, 105.0)]));
}

#[test]
fn a_key_that_was_evicted_and_came_back_between_scrapes_goes_on_counting() {
    let told = Told::new();
    let mut registries = Exported::new(1);
    registries.watch("told", Arc::new(told.clone()));
    call(&told, 1, 5);
    scrape(&mut registries);

    call(&told, 1, 2);
    told.do_it(Step::Evict { place: 0 });
    told.do_it(Step::Wait);
    call(&told, 1, 10);

    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("1", 15.0), (OTHER, 2.0)]));
}

#[test]
fn a_registry_that_forgets_takes_nothing_away() {
    let told = Told::new();
    let mut registries = Exported::new(0);
    registries.watch("told", Arc::new(told.clone()));
    call(&told, 1, 5);
    scrape(&mut registries);

    // Gone from the list, and not yet among the retired.
    let gone = told.0.lock().unwrap().live.remove(0);
    assert_eq!(scrape(&mut registries), shown(&[(OTHER, 5.0)]));
    let counts = Counts::of(&gone.snapshot().totals);
    told.0.lock().unwrap().retired.add(&counts);

    assert_eq!(scrape(&mut registries), shown(&[(OTHER, 5.0)]));
    call(&told, 2, 1);
    assert_eq!(scrape(&mut registries), shown(&[(OTHER, 6.0)]));
}

#[test]
fn a_key_that_comes_back_after_a_scrape_without_it_goes_on_where_its_series_ended() {
    let told = Told::new();
    let mut registries = Exported::new(1);
    registries.watch("told", Arc::new(told.clone()));
    call(&told, 1, 5);
    scrape(&mut registries);
    told.do_it(Step::Evict { place: 0 });
    assert_eq!(scrape(&mut registries), shown(&[(OTHER, 0.0)]));
    told.do_it(Step::Wait);

    call(&told, 1, 8);

    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("1", 13.0), (OTHER, 0.0)]));
}

#[test]
fn each_of_two_registries_keeps_its_own_keys() {
    let told = [Told::new(), Told::new()];
    let mut registries = Exported::new(10);
    for (name, told) in ["one", "two"].into_iter().zip(&told) {
        registries.watch(name, Arc::new(told.clone()));
    }
    call(&told[0], 1, 5);
    call(&told[1], 2, 5);
    scrape(&mut registries);

    call(&told[0], 1, 1);
    call(&told[1], 2, 2);

    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("1", 6.0), ("2", 7.0), (OTHER, 0.0)]));
}

#[test]
fn a_key_whose_text_has_series_is_in_the_sum_with_its_state() {
    let told = Told::new();
    let mut registries = Exported::new(10);
    registries.watch("told", Arc::new(told.clone()));
    told.do_it(Step::Twin { key: 1, times: 1 });
    scrape(&mut registries);
    told.do_it(Step::Twin { key: 1, times: 2 });
    // The one that came later is listed first, as an eviction may leave it.
    told.0.lock().unwrap().live.swap(0, 1);

    for _ in 0..2 {
        let reading = registries.read();
        let families = registries.show(reading);
        let state = families
            .iter()
            .find(|family| family.name() == "circuit_breaker_state")
            .unwrap();
        let of_sum = state.get_metric().iter().filter(|metric| {
            let mut labels = metric.get_label().iter();
            labels.any(|label| label.value() == OTHER)
        });
        let in_sum: f64 = of_sum
            .map(|metric| crate::proto::gauge_value(metric.get_gauge()))
            .sum();
        assert!((in_sum - 1.0).abs() < 0.5, "{in_sum}");
    }
    assert_eq!(scrape(&mut registries), shown(&[("1", 1.0), (OTHER, 2.0)]));
}

#[test]
fn a_scrape_that_is_overtaken_takes_nothing_back() {
    let told = Told::new();
    let mut registries = Exported::new(10);
    registries.watch("told", Arc::new(told.clone()));
    call(&told, 1, 5);
    scrape(&mut registries);

    let earlier = registries.read();
    call(&told, 1, 2);
    told.do_it(Step::Wait);
    call(&told, 2, 3);
    scrape(&mut registries);

    let late = successes(&registries.show(earlier));
    assert_eq!(late, shown(&[("1", 7.0), (OTHER, 0.0)]));
    let next = scrape(&mut registries);
    assert_eq!(next, shown(&[("1", 7.0), ("2", 3.0), (OTHER, 0.0)]));
}
