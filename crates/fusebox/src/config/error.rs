//! The error that lists every wrong setting, each with field, value and range.

use std::error::Error;
use std::fmt;

/// The error for settings that no breaker can work with. It lists every fault, not only the first.
///
/// # Examples
/// ```
/// use fusebox::Config;
///
/// let error = Config::builder().consecutive_failures(0).jitter(0.9).build().unwrap_err();
/// for fault in error.faults() {
///     println!("{} is {}: allowed is {}", fault.field, fault.value, fault.allowed);
/// }
/// assert_eq!(error.faults().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    faults: Vec<InvalidSetting>,
}

impl ConfigError {
    pub(super) fn new(faults: Vec<InvalidSetting>) -> Self {
        Self { faults }
    }

    /// Returns the faults, one entry per setting.
    pub fn faults(&self) -> &[InvalidSetting] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
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

impl Error for ConfigError {}

/// A setting whose value is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The setting's name: its builder method, or what that method's argument is for.
    pub field: &'static str,
    /// The value that was given.
    pub value: String,
    /// What is allowed.
    pub allowed: &'static str,
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
