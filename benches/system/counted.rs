//! Instructions of one request, counted by Valgrind's callgrind.
//!
//! The count covers the process alone, without the kernel, and is nearly the same on every run, however busy the
//! machine is. So it shows a change of a few per cent that no clock would show. It needs Debian's `valgrind`. The
//! profiles stay in the folder that the table names; `callgrind_annotate` shows them.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use benches::{Process, Ring};

use super::services::{CLOSED, How, Service, Starter};
use super::valgrind::folder;

/// Requests before counting, which fill caches and connections.
const WARM_UP: u32 = 200;
/// Requests that are counted.
const REQUESTS: u32 = 2000;

/// A service under Valgrind, and the one that it is compared with.
struct Row {
    name: &'static str,
    status: u16,
    ours: Service,
    bare: Option<Service>,
}

/// The table of all rows.
pub(crate) fn table(lab: &Path) -> io::Result<String> {
    fs::create_dir_all(folder())?;
    let mut lines = format!(
        "One request at a time, the mean of {REQUESTS}; profiles in {}.\n\n\
         | instructions per request | the lab's | bare service's | bare / lab |\n|---|---:|---:|---:|\n",
        folder().display()
    );
    let (rows, _beside) = rows(lab)?;
    for row in rows {
        let ours = count(&row.ours, row.status)?;
        let (bare, ratio) = match &row.bare {
            None => (String::new(), String::new()),
            Some(service) => {
                let bare = count(service, row.status)?;
                (format!("{bare:.0}"), format!("{:.2}", bare / ours))
            }
        };
        let name = row.name;
        let line = format!("| {name} | {ours:.0} | {bare} | {ratio} |\n");
        lines.push_str(&line);
    }
    Ok(lines)
}

/// The rows, and the services that they need beside their own.
fn rows(lab: &Path) -> io::Result<([Row; 4], [Service; 2])> {
    let plainly = Starter::plainly(lab);
    let counted = Starter {
        how: How::Counted,
        ..plainly
    };
    let downstream = plainly.peer(&["downstream"])?;
    let collector = plainly.peer(&["collector"])?;
    let traced = counted.traced(&collector, "1");
    let open = counted.open(&[])?;
    let same_bytes = counted.same_bytes(&open.call()?)?;
    let url = format!("http://{}/data", downstream.address);
    let rows = [
        Row {
            name: "fast failure beside a bare axum 503",
            status: 503,
            ours: open,
            bare: Some(same_bytes),
        },
        Row {
            name: "proxied beside a bare reqwest proxy",
            status: 200,
            ours: counted.instance(downstream.address, &CLOSED)?,
            bare: Some(counted.peer(&["proxy", &url])?),
        },
        Row {
            name: "fast failure with its trace",
            status: 503,
            ours: traced.open(&[])?,
            bare: None,
        },
        Row {
            name: "proxied with its trace",
            status: 200,
            ours: traced.instance(downstream.address, &CLOSED)?,
            bare: None,
        },
    ];
    Ok((rows, [downstream, collector]))
}

/// Instructions per request.
fn count(service: &Service, status: u16) -> io::Result<f64> {
    let mut ring = Ring::new(service.address, "/call", 1)?;
    turn(&mut ring, WARM_UP, status)?;
    control(&service.process, &["-i", "on"])?;
    turn(&mut ring, REQUESTS, status)?;
    control(&service.process, &["-i", "off"])?;
    control(&service.process, &["-d"])?;
    let dump = folder().join(format!("callgrind.{}.1", service.process.id()));
    let text = fs::read_to_string(&dump)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let total: f64 = total
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("{} has no total", dump.display())))?;
    Ok(total / f64::from(REQUESTS))
}

fn turn(ring: &mut Ring, requests: u32, status: u16) -> io::Result<()> {
    for _ in 0..requests {
        ring.turn(Duration::ZERO, status)?;
    }
    Ok(())
}

fn control(process: &Process, words: &[&str]) -> io::Result<()> {
    let mut command = Command::new("callgrind_control");
    let command = command.args(words).arg(process.id().to_string());
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "callgrind_control {words:?} fails"
    )))
}
