//! The digest of a plan, a few letters: two plans are the same if their digests are.

use super::Plan;
use crate::chance::Draw;

impl Plan {
    /// Returns 16 hexadecimal letters that differ between different plans.
    ///
    /// # Panics
    ///
    /// Never: a plan can be written as JSON.
    pub fn digest(&self) -> String {
        let text = serde_json::to_string(self).expect("a plan can be written");
        format!("{:016x}", Draw::new(0).with(&text).bits())
    }
}
