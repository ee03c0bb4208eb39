//! The course of coordination: who voted how, what the fleet had decided, and what happened to whom, one by one.
//!
//! It is bounded: of a large fleet or a long run the beginning is kept, and how much is not is counted.

mod recorder;

use serde::{Deserialize, Serialize};

pub use recorder::CourseRecorder;

use super::happening::Happening;
use super::standing::{FleetView, Standing};

/// Events that one run keeps.
pub const MOST_EVENTS: usize = 20_000;
/// Changes of how instances stand that it keeps.
pub const MOST_STANDINGS: usize = 30_000;
/// Changes of the fleet's view that it keeps.
pub const MOST_VIEWS: usize = 10_000;

/// What instances of a run decided together, one by one, in order of time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Course {
    /// What happened to instances: the first [`MOST_EVENTS`].
    pub events: Vec<Happening>,
    /// How instances stood, whenever that changed for one of them: the first [`MOST_STANDINGS`].
    pub standings: Vec<Standing>,
    /// What the fleet had decided, whenever that changed: the first [`MOST_VIEWS`].
    pub views: Vec<FleetView>,
    /// How much of each was left out.
    #[serde(default, skip_serializing_if = "LeftOut::is_nothing")]
    pub left_out: LeftOut,
}

/// How many rows a course would have had beside those that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Events.
    pub events: u64,
    /// Changes of how instances stand.
    pub standings: u64,
    /// Changes of the fleet's view.
    pub views: u64,
}

impl LeftOut {
    /// Whether all is there.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Course {
    /// How instances stood at an instant, those of which that is known by then.
    pub fn standing(&self, instance: usize, at_s: f64) -> Option<&Standing> {
        let until = self.standings.partition_point(|one| one.at_s <= at_s);
        let before = self.standings[..until].iter().rev();
        before.into_iter().find(|one| one.instance == instance)
    }

    /// What the fleet had decided at an instant.
    pub fn view(&self, at_s: f64) -> Option<&FleetView> {
        let until = self.views.partition_point(|one| one.at_s <= at_s);
        self.views[..until].last()
    }
}
