//! The memory of the page: an hour of seconds, and every transition, truth, phase and mark as exactly as it came.
//!
//! What a fleet of a hundred leaves in an hour fits into 40 MiB; the oldest gives way. A copy of the memory shares what
//! is kept ([`Chunks`]): who reads an hour copies it under the lock of the feed and reads without, so that nobody's
//! ticks wait.

use serde::Serialize;

use super::chunks::Chunks;
use super::source::{
    CoordinationStep, LoadStep, Moment, PhaseStart, Row, SecondLatencies, SettingsStep, TruthStep,
    TurnStep,
};
use super::standing::{NumberedNote, Standing};
use super::wire::{Mark, News, Numbered, Tick};

/// Seconds that are kept: an hour.
const SECONDS: usize = 3600;
/// Transitions, and changes of the truth, that are kept.
const CHANGES: usize = 200_000;
/// Phases, and marks, that are kept.
const MARKS: usize = 10_000;
/// Rows of what instances decide together that are kept, of each kind.
const TOGETHER: usize = 30_000;

/// What has been so far. A clone is what had been by then.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Those that are over.
    seconds: Chunks<Second>,
    /// The one that goes on.
    second: Option<Second>,
    changes: Chunks<Numbered>,
    truths: Chunks<TruthStep>,
    phases: Chunks<PhaseStart>,
    marks: Chunks<Mark>,
    latencies: Chunks<SecondLatencies>,
    standings: Chunks<Standing>,
    notes: Chunks<NumberedNote>,
    settings: Chunks<SettingsStep>,
    turns: Chunks<TurnStep>,
    loads: Chunks<LoadStep>,
    decisions: Chunks<CoordinationStep>,
    /// How many transitions there have been.
    numbered: u64,
    /// How many notes of the fleet there have been.
    noted: u64,
}

/// What a moment has brought, with its numbers.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) changes: Vec<Numbered>,
    pub(super) notes: Vec<NumberedNote>,
}

/// All ticks of one second as one.
#[derive(Clone, Debug)]
struct Second {
    number: u64,
    /// When the last of them was.
    t: f64,
    rows: Vec<Row>,
}

/// Rows by the second, and what happened, in `from <= time < to`.
#[derive(Debug, Serialize)]
struct History<'a> {
    from: f64,
    to: f64,
    ticks: Vec<Tick<'a>>,
    #[serde(flatten)]
    news: News<'a>,
}

/// What has been in a run that is over, as `GET /api/history` has it: what is told at each of these instants, and what
/// happened before `to`.
pub(crate) fn history(moments: &[Moment], to: f64) -> Vec<u8> {
    let mut memory = Memory::default();
    for moment in moments {
        memory.keep(moment, &[]);
    }
    memory.between(0.0, to)
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            seconds: Chunks::new(SECONDS),
            second: None,
            changes: Chunks::new(CHANGES),
            truths: Chunks::new(CHANGES),
            phases: Chunks::new(MARKS),
            marks: Chunks::new(MARKS),
            latencies: Chunks::new(SECONDS),
            standings: Chunks::new(TOGETHER),
            notes: Chunks::new(TOGETHER),
            settings: Chunks::new(MARKS),
            turns: Chunks::new(MARKS),
            loads: Chunks::new(MARKS),
            decisions: Chunks::new(MARKS),
            numbered: 0,
            noted: 0,
        }
    }
}

impl Memory {
    /// Numbers what has happened in a moment and keeps all of it.
    pub(super) fn keep(&mut self, moment: &Moment, marks: &[Mark]) -> Kept {
        let changes: Vec<_> = moment
            .changes
            .iter()
            .map(|(instance, change)| {
                self.numbered += 1;
                Numbered {
                    number: self.numbered,
                    instance: *instance,
                    change: change.clone(),
                }
            })
            .collect();
        let notes = moment.notes.iter().map(|note| {
            self.noted += 1;
            NumberedNote {
                number: self.noted,
                note: note.clone(),
            }
        });
        let notes: Vec<_> = notes.collect();
        self.changes.extend(&changes);
        self.standings.extend(&moment.standings);
        self.notes.extend(&notes);
        self.truths.extend(&moment.truths);
        self.phases.extend(&moment.phases);
        self.marks.extend(marks);
        self.latencies.extend(&moment.latencies);
        self.settings.extend(&moment.settings);
        self.turns.extend(&moment.turns);
        self.loads.extend(&moment.loads);
        self.decisions.extend(&moment.decisions);
        self.count(moment);
        Kept { changes, notes }
    }

    /// How many transitions there have been.
    pub(super) fn transitions(&self) -> u64 {
        self.numbered
    }

    fn count(&mut self, moment: &Moment) {
        let (number, t) = (moment.at.as_secs(), moment.at.as_secs_f64());
        if let Some(second) = self.second.as_mut().filter(|it| it.number == number) {
            second.t = t;
            for (row, more) in second.rows.iter_mut().zip(&moment.rows) {
                *row = row.followed_by(*more);
            }
            return;
        }
        let next = Second {
            number,
            t,
            rows: moment.rows.clone(),
        };
        if let Some(over) = self.second.replace(next) {
            self.seconds.push(over);
        }
    }

    /// What has been from `from` on, before `to`, in JSON.
    pub(super) fn between(&self, from: f64, to: f64) -> Vec<u8> {
        let within = |at: f64| from <= at && at < to;
        let all = self.seconds.iter().chain(&self.second);
        let ticks = all.filter(|second| within(second.t));
        let ticks = ticks.map(|second| Tick {
            t: second.t,
            i: &second.rows,
            news: News::default(),
        });
        let history = History {
            from,
            to,
            ticks: ticks.collect(),
            news: News {
                x: part(&self.changes, |it| within(it.change.at_s)),
                p: part(&self.truths, |it| within(it.at_s)),
                f: part(&self.phases, |it| within(it.0)),
                m: part(&self.marks, |it| within(it.0)),
                l: part(&self.latencies, |it| within(seconds(it.0))),
                c: part(&self.standings, |it| within(it.at_s)),
                e: part(&self.notes, |it| within(it.note.at_s)),
                s: part(&self.settings, |it| within(it.at_s)),
                o: part(&self.turns, |it| within(it.0)),
                r: part(&self.loads, |it| within(it.at_s)),
                g: part(&self.decisions, |it| within(it.at_s)),
            },
        };
        serde_json::to_vec(&history).expect("history has only string keys")
    }
}

/// Those that `is_asked_for`: what happens is told nearly in order only, so each is looked at.
fn part<T: Clone>(all: &Chunks<T>, is_asked_for: impl Fn(&T) -> bool) -> Vec<&T> {
    all.iter().filter(|it| is_asked_for(it)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds of one run")]
fn seconds(number: u64) -> f64 {
    number as f64
}
