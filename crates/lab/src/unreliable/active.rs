//! The calls that are suffering right now: bounded, so that faults cannot eat the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Calls that are delayed, hanging or dribbling.
#[derive(Clone, Debug, Default)]
pub(super) struct ActiveFaults {
    count: Arc<AtomicU32>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct ActiveFault {
    count: Arc<AtomicU32>,
}

impl ActiveFaults {
    /// One more, unless there are `limit` already.
    pub(super) fn begin(&self, limit: u32) -> Option<ActiveFault> {
        let more = |count| (count < limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .ok()?;
        Some(ActiveFault {
            count: Arc::clone(&self.count),
        })
    }
}

impl Drop for ActiveFault {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_than_the_limit_and_ended_ones_give_way() {
        let active = ActiveFaults::default();
        let first = active.begin(2);
        let second = active.begin(2);

        assert!(first.is_some() && second.is_some() && active.begin(2).is_none());
        drop(first);
        assert!(active.begin(2).is_some());
    }
}
