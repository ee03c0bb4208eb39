//! Three processes and a Redis that is killed while the downstream fails and started again later, beside three that
//! decide alone and meet the same calls and faults. The table is printed by
//!
//! ```text
//! cargo test -p end-to-end --test coordination redis_is_killed -- --nocapture
//! ```

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use end_to_end::{Client, Redis, System, eventually, healthy};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::{File, QUICK, fleet, put};

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
const GAP: Duration = Duration::from_millis(25);

/// One call: in which phase it was planned, its status, and how long it took.
type Call = (usize, u16, Duration);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_caller_notices_that_redis_is_killed_and_nothing_stays_open_or_closed_because_of_it() {
    let mut server = Redis::start(&[]);
    let (url, file) = (server.url(), File::new("lost", QUICK));
    let common = ["--config", file.path(), "--call-timeout", "100ms"];
    let quorum = [&common[..], &["--coordination", "quorum", "--engine", &url]].concat();
    let together = System::start(&healthy(), &quorum).await;
    let alone = System::start(&healthy(), &common).await;
    eventually("all have joined", async || {
        for (_, client, _) in &together.instances {
            if fleet(client).await["engine"]["reachable"] != true {
                return None;
            }
        }
        Some(())
    })
    .await;

    let began = Instant::now();
    put(&together, PLAN).await;
    put(&alone, PLAN).await;
    let called = [calls(&together, began), calls(&alone, began)];
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
    let [ours, theirs] = called.map(|calls| async { calls.await.expect("callers end") });
    let (ours, theirs) = (ours.await, theirs.await);

    println!("{}", table(&rows, [&ours, &theirs]));
    let ratio = share(good(&ours), good(&theirs));
    println!("alone {fell_back:?} after Redis was killed; goodput {ratio:.3} of that of local");
    for calls in [&ours, &theirs] {
        // Successes, failures of the downstream, and fast failures: nothing else, and nobody waits.
        let odd = calls
            .iter()
            .find(|(_, status, _)| ![200, 502, 503].contains(status));
        assert_eq!(
            odd, None,
            "a caller saw what is neither the downstream nor a breaker"
        );
    }
    assert!(
        slowest(&ours) < slowest(&theirs) + Duration::from_secs(1),
        "a caller waited"
    );
    assert!(
        fell_back < Duration::from_millis(3500),
        "alone only after {fell_back:?}"
    );
    let is = |row: usize, what: &str| rows[row][0].iter().all(|it| it["state"] == what);
    assert!(
        is(4, "closed"),
        "open though all is well: {:#?}",
        rows[4][0]
    );
    assert!(
        is(7, "closed"),
        "open though all is well: {:#?}",
        rows[7][0]
    );
    let none_closed = |row: usize| rows[row][0].iter().all(|it| it["state"] != "closed");
    for row in [1, 2, 3, 6] {
        assert!(
            none_closed(row),
            "closed though the downstream fails: {:#?}",
            rows[row][0]
        );
    }
    let reached = |row: usize| {
        rows[row][0]
            .iter()
            .all(|it| it["fleet"]["engine"]["reachable"] == true)
    };
    assert!(
        reached(5) && reached(6),
        "not joined again: {:#?}",
        rows[5][0]
    );
    assert!(ratio >= 0.98, "goodput is {ratio:.3} of that of local");
}

/// Calls all instances of a system as planned, and hands out what came of it.
fn calls(system: &System, began: Instant) -> tokio::task::JoinHandle<Vec<Call>> {
    let clients: Vec<Client> = system
        .instances
        .iter()
        .map(|(_, client, _)| client.clone())
        .collect();
    tokio::spawn(async move {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut under_way = JoinSet::new();
        let end = Duration::from_secs(PHASES[PHASES.len() - 1].1);
        let mut after = Duration::ZERO;
        while after < end {
            sleep_until(began + after).await;
            let place = PHASES
                .iter()
                .position(|(_, end)| after < Duration::from_secs(*end));
            for client in &clients {
                let (client, seen) = (client.clone(), Arc::clone(&seen));
                under_way.spawn(async move {
                    let sent = Instant::now();
                    let status = client
                        .try_get("/call")
                        .await
                        .map_or(0, |reply| reply.status);
                    let call = (place.expect("it is in a phase"), status, sent.elapsed());
                    seen.lock().expect("nobody panics").push(call);
                });
            }
            after += GAP;
        }
        under_way.join_all().await;
        let seen = seen.lock().expect("nobody panics");
        seen.clone()
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

fn good(calls: &[Call]) -> usize {
    calls.iter().filter(|(_, status, _)| *status == 200).count()
}

fn slowest(calls: &[Call]) -> Duration {
    calls
        .iter()
        .map(|(.., took)| *took)
        .max()
        .unwrap_or_default()
}

fn share(part: usize, of: usize) -> f64 {
    let number = |count| f64::from(u32::try_from(count).expect("a run is short"));
    number(part) / number(of)
}

/// A row per phase: what clients got with Redis and alone, and how the breakers stood at its end.
fn table(rows: &[[Vec<Value>; 2]], calls: [&[Call]; 2]) -> String {
    let mut text = format!(
        "{:<34} {:>5} {:>5} {:>6} {:>5}  {:<30} {:<7} {:<8} | {:>5} {:>6}  local: states",
        "phase (until)",
        "calls",
        "ok",
        "failed",
        "fast",
        "states",
        "reached",
        "verdict",
        "ok",
        "failed"
    );
    for (place, (name, end)) in PHASES.into_iter().enumerate() {
        let count = |of: usize, status: Option<u16>| {
            let here = calls[of].iter().filter(|(phase, ..)| *phase == place);
            here.filter(|(_, got, _)| status.is_none_or(|status| *got == status))
                .count()
        };
        let states = |of: usize| {
            let states = rows[place][of]
                .iter()
                .map(|it| it["state"].as_str().unwrap_or("?").to_owned());
            states.collect::<Vec<_>>().join(" ")
        };
        let reached = rows[place][0]
            .iter()
            .filter(|it| it["fleet"]["engine"]["reachable"] == true)
            .count();
        let verdict = rows[place][0][0]["fleet"]["verdict"]
            .as_str()
            .unwrap_or("-")
            .to_owned();
        let _ = write!(
            text,
            "\n{:<34} {:>5} {:>5} {:>6} {:>5}  {:<30} {:<7} {:<8} | {:>5} {:>6}  {}",
            format!("{name} ({end} s)"),
            count(0, None),
            count(0, Some(200)),
            count(0, Some(502)),
            count(0, Some(503)),
            states(0),
            format!("{reached} of 3"),
            verdict,
            count(1, Some(200)),
            count(1, Some(502)),
            states(1)
        );
    }
    text
}
