//! A process and all that it has started: what they have used, and their end.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

/// Linux counts CPU time in hundredths of a second.
const TICK_S: f64 = 0.01;

/// A process's parent, and the CPU time that it has used with all its threads, in seconds.
fn process(id: &str) -> Option<(u32, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<f64>().ok();
    let parent = fields.get(1)?.parse().ok()?;
    Some((parent, (number(11)? + number(12)?) * TICK_S))
}

/// The CPU time of a process and of all that it has started, by process.
pub(crate) fn family(of: u32) -> BTreeMap<u32, f64> {
    let all = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let all = all.filter_map(|entry| {
        let id = entry.file_name().into_string().ok()?;
        let (parent, used) = process(&id)?;
        Some((id.parse::<u32>().ok()?, parent, used))
    });
    let all: Vec<_> = all.collect();
    let mut found = BTreeMap::new();
    let mut wanted = vec![of];
    while let Some(id) = wanted.pop() {
        for (child, parent, used) in &all {
            if *child == id {
                found.insert(id, *used);
            }
            if *parent == id {
                wanted.push(*child);
            }
        }
    }
    found
}

/// Ends a process and all that it has started.
pub(crate) fn end(of: u32) {
    let ids = family(of).into_keys().map(|id| id.to_string());
    let _ = Command::new("kill").arg("-KILL").args(ids).status();
}

/// CPU seconds of the whole machine that were not idle.
pub(crate) fn busy() -> f64 {
    let stat = fs::read_to_string("/proc/stat").expect("there is a /proc");
    let line = stat.lines().next().expect("it begins with all cores");
    let fields: Vec<f64> = line
        .split_whitespace()
        .filter_map(|it| it.parse().ok())
        .collect();
    (fields.iter().take(8).sum::<f64>() - fields[3] - fields[4]) * TICK_S
}
