//! How long a look waits while somebody reads an hour: `cargo test -p lab --bin breaker-lab -- --ignored
//! measures_how_long_a_look_waits --nocapture`, on a quiet machine.

#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::thread;

use super::*;

const HOUR: u64 = 3600;
/// Instances, and transitions in a second: as many of them as are kept.
const INSTANCES: usize = 64;
const CHANGES: usize = 55;
/// How often the hour is read.
const READ: u32 = 3;

/// A look at a fleet that changes much.
fn busy(second: u64) -> Moment {
    let at_s = f64::from(u32::try_from(second).unwrap());
    Moment {
        at: Duration::from_secs(second),
        rows: vec![Row([30, 1, 2, 0, 20, 3, 0]); INSTANCES],
        changes: (0..CHANGES).map(|place| (place, opened(at_s))).collect(),
        latencies: vec![SecondLatencies(second, vec![[1.5, 2.5]; INSTANCES])],
        ..Moment::default()
    }
}

/// The longest that a look took while others read the hour, in milliseconds, and how long reading it once took.
fn longest(feed: &Arc<Feed>, read: impl Fn(&Feed) -> usize + Send + 'static) -> [f64; 2] {
    let reader = Arc::clone(feed);
    let reading = thread::spawn(move || {
        let began = Instant::now();
        let bytes: usize = (0..READ).map(|_| read(&reader)).sum();
        assert!(bytes > 1_000_000, "{bytes}");
        began.elapsed().as_secs_f64() / f64::from(READ)
    });
    let mut longest = Duration::ZERO;
    let mut second = HOUR;
    while !reading.is_finished() {
        second += 1;
        let moment = busy(second);
        let began = Instant::now();
        feed.note(&moment);
        longest = longest.max(began.elapsed());
        thread::sleep(Duration::from_millis(2));
    }
    let read = reading.join().expect("it reads");
    [longest.as_secs_f64() * 1e3, read * 1e3]
}

#[test]
#[ignore = "it measures, on a quiet machine"]
fn measures_how_long_a_look_waits_while_an_hour_is_read() {
    let feed = feed();
    for second in 0..HOUR {
        feed.note(&busy(second));
    }

    let began = Instant::now();
    let copy = feed.past();
    let copied = began.elapsed().as_secs_f64() * 1e6;
    drop(copy);
    let under_the_lock = longest(&feed, |feed| {
        feed.lock().memory.between(0.0, f64::MAX).len()
    });
    let beside_it = longest(&feed, |feed| feed.past().between(0.0, f64::MAX).len());

    println!("| an hour of {INSTANCES} instances, {CHANGES} transitions a second | |\n|---|---|");
    println!("| a copy under the lock takes | {copied:.0} µs |");
    for (how, [waited, read]) in [
        ("read under the lock", under_the_lock),
        ("read from a copy", beside_it),
    ] {
        println!("| {how} in {read:.0} ms: the longest look took | {waited:.1} ms |");
    }
    assert!(beside_it[0] < 100.0, "{beside_it:?}");
}
