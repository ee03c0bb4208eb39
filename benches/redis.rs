//! What a fleet costs its Redis server: instances that report every key once a second, by a real server.
//!
//! `cargo bench -p benches --bench redis`; `-- --instances N --keys N --seconds N` for other sizes. It needs
//! Debian's `redis-server`, and starts one of its own. Each instance has a connection of its own, and sends the
//! reports of all its keys at once. In the steady state there is one report per key and heartbeat, so
//! `keys / heartbeat` messages a second from each instance, and as many answers.

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
const WARM_UP: Duration = Duration::from_secs(3);

/// How large the fleet is, and for how long it is watched.
#[derive(Clone, Copy)]
struct Size {
    instances: u64,
    keys: u64,
    seconds: u64,
}

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
        "{} instances, {} keys each, a report per key and second; {} s after {WARM_UP:?}. Load average at the \
         start: {:.1}.\n",
        size.instances,
        size.keys,
        size.seconds,
        load_average().unwrap_or_default()
    );
    println!(
        "| mode | reports/s | messages/s per instance | formula | CPU of Redis, share of a core | µs of CPU per \
         report | p50 | p99 | bytes in, out per report | not answered |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for mode in [Mode::Quorum, Mode::Pooled] {
        println!("{}", runtime.block_on(watch(mode, size)));
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

async fn watch(mode: Mode, size: Size) -> String {
    let server = Server::start();
    let lost = Arc::new(AtomicU64::new(0));
    let (told, mut hears) = mpsc::unbounded_channel();
    let mut fleet = JoinSet::new();
    for number in 0..size.instances {
        let (told, lost) = (told.clone(), Arc::clone(&lost));
        fleet.spawn(live(number, mode, size, server.port(), told, lost));
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
    row(mode, size, passed, &mut times, (&before, &after), &lost)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn row(
    mode: Mode,
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
    let (reports, cpu) = (after.scripts - before.scripts, after.cpu - before.cpu);
    format!(
        "| {mode} | {:.0} | {:.2} | {:.2} | {:.1} % | {:.1} | {:.0?} | {:.0?} | {:.0}, {:.0} | {} |",
        reports / passed,
        reports / passed / size.instances as f64,
        size.keys as f64 / HEARTBEAT.as_secs_f64(),
        cpu / passed * 100.0,
        cpu / reports * 1e6,
        quantile(50),
        quantile(99),
        (after.received - before.received) / reports,
        (after.sent - before.sent) / reports,
        lost.load(Ordering::Relaxed)
    )
}

/// One instance: reports all its keys at once, again and again.
async fn live(
    number: u64,
    mode: Mode,
    size: Size,
    port: u16,
    told: mpsc::UnboundedSender<Duration>,
    lost: Arc<AtomicU64>,
) {
    let address: Address = format!("redis://127.0.0.1:{port}?timeout=5s")
        .parse()
        .expect("an address");
    let engine = Redis::new(address);
    let settings = Arc::new(Settings::builder(mode).build().expect("valid settings"));
    let name = InstanceId::new(&format!("checkout-{number:04}")).expect("a name");
    let sender = Sender::new(name, Session::new(number));
    // Nobody begins at the same moment.
    sleep(HEARTBEAT.mul_f64(fastrand::f64())).await;
    let mut beats = interval(HEARTBEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for sequence in 1.. {
        beats.tick().await;
        let mut reports = JoinSet::new();
        for key in 0..size.keys {
            let mut report = Report::new(sender.clone(), Opinion::Fine, Arc::clone(&settings));
            report.sequence = Sequence::new(sequence);
            if mode == Mode::Pooled {
                report.counts = Counts::new(19, 1);
            }
            let engine = engine.clone();
            reports.spawn(async move {
                let key = BreakerKey::new(&format!("dependency-{key}")).expect("a name");
                let began = now();
                let answer = engine.report(&key, &report).await;
                answer.map(|_| began.elapsed())
            });
        }
        for answer in reports.join_all().await {
            match answer {
                Ok(time) => drop(told.send(time)),
                Err(_) => drop(lost.fetch_add(1, Ordering::Relaxed)),
            }
        }
    }
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
