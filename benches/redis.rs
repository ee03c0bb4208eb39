//! The cost of a fleet to its Redis server: instances that report every key once a second to a real server.
//!
//! `cargo bench -p benches --bench redis`; `-- --instances N --keys N --seconds N` for other sizes. It needs
//! Debian's `redis-server`, and starts one of its own. Each instance has a connection of its own.
//!
//! With K keys, heartbeat h and batch B, an instance sends K/h reports a second while nothing happens. Where
//! counts are merged, it sends up to K/B while calls end. Each report has one answer. Beside that there is a report
//! per change of its opinion, two messages per probe of the whole fleet, and a push per key and change of the
//! verdict: so few that the rows here leave them out.

#[expect(dead_code, reason = "tests of faults use the rest")]
#[path = "../crates/fusebox-fleet/tests/redis/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use benches::{Host, load_average, now};
use fusebox_fleet::engine::Engine;
use fusebox_fleet::engine::redis::{Address, Redis};
use fusebox_fleet::{
    BreakerKey, Counts, InstanceId, Mode, Opinion, Report, Sender, Sequence, Session, Settings,
};
use server::Server;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

const HEARTBEAT: Duration = Duration::from_secs(1);
const BATCH: Duration = Duration::from_millis(100);
const WARM_UP: Duration = Duration::from_secs(3);

/// How large the fleet is, and for how long it is watched.
#[derive(Clone, Copy)]
struct Size {
    instances: u64,
    keys: u64,
    seconds: u64,
}

/// What the fleet does.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    mode: Mode,
    opinion: Opinion,
    every: Duration,
    beats: Beats,
}

/// When an instance reports its keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beats {
    /// All at once, as by the host: they are one request.
    Together,
    /// Each at its own time.
    Apart,
}

const CASES: [Case; 5] = [
    Case {
        name: "quorum, closed",
        mode: Mode::Quorum,
        opinion: Opinion::Fine,
        every: HEARTBEAT,
        beats: Beats::Together,
    },
    Case {
        name: "quorum, closed, each key at its own time",
        mode: Mode::Quorum,
        opinion: Opinion::Fine,
        every: HEARTBEAT,
        beats: Beats::Apart,
    },
    Case {
        name: "quorum, open",
        mode: Mode::Quorum,
        opinion: Opinion::Suspect,
        every: HEARTBEAT,
        beats: Beats::Together,
    },
    Case {
        name: "pooled, counts once a second",
        mode: Mode::Pooled,
        opinion: Opinion::Fine,
        every: HEARTBEAT,
        beats: Beats::Together,
    },
    Case {
        name: "pooled, counts each 100 ms, a tenth of the instances",
        mode: Mode::Pooled,
        opinion: Opinion::Fine,
        every: BATCH,
        beats: Beats::Together,
    },
];

/// What the server has done so far.
struct Done {
    cpu: f64,
    scripts: f64,
    received: f64,
    sent: f64,
}

#[expect(clippy::print_stdout, reason = "the report")]
fn main() {
    let size = Size {
        instances: argument("--instances", 1000),
        keys: argument("--keys", 10),
        seconds: argument("--seconds", 10),
    };
    // A connection per instance, here and in the server, which inherits the limit.
    let wanted = size.instances * 2 + 200;
    rlimit::increase_nofile_limit(wanted).expect("a limit of descriptors that can be raised");
    println!("# A fleet and its Redis server\n\n{}", Host::this());
    println!(
        "{} instances, {} keys each; {} s after {WARM_UP:?}. Load average at the start: {:.1}.\n",
        size.instances,
        size.keys,
        size.seconds,
        load_average().unwrap_or_default()
    );
    println!(
        "| fleet | reports/s | of an instance | formula | reports per request | CPU of Redis, share of a core | \
         µs of CPU per report | p50 | p99 | bytes in, out per report | not answered |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for case in CASES {
        println!("{}", runtime.block_on(watch(case, size)));
    }
}

fn argument(name: &str, usual: u64) -> u64 {
    let mut words = std::env::args().skip_while(|word| word != name).skip(1);
    words.next().map_or(usual, |word| {
        word.parse().unwrap_or_else(|_| {
            panic!("{word:?} is not a number: write a whole number after {name}")
        })
    })
}

async fn watch(case: Case, mut size: Size) -> String {
    if case.every < HEARTBEAT {
        size.instances = (size.instances / 10).max(1);
    }
    let server = Server::start();
    let lost = Arc::new(AtomicU64::new(0));
    let (told, mut hears) = mpsc::unbounded_channel();
    let mut fleet = JoinSet::new();
    for number in 0..size.instances {
        let (told, lost) = (told.clone(), Arc::clone(&lost));
        fleet.spawn(live(number, case, size, server.port(), told, lost));
    }
    sleep(WARM_UP).await;
    while hears.try_recv().is_ok() {}
    lost.store(0, Ordering::Relaxed);
    let (began, before) = (now(), done(&server));
    sleep(Duration::from_secs(size.seconds)).await;
    let (passed, after) = (began.elapsed().as_secs_f64(), done(&server));
    fleet.shutdown().await;
    let mut times = Vec::new();
    while let Ok(time) = hears.try_recv() {
        times.push(time);
    }
    row(case, size, passed, &mut times, (&before, &after), &lost)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn row(
    case: Case,
    size: Size,
    passed: f64,
    times: &mut [Duration],
    (before, after): (&Done, &Done),
    lost: &AtomicU64,
) -> String {
    times.sort_unstable();
    let quantile = |of: usize| {
        times
            .get(times.len() * of / 100)
            .copied()
            .unwrap_or_default()
    };
    let (reports, cpu) = (times.len() as f64, after.cpu - before.cpu);
    let requests = (after.scripts - before.scripts).max(1.0);
    format!(
        "| {} | {:.0} | {:.2} | {:.2} | {:.1} | {:.1} % | {:.1} | {:.1?} | {:.1?} | {:.0}, {:.0} | {} |",
        case.name,
        reports / passed,
        reports / passed / size.instances as f64,
        size.keys as f64 / case.every.as_secs_f64(),
        reports / requests,
        cpu / passed * 100.0,
        cpu / reports * 1e6,
        quantile(50),
        quantile(99),
        (after.received - before.received) / reports,
        (after.sent - before.sent) / reports,
        lost.load(Ordering::Relaxed)
    )
}

/// One instance: reports all its keys, again and again.
async fn live(
    number: u64,
    case: Case,
    size: Size,
    port: u16,
    told: mpsc::UnboundedSender<Duration>,
    lost: Arc<AtomicU64>,
) {
    let address: Address = format!("redis://127.0.0.1:{port}?timeout=5s")
        .parse()
        .expect("an address");
    let engine = Redis::new(address);
    let settings = Arc::new(
        Settings::builder(case.mode)
            .build()
            .expect("valid settings"),
    );
    let name = InstanceId::new(&format!("checkout-{number:04}")).expect("a name");
    let sender = Sender::new(name, Session::new(number));
    // Instances begin at different moments.
    let begin = case.every.mul_f64(fastrand::f64());
    let mut keys = JoinSet::new();
    for key in 0..size.keys {
        let key = BreakerKey::new(&format!("dependency-{key}")).expect("a name");
        let mut report = Report::new(sender.clone(), case.opinion, Arc::clone(&settings));
        if case.mode == Mode::Pooled {
            report.counts = Counts::new(19, 1);
        }
        let wait = match case.beats {
            Beats::Together => begin,
            Beats::Apart => case.every.mul_f64(fastrand::f64()),
        };
        let (engine, told, lost) = (engine.clone(), told.clone(), Arc::clone(&lost));
        keys.spawn(async move {
            sleep(wait).await;
            let mut beats = interval(case.every);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for sequence in 1.. {
                beats.tick().await;
                report.sequence = Sequence::new(sequence);
                let began = now();
                match engine.report(&key, &report).await {
                    Ok(view) => {
                        (report.seen, report.command) = (Some(view.era), view.command);
                        let _ = told.send(began.elapsed()); // or nobody measures any more
                    }
                    Err(_) => drop(lost.fetch_add(1, Ordering::Relaxed)),
                }
            }
        });
    }
    keys.join_all().await;
}

fn done(server: &Server) -> Done {
    let text: String = ["cpu", "stats", "commandstats"]
        .map(|section| server.admin::<String>(&["INFO", section]))
        .concat();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let figure = line.and_then(|line| line.split(',').next());
        figure
            .and_then(|figure| figure.parse::<f64>().ok())
            .unwrap_or_default()
    };
    Done {
        cpu: number("used_cpu_user:") + number("used_cpu_sys:"),
        scripts: number("cmdstat_evalsha:calls="),
        received: number("total_net_input_bytes:"),
        sent: number("total_net_output_bytes:"),
    }
}
