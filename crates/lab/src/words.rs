//! The words for times, shares, numbers, states and causes.

use std::time::Duration;

use experiment::fleet::Change;
use fusebox::{Cause, State, Transition};

/// Columns of a terminal.
pub(crate) const WIDTH: usize = 80;

/// `1:05.3`: minutes, seconds and tenths since the start.
pub(crate) fn clock(at: Duration) -> String {
    let tenths = at.as_millis() / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// `1.9 s`
pub(crate) fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

/// `0.42 ms`, `12.3 ms` or `1004 ms`: three digits.
pub(crate) fn millis(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1000.0;
    match millis {
        ..10.0 => format!("{millis:.2} ms"),
        ..100.0 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

/// `42 %`
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `12,345`
pub(crate) fn number(number: u64) -> String {
    experiment::count::grouped(number)
}

/// `12,345`, from a million on `1.23 M` or `123 M`: at most seven letters.
pub(crate) fn compact(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let millions = count as f64 / 1e6;
    match count {
        ..1_000_000 => number(count),
        1_000_000..100_000_000 => format!("{millions:.2} M"),
        _ => format!("{millions:.0} M"),
    }
}

/// A state in words: `half-open`, `forced open`. Metrics, JSON and settings call it `half_open`, `forced_open`.
pub(crate) fn state(state: State) -> String {
    match state {
        State::HalfOpen => "half-open".to_owned(),
        other => other.as_str().replace('_', " "),
    }
}

/// Returns `once`, `twice`, `7 times`.
pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", number(count)),
    }
}

/// Returns `text` in lines of at most `width` characters, broken between words; lines after the first are indented by
/// this many spaces.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let words = text.trim_start_matches(' ');
    line.push_str(&text[..text.len() - words.len()]);
    let mut begins = true;
    for word in words.split(' ') {
        let used = line.chars().count();
        if !begins && used + 1 + word.chars().count() > width {
            let next = " ".repeat(indent) + word;
            lines.push(std::mem::replace(&mut line, next).trim_end().to_owned());
        } else {
            if !begins {
                line.push(' ');
            }
            line.push_str(word);
        }
        begins = false;
    }
    lines.push(line);
    lines
}

/// Returns why a breaker changed, with the figures of that moment.
pub(crate) fn cause(transition: &Transition) -> String {
    cause_of(&Change::new(Duration::ZERO, transition))
}

/// Returns the same for a change in a result.
pub(crate) fn cause_of(change: &Change) -> String {
    let window = change.window;
    let why = match change.cause {
        Cause::ConsecutiveFailures => format!("{} failures in a row", window.consecutive_failures),
        Cause::FailureRatio => format!("{} of {} calls failed", window.failures, window.calls),
        Cause::SlowRatio => format!("{} of {} calls were slow", window.slow, window.calls),
        Cause::Fleet => return fleet(change),
        Cause::FleetProbeSucceeded if change.to == State::Open => {
            return its_turn(without_figures(change.cause), change);
        }
        other => without_figures(other).to_owned(),
    };
    // A breaker that its fleet lets go probes with its next call.
    let wait = change.open_for_s.map(Duration::from_secs_f64);
    match wait.filter(|wait| !wait.is_zero()) {
        Some(wait) => format!("{why}; open for {}", seconds(wait)),
        None => why,
    }
}

/// Returns the words of a cause without figures. The page has the same words.
const fn without_figures(cause: Cause) -> &'static str {
    match cause {
        Cause::ProbeFailed => "the probe failed",
        Cause::HalfOpenTimeout => "the probes did not decide in time",
        Cause::Verdict => "decided from outside",
        Cause::Manual => "an operator's order",
        Cause::WaitElapsed => "the open period ended",
        Cause::ProbesSucceeded => "the probes succeeded",
        Cause::Restored => "restored after a restart",
        Cause::Fleet => "the fleet's verdict",
        Cause::EngineLost => "no longer held by the fleet",
        Cause::FleetProbe => "granted the fleet's probe lease",
        Cause::FleetProbeSucceeded => "the fleet's probe succeeded",
        Cause::FleetProbeFailed => "the fleet's probe failed",
        Cause::FleetProbeCancelled => "the fleet's probe had no result",
        Cause::FleetProbeExpired => "the fleet's probe lease expired",
        other => other.as_str(),
    }
}

/// Returns what a fleet ordered of a breaker.
fn fleet(change: &Change) -> String {
    match (change.to, change.from, change.open_for_s) {
        (State::Open, State::Open | State::HalfOpen, Some(_)) => {
            its_turn("the fleet closes", change)
        }
        (State::Open, ..) => without_figures(Cause::Fleet).to_owned(),
        _ => "the fleet closes, and it is this breaker's turn".to_owned(),
    }
}

/// Returns when a breaker that waits for its turn to close has it. All of it fits into a terminal of 80 columns.
fn its_turn(why: &str, change: &Change) -> String {
    match change.open_for_s.map(Duration::from_secs_f64) {
        Some(turn) => format!("{why}; turn in {}", seconds(turn)),
        None => format!("{why}; waits its turn"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(clock(Duration::from_millis(65_390)), "1:05.3");
        assert_eq!(millis(Duration::from_micros(420)), "0.42 ms");
        assert_eq!(millis(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(millis(Duration::from_millis(1004)), "1004 ms");
        assert_eq!(percent(0.425), "42 %");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(999), "999");
        assert_eq!(
            [999_999, 1_234_567, 99_999_999, 123_456_789].map(compact),
            ["999,999", "1.23 M", "100.00 M", "123 M"]
        );
        let states = [State::HalfOpen, State::ForcedOpen, State::MetricsOnly];
        assert_eq!(
            states.map(state),
            ["half-open", "forced open", "metrics only"]
        );
        assert_eq!(
            (times(1), times(2)),
            ("once".to_owned(), "twice".to_owned())
        );
        assert_eq!(times(1500), "1,500 times");
    }

    #[test]
    fn what_a_fleet_wants_of_a_breaker_reads_well() {
        let clock = fusebox::ManualClock::new();
        let breaker = fusebox::Breaker::with_clock("d", fusebox::Config::default(), clock.clone());
        let said = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&said);
        breaker.add_listener(move |_: &str, event: &fusebox::Event| {
            if let fusebox::Event::Transition(transition) = event {
                told.lock().unwrap().push(cause(transition));
            }
        });
        let turn = Duration::from_millis(1500);

        breaker.fleet().hold(1);
        breaker
            .fleet()
            .release(turn, fusebox::CloseRamp::AsConfigured);
        clock.advance(turn);
        breaker.poll_transitions();

        let said = said.lock().unwrap();
        assert_eq!(
            *said,
            [
                "the fleet's verdict",
                "the fleet closes; turn in 1.5 s",
                "the fleet closes, and it is this breaker's turn",
            ]
        );
    }

    #[test]
    fn a_breaker_that_waits_for_its_turn_or_leaves_its_fleet_is_told_as_what_it_is() {
        let clock = fusebox::ManualClock::new();
        let breaker = fusebox::Breaker::with_clock("d", fusebox::Config::default(), clock);
        let said = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&said);
        breaker.add_listener(move |_: &str, event: &fusebox::Event| {
            if let fusebox::Event::Transition(transition) = event {
                told.lock().unwrap().push(*transition);
            }
        });
        breaker.fleet().hold(1);
        breaker.fleet().lose_engine(Duration::ZERO);

        let left = said.lock().unwrap()[1];
        assert_eq!(cause(&left), "no longer held by the fleet");
        let turn = Change {
            from: State::HalfOpen,
            cause: Cause::FleetProbeSucceeded,
            open_for_s: Some(98.7),
            ..Change::new(Duration::ZERO, &left)
        };
        assert_eq!(
            cause_of(&turn),
            "the fleet's probe succeeded; turn in 98.7 s"
        );
        // What is left of 80 columns beside the instant, the name and the states.
        assert!(cause_of(&turn).chars().count() <= 46);
    }

    #[test]
    fn the_page_names_causes_in_the_same_words() {
        let script = include_str!("../web/clock.js");
        let begins = script.find("const CAUSES = {").unwrap();
        let table = script[begins..].split("};").next().unwrap();
        let rows = table.lines().skip(1).filter(|row| !row.trim().is_empty());

        let mut seen = 0;
        for row in rows {
            let (name, words) = row.trim().split_once(": ").unwrap();
            let words = words.trim_end_matches(',').trim_matches('"');
            let cause = Cause::ALL.iter().find(|cause| cause.as_str() == name);
            assert_eq!(cause.map(|it| without_figures(*it)), Some(words), "{name}");
            seen += 1;
        }
        let with_figures = [
            Cause::ConsecutiveFailures,
            Cause::FailureRatio,
            Cause::SlowRatio,
        ];
        assert_eq!(seen + with_figures.len(), Cause::ALL.len());
    }

    #[test]
    fn long_lines_break_between_words() {
        assert_eq!(
            wrapped("one two three four", 9, 2),
            ["one two", "  three", "  four"]
        );
        assert_eq!(wrapped("a   table   row", 80, 2), ["a   table   row"]);
    }
}
