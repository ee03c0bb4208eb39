//! The memory of the lab: at rest, after an hour's worth of requests, and with ten thousand idle connections.

use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use benches::{Ring, ask, now};

use super::pair::Plan;
use super::services::{CLOSED, Starter, together};

/// Requests that the lab makes in an hour with its usual settings.
const HOUR: u32 = 90 * 3600;
const IDLE_CONNECTIONS: usize = 10_000;
const CONNECTIONS: usize = 64;
/// Scrapes of which one is the mean.
const SCRAPES: u32 = 20;
/// How long a service has to come to rest.
const REST: Duration = Duration::from_secs(2);

/// The table.
pub(crate) fn table(lab: &Path, plan: Plan) -> io::Result<String> {
    let quick = plan.rounds == Plan::QUICK.rounds;
    let requests = if quick { HOUR / 30 } else { HOUR };
    let mut lines = String::from("| memory (resident) | MiB |\n|---|---:|\n");
    let mut line = |what: &str, kib: u64| {
        let tenths = kib * 10 / 1024;
        let row = format!("| {what} | {}.{} |\n", tenths / 10, tenths % 10);
        lines.push_str(&row);
    };
    let (process, [address, _]) = together(lab)?;
    std::thread::sleep(REST);
    line(
        "whole lab at rest (wanted: at most 100)",
        process.holdings().resident_kib,
    );
    let mut ring = Ring::new(address, "/call", CONNECTIONS)?;
    let mut sent = 0;
    while sent < requests {
        sent += ring.turn(Duration::from_millis(200), 200)?;
    }
    line(
        &format!("whole lab after {sent} requests"),
        process.holdings().resident_kib,
    );

    let downstream = Starter::plainly(lab).peer(&["downstream"])?;
    let instance = Starter::plainly(lab).instance(downstream.address, &CLOSED)?;
    line("instance at rest", instance.process.holdings().resident_kib);
    let idle: io::Result<Vec<_>> = (0..IDLE_CONNECTIONS)
        .map(|_| TcpStream::connect(instance.address))
        .collect();
    let idle = idle?;
    // A client that gets an answer comes after them.
    instance.call()?;
    line(
        &format!("instance with {} idle connections", idle.len()),
        instance.process.holdings().resident_kib,
    );
    Ok(lines)
}

/// What one scrape of an instance costs.
pub(crate) fn scrape(lab: &Path) -> io::Result<String> {
    let instance = Starter::plainly(lab).open(&[])?;
    let bytes = ask("GET", instance.address, "/metrics", "")?.body.len();
    let mut ring = Ring::new(instance.address, "/metrics", 1)?;
    let (cpu, began) = (instance.process.cpu(), now());
    for _ in 0..SCRAPES {
        ring.turn(Duration::ZERO, 200)?;
    }
    let (took, cpu) = (
        began.elapsed() / SCRAPES,
        (instance.process.cpu().saturating_sub(cpu)) / SCRAPES,
    );
    Ok(format!(
        "- a scrape of an instance: {cpu:.1?} of CPU, {took:.1?}, {bytes} bytes\n"
    ))
}
