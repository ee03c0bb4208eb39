//! The shortages of this process itself, told apart from faults of the service that it calls.
//!
//! Without a file descriptor, a port, memory or an address there was no call, so nothing is known about the service.
//! Counting that as a failure would open breakers in front of healthy services and falsify measurements silently.

use std::error::Error;
use std::fmt;
use std::io;

/// A resource that was missing when a connection was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    Descriptors,
    Ports,
    Memory,
    /// The name of the service was not resolved.
    Name,
}

/// A host name that was not resolved.
#[derive(Debug)]
pub(crate) struct Unresolved(pub(crate) io::Error);

impl Shortage {
    /// The shortage behind an error of the system, if it is one.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::AddrNotAvailable => return Some(Self::Ports),
            io::ErrorKind::OutOfMemory => return Some(Self::Memory),
            _ => {}
        }
        match error.raw_os_error()? {
            // ENFILE and EMFILE, by the same numbers on every Unix.
            23 | 24 if cfg!(unix) => Some(Self::Descriptors),
            // ENOBUFS
            105 if cfg!(target_os = "linux") => Some(Self::Memory),
            _ => None,
        }
    }

    /// The shortage behind an error of a library, if there is one.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(Unresolved(error)) = error.downcast_ref() {
                return Some(Self::of(error).unwrap_or(Self::Name));
            }
            cause = match error.downcast_ref::<io::Error>() {
                None => error.source(),
                Some(error) => {
                    if let Some(shortage) = Self::of(error) {
                        return Some(shortage);
                    }
                    // What it was made of; its own `source` would pass over that.
                    error.get_ref().map(|inner| inner as &(dyn Error + 'static))
                }
            };
        }
        None
    }

    /// What was missing, and what can be done about it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Descriptors => "too many open files (raise `ulimit -n`)",
            Self::Ports => {
                "no free local port (open fewer connections, or widen net.ipv4.ip_local_port_range)"
            }
            Self::Memory => "no memory for a connection",
            Self::Name => "the host name was not resolved (check the name and the name server)",
        }
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host name was not resolved: {}", self.0)
    }
}

impl Error for Unresolved {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_of_the_process_is_no_refusal_of_the_service() {
        for (error, shortage) in [
            (
                io::Error::from_raw_os_error(24),
                Some(Shortage::Descriptors),
            ),
            (
                io::Error::from_raw_os_error(23),
                Some(Shortage::Descriptors),
            ),
            (
                io::ErrorKind::AddrNotAvailable.into(),
                Some(Shortage::Ports),
            ),
            (io::ErrorKind::OutOfMemory.into(), Some(Shortage::Memory)),
            (io::ErrorKind::ConnectionRefused.into(), None),
            (io::ErrorKind::ConnectionReset.into(), None),
            (io::ErrorKind::TimedOut.into(), None),
        ] {
            assert_eq!(Shortage::of(&error), shortage, "{error}");
            let wrapped = io::Error::other(error);
            assert_eq!(Shortage::behind(&wrapped), shortage, "{wrapped}");
        }
        let unresolved = Unresolved(io::Error::other("no such host"));
        assert_eq!(Shortage::behind(&unresolved), Some(Shortage::Name));
    }
}
