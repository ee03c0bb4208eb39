//! Standard output, standard error, and pipes for results: everything that is printed while something runs goes
//! through here.
//!
//! A thread of its own does the writing, so that a reader that pauses delays no service, no measurement and no end.
//! The waiting output is bounded; lines beyond the bound are dropped and counted. A reader that has gone away is
//! noticed ([`reader_left`]), for runs that exist only to be read. Output that waits at the end is still written
//! ([`delivered`]), for as long as the reader takes, or shortly after a signal has asked for the end ([`hurry`]).

mod writer;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::terminal::columns;
use crate::words::wrapped;
use writer::LOOK;
pub(crate) use writer::Writer;

/// How long the last output may take, whatever came before it.
const LAST_WORDS: Duration = Duration::from_millis(100);

static OUTPUT: LazyLock<Writer> = LazyLock::new(|| Writer::start("stdout", io::stdout));
static ERROR: LazyLock<Writer> = LazyLock::new(|| Writer::start("stderr", io::stderr));

/// Pipes and devices that are no standard stream.
static OTHERS: Mutex<Vec<Writer>> = Mutex::new(Vec::new());

/// The writer to a pipe or a device with another reader, for which it never waits.
pub(crate) fn pipe(file: File) -> Writer {
    let writer = Writer::start("pipe", move || file);
    let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    others.push(writer.clone());
    writer
}

/// Prints one line to standard output. Never waits for its reader.
pub(crate) fn line(text: &str) {
    OUTPUT.add(format!("{}\n", visible(text)).into_bytes());
}

/// Prints a sentence to standard output. On a narrower terminal it is broken between words and continues after an
/// indent. Never waits for its reader.
pub(crate) fn sentence(text: &str, indent: usize) {
    let room = io::stdout().is_terminal().then(columns);
    OUTPUT.add(broken(&visible(text), room, indent).into_bytes());
}

/// Prints one line to standard error, broken between words on a narrower terminal. Never waits for its reader.
pub(crate) fn error(text: &str) {
    let room = io::stderr().is_terminal().then(columns);
    ERROR.add(broken(&visible(text), room, 2).into_bytes());
}

/// The text with its end of line, in lines of at most this many letters, if there is a bound.
fn broken(text: &str, room: Option<usize>, indent: usize) -> String {
    let Some(room) = room else {
        return format!("{text}\n");
    };
    let lines = text.lines().flat_map(|line| wrapped(line, room, indent));
    lines.map(|line| line + "\n").collect()
}

/// The text with its control characters written out: a title or a file name may contain characters that control a
/// terminal, or that reverse the order of letters.
fn visible(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| {
        let kept = letter == '\n' || letter == '\t';
        let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        letter.is_control() && !kept || turns
    };
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if obeyed(letter) {
            written.extend(letter.escape_unicode());
        } else {
            written.push(letter);
        }
    }
    Cow::Owned(written)
}

/// Writes bytes for a terminal, unchanged.
pub(crate) fn drawing(bytes: Vec<u8>) {
    OUTPUT.add(bytes);
}

/// Whether all output has been written, so that a new picture would be seen at once.
pub(crate) fn is_idle() -> bool {
    OUTPUT.is_idle()
}

/// Returns once the reader of standard output has gone away, which shows only when something is printed.
pub(crate) async fn reader_left() {
    OUTPUT.reader_left().await;
}

/// Gives up, from `until` on, output that waits for a reader.
pub(crate) fn hurry(until: Instant) {
    OUTPUT.hurry(until);
    ERROR.hurry(until);
    let others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    others.iter().for_each(|other| other.hurry(until));
}

/// Returns when all output has been written or given up.
pub(crate) async fn delivered() {
    let began = Instant::now();
    while !(OUTPUT.is_done(began + LAST_WORDS) && ERROR.is_done(began + LAST_WORDS)) {
        sleep(LOOK).await;
    }
}

/// The same for a program without a runtime, or after it.
///
/// # Errors
///
/// The reason why standard output could not be written. A reader that has gone away is no error.
pub(crate) fn finish() -> io::Result<()> {
    let least = Instant::now() + LAST_WORDS;
    OUTPUT.finish(least);
    match OUTPUT.lost() {
        0 => {}
        lost => error(&format!(
            "breaker-lab: {lost} lines of output were dropped, because they were not read in time"
        )),
    }
    ERROR.finish(least);
    OUTPUT.outcome()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_for_a_narrow_terminal_is_broken_between_words() {
        let said = "name      what it is";

        assert_eq!(broken(said, None, 10), "name      what it is\n");
        assert_eq!(
            broken(said, Some(15), 10),
            "name      what\n          it is\n"
        );
        assert_eq!(broken("  # a lesson", Some(9), 2), "  # a\n  lesson\n");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        assert_eq!(visible("a\tb\nc — ±"), "a\tb\nc — ±");
        assert_eq!(visible("\x1b[2Jgone"), "\\u{1b}[2Jgone");
        assert_eq!(visible("a\u{202e}b\r"), "a\\u{202e}b\\u{d}");
    }
}
