//! The source of what instances decide together, for the live page: how each stands, and what its participant tells.
//!
//! The page asks the same readers as the terminal and `GET /breaker`. An instance that stands as before says nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use experiment::coordination::{EventFigure, EventKind, MOST_EVENTS};
use fusebox::{Clock, HoldStage, SystemClock};
use fusebox_fleet::host::{
    Apart, FallbackReason, FleetEvent, FleetListener, LeaseOutcome, Status, Tally,
};
use fusebox_fleet::{BreakerKey, Era, Evidence, Order, Verdict, View};

use crate::coordination::FleetReader;
use crate::page::{FleetNote, SeenView, Standing};

/// After so many seconds an instance says how it stands although nothing has changed: what is older may be forgotten.
const REPEATED_S: f64 = 60.0;
/// Events that wait for the next look. Nobody looks where there is no page.
const WAITING: usize = 4096;

/// What a participant has told: the place of its instance, when by the clock of the run, and what.
pub(super) type Told = (usize, Duration, FleetEvent);

/// What participants have told: since the last look of the page, and for the result since the start.
#[derive(Debug)]
pub(super) struct FleetTold {
    clock: SystemClock,
    waiting: Mutex<VecDeque<Told>>,
    kept: Mutex<(Vec<Told>, u64)>,
}

impl FleetTold {
    /// Nothing yet; times are those of `clock`.
    pub(super) fn new(clock: SystemClock) -> Self {
        Self {
            clock,
            waiting: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// The clock of its times.
    pub(super) fn clock(&self) -> SystemClock {
        self.clock
    }

    /// A listener for the participant of the instance at `place`.
    pub(super) fn listener(self: &Arc<Self>, place: usize) -> impl FleetListener + 'static {
        let told = Arc::clone(self);
        move |_key: &BreakerKey, event: &FleetEvent| {
            told.hear((place, told.clock.now(), *event));
        }
    }

    fn hear(&self, event: Told) {
        {
            let mut kept = lock(&self.kept);
            if kept.0.len() == MOST_EVENTS {
                kept.1 += 1;
            } else {
                kept.0.push(event);
            }
        }
        let mut waiting = lock(&self.waiting);
        if waiting.len() == WAITING {
            waiting.pop_front();
        }
        waiting.push_back(event);
    }

    fn take(&self) -> VecDeque<Told> {
        std::mem::take(&mut *lock(&self.waiting))
    }

    /// What has been told since the start, and how much more was than is kept.
    pub(super) fn kept(&self) -> (Vec<Told>, u64) {
        lock(&self.kept).clone()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The participants of a run, and how each stood when it was looked at last.
pub(super) struct FleetSource {
    readers: Vec<FleetReader>,
    told: Arc<FleetTold>,
    last: Vec<Option<Standing>>,
}

impl FleetSource {
    /// Of the participants that these instances are, in their order.
    pub(super) fn new(readers: Vec<FleetReader>, told: Arc<FleetTold>) -> Self {
        Self {
            last: vec![None; readers.len()],
            readers,
            told,
        }
    }

    /// How those stand that stand otherwise than before, `at` after the start of the run.
    pub(super) fn standings(&mut self, at: Duration) -> Vec<Standing> {
        let mut changed = Vec::new();
        for (place, (reader, last)) in self.readers.iter().zip(&mut self.last).enumerate() {
            let Some(status) = reader.status() else {
                // It decides alone now.
                changed.extend(last.take().and_then(|last| left(last, at)));
                continue;
            };
            let now = standing(place, at, &status);
            let is_news = last
                .as_ref()
                .is_none_or(|last| last.differs_from(&now) || now.at_s - last.at_s >= REPEATED_S);
            if is_news {
                changed.push(now.clone());
                *last = Some(now);
            }
        }
        changed
    }

    /// What has happened since the last look; `elapsed` makes times of the clock times of the run.
    pub(super) fn notes(&self, elapsed: impl Fn(Duration) -> Duration) -> Vec<FleetNote> {
        let told = self.told.take().into_iter();
        let notes = told.map(|(instance, at, event)| {
            let (kind, detail) = words(&event);
            FleetNote {
                at_s: elapsed(at).as_secs_f64(),
                instance,
                kind,
                detail,
            }
        });
        notes.collect()
    }
}

/// How an instance stands that stood so and has left since, if that has not been said.
fn left(last: Standing, at: Duration) -> Option<Standing> {
    let has_left = Some(Apart::Left.as_str());
    (last.apart != has_left).then(|| Standing {
        at_s: millionths(at.as_secs_f64()),
        engine_up: false,
        is_fresh: false,
        stage: None,
        apart: has_left,
        is_localised: false,
        ..last
    })
}

/// How an instance stands, in the words of its `GET /breaker`.
fn standing(instance: usize, at: Duration, status: &Status) -> Standing {
    Standing {
        at_s: millionths(at.as_secs_f64()),
        instance,
        engine_up: status.engine_up,
        is_fresh: status.is_fresh,
        opinion: status.opinion.as_str(),
        stage: status.stage.map(HoldStage::as_str),
        apart: status.apart.map(Apart::as_str),
        is_localised: status.is_localised,
        order: match status.order {
            Order::Automatic => "auto",
            Order::ForceOpen => "forced_open",
            Order::Disable => "disabled",
        },
        view: status.view.map(|view| SeenView {
            // Where merged calls decide, votes need nothing.
            need: match status.mode.dials().evidence {
                Evidence::Counts => 0,
                _ => view.votes.need,
            },
            ..seen(&view, at, status.view_age)
        }),
        counted: counted(&status.tally),
    }
}

fn seen(view: &View, at: Duration, age: Duration) -> SeenView {
    SeenView {
        verdict: view.verdict.as_str(),
        epoch: view.era.epoch.get(),
        revision: view.revision.get(),
        voters: view.votes.voters,
        suspects: view.votes.suspects,
        need: view.votes.need,
        probe_at_s: match view.verdict {
            Verdict::Closed => None,
            Verdict::Open { next_probe_in } => {
                let made = at.saturating_sub(age);
                Some(((made + next_probe_in).as_secs_f64() * 1e3).round() / 1e3)
            }
        },
    }
}

fn counted(tally: &Tally) -> [u64; 6] {
    let fallbacks = FallbackReason::ALL.iter();
    [
        tally.vetoes(),
        tally.adoptions(),
        fallbacks.map(|&reason| tally.fallbacks(reason)).sum(),
        tally.leases(LeaseOutcome::Succeeded),
        tally.leases(LeaseOutcome::Failed),
        tally.leases(LeaseOutcome::Void),
    ]
}

/// What happened, in a word, and what belongs to it.
fn words(event: &FleetEvent) -> (&'static str, String) {
    let (kind, figure) = told(event);
    (kind.as_str(), figure.as_text())
}

/// What happened, as results have it.
pub(super) fn told(event: &FleetEvent) -> (EventKind, EventFigure) {
    let epoch = |era: &Era| EventFigure::Epoch(era.epoch.get());
    let word = |word: &'static str| EventFigure::Words(word.into());
    match event {
        FleetEvent::Adopted { era } => (EventKind::Adopted, epoch(era)),
        FleetEvent::Vetoed { era } => (EventKind::Vetoed, epoch(era)),
        FleetEvent::Leased { lasts } => (EventKind::Leased, EventFigure::time(*lasts)),
        FleetEvent::Probed { result } => (EventKind::Probed, word(result.as_str())),
        FleetEvent::Released { after } => (EventKind::Released, EventFigure::time(*after)),
        FleetEvent::FellBack { reason } => (EventKind::FellBack, word(reason.as_str())),
        FleetEvent::Rejoined => (EventKind::Rejoined, EventFigure::Nothing),
        FleetEvent::Refused { why } => (
            EventKind::Refused,
            EventFigure::Words(why.to_string().into()),
        ),
        FleetEvent::Localised => (EventKind::Localised, EventFigure::Nothing),
        FleetEvent::LocalisedEnded => (EventKind::LocalisedEnded, EventFigure::Nothing),
        FleetEvent::Ordered { order } => (EventKind::Ordered, word(order.as_str())),
        FleetEvent::Left => (EventKind::Left, EventFigure::Nothing),
        // Whatever else there may be one day is drawn as a plain mark.
        _ => (EventKind::Other, EventFigure::Nothing),
    }
}

fn millionths(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use fusebox::{Breaker, Config};
    use fusebox_fleet::engine::memory::Memory;
    use fusebox_fleet::{Mode, Settings};
    use telemetry::FleetCollector;
    use telemetry::trace::Tracer;

    use super::*;
    use crate::coordination::{Joining, Seat};

    #[tokio::test(start_paused = true)]
    async fn an_instance_says_how_it_stands_when_that_has_changed_and_once_a_minute() {
        let told = Arc::new(FleetTold::new(SystemClock::new()));
        let breaker = Breaker::new("d", Config::default());
        let seat = Seat::new("A", &breaker, (Tracer::default(), FleetCollector::new()));
        seat.tell(Arc::new(told.listener(0)));
        let settings = Settings::builder(Mode::Quorum)
            .open_for(Duration::from_secs(1))
            .probe_timeout(Duration::from_secs(1))
            .suspicion_run_for(10)
            .build();
        let rules = Arc::new(settings.unwrap());
        let mut source = FleetSource::new(vec![seat.reader().clone()], told);
        let mut at = 0;
        let mut look = async |source: &mut FleetSource, seconds: u64| {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            at += seconds;
            source.standings(Duration::from_secs(at))
        };

        assert_eq!(look(&mut source, 1).await, [], "it decides alone");
        seat.join(Joining::over(Arc::new(Memory::new()), Arc::clone(&rules)));
        assert_eq!(look(&mut source, 0).await[0].apart, Some("joining"));
        let joined = look(&mut source, 5).await;
        assert_eq!((joined.len(), joined[0].apart), (1, None), "{joined:?}");
        assert!(joined[0].engine_up && joined[0].is_fresh, "{joined:?}");
        assert_eq!(
            joined[0].view.as_ref().map(|view| view.verdict),
            Some("closed")
        );
        assert_eq!(look(&mut source, 20).await, [], "nothing has changed");
        assert_eq!(look(&mut source, 40).await.len(), 1, "a minute is over");

        for is_stopped in [true, false] {
            if is_stopped {
                seat.go().await;
            } else {
                seat.leave().await;
            }
            let left = look(&mut source, 1).await;
            assert_eq!((left.len(), left[0].apart), (1, Some("left")), "{left:?}");
            assert_eq!(look(&mut source, 1).await, [], "it is said once");
            let notes = source.notes(|at| at);
            let kinds: Vec<&str> = notes.iter().map(|note| note.kind).collect();
            assert_eq!(kinds, ["left"]);
            if is_stopped {
                seat.enter();
            } else {
                seat.join(Joining::over(Arc::new(Memory::new()), Arc::clone(&rules)));
            }
            assert_eq!(look(&mut source, 0).await[0].apart, Some("joining"));
            assert_eq!(look(&mut source, 5).await[0].apart, None);
        }
    }
}
