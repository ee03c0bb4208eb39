//! Three processes and a Redis that is killed while the downstream fails and started again later, beside three that
//! decide alone and meet the same calls and faults. The table is printed by
//!
//! ```text
//! cargo test -p end-to-end --test coordination redis_is_killed -- --nocapture
//! ```

use std::fmt::Write;
use std::time::Duration;

use end_to_end::{Client, Redis, System, eventually, healthy};
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::{Calls, File, QUICK, put, quorum_on};

/// What the phases of the run are called, and when each ends, in seconds.
const PHASES: [(&str, u64); 8] = [
    ("all well", 2),
    ("downstream fails", 4),
    ("Redis killed", 7),
    ("still failing", 8),
    ("downstream well, no Redis", 10),
    ("Redis started again", 13),
    ("downstream fails", 15),
    ("all well", 18),
];
const KILLED_AT: u64 = 4;
const STARTED_AT: u64 = 10;
const PLAN: &str = r#"{"phases": [{"name": "well", "for": "2s"}, {"name": "down", "for": "6s", "failure_ratio": 1},
    {"name": "well 2", "for": "5s"}, {"name": "down 2", "for": "2s", "failure_ratio": 1}, {"name": "well 3"}]}"#;
/// Between two calls to one instance.
const GAP: Duration = Duration::from_millis(50);

/// How late a call may be sent, and how long one of those may take whose breakers decide alone: beyond that the machine
/// stood still, and the run is made once more.
const STILL: Duration = Duration::from_millis(300);
/// Runs at most. The last one is judged in any case, with as much more time as the machine stood still.
const ATTEMPTS: usize = 3;

/// One call: in which phase it was planned, its status, how late it was sent and how long it took.
#[derive(Clone, Copy, Debug)]
struct Call {
    phase: usize,
    status: u16,
    late: Duration,
    took: Duration,
}

/// The result of one run.
struct Run {
    /// What `/breaker` showed at the end of each phase, with Redis and alone.
    rows: Vec<[Vec<Value>; 2]>,
    ours: Vec<Call>,
    theirs: Vec<Call>,
    /// How long after the end of Redis all three decided alone.
    fell_back: Duration,
}

#[expect(clippy::print_stdout, reason = "the table is what the test is run for")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_caller_notices_that_redis_is_killed_and_nothing_stays_open_or_closed_because_of_it() {
    for attempt in 1..=ATTEMPTS {
        let run = run().await;
        println!("{}", run.table());
        let (ratio, alone) = (run.goodput(), run.fell_back);
        println!("alone {alone:?} after Redis was killed; goodput {ratio:.3} of that of local");
        for calls in [&run.ours, &run.theirs] {
            // Successes, failures of the downstream, also by its time limit, and fast failures: nothing else.
            let odd = calls
                .iter()
                .find(|call| ![200, 502, 503, 504].contains(&call.status));
            assert!(
                odd.is_none(),
                "neither the downstream nor a breaker: {odd:?}"
            );
        }
        let still = run.stood_still();
        if still.is_zero() || attempt == ATTEMPTS {
            return run.check(still);
        }
        println!("run {attempt} of {ATTEMPTS}: the machine stood still for {still:?} too long");
    }
}

async fn run() -> Run {
    let mut server = Redis::start(&[]);
    let (url, file) = (
        format!("{}?timeout=1s", server.url()),
        File::new("lost", QUICK),
    );
    let together = System::start(&healthy(), &quorum_on(&url, &file)).await;
    let alone = System::start(&healthy(), &["--config", file.path()]).await;
    all(&together, "all have joined", |it| {
        it["fleet"]["engine"]["reachable"] == true
    })
    .await;

    let began = Instant::now();
    put(&together, PLAN).await;
    put(&alone, PLAN).await;
    let (ours, theirs) = (calls(&together, began), calls(&alone, began));
    let mut rows = Vec::new();
    let mut fell_back = Duration::ZERO;
    for (place, (_, end)) in PHASES.into_iter().enumerate() {
        let begins = place.checked_sub(1).map_or(0, |before| PHASES[before].1);
        match begins {
            KILLED_AT => {
                server.kill();
                let killed = Instant::now();
                all(&together, "alone", |it| {
                    it["fleet"]["apart"]["reason"] == "stale"
                })
                .await;
                fell_back = killed.elapsed();
            }
            STARTED_AT => server.begin(),
            _ => {}
        }
        sleep_until(began + Duration::from_secs(end) - Duration::from_millis(50)).await;
        rows.push([states(&together).await, states(&alone).await]);
    }
    let (ours, theirs) = (ours.await, theirs.await);
    // However busy the machine is, in the end all are back. A breaker that is half-open needs calls to close.
    let _calls = Calls::to(&together);
    all(&together, "all are closed, and in the fleet", |it| {
        it["state"] == "closed" && it["fleet"]["engine"]["reachable"] == true
    })
    .await;
    Run {
        rows,
        ours: ours.expect("callers end"),
        theirs: theirs.expect("callers end"),
        fell_back,
    }
}

impl Run {
    /// For how much longer than allowed the machine stood still.
    fn stood_still(&self) -> Duration {
        let late =
            longest(&self.ours, |call| call.late).max(longest(&self.theirs, |call| call.late));
        let slow = longest(&self.theirs, |call| call.took);
        late.max(slow).saturating_sub(STILL)
    }

    /// Judges it, with this much more time for what takes time.
    fn check(&self, still: Duration) {
        let is = |row: usize, what: &dyn Fn(&Value) -> bool| self.rows[row][0].iter().all(what);
        let closed = |row: usize| is(row, &|it| it["state"] == "closed");
        for row in [0, 4, 5, 7] {
            assert!(
                closed(row),
                "open though all is well: {:#?}",
                self.rows[row][0]
            );
        }
        for row in [1, 2, 3, 6] {
            let none_closed = is(row, &|it| it["state"] != "closed");
            assert!(
                none_closed,
                "closed though the downstream fails: {:#?}",
                self.rows[row][0]
            );
        }
        // Three seconds after the kill the last answer may be just as old as it may be.
        for (row, reachable) in [
            (1, true),
            (3, false),
            (4, false),
            (5, true),
            (6, true),
            (7, true),
        ] {
            let seen = is(row, &|it| it["fleet"]["engine"]["reachable"] == reachable);
            assert!(
                seen,
                "reachable is not {reachable}: {:#?}",
                self.rows[row][0]
            );
        }
        let (ours, theirs) = (
            longest(&self.ours, |call| call.took),
            longest(&self.theirs, |call| call.took),
        );
        assert!(
            ours < theirs + STILL + still,
            "a caller waited {ours:?}; without coordination {theirs:?}"
        );
        // Three seconds after the last answer, and the time that it takes to look.
        assert!(
            self.fell_back < Duration::from_millis(3200) + still,
            "alone only after {:?}",
            self.fell_back
        );
        // What stands still while one of the two fleets is open costs that one all calls of the time.
        let run = Duration::from_secs(PHASES[PHASES.len() - 1].1);
        assert!(
            self.goodput() >= 0.98 - still.div_duration_f64(run),
            "goodput is {:.3} of that of local",
            self.goodput()
        );
    }

    fn goodput(&self) -> f64 {
        let good = |calls: &[Call]| calls.iter().filter(|call| call.status == 200).count();
        let number = |count| f64::from(u32::try_from(count).expect("a run is short"));
        number(good(&self.ours)) / number(good(&self.theirs))
    }
}

fn longest(calls: &[Call], of: fn(&Call) -> Duration) -> Duration {
    calls.iter().map(of).max().unwrap_or_default()
}

/// Calls all instances of a system as planned, and returns the results.
fn calls(system: &System, began: Instant) -> JoinHandle<Vec<Call>> {
    let instances = system.instances.iter();
    let clients: Vec<Client> = instances.map(|(_, client, _)| client.clone()).collect();
    tokio::spawn(async move {
        let mut under_way = JoinSet::new();
        for (phase, (_, end)) in PHASES.into_iter().enumerate() {
            let begins = phase.checked_sub(1).map_or(0, |before| PHASES[before].1);
            let mut after = Duration::from_secs(begins);
            while after < Duration::from_secs(end) {
                sleep_until(began + after).await;
                for client in clients.clone() {
                    under_way.spawn(async move {
                        let sent = Instant::now();
                        let status = client.try_get("/call").await.map_or(0, |it| it.status);
                        Call {
                            phase,
                            status,
                            late: sent - (began + after),
                            took: sent.elapsed(),
                        }
                    });
                }
                after += GAP;
            }
        }
        under_way.join_all().await
    })
}

async fn states(system: &System) -> Vec<Value> {
    let mut seen = Vec::new();
    for (_, client, _) in &system.instances {
        seen.push(client.get("/breaker").await.json());
    }
    seen
}

async fn all(system: &System, what: &str, is: impl Fn(&Value) -> bool) {
    eventually(what, async || {
        let seen = states(system).await;
        seen.iter().all(&is).then_some(())
    })
    .await;
}

impl Run {
    /// A row per phase: what clients got with Redis and alone, and how the breakers stood at its end.
    fn table(&self) -> String {
        let mut text = format!(
            "{:<34} {:>5} {:>5} {:>6} {:>5}  {:<24} {:<7} {:<7} | {:>5} {:>6} {:>5}  local: states",
            "phase (until)",
            "calls",
            "ok",
            "failed",
            "fast",
            "states",
            "reached",
            "verdict",
            "ok",
            "failed",
            "fast"
        );
        for (place, (name, end)) in PHASES.into_iter().enumerate() {
            let [ours, theirs] = &self.rows[place];
            let reached = ours
                .iter()
                .filter(|it| it["fleet"]["engine"]["reachable"] == true);
            let verdict = match ours[0]["fleet"]["view_is_fresh"].as_bool() {
                Some(true) => ours[0]["fleet"]["verdict"].as_str().unwrap_or("-"),
                _ => "unknown",
            };
            let [all, ok, failed, fast] = counts(&self.ours, place);
            let [_, ok_alone, failed_alone, fast_alone] = counts(&self.theirs, place);
            let _ = write!(
                text,
                "\n{:<34} {all:>5} {ok:>5} {failed:>6} {fast:>5}  {:<24} {:<7} {verdict:<7} | {ok_alone:>5} \
                 {failed_alone:>6} {fast_alone:>5}  {}",
                format!("{name} ({end} s)"),
                words(ours),
                format!("{} of 3", reached.count()),
                words(theirs)
            );
        }
        text
    }
}

/// The calls of a phase: all, those that ended well, that the downstream failed, and that a breaker rejected.
fn counts(calls: &[Call], phase: usize) -> [usize; 4] {
    let here = calls.iter().filter(|call| call.phase == phase);
    let with = |statuses: &'static [u16]| {
        here.clone()
            .filter(|call| statuses.contains(&call.status))
            .count()
    };
    [
        here.clone().count(),
        with(&[200]),
        with(&[502, 504]),
        with(&[503]),
    ]
}

fn words(breakers: &[Value]) -> String {
    let states = breakers
        .iter()
        .map(|it| it["state"].as_str().unwrap_or("?"));
    states.collect::<Vec<_>>().join(" ")
}
