//! The memory of the page: an hour of seconds, and every transition, truth, phase and mark as exactly as it came.
//!
//! What a fleet of a hundred leaves in an hour fits into 40 MiB; the oldest gives way.

use std::collections::VecDeque;

use serde::Serialize;

use super::source::{
    CoordinationStep, Moment, PhaseStart, Row, SecondLatencies, SettingsStep, TruthStep, TurnStep,
};
use super::standing::{NumberedNote, Standing};
use super::wire::{LoadStep, Mark, News, Numbered, Tick};

/// Seconds that are kept: an hour.
const SECONDS: usize = 3600;
/// Transitions, and changes of the truth, that are kept.
const CHANGES: usize = 200_000;
/// Phases, and marks, that are kept.
const MARKS: usize = 10_000;
/// Rows of what instances decide together that are kept, of each kind.
const TOGETHER: usize = 30_000;

/// What has been so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    seconds: VecDeque<Second>,
    changes: VecDeque<Numbered>,
    truths: VecDeque<TruthStep>,
    phases: VecDeque<PhaseStart>,
    marks: VecDeque<Mark>,
    latencies: VecDeque<SecondLatencies>,
    standings: VecDeque<Standing>,
    notes: VecDeque<NumberedNote>,
    settings: VecDeque<SettingsStep>,
    turns: VecDeque<TurnStep>,
    loads: VecDeque<LoadStep>,
    decisions: VecDeque<CoordinationStep>,
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
        memory.keep(moment, &[], None);
    }
    memory.between(0.0, to)
}

impl Memory {
    /// Numbers what has happened in a moment and keeps all of it.
    pub(super) fn keep(&mut self, moment: &Moment, marks: &[Mark], load: Option<LoadStep>) -> Kept {
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
        push(&mut self.changes, &changes, CHANGES);
        push(&mut self.standings, &moment.standings, TOGETHER);
        push(&mut self.notes, &notes, TOGETHER);
        push(&mut self.truths, &moment.truths, CHANGES);
        push(&mut self.phases, &moment.phases, MARKS);
        push(&mut self.marks, marks, MARKS);
        push(&mut self.latencies, &moment.latencies, SECONDS);
        push(&mut self.settings, &moment.settings, MARKS);
        push(&mut self.turns, &moment.turns, MARKS);
        push(&mut self.loads, load.as_slice(), MARKS);
        push(&mut self.decisions, &moment.decisions, MARKS);
        self.count(moment);
        Kept { changes, notes }
    }

    /// How many transitions there have been.
    pub(super) fn transitions(&self) -> u64 {
        self.numbered
    }

    fn count(&mut self, moment: &Moment) {
        let (number, t) = (moment.at.as_secs(), moment.at.as_secs_f64());
        match self.seconds.back_mut().filter(|last| last.number == number) {
            Some(last) => {
                last.t = t;
                for (row, more) in last.rows.iter_mut().zip(&moment.rows) {
                    *row = row.followed_by(*more);
                }
            }
            None => push(
                &mut self.seconds,
                &[Second {
                    number,
                    t,
                    rows: moment.rows.clone(),
                }],
                SECONDS,
            ),
        }
    }

    /// What has been from `from` on, before `to`, in JSON.
    pub(super) fn between(&self, from: f64, to: f64) -> Vec<u8> {
        let within = |at: f64| from <= at && at < to;
        let ticks = self.seconds.iter().filter(|second| within(second.t));
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
                r: part(&self.loads, |it| within(it.0)),
                g: part(&self.decisions, |it| within(it.at_s)),
            },
        };
        serde_json::to_vec(&history).expect("history has only string keys")
    }
}

/// Those that `is_asked_for`: what happens is told nearly in order only, so each is looked at.
fn part<T>(all: &VecDeque<T>, is_asked_for: impl Fn(&T) -> bool) -> Vec<&T> {
    all.iter().filter(|it| is_asked_for(it)).collect()
}

/// Adds `more`, and lets the oldest give way to it.
fn push<T: Clone>(all: &mut VecDeque<T>, more: &[T], most: usize) {
    all.extend(more.iter().cloned());
    let over = all.len().saturating_sub(most);
    all.drain(..over);
}

#[expect(clippy::cast_precision_loss, reason = "seconds of one run")]
fn seconds(number: u64) -> f64 {
    number as f64
}
