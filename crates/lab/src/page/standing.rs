//! The rows about what instances decide together: the status of each in its fleet, and what has happened to it there.
//!
//! Times are seconds since the start of the run. A run in which each instance decides alone has none of these rows.

use serde::Serialize;
use serde::ser::Serializer;

/// How much later than before a probe may be expected and still count as the same, because a view is about that old.
const SAME_PROBE_S: f64 = 0.25;

/// How the instances of a run decide together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Coordination {
    pub(crate) mode: &'static str,
    /// `memory`, `redis` or `gossip`.
    pub(crate) engine: &'static str,
}

/// The status of an instance in its fleet from `at_s` on, in the words of its `GET /breaker`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    pub(crate) at_s: f64,
    /// The place of the instance.
    pub(crate) instance: usize,
    pub(crate) engine_up: bool,
    pub(crate) is_fresh: bool,
    pub(crate) opinion: &'static str,
    pub(crate) stage: Option<&'static str>,
    pub(crate) apart: Option<&'static str>,
    pub(crate) is_localised: bool,
    pub(crate) order: &'static str,
    pub(crate) view: Option<SeenView>,
    /// Vetoes, adoptions and fallbacks; probes for the fleet that succeeded, failed, and gave no result.
    pub(crate) counted: [u64; 6],
}

/// The newest view of the fleet that an instance has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenView {
    pub(crate) verdict: &'static str,
    pub(crate) epoch: u64,
    pub(crate) revision: u64,
    pub(crate) voters: u32,
    pub(crate) suspects: u32,
    pub(crate) need: u32,
    /// The time from which a probe is possible.
    pub(crate) probe_at_s: Option<f64>,
}

impl Standing {
    /// Whether `later` contains anything new. That an engine goes on counting is not new.
    pub(crate) fn differs_from(&self, later: &Self) -> bool {
        let same_view = match (&self.view, &later.view) {
            (Some(one), Some(other)) => one.is_like(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let before = Self {
            at_s: later.at_s,
            view: later.view.clone(),
            ..self.clone()
        };
        !same_view || before != *later
    }
}

impl SeenView {
    fn is_like(&self, other: &Self) -> bool {
        let same_probe = match (self.probe_at_s, other.probe_at_s) {
            (Some(one), Some(other)) => (one - other).abs() <= SAME_PROBE_S,
            (one, other) => one.is_none() && other.is_none(),
        };
        let before = Self {
            revision: other.revision,
            probe_at_s: other.probe_at_s,
            ..*self
        };
        same_probe && before == *other
    }
}

/// Written down it is `[verdict, epoch, revision, voters, suspects, need, probe_at_s]`.
impl Serialize for SeenView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = (
            self.verdict,
            self.epoch,
            self.revision,
            self.voters,
            self.suspects,
            self.need,
            self.probe_at_s,
        );
        row.serialize(serializer)
    }
}

/// Written down it is `[instance, at_s, engine_up, is_fresh, opinion, stage, apart, localised, order, view, counted]`.
impl Serialize for Standing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = (
            self.instance,
            self.at_s,
            u8::from(self.engine_up),
            u8::from(self.is_fresh),
            self.opinion,
            self.stage,
            self.apart,
            u8::from(self.is_localised),
            self.order,
            &self.view,
            self.counted,
        );
        row.serialize(serializer)
    }
}

/// An event of an instance in its fleet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FleetNote {
    pub(crate) at_s: f64,
    /// The place of the instance.
    pub(crate) instance: usize,
    /// The kind of the event, in one word.
    pub(crate) kind: &'static str,
    /// Its detail: a number, a reason, or nothing.
    pub(crate) detail: String,
}

/// The same with its number in the run, from 1. Written down it is `[number, at_s, instance, kind, detail]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NumberedNote {
    pub(super) number: u64,
    pub(super) note: FleetNote,
}

impl Serialize for NumberedNote {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let note = &self.note;
        let row = (
            self.number,
            note.at_s,
            note.instance,
            note.kind,
            &note.detail,
        );
        row.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(revision: u64, suspects: u32, probe_at_s: f64) -> SeenView {
        SeenView {
            verdict: "open",
            epoch: 4,
            revision,
            voters: 3,
            suspects,
            need: 2,
            probe_at_s: Some(probe_at_s),
        }
    }

    fn standing(at_s: f64) -> Standing {
        Standing {
            at_s,
            instance: 1,
            engine_up: true,
            is_fresh: true,
            opinion: "suspect",
            stage: Some("held"),
            apart: None,
            is_localised: false,
            order: "auto",
            view: Some(seen(17, 2, 9.5)),
            counted: [0, 1, 0, 0, 0, 0],
        }
    }

    #[test]
    fn a_standing_is_one_row() {
        let row = serde_json::to_value(standing(8.25)).unwrap();

        let expected = serde_json::json!([
            1,
            8.25,
            1,
            1,
            "suspect",
            "held",
            null,
            0,
            "auto",
            ["open", 4, 17, 3, 2, 2, 9.5],
            [0, 1, 0, 0, 0, 0],
        ]);
        assert_eq!(row, expected);
    }

    #[test]
    fn time_revisions_and_a_probe_that_is_expected_as_before_are_nothing_new() {
        let later = Standing {
            at_s: 8.5,
            view: Some(seen(20, 2, 9.55)),
            ..standing(8.25)
        };
        assert!(!standing(8.25).differs_from(&later));

        let changes: [fn(&mut Standing); 6] = [
            |it| it.engine_up = false,
            |it| it.stage = Some("probing"),
            |it| it.apart = Some("stale"),
            |it| it.view = None,
            |it| it.view = Some(seen(17, 3, 9.5)),
            |it| it.counted[0] = 1,
        ];
        for (place, change) in changes.into_iter().enumerate() {
            let mut other = later.clone();
            change(&mut other);
            assert!(standing(8.25).differs_from(&other), "change {place}");
        }
    }
}
