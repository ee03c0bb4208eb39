//! The numbers of threads that a row is measured with.

/// How many threads share the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// No contention.
    One,
    /// The least contention there is.
    Two,
}

impl Threads {
    /// Both, in the order of the table's columns.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    pub(crate) const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}
