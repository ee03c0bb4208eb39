//! The result of a run: one cell of the table.

/// What a run showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Yes,
    No,
    Number(u32),
    Text(&'static str),
}

impl Shown {
    pub(crate) fn yes_if(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
