//! The names by which instances and breakers are known to each other.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

const LONGEST: usize = 128;

/// The name of an instance, unique in its fleet.
///
/// From 1 to 128 visible ASCII characters, so that it can be a part of any engine's keys.
///
/// # Examples
/// ```
/// use fusebox_fleet::InstanceId;
///
/// let id = InstanceId::new("checkout-7f9c")?;
/// assert_eq!(id.as_str(), "checkout-7f9c");
/// assert!(InstanceId::new("two words").is_err());
/// # Ok::<(), fusebox_fleet::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Arc<str>);

impl InstanceId {
    /// Checks a name and makes an `InstanceId` of it.
    ///
    /// # Errors
    /// [`InvalidName`] when the name is empty, is too long, or contains anything but visible ASCII characters.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        checked(name).map(Self)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of the downstream whose breakers decide together, the same on every instance.
///
/// Each key has a ledger of its own. Choose the key by what fails together: a breaker for a whole service cannot know
/// that one of its shards is down.
///
/// From 1 to 128 visible ASCII characters other than `{` and `}`, which a Redis cluster reads as a tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerKey(Arc<str>);

impl BreakerKey {
    /// Checks a name and makes a `BreakerKey` of it.
    ///
    /// # Errors
    /// [`InvalidName`] when the name is empty, is too long, or contains a character that is not allowed.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if name.contains(['{', '}']) {
            return Err(InvalidName {
                name: name.to_owned(),
            });
        }
        checked(name).map(Self)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BreakerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn checked(name: &str) -> Result<Arc<str>, InvalidName> {
    let allowed = 1..=LONGEST;
    if allowed.contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(name.into())
    } else {
        Err(InvalidName {
            name: name.to_owned(),
        })
    }
}

/// The error for a name that some engine could not store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName {
    name: String,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a name: write 1 to {LONGEST} visible ASCII characters, and no braces in the \
             name of a breaker",
            self.name.escape_debug()
        )
    }
}

impl Error for InvalidName {}

/// One life of an instance's process, drawn at random when the process starts.
///
/// It tells a second instance of the same name, which the engine refuses, from the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session(u64);

impl Session {
    /// Makes the session of this random number.
    pub fn new(random: u64) -> Self {
        Self(random)
    }

    /// Returns the number, for an engine that has to write it.
    pub fn get(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_an_engine_could_not_keep_is_refused_with_what_to_write() {
        for name in ["", "two words", "tab\t", "größe", &"x".repeat(129)] {
            let error = InstanceId::new(name).unwrap_err();
            assert!(error.to_string().contains("visible ASCII"), "{error}");
        }
        assert!(InstanceId::new(&"x".repeat(128)).is_ok());
        assert!(BreakerKey::new("inventory{a}").is_err());
        assert!(InstanceId::new("pod{a}").is_ok());
    }
}
