//! The definition of a figure: its name, its unit, its source and its text.

use super::unit::Unit;

/// A figure that expectations can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name in `snake_case`.
    pub name: &'static str,
    /// Its base unit.
    pub unit: Unit,
    /// Who measures it.
    pub source: Source,
    /// What it says.
    pub about: &'static str,
}

/// Who measures a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The load generator.
    Load,
    /// Whoever watches breakers and the truth about the downstream.
    Fleet,
    /// Whoever sees what instances tell each other.
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
