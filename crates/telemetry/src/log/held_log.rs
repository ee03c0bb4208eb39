//! Lines of the log that wait while a picture is drawn on the same terminal.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most bytes that may wait; later ones are dropped.
const LIMIT: usize = 64 * 1024;

/// The log as it is written: to standard error, or held back.
///
/// The code that draws a picture in place [takes](Self::take) the lines and prints them where they do no harm. In the
/// end it [releases](Self::release) the log. Clones hold the same lines.
#[derive(Clone, Debug)]
pub struct HeldLog {
    /// `None` while nothing is held.
    waiting: Arc<Mutex<Option<Vec<u8>>>>,
}

impl HeldLog {
    pub(crate) fn new(output: LogOutput) -> Self {
        let waiting = match output {
            LogOutput::Stderr => None,
            LogOutput::Held => Some(Vec::new()),
        };
        Self {
            waiting: Arc::new(Mutex::new(waiting)),
        }
    }

    /// Takes the lines that wait.
    pub fn take(&self) -> Vec<String> {
        let bytes = self.lock().as_mut().map(std::mem::take).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::to_owned).collect()
    }

    /// Writes the waiting lines to standard error, and all later ones as they come.
    pub fn release(&self) {
        let mut waiting = self.lock();
        if let Some(bytes) = waiting.take() {
            // If standard error is gone, nobody can be told.
            let _ = io::stderr().write_all(&bytes);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The destination of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOutput {
    /// To standard error.
    Stderr,
    /// Held back until [`HeldLog::release`].
    Held,
}

impl Write for HeldLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.lock() {
            None => return io::stderr().write(bytes),
            Some(waiting) if waiting.len() + bytes.len() <= LIMIT => {
                waiting.extend_from_slice(bytes);
            }
            Some(_) => {}
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_lines_wait_for_whoever_takes_them() {
        let held = HeldLog::new(LogOutput::Held);
        held.clone().write_all(b"one\ntwo\n").unwrap();

        assert_eq!(held.take(), ["one", "two"]);
        assert_eq!(held.take(), Vec::<String>::new());
    }

    #[test]
    fn what_waits_is_bounded() {
        let held = HeldLog::new(LogOutput::Held);
        let line = [b'x'; 1000];
        for _ in 0..200 {
            held.clone().write_all(&line).unwrap();
        }

        let waiting: usize = held.take().iter().map(String::len).sum();
        assert_eq!(waiting, 65_000);
    }
}
