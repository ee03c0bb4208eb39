//! A counter of the work that computing truths has taken.

/// What it has cost to compute truths.
///
/// A plan is refused whose truths cost too much when it is read; this is what was performed in fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Truths of single callers.
    pub truths: u64,
    /// Looks at a rule: one for each part of the keys that the rules tell apart.
    pub looks: u64,
    /// Delays that were added to others.
    pub sums: u64,
}
