//! Visits to each processor core that this process may use.

use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::{Clock, SystemClock};

/// After this many nanoseconds the remaining cores are left out, because a visit to a busy core has
/// to wait.
const BUDGET: u64 = 50_000_000;

/// Runs `visit` once on each core, in a thread of its own so that the caller stays on its core.
/// Where threads may not choose their core, `visit` runs on the cores that the thread happened to
/// visit.
pub(super) fn visit_each(visit: impl Fn() + Send) {
    let clock = SystemClock::new();
    thread::scope(|scope| {
        let visitor = thread::Builder::new().name("fusebox-cores".to_owned());
        // Without a thread, only the checks at run time remain.
        let _visits = visitor.spawn_scoped(scope, move || {
            let usable = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
            let cores = (0..CpuSet::MAX_CPU).filter(|core| usable.is_set(*core));
            for core in cores.take_while(|_| clock.now_nanos() < BUDGET) {
                let mut only = CpuSet::new();
                only.set(core);
                if sched_setaffinity(None, &only).is_ok() {
                    visit();
                }
            }
        });
    });
}
