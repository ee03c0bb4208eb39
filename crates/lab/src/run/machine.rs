//! The program and the machine of a run, written into every result, because figures mean nothing without them.

use experiment::result::{Machine, Versions};

/// This program.
pub(crate) fn versions() -> Versions {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    Versions {
        breaker_lab: env!("CARGO_PKG_VERSION").to_owned(),
        build: build.to_owned(),
        commit: commit(),
    }
}

/// The commit that it was built from, if the build knew it.
pub(crate) fn commit() -> Option<String> {
    Some(env!("LAB_COMMIT").to_owned()).filter(|it| it != "unknown")
}

/// This machine, without anything that identifies it.
pub(crate) fn machine() -> Machine {
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: cpu(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load: load(),
    }
}

/// How many processes were ready to run in the last 1, 5 and 15 minutes, as Linux reports it.
fn load() -> Option<[f64; 3]> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let mut means = text.split_whitespace().map_while(|mean| mean.parse().ok());
    Some([means.next()?, means.next()?, means.next()?])
}

/// The processor's name, as Linux reports it.
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}
