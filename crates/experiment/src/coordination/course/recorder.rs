//! The recorder of a course: it is told events, and how an instance stands whenever somebody has looked.

use std::time::Duration;

use super::{Course, MOST_EVENTS, MOST_STANDINGS, MOST_VIEWS};
use crate::coordination::happening::{EventFigure, Happening};
use crate::coordination::standing::{FleetView, SeenView, Standing};
use crate::coordination::word::{Apart, EventKind};
use crate::fleet::seconds;

/// Follows what the instances of a run decide together. Times count from the start of the run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::coordination::{CourseRecorder, EventFigure, EventKind};
///
/// let mut recorder = CourseRecorder::new(2);
/// recorder.happens(Duration::from_secs(3), 1, EventKind::Adopted, EventFigure::Epoch(1));
/// let course = recorder.finish();
/// assert_eq!((course.events[0].at_s, course.events[0].instance), (3.0, 1));
/// ```
#[derive(Clone, Debug)]
pub struct CourseRecorder {
    course: Course,
    members: Vec<Followed>,
    /// Who has the newest view.
    newest: Option<usize>,
    heard: u32,
    there: u32,
}

/// One instance so far.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    last: Option<Standing>,
    view: Option<SeenView>,
    /// The place of its last row.
    row: Option<usize>,
}

impl Followed {
    fn is_there(&self) -> bool {
        let apart = self.last.and_then(|last| last.apart);
        !matches!(apart, Some(Apart::Left | Apart::Local))
    }

    fn hears(&self) -> bool {
        self.is_there() && self.last.is_some_and(|last| last.engine_up)
    }

    /// Its view, while it may be followed.
    fn fresh(&self) -> Option<SeenView> {
        let is_fresh = self.is_there() && self.last.is_some_and(|last| last.is_fresh);
        self.view.filter(|_| is_fresh)
    }
}

impl CourseRecorder {
    /// Follows so many instances.
    pub fn new(instances: usize) -> Self {
        Self {
            course: Course::default(),
            members: vec![Followed::default(); instances],
            newest: None,
            heard: 0,
            there: u32::try_from(instances).unwrap_or(u32::MAX),
        }
    }

    /// Notes that something happens to an instance.
    pub fn happens(&mut self, at: Duration, instance: usize, kind: EventKind, figure: EventFigure) {
        if self.course.events.len() == MOST_EVENTS {
            self.course.left_out.events += 1;
        } else {
            let event = Happening::new(at, instance, kind, figure);
            self.course.events.push(event);
        }
    }

    /// Notes that so many events happened and are not known any more.
    pub fn leaves_out(&mut self, events: u64) {
        self.course.left_out.events += events;
    }

    /// Notes how an instance stands now, with the newest view that it has. Whoever stands as before says nothing new.
    ///
    /// # Panics
    ///
    /// When there is no such instance.
    pub fn stands(&mut self, now: Standing, view: Option<SeenView>) {
        let place = now.instance;
        let before = self.members[place];
        if before.last.is_some_and(|last| last.is_like(&now)) && before.view == view {
            return;
        }
        let row = self.row(&before, now);
        self.members[place] = Followed {
            last: Some(now),
            view,
            row,
        };
        self.count(&before, place);
        self.follow(&before, place);
        self.note_view(now.at_s);
    }

    /// The place of the row that says so; of several at one instant the last holds.
    fn row(&mut self, before: &Followed, now: Standing) -> Option<usize> {
        if before.last.is_some_and(|last| last.is_like(&now)) {
            return before.row;
        }
        let rows = &mut self.course.standings;
        let same = before.row.filter(|row| is_same(rows[*row].at_s, now.at_s));
        if let Some(row) = same {
            rows[row] = now;
            return Some(row);
        }
        if rows.len() == MOST_STANDINGS {
            self.course.left_out.standings += 1;
            return None;
        }
        rows.push(now);
        Some(rows.len() - 1)
    }

    fn count(&mut self, before: &Followed, place: usize) {
        let now = &self.members[place];
        self.heard = self.heard + u32::from(now.hears()) - u32::from(before.hears());
        self.there = self.there + u32::from(now.is_there()) - u32::from(before.is_there());
    }

    /// Whose view is the newest now.
    fn follow(&mut self, before: &Followed, place: usize) {
        let own = self.members[place].fresh();
        let newest = self.newest.map(|holder| self.members[holder].view);
        match (self.newest, own) {
            // Its own has gone, or is older than it was.
            (Some(holder), own) if holder == place => {
                let goes_on = own.is_some_and(|own| is_not_before(own, before.view));
                if !goes_on {
                    self.newest = self.search();
                }
            }
            (_, None) => {}
            (None, Some(_)) => self.newest = Some(place),
            (Some(_), Some(own)) => {
                let turns = before.view.is_none_or(|it| it.life != own.life);
                let is_newer = newest.flatten().is_none_or(|newest| {
                    if own.life == newest.life {
                        (own.epoch, own.revision) > (newest.epoch, newest.revision)
                    } else {
                        // The ledger has begun anew: who has just heard that knows more.
                        turns
                    }
                });
                if is_newer {
                    self.newest = Some(place);
                }
            }
        }
    }

    fn search(&self) -> Option<usize> {
        let fresh = self.members.iter().enumerate();
        let fresh = fresh.filter_map(|(place, one)| Some((place, one.fresh()?)));
        let best = fresh.max_by_key(|(place, view)| {
            // Of equal ones the first.
            (view.epoch, view.revision, std::cmp::Reverse(*place))
        });
        best.map(|(place, _)| place)
    }

    fn note_view(&mut self, at_s: f64) {
        let view = self.newest.and_then(|holder| self.members[holder].view);
        let now = FleetView::of(view, at_s, [self.heard, self.there]);
        let rows = &mut self.course.views;
        // Of several at one instant the last holds.
        if rows.last().is_some_and(|last| is_same(last.at_s, at_s)) {
            rows.pop();
        }
        if rows.last().is_some_and(|last| last.is_like(&now)) {
            return;
        }
        if rows.len() == MOST_VIEWS {
            self.course.left_out.views += 1;
        } else {
            rows.push(now);
        }
    }

    /// The course of a run that has ended.
    pub fn finish(self) -> Course {
        let mut course = self.course;
        // Those of several threads come nearly in order.
        course.events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        course
    }

    /// The place of an instant in a run.
    pub fn instant(at: Duration) -> f64 {
        seconds(at)
    }
}

/// Whether a view of the same life is no older than it was.
fn is_not_before(now: SeenView, before: Option<SeenView>) -> bool {
    before.is_none_or(|before| {
        now.life == before.life && (now.epoch, now.revision) >= (before.epoch, before.revision)
    })
}

/// Instants of one run, to the microsecond.
fn is_same(one_s: f64, other_s: f64) -> bool {
    (one_s - other_s).abs() < 5e-7
}

#[cfg(test)]
mod tests;
