//! Random numbers that are the same in every run of the same seed.
//!
//! They come from one seed, split by names. A *stream* is a generator for values that are drawn in a fixed order,
//! such as arrivals. A *draw* is a hash for values that are not: it names its purpose (a rule, a caller, the caller's
//! n-th call), so the value is the same however calls interleave.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// Returns the generator of the stream called `name`. Streams of different names are independent, so drawing more
/// from one does not change another.
///
/// # Examples
///
/// ```
/// use rand::Rng;
///
/// let mut arrivals = experiment::chance::stream(7, "arrivals");
/// let mut targets = experiment::chance::stream(7, "targets");
/// assert_ne!(arrivals.next_u64(), targets.next_u64());
/// ```
pub fn stream(seed: u64, name: &str) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(Draw::new(seed).with(name).bits())
}

/// A hash of a seed and of the purpose of a draw.
///
/// # Examples
///
/// ```
/// use experiment::chance::Draw;
///
/// let luck = |call| Draw::new(7).with("rule").with("A").number(call).share();
/// assert_eq!(luck(1), luck(1));
/// assert_ne!(luck(1), luck(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw(u64);

impl Draw {
    /// Begins a draw with the seed of the experiment.
    pub fn new(seed: u64) -> Self {
        Self(spread(seed))
    }

    /// Adds a name to the purpose of the draw.
    pub fn with(self, name: &str) -> Self {
        self.number(name_hash(name))
    }

    /// Adds a number to the purpose of the draw.
    pub fn number(self, number: u64) -> Self {
        let step = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(spread(self.0.rotate_left(23) ^ step))
    }

    /// Returns 64 uniformly distributed bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Returns a uniformly distributed share in 0 ≤ share < 1, with 53 bits.
    pub fn share(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.0 >> 11) as f64;
        bits * (f64::EPSILON / 2.0)
    }
}

/// Returns the number of a name: `draw.number(name_hash(name))` is `draw.with(name)`, for names that are used often.
///
/// The hash is FNV-1a; the finaliser of a draw makes up for its weak upper bits.
pub const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}

/// The finaliser of splitmix64 (Steele, Lea and Flood, 2014), applied to its next step.
fn spread(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_do_not_follow_one_another() {
        let draws: Vec<f64> = (0..40_000)
            .map(|call| Draw::new(3).with("rule").with("A").number(call).share())
            .collect();

        for tenth in 0..10 {
            let low = f64::from(tenth) / 10.0;
            let inside = draws.iter().filter(|&&d| d >= low && d < low + 0.1);
            let inside = inside.count();
            assert!((3_700..4_300).contains(&inside), "{tenth}: {inside}");
        }
        let follows: f64 = draws.windows(2).map(|w| (w[0] - 0.5) * (w[1] - 0.5)).sum();
        let correlation = follows / 40_000.0 * 12.0;
        assert!(correlation.abs() < 0.025, "{correlation}");
    }

    #[test]
    fn the_order_and_the_names_matter() {
        let draw = Draw::new(1);
        assert_ne!(draw.with("a").with("b"), draw.with("b").with("a"));
        assert_ne!(draw.with("ab"), draw.with("a").with("b"));
        assert_ne!(draw, Draw::new(2));
    }
}
