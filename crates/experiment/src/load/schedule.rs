//! The schedule of a load: the planned requests, and a digest that tells whether two plans are the same.

use std::fmt;
use std::time::Duration;

use rand::Rng;
use rand::rngs::Xoshiro256PlusPlus;

use super::choice::{Choose, Keys, Targets};
use super::curve::Curve;
use super::process::Gaps;
use super::profile::Profile;
use crate::chance::stream;

/// One planned request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it leaves, from the start. In a closed loop this is not planned, and zero.
    pub at: Duration,
    /// The target. With [`Choose::LeastLoaded`] it has no meaning: [`least_loaded`](super::least_loaded) chooses when
    /// the request leaves.
    pub target: usize,
    /// The key that it asks for.
    pub key: u64,
    /// Randomness for everything that concerns only this request, such as the jitter of its retries.
    pub luck: u64,
}

/// An endless plan that follows from a seed. It ends only if the rate ends at zero.
///
/// Instants, targets, keys and luck are drawn from streams of their own, so adding a target does not change when
/// requests are sent.
///
/// # Examples
///
/// ```
/// use experiment::load::{Profile, Schedule};
///
/// let profile = Profile::default();
/// let plan = |targets: &[&str]| Schedule::new(7, &profile, targets).take(100).map(|it| it.at);
/// assert!(plan(&["A", "B"]).eq(plan(&["A", "B", "C"])));
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    arrivals: Option<Arrivals>,
    targets: Targets,
    keys: Keys,
    luck: Xoshiro256PlusPlus,
    /// What the plan follows from, beside the seed, and its first entries so far.
    print: Fingerprint,
    printed: usize,
}

/// Gaps between arrivals that are drawn at once.
const DRAWN: usize = 16;

#[derive(Clone, Debug)]
struct Arrivals {
    gaps: Gaps,
    /// The gaps that are drawn, and how many of them have passed.
    drawn: [f64; DRAWN],
    passed: usize,
    curve: Curve,
    /// The piece of the curve in which the last arrival was.
    piece: usize,
    /// Units that have passed.
    units: f64,
    last: Duration,
}

/// A 64-bit fingerprint of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Schedule {
    /// The number of entries in a digest.
    pub const DIGESTED: usize = 1000;

    /// Makes the plan of a profile for targets of these names. Weights of unknown targets are left out, and if all
    /// weights are zero, all targets are equally likely; [`Profile::check_targets`] refuses both.
    pub fn new(seed: u64, profile: &Profile, targets: &[&str]) -> Self {
        let open = profile.connections.is_none();
        Self {
            arrivals: open.then(|| Arrivals {
                gaps: Gaps::new(profile.process.clone(), stream(seed, "arrivals")),
                drawn: [0.0; DRAWN],
                passed: DRAWN,
                curve: Curve::new(profile),
                piece: 0,
                units: 0.0,
                last: Duration::ZERO,
            }),
            targets: Targets::new(&profile.choose, seed, targets),
            keys: Keys::new(seed, profile.keys, profile.key_skew),
            luck: stream(seed, "luck"),
            print: terms(profile, targets),
            printed: 0,
        }
    }

    /// Returns the digest of the whole plan, however late two plans differ: FNV-1a over everything that the plan
    /// follows from (process, course of the rate, choice, targets, keys) and over its first
    /// [`DIGESTED`](Self::DIGESTED) entries, which follow from the seed, too. Each entry adds its instant in
    /// nanoseconds, target, key and luck; all numbers are little-endian and have 64 bits.
    ///
    /// Plans with the same digest are the same. So are plans that are only written differently, such as a constant
    /// rate and two steps of that rate, as far as their course is the same number by number. How many entries were
    /// taken before does not matter.
    pub fn digest(mut self) -> Digest {
        while self.printed < Self::DIGESTED && self.next().is_some() {}
        Digest(self.print.0)
    }

    /// Takes one of the first entries into the digest.
    #[cold]
    fn print(&mut self, planned: &Planned) {
        self.printed += 1;
        let nanos = u64::try_from(planned.at.as_nanos()).unwrap_or(u64::MAX);
        for number in [nanos, planned.target as u64, planned.key, planned.luck] {
            self.print.number(number);
        }
    }
}

/// A hash that grows: FNV-1a.
#[derive(Clone, Copy, Debug)]
struct Fingerprint(u64);

impl Fingerprint {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// Adds a text with its length, so that two texts in a row cannot be taken for two others.
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes(text.as_bytes());
    }
}

/// Adds everything that a plan follows from except its seed. A closed loop, in which the answers decide when requests
/// leave, has neither process nor rate.
fn terms(profile: &Profile, targets: &[&str]) -> Fingerprint {
    let mut print = Fingerprint(0xcbf2_9ce4_8422_2325);
    if let Some(connections) = profile.connections {
        print.text(&format!("closed loop of {connections}"));
    } else {
        print.text(&profile.process.to_string());
        for number in Curve::new(profile).numbers() {
            print.number(number.to_bits());
        }
    }
    print.text(&profile.choose.to_string());
    for target in targets {
        print.text(target);
    }
    print.number(profile.keys);
    print.number(profile.key_skew.to_bits());
    print
}

impl Arrivals {
    fn next(&mut self) -> Option<Duration> {
        if self.passed == DRAWN {
            self.gaps.fill(&mut self.drawn);
            self.passed = 0;
        }
        self.units += self.drawn[self.passed];
        self.passed += 1;
        let at = self.curve.seconds_of_next(self.units, &mut self.piece)?;
        // Rounding must not turn time back.
        self.last = Duration::try_from_secs_f64(at).ok()?.max(self.last);
        Some(self.last)
    }
}

impl Iterator for Schedule {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let at = match &mut self.arrivals {
            Some(arrivals) => arrivals.next()?,
            None => Duration::ZERO,
        };
        let key = self.keys.next();
        let planned = Planned {
            at,
            target: self.targets.next(key),
            key,
            luck: self.luck.next_u64(),
        };
        if self.printed < Self::DIGESTED {
            self.print(&planned);
        }
        Some(planned)
    }
}

impl Profile {
    /// Returns whether the target is chosen only when a request leaves.
    pub fn chooses_late(&self) -> bool {
        matches!(self.choose, Choose::LeastLoaded {})
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests;
