//! The resources that a process uses, from the system's own accounting.
//!
//! Linux adds up the nanoseconds that each thread ran (`/proc/PID/task/TID/schedstat`). Other processes that take the
//! cores away make a process wait, which is not counted, but they still cool its caches.

use std::fs;
use std::time::Duration;

/// What a process holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Memory that is resident, in KiB.
    pub resident_kib: u64,
    /// Open file descriptors.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

/// How long the threads of a process have run. Those that have ended are not counted.
pub(crate) fn cpu(process: u32) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Duration::ZERO;
    };
    let ran = threads.flatten().filter_map(|thread| {
        let counts = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        counts.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ran.sum())
}

/// What a process holds now.
pub(crate) fn holdings(process: u32) -> Holdings {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let descriptors = fs::read_dir(format!("/proc/{process}/fd"));
    Holdings {
        resident_kib: field("VmRSS:"),
        threads: field("Threads:"),
        descriptors: descriptors.map_or(0, |entries| entries.count() as u64),
    }
}

/// How many processes wanted a core on average in the last minute.
pub fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}
