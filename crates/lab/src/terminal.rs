//! The check whether standard output is a terminal on which a picture can be redrawn in place.
//!
//! A file or a pipe is not. Neither is a terminal without cursor control (`TERM=dumb`, as in editors), nor one that
//! belongs to another job: a picture drawn from the background would overwrite the user's work.

use std::io::{self, IsTerminal};

/// Whether a picture can be drawn now.
pub(crate) fn can_draw() -> bool {
    let term = std::env::var("TERM").ok();
    can_draw_on(io::stdout().is_terminal(), term.as_deref()) && is_ours()
}

fn can_draw_on(terminal: bool, term: Option<&str>) -> bool {
    terminal && term != Some("dumb")
}

/// Whether this process is in the foreground of the terminal.
#[cfg(target_os = "linux")]
pub(crate) fn is_ours() -> bool {
    // If the foreground is unknown, nothing counts as background.
    rustix::termios::tcgetpgrp(io::stdout())
        .map_or(true, |foreground| foreground == rustix::process::getpgrp())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn is_ours() -> bool {
    true
}

/// The columns of the terminal; the usual number if it does not say.
pub(crate) fn columns() -> usize {
    let told = crossterm::terminal::size().ok();
    let told = told.map(|(columns, _)| usize::from(columns));
    told.filter(|columns| *columns > 0).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_and_no_terminal_get_lines() {
        for (terminal, term, draws) in [
            (true, Some("xterm-256color"), true),
            (true, None, true),
            (true, Some("dumb"), false),
            (false, Some("xterm"), false),
        ] {
            assert_eq!(can_draw_on(terminal, term), draws, "{terminal} {term:?}");
        }
    }
}
