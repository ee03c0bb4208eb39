//! The mark by which two instances know that they vote by the same rules.

use std::fmt;
use std::time::Duration;

use super::Settings;

/// A number that differs when settings differ that all instances have to share.
///
/// How often an instance reports, and what it does in its own time, may differ: heartbeat, lifetimes,
/// timeouts of the engine, and the jitter. Everything that decides about votes, probes and closing is in it.
/// The number is the same on every machine and in every run; it may change with a release that changes a
/// rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The mark that another instance has sent.
    #[cfg(feature = "gossip-node")]
    pub(crate) fn heard(number: u64) -> Self {
        Self(number)
    }

    /// The number, for an engine that has to write it.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The mark as an engine reads it back.
    #[cfg(feature = "redis")]
    pub(crate) fn read(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Changes when the meaning of a setting does.
const RULES: u64 = 3;

impl Settings {
    /// The mark of the settings that all instances have to share.
    pub fn fingerprint(&self) -> Fingerprint {
        let (vote, probe, pool) = (&self.vote, &self.probe, &self.pool);
        let mut hash = Fnv::new();
        hash.number(RULES);
        for byte in self.mode.as_str().bytes() {
            hash.number(byte.into());
        }
        hash.number(vote.suspicion_run.into());
        hash.number(vote.quorum_share.as_f64().to_bits());
        hash.number(vote.minimum_votes.into());
        for time in [
            probe.open_for,
            probe.timeout,
            probe.minimum_gap,
            probe.longest_gap,
            probe.stagger,
            pool.batch,
            pool.keep,
        ] {
            hash.time(time);
        }
        hash.number(probe.backoff_factor.to_bits());
        hash.number(probe.probes_to_close.into());
        hash.number(pool.window.into());
        hash.number(pool.windows.map_or(0, u64::from));
        hash.number(pool.threshold.as_f64().to_bits());
        Fingerprint(hash.0)
    }
}

/// FNV-1a: short, and written down, so that another engine can compute it.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn number(&mut self, number: u64) {
        for byte in number.to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn time(&mut self, time: Duration) {
        self.number(time.as_secs());
        self.number(time.subsec_nanos().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use crate::settings::SettingsBuilder;

    fn of(change: impl Fn(SettingsBuilder) -> SettingsBuilder) -> Fingerprint {
        change(Settings::builder(Mode::Quorum))
            .build()
            .unwrap()
            .fingerprint()
    }

    #[test]
    fn settings_that_decide_change_it_and_others_do_not() {
        let usual = of(|settings| settings);
        let second = Duration::from_secs(2);

        assert_eq!(of(|settings| settings.heartbeat(second / 2)), usual);
        assert_eq!(of(|settings| settings.jitter(0.7)), usual);
        assert_eq!(of(|settings| settings.fleet_size(50)), usual);
        let different = [
            of(|settings| settings.quorum_share(0.6)),
            of(|settings| settings.minimum_votes(3)),
            of(|settings| settings.suspicion_run(3)),
            of(|settings| settings.open_for(second)),
            of(|settings| settings.backoff_factor(1.0)),
            of(|settings| settings.probe_timeout(second)),
            of(|settings| settings.probes_to_close(2)),
            of(|settings| settings.stagger(second * 2)),
            of(|settings| settings.pool_windows(4)),
            of(|settings| settings.pool_batch(second / 10)),
            Settings::builder(Mode::Pooled)
                .build()
                .unwrap()
                .fingerprint(),
        ];
        for (place, fingerprint) in different.iter().enumerate() {
            assert_ne!(*fingerprint, usual, "{place}");
            assert!(!different[..place].contains(fingerprint), "{place}");
        }
    }
}
