//! The events of a run, one by one: each call and each transition, for tables and for digests.
//!
//! The performer of a run reports them as they happen. [`CsvEvents`] writes them as a table that any program can
//! read; the simulator computes its digest over the same events.

use std::io::{self, Write};
use std::time::Duration;

use fusebox::State;

use crate::fleet::Change;
use crate::outcome::ClientOutcome;

/// A call of a client to one instance, from the plan to its end. Times count from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallEvent {
    /// When it was planned; a retry has the instant of its request.
    pub planned: Duration,
    /// When it was sent, if it was.
    pub sent: Option<Duration>,
    /// When it ended for the client.
    pub ended: Duration,
    /// The place of the instance that was called.
    pub instance: usize,
    /// How it ended for the client.
    pub outcome: ClientOutcome,
    /// The state of the instance's breaker when the call was sent.
    pub state: State,
    /// The probability, when it was sent, that a call of this instance to the downstream would fail.
    pub p_fail: f64,
}

/// A receiver of all events of a run.
pub trait Events {
    /// A call has ended.
    fn call(&mut self, call: &CallEvent);

    /// The breaker of one instance has changed its state.
    fn transition(&mut self, instance: usize, change: &Change);
}

/// The columns of the table, in order. A row is a `call` or a `transition`; columns of the other kind are empty.
pub const COLUMNS: [&str; 17] = [
    "kind",
    "seed",
    "instance",
    "planned_s",
    "sent_s",
    "ended_s",
    "outcome",
    "state",
    "p_fail",
    "at_s",
    "from",
    "to",
    "cause",
    "number",
    "window_calls",
    "window_failures",
    "open_for_s",
];

/// Writes events as CSV: a row of [`COLUMNS`], then a row for each event, in the order in which they ended.
///
/// No value needs quotes: names of instances are letters, digits, `-` and `_`, and the rest is numbers and the lab's
/// own words. Times are seconds with six decimals.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::events::{CallEvent, CsvEvents, Events};
/// use experiment::outcome::ClientOutcome;
/// use fusebox::State;
///
/// let mut events = CsvEvents::new(Vec::new())?;
/// events.begin(7, ["A"]);
/// events.call(&CallEvent {
///     planned: Duration::from_millis(1500),
///     sent: Some(Duration::from_millis(1500)),
///     ended: Duration::from_millis(1512),
///     instance: 0,
///     outcome: ClientOutcome::Ok,
///     state: State::Closed,
///     p_fail: 0.35,
/// });
/// let text = String::from_utf8(events.finish()?)?;
/// let row = text.lines().nth(1).unwrap();
/// assert_eq!(row, "call,7,A,1.500000,1.500000,1.512000,ok,closed,0.35,,,,,,,,");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CsvEvents<W: Write> {
    to: W,
    seed: u64,
    names: Vec<String>,
    /// The first failure to write; nothing is written after it.
    failed: Option<io::Error>,
}

impl<W: Write> CsvEvents<W> {
    /// Begins a table in `to` with the names of its columns.
    ///
    /// # Errors
    ///
    /// An error of writing to `to`.
    pub fn new(mut to: W) -> io::Result<Self> {
        writeln!(to, "{}", COLUMNS.join(","))?;
        Ok(Self {
            to,
            seed: 0,
            names: Vec::new(),
            failed: None,
        })
    }

    /// Begins a run with this seed and with instances of these names.
    pub fn begin<N: Into<String>>(&mut self, seed: u64, names: impl IntoIterator<Item = N>) {
        self.seed = seed;
        self.names = names.into_iter().map(Into::into).collect();
    }

    /// Returns the writer. Later events follow what is written there.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.to
    }

    /// Finishes the table and returns the writer.
    ///
    /// # Errors
    ///
    /// The first error of writing.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.to.flush()?;
        Ok(self.to)
    }

    fn write(&mut self, write: impl FnOnce(&mut W, u64, &str) -> io::Result<()>, instance: usize) {
        if self.failed.is_some() {
            return;
        }
        let name = self.names.get(instance).map_or("", String::as_str);
        self.failed = write(&mut self.to, self.seed, name).err();
    }
}

impl<W: Write> Events for CsvEvents<W> {
    fn call(&mut self, call: &CallEvent) {
        let row = |to: &mut W, seed, name: &str| {
            write!(to, "call,{seed},{name},{:.6},", call.planned.as_secs_f64())?;
            if let Some(sent) = call.sent {
                write!(to, "{:.6}", sent.as_secs_f64())?;
            }
            writeln!(
                to,
                ",{:.6},{},{},{},,,,,,,,",
                call.ended.as_secs_f64(),
                call.outcome.as_str(),
                call.state,
                call.p_fail,
            )
        };
        self.write(row, call.instance);
    }

    fn transition(&mut self, instance: usize, change: &Change) {
        let row = |to: &mut W, seed, name: &str| {
            let Change {
                at_s,
                from,
                to: into,
                cause,
                number,
                ..
            } = change;
            write!(
                to,
                "transition,{seed},{name},,,,,,,{at_s:.6},{from},{into},{cause},{number},{},{},",
                change.window.calls, change.window.failures,
            )?;
            if let Some(open_for_s) = change.open_for_s {
                write!(to, "{open_for_s:.6}")?;
            }
            writeln!(to)
        };
        self.write(row, instance);
    }
}
