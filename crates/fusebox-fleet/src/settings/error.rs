//! The error that lists every wrong setting, each with field, value and range.

use std::error::Error;
use std::fmt;

/// The error for settings that no fleet can work with. It lists every fault, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    faults: Vec<InvalidSetting>,
}

impl SettingsError {
    pub(crate) fn new(faults: Vec<InvalidSetting>) -> Self {
        Self { faults }
    }

    /// Returns the faults, one entry per setting.
    pub fn faults(&self) -> &[InvalidSetting] {
        &self.faults
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for SettingsError {}

/// A setting whose value is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The setting's name, which is that of its builder method.
    pub field: &'static str,
    /// The value that was given.
    pub value: String,
    /// What is allowed, and the value of the other setting if two contradict each other.
    pub allowed: String,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} = {} is not allowed: it must be {}",
            self.field, self.value, self.allowed
        )
    }
}
