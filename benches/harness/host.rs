//! The machine, the compiler and the build behind a number, without which the number cannot be judged.

use std::num::NonZeroUsize;
use std::{env, fmt, fs, thread};

const BUILD: &str = if cfg!(debug_assertions) {
    "not optimised"
} else {
    "optimised"
};

/// The machine and the toolchain. Displays as the head of a report, in Markdown.
#[derive(Clone, Debug)]
pub struct Host {
    processor: String,
    cores: usize,
    peers: &'static str,
}

impl Host {
    /// The machine this runs on, beside the other libraries.
    pub fn this() -> Self {
        Self::beside(env!("BENCH_PEERS"))
    }

    /// The machine this runs on, beside what the bare services are made of.
    pub fn of_system() -> Self {
        Self::beside(env!("BENCH_BARE"))
    }

    fn beside(peers: &'static str) -> Self {
        Self {
            peers,
            processor: processor().unwrap_or_else(|| "unknown processor".to_owned()),
            cores: thread::available_parallelism().map_or(1, NonZeroUsize::get),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processor,
            cores,
            peers,
        } = self;
        let (system, processors) = (env::consts::OS, env::consts::ARCH);
        writeln!(
            f,
            "- machine: {processor}, {cores} cores, {system}-{processors}"
        )?;
        writeln!(f, "- toolchain: {}, {BUILD}", env!("BENCH_RUSTC"))?;
        writeln!(f, "- peers: {peers}")
    }
}

/// What Linux calls the processor.
fn processor() -> Option<String> {
    let about = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = about.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
