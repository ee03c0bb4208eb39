//! Random histories of keys, compared with what a scraper concludes from them.

use proptest::prelude::*;

use super::*;

/// A step of a history, and which of two registries it happens to.
fn steps() -> impl Strategy<Value = Vec<(usize, Step)>> {
    let step = prop_oneof![
        4 => (0..6_u8, 0..9_u8).prop_map(|(key, times)| Step::Call { key, times }),
        1 => (0..6_u8, 0..9_u8).prop_map(|(key, times)| Step::Twin { key, times }),
        2 => any::<usize>().prop_map(|place| Step::Evict { place }),
        2 => Just(Step::Wait),
        3 => Just(Step::Scrape),
        1 => Just(Step::Read),
    ];
    prop::collection::vec((0..2_usize, step), 1..80)
}

/// The sum of `increase()` over all series. A series is compared with its last known value, even if
/// it was absent meanwhile, and begins at 0.
fn increase(known: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>) -> f64 {
    now.iter()
        .map(|(breaker, value)| value - known.get(breaker).unwrap_or(&0.0))
        .sum()
}

/// What a scraper knows.
#[derive(Default)]
struct Scraper {
    known: BTreeMap<String, f64>,
    increased: f64,
}

impl Scraper {
    fn note(&mut self, now: BTreeMap<String, f64>) {
        for (breaker, value) in &now {
            let earlier = self.known.get(breaker).unwrap_or(&0.0);
            assert!(value >= earlier, "{breaker}: {value} after {earlier}");
        }
        self.increased += increase(&self.known, &now);
        self.known.extend(now);
    }
}

fn calls(told: &[Told]) -> f64 {
    let calls: u64 = told.iter().map(|told| told.0.lock().unwrap().calls).sum();
    f64::from(u32::try_from(calls).unwrap())
}

proptest! {
    #[test]
    fn every_call_is_counted_once_and_no_counter_goes_down(max_keys in 0..4_usize, steps in steps()) {
        let told = [Told::new(), Told::new()];
        let mut registries = Exported::new(max_keys);
        registries.watch("one", Arc::new(told[0].clone()));
        registries.watch("two", Arc::new(told[1].clone()));
        let (mut scraper, mut read) = (Scraper::default(), None);

        for (registry, step) in steps.into_iter().chain([(0, Step::Scrape); 2]) {
            told[registry].do_it(step);
            match step {
                Step::Read => read = Some(registries.read()),
                Step::Scrape => {
                    let now = scrape(&mut registries);
                    prop_assert!(now.len() <= max_keys + 1, "{:?}", now);
                    scraper.note(now);
                    let (increased, calls) = (scraper.increased, calls(&told));
                    prop_assert!((increased - calls).abs() < 0.5, "{increased} of {calls}");
                    if let Some(read) = read.take() {
                        scraper.note(successes(&registries.show(read)));
                        let increased = scraper.increased;
                        prop_assert!((increased - calls).abs() < 0.5, "{increased} of {calls}, late");
                    }
                }
                _ => {}
            }
        }
    }
}
