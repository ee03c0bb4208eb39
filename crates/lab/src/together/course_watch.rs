//! The watch over the course of coordination in a live run: each instance is looked at with every heartbeat of the
//! observer, and what participants tell is exact to the instant.

use std::sync::Arc;
use std::time::Duration;

use experiment::coordination::{
    Apart, Course, CourseRecorder, FleetOrder, SeenView, Stage, Standing, Vote,
};
use fusebox_fleet::host::Status;

use super::fleet_source::{FleetTold, told};
use crate::coordination::FleetReader;

/// What was seen so far.
pub(super) struct CourseWatch {
    readers: Vec<FleetReader>,
    told: Arc<FleetTold>,
    recorder: CourseRecorder,
}

impl CourseWatch {
    /// Over these participants, in the order of their instances, who tell what happens to them.
    pub(super) fn new(readers: Vec<FleetReader>, told: Arc<FleetTold>) -> Self {
        Self {
            recorder: CourseRecorder::new(readers.len()),
            readers,
            told,
        }
    }

    /// Looks at all instances, `now` after the start of the run.
    pub(super) fn look(&mut self, now: Duration) {
        for (place, reader) in self.readers.iter().enumerate() {
            let Some(status) = reader.status() else {
                self.recorder.stands(alone(place, now), None);
                continue;
            };
            let view = status
                .view
                .map(|view| SeenView::new(&view, now, status.view_age));
            self.recorder
                .stands(standing(place, now, &status, view), view);
        }
    }

    /// The course so far; `elapsed` makes times of the clock times of the run.
    pub(super) fn course(&self, elapsed: impl Fn(Duration) -> Duration) -> Course {
        let mut recorder = self.recorder.clone();
        let (events, left_out) = self.told.kept();
        for (place, at, event) in events {
            let (kind, figure) = told(&event);
            recorder.happens(elapsed(at), place, kind, figure);
        }
        recorder.leaves_out(left_out);
        recorder.finish()
    }
}

/// How an instance stands that decides alone by its mode.
fn alone(instance: usize, at: Duration) -> Standing {
    Standing {
        at_s: CourseRecorder::instant(at),
        instance,
        engine_up: false,
        is_fresh: false,
        vote: Vote::Idle,
        stage: None,
        apart: Some(Apart::Local),
        is_localised: false,
        order: FleetOrder::Auto,
        heard: None,
    }
}

/// How an instance stands, as results have it.
fn standing(instance: usize, at: Duration, status: &Status, view: Option<SeenView>) -> Standing {
    Standing {
        at_s: CourseRecorder::instant(at),
        instance,
        engine_up: status.engine_up,
        is_fresh: status.is_fresh,
        vote: Vote::from(status.opinion),
        stage: status.stage.and_then(|stage| Stage::named(stage.as_str())),
        apart: status.apart.and_then(|apart| Apart::named(apart.as_str())),
        is_localised: status.is_localised,
        order: status.order.into(),
        heard: view.map(|view| view.heard()),
    }
}

#[cfg(test)]
mod tests {
    use experiment::coordination::EventKind;
    use fusebox::{Breaker, Clock, Config, SystemClock};
    use fusebox_fleet::engine::memory::Memory;
    use fusebox_fleet::host::{Apart as Reason, Host};
    use fusebox_fleet::{BreakerKey, InstanceId, Mode, Settings};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_course_has_what_participants_tell_and_how_they_stand_until_they_leave() {
        let clock = SystemClock::new();
        let began = clock.now();
        let told = Arc::new(FleetTold::new(clock));
        let engine = Arc::new(Memory::new());
        let host = Host::builder(InstanceId::new("A").unwrap(), engine)
            .listener(told.listener(0))
            .build();
        let settings = Settings::builder(Mode::Quorum)
            .open_for(Duration::from_secs(1))
            .probe_timeout(Duration::from_secs(1))
            .suspicion_run_for(10)
            .build();
        let key = BreakerKey::new("d").unwrap();
        let breaker = Breaker::new("d", Config::default());
        let participant = host.join(key, breaker, settings.unwrap()).unwrap();
        let reader = FleetReader::of(participant.reader());
        let mut watch = CourseWatch::new(vec![reader], told);

        watch.look(Duration::ZERO);
        for second in 1..=3 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            watch.look(Duration::from_secs(second));
        }
        participant.leave().await;
        watch.look(Duration::from_secs(4));

        let course = watch.course(|at| at.saturating_sub(began));
        let kinds: Vec<_> = course.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Left]);
        let apart: Vec<_> = course.standings.iter().map(|it| it.apart).collect();
        assert_eq!(apart, [Some(Apart::Joining), None, Some(Apart::Left)]);
        let there: Vec<_> = course
            .views
            .iter()
            .map(|view| (view.heard, view.there))
            .collect();
        assert_eq!(there, [(0, 1), (1, 1), (0, 0)]);
    }

    #[test]
    fn every_reason_of_a_participant_has_its_word_in_results() {
        for reason in Reason::ALL {
            assert!(Apart::named(reason.as_str()).is_some(), "{reason}");
        }
    }
}
