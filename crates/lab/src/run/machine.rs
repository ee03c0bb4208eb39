//! The program and the machine of a run, written into every result, as figures mean nothing without them.

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
    }
}

/// This machine, without anything that names it.
pub(crate) fn machine() -> Machine {
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpu: cpu(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The processor's name, which Linux tells.
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, name)| name.trim().to_owned())
}
