//! An event of a fleet as a result tells it: when, to which instance, what, and the figure that belongs to it.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::word::EventKind;
use crate::fleet::seconds;

/// Something that happened to an instance in its fleet. Written down it is a row, `[at_s, instance, kind, figure]`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "Row", into = "Row")]
pub struct Happening {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// The place of the instance in the result.
    pub instance: usize,
    /// What happened.
    pub kind: EventKind,
    /// What belongs to it; [`EventKind`] says what it is.
    pub figure: EventFigure,
}

/// What belongs to an event of a fleet.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum EventFigure {
    /// Nothing.
    Nothing,
    /// The epoch of a verdict.
    Epoch(u64),
    /// A time, in seconds.
    Seconds(f64),
    /// A word or a sentence.
    Words(Cow<'static, str>),
}

/// How it is written.
#[derive(Deserialize, Serialize)]
struct Row(f64, usize, EventKind, EventFigure);

impl EventFigure {
    /// A time, to the microsecond.
    pub fn time(time: Duration) -> Self {
        Self::Seconds(seconds(time))
    }

    /// The same as pages have it: a time with three digits.
    pub fn as_text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Epoch(epoch) => epoch.to_string(),
            Self::Seconds(seconds) => format!("{seconds:.3}"),
            Self::Words(words) => words.clone().into_owned(),
        }
    }
}

impl Happening {
    /// An event that came `at` after the start of the run.
    pub fn new(at: Duration, instance: usize, kind: EventKind, figure: EventFigure) -> Self {
        Self {
            at_s: seconds(at),
            instance,
            kind,
            figure,
        }
    }
}

impl From<Happening> for Row {
    fn from(event: Happening) -> Self {
        Self(event.at_s, event.instance, event.kind, event.figure)
    }
}

impl From<Row> for Happening {
    fn from(Row(at_s, instance, kind, figure): Row) -> Self {
        Self {
            at_s,
            instance,
            kind,
            figure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_row_and_is_read_again() {
        let at = Duration::from_micros(3_004_512);
        for (kind, figure, row) in [
            (
                EventKind::Adopted,
                EventFigure::Epoch(7),
                r#"[3.004512,2,"adopted",7]"#,
            ),
            (
                EventKind::Leased,
                EventFigure::time(Duration::from_millis(300)),
                r#"[3.004512,2,"leased",0.3]"#,
            ),
            (
                EventKind::FellBack,
                EventFigure::Words("stale".into()),
                r#"[3.004512,2,"fell_back","stale"]"#,
            ),
            (
                EventKind::Left,
                EventFigure::Nothing,
                r#"[3.004512,2,"left",null]"#,
            ),
        ] {
            let event = Happening::new(at, 2, kind, figure);
            assert_eq!(serde_json::to_string(&event).unwrap(), row);
            assert_eq!(serde_json::from_str::<Happening>(row).unwrap(), event);
        }
    }
}
