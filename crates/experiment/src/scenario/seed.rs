//! The seed of a scenario as its file has it: a whole number, or the same number in quotes.
//!
//! A seed has 64 bits. TOML has whole numbers up to 2^63 − 1, so a larger one is written as text.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Reads a field that holds a seed.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(Seed)
}

struct Seed;

impl Seed {
    fn whole<E: Error>(given: impl fmt::Display + TryInto<u64> + Copy) -> Result<u64, E> {
        given.try_into().map_err(|_| Self::refused(&given))
    }

    fn refused<E: Error>(given: &dyn fmt::Display) -> E {
        E::custom(format!(
            "`{given}` is not a seed: write a whole number from 0 to {}",
            u64::MAX
        ))
    }
}

impl Visitor<'_> for Seed {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {}", u64::MAX)
    }

    fn visit_u64<E: Error>(self, given: u64) -> Result<u64, E> {
        Ok(given)
    }

    fn visit_i64<E: Error>(self, given: i64) -> Result<u64, E> {
        Self::whole(given)
    }

    fn visit_u128<E: Error>(self, given: u128) -> Result<u64, E> {
        Self::whole(given)
    }

    fn visit_i128<E: Error>(self, given: i128) -> Result<u64, E> {
        Self::whole(given)
    }

    fn visit_f64<E: Error>(self, given: f64) -> Result<u64, E> {
        Err(E::invalid_type(Unexpected::Float(given), &self))
    }

    fn visit_str<E: Error>(self, given: &str) -> Result<u64, E> {
        given.trim().parse().map_err(|_| Self::refused(&given))
    }
}
