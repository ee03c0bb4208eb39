//! The definition of a figure: its name, its unit, its source and its text.

use super::unit::Unit;

/// A figure that expectations can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in `snake_case`.
    pub name: &'static str,
    /// Its base unit.
    pub unit: Unit,
    /// Its source.
    pub source: Source,
    /// Its description.
    pub about: &'static str,
}

/// The source of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The load generator.
    Load,
    /// The watcher of the breakers and of the truth about the downstream.
    Fleet,
    /// The watcher of the messages between instances.
    Coordination,
}

pub(super) const fn load(name: &'static str, unit: Unit, about: &'static str) -> Definition {
    let source = Source::Load;
    Definition {
        name,
        unit,
        source,
        about,
    }
}

pub(super) const fn fleet(name: &'static str, unit: Unit, about: &'static str) -> Definition {
    let source = Source::Fleet;
    Definition {
        name,
        unit,
        source,
        about,
    }
}

pub(super) const fn coordination(
    name: &'static str,
    unit: Unit,
    about: &'static str,
) -> Definition {
    let source = Source::Coordination;
    Definition {
        name,
        unit,
        source,
        about,
    }
}
