//! Failures that end the program early: one line for the user, and the exit status.

use std::process::ExitCode;

use crate::secrets::without_url_passwords;

/// The reason why the program ends before its work is done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The user asked for something impossible: exit status 2, nothing was started.
    #[error("{0}")]
    Usage(String),
    /// Something failed during the work: exit status 1.
    #[error("{0}")]
    Runtime(String),
    /// An expectation of the run did not hold: exit status 1.
    #[error("{0}")]
    Assertion(String),
    /// The load generator itself did not keep to its plan: exit status 3.
    #[error("{0}")]
    NotKept(String),
    /// A target was never reached: exit status 4.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// The text never contains the password of a URL, wherever the user wrote one.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(without_url_passwords(&message.into()))
    }

    pub(crate) fn runtime(message: impl Into<String>) -> Self {
        Self::Runtime(without_url_passwords(&message.into()))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Runtime(_) | Self::Assertion(_) => ExitCode::FAILURE,
            Self::NotKept(_) => ExitCode::from(3),
            Self::Unreachable(_) => ExitCode::from(4),
        }
    }
}
