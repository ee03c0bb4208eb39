//! The stopwatch of an ending call, which reads the circuit's clock when a rule asks for the time.

use super::Circuit;
use crate::clock::Nanos;
use crate::gate::Stopwatch;

/// The time that an ending call took, read when it is needed and only once.
pub(super) struct Watch<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) granted: Nanos,
    pub(super) took: Nanos,
    pub(super) now: Nanos,
}

impl Stopwatch for Watch<'_> {
    #[inline]
    fn now(&mut self) -> u64 {
        self.now.get().unwrap_or_else(|| {
            let now = self.circuit.now();
            self.now = Nanos::some(now);
            now
        })
    }

    #[inline]
    fn took(&mut self) -> Option<u64> {
        if let Some(took) = self.took.get() {
            return Some(took);
        }
        let granted = self.granted.get()?;
        Some(self.now().saturating_sub(granted))
    }
}
