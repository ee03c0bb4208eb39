//! Where does text go? The one place that writes to standard output and standard error.

use std::io::{self, Write};

/// One line to standard output. A reader that has gone away is no fault of ours.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// One line to standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
