//! A notice: what is logged once a minute, however often it happens.
//!
//! A caller, or a process that holds what a service needs, can make the same thing happen a thousand times a second.
//! The log says that it happens, and how often since the last such line.

use std::time::Duration;

use tokio::time::Instant;

/// The time between two lines of the log about the same thing.
const SILENCE: Duration = Duration::from_secs(60);

/// One thing that may happen repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    said: Option<Instant>,
    /// How often it has happened since.
    unsaid: u64,
}

impl Notice {
    /// Notes that it happens at `now`. Returns how often it has happened since the last line of the log, this time
    /// included, if another line is due.
    pub(crate) fn happens(&mut self, now: Instant) -> Option<u64> {
        self.unsaid = self.unsaid.saturating_add(1);
        let due = |said: Instant| now.saturating_duration_since(said) >= SILENCE;
        if !self.said.is_none_or(due) {
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_a_hundred_times_a_second_is_said_at_once_and_then_once_a_minute_with_how_often()
    {
        let began = Instant::now();
        let mut notice = Notice::default();

        let hundredths = (0..=18_000).map(|number| Duration::from_millis(10 * number));
        let said: Vec<(Duration, u64)> = hundredths
            .filter_map(|at| Some((at, notice.happens(began + at)?)))
            .collect();

        let minutes = |number: u64| Duration::from_secs(60 * number);
        let expected = [
            (minutes(0), 1),
            (minutes(1), 6000),
            (minutes(2), 6000),
            (minutes(3), 6000),
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn what_happens_again_after_a_long_time_is_said_at_once() {
        let began = Instant::now();
        let mut notice = Notice::default();
        assert_eq!(notice.happens(began), Some(1));

        assert_eq!(
            notice.happens(began + SILENCE - Duration::from_nanos(1)),
            None
        );
        assert_eq!(notice.happens(began + 100 * SILENCE), Some(2));
    }
}
