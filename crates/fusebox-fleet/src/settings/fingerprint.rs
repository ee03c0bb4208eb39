//! The fingerprint of settings, by which two instances know that they vote by the same rules.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::Settings;

/// A number that differs when any of the settings that all instances have to share differ.
///
/// Settings of an instance's own timing may differ: heartbeat, lifetimes, timeouts of the engine, and the jitter.
/// Everything that decides about votes, probes and closing is included. The number is the same on every machine and
/// in every run; it may change with a release that changes a rule.
///
/// Two fingerprints are equal when their numbers are. The other data in a fingerprint only helps to explain which
/// settings differ.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint {
    whole: u64,
    /// One byte of each setting in [`NAMES`], the first one lowest: enough to tell which of them differ.
    parts: u128,
}

/// The settings that all instances have to share.
const NAMES: [&str; 16] = [
    "mode",
    "suspicion_run",
    "quorum_share",
    "minimum_votes",
    "open_for",
    "probe_timeout",
    "minimum_gap",
    "longest_gap",
    "stagger",
    "pool_batch",
    "pool_keep",
    "backoff_factor",
    "probes_to_close",
    "pool_window",
    "pool_windows",
    "pool_threshold",
];

impl Fingerprint {
    /// Returns the number, for an engine that has to write it.
    pub fn get(self) -> u64 {
        self.whole
    }

    /// Returns the names of the settings that differ between two fingerprints, in a fixed order.
    ///
    /// A fingerprint knows one byte of each setting. So one name in 256 may be missing, and no name is returned if a
    /// release of another version made one of the fingerprints.
    ///
    /// # Examples
    /// ```
    /// use fusebox_fleet::{Mode, Settings};
    ///
    /// let ours = Settings::builder(Mode::Quorum).build()?;
    /// let theirs = Settings::builder(Mode::Quorum).suspicion_run(3).probes_to_close(2).build()?;
    ///
    /// let differing = ours.fingerprint().differing(theirs.fingerprint());
    /// assert_eq!(differing.collect::<Vec<_>>(), ["suspicion_run", "probes_to_close"]);
    /// # Ok::<(), fusebox_fleet::SettingsError>(())
    /// ```
    pub fn differing(self, other: Self) -> impl Iterator<Item = &'static str> {
        let is_known = self.parts != 0 && other.parts != 0;
        let (mine, others) = (self.parts.to_le_bytes(), other.parts.to_le_bytes());
        NAMES
            .into_iter()
            .zip(mine.into_iter().zip(others))
            .filter(move |(_, (mine, others))| is_known && mine != others)
            .map(|(name, _)| name)
    }

    /// The fingerprint as engines keep and send it: one word.
    #[cfg(any(feature = "gossip-node", feature = "redis"))]
    pub(crate) fn word(self) -> String {
        format!("{:016x}.{:032x}", self.whole, self.parts)
    }

    /// The fingerprint that such a word stands for, or one whose parts are unknown.
    #[cfg(any(feature = "gossip-node", feature = "redis"))]
    pub(crate) fn read(word: &str) -> Option<Self> {
        let (whole, parts) = word.split_once('.').unwrap_or((word, "0"));
        Some(Self {
            whole: u64::from_str_radix(whole, 16).ok()?,
            parts: u128::from_str_radix(parts, 16).ok()?,
        })
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.whole == other.whole
    }
}

impl Eq for Fingerprint {}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.whole.hash(state);
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.whole)
    }
}

/// Changes when the meaning of a setting changes.
const RULES: u64 = 3;

impl Settings {
    /// Returns the fingerprint of the settings that all instances have to share.
    pub fn fingerprint(&self) -> Fingerprint {
        let (vote, probe, pool) = (&self.vote, &self.probe, &self.pool);
        let mut sum = Sum::new();
        for byte in self.mode.as_str().bytes() {
            sum.number(byte.into());
        }
        sum.end();
        for number in [
            vote.suspicion_run.into(),
            vote.quorum_share.as_f64().to_bits(),
            vote.minimum_votes.into(),
        ] {
            sum.number(number);
            sum.end();
        }
        for time in [
            probe.open_for,
            probe.timeout,
            probe.minimum_gap,
            probe.longest_gap,
            probe.stagger,
            pool.batch,
            pool.keep,
        ] {
            sum.number(time.as_secs());
            sum.number(time.subsec_nanos().into());
            sum.end();
        }
        for number in [
            probe.backoff_factor.to_bits(),
            probe.probes_to_close.into(),
            pool.window.into(),
            pool.windows.map_or(0, u64::from),
            pool.threshold.as_f64().to_bits(),
        ] {
            sum.number(number);
            sum.end();
        }
        sum.finish()
    }
}

/// Sums up the settings, together and each by itself.
struct Sum {
    whole: Fnv,
    part: Fnv,
    parts: [u8; NAMES.len()],
    ended: usize,
}

impl Sum {
    fn new() -> Self {
        let mut whole = Fnv::new();
        whole.number(RULES);
        Self {
            whole,
            part: Fnv::new(),
            parts: [0; NAMES.len()],
            ended: 0,
        }
    }

    fn number(&mut self, number: u64) {
        self.whole.number(number);
        self.part.number(number);
    }

    /// Notes that a setting has been summed up.
    fn end(&mut self) {
        let part = std::mem::replace(&mut self.part, Fnv::new()).0;
        self.parts[self.ended] = part
            .to_le_bytes()
            .into_iter()
            .fold(0, |sum, byte| sum ^ byte);
        self.ended += 1;
    }

    fn finish(self) -> Fingerprint {
        Fingerprint {
            whole: self.whole.0,
            parts: u128::from_le_bytes(self.parts),
        }
    }
}

/// FNV-1a: short and specified, so that another engine can compute it.
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
}

#[cfg(test)]
mod tests;
