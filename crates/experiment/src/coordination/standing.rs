//! The standing of an instance in its fleet, and the view that the fleet has of itself, as a result tells them.

use std::time::Duration;

use fusebox_fleet::{Verdict, View};
use serde::{Deserialize, Serialize};

use super::word::{Apart, FleetOrder, FleetVerdict, Stage, Vote};
use crate::fleet::{millionths, seconds};

/// How much later than before a probe may be expected and still count as the same: a view is about so old.
const SAME_PROBE_S: f64 = 0.25;

/// How an instance stood in its fleet from an instant on. Written down it is a row: `[at_s, instance, engine_up, fresh,
/// vote, stage, apart, localised, order, verdict, epoch]`, where what is or is not so is 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "Row", into = "Row")]
pub struct Standing {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// The place of the instance in the result.
    pub instance: usize,
    /// Whether the engine answered it.
    pub engine_up: bool,
    /// Whether its view was young enough to be followed.
    pub is_fresh: bool,
    /// What it thought of the downstream.
    pub vote: Vote,
    /// How far the fleet's verdict had come at it.
    pub stage: Option<Stage>,
    /// Why it did not follow the fleet.
    pub apart: Option<Apart>,
    /// Whether its failure was its own.
    pub is_localised: bool,
    /// The operator's order that it obeyed.
    pub order: FleetOrder,
    /// The verdict that it had heard last, and its epoch.
    pub heard: Option<(FleetVerdict, u64)>,
}

/// A view of the fleet as an instance has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeenView {
    pub(super) life: u64,
    pub(super) verdict: FleetVerdict,
    pub(super) epoch: u64,
    pub(super) revision: u64,
    pub(super) voters: u32,
    pub(super) suspects: u32,
    pub(super) need: u32,
    pub(super) probe_at_s: Option<f64>,
}

/// The newest view of the fleet that any instance had from an instant on. Written down it is a row: `[at_s, verdict,
/// epoch, voters, suspects, need, probe_at_s, heard, there]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "ViewRow", into = "ViewRow")]
pub struct FleetView {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// The verdict; none while nobody has a fresh view.
    pub verdict: Option<FleetVerdict>,
    /// How often the verdict had changed.
    pub epoch: u64,
    /// Instances with an opinion.
    pub voters: u32,
    /// Those among them that suspected the downstream.
    pub suspects: u32,
    /// How many suspects open the fleet.
    pub need: u32,
    /// From when on somebody may probe, in seconds since the start of the run, to the millisecond.
    pub probe_at_s: Option<f64>,
    /// Instances that the engine answered.
    pub heard: u32,
    /// Instances that were in the fleet.
    pub there: u32,
}

/// How a standing is written.
#[derive(Deserialize, Serialize)]
struct Row(
    f64,
    usize,
    u8,
    u8,
    Vote,
    Option<Stage>,
    Option<Apart>,
    u8,
    FleetOrder,
    Option<FleetVerdict>,
    u64,
);

/// How a view is written.
#[derive(Deserialize, Serialize)]
struct ViewRow(
    f64,
    Option<FleetVerdict>,
    u64,
    u32,
    u32,
    u32,
    Option<f64>,
    u32,
    u32,
);

impl Standing {
    /// Whether it stands so, too, whenever that began.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let then = Self {
            at_s: other.at_s,
            ..*self
        };
        then == *other
    }
}

impl SeenView {
    /// A view that is `age` old `at` after the start of the run.
    pub fn new(view: &View, at: Duration, age: Duration) -> Self {
        let made = at.saturating_sub(age);
        Self {
            life: view.era.incarnation.get(),
            verdict: verdict(view.verdict),
            epoch: view.era.epoch.get(),
            revision: view.revision.get(),
            voters: view.votes.voters,
            suspects: view.votes.suspects,
            need: view.votes.need,
            probe_at_s: match view.verdict {
                Verdict::Closed => None,
                Verdict::Open { next_probe_in } => {
                    let at_s = seconds(made.saturating_add(next_probe_in));
                    Some(millionths((at_s * 1e3).round() / 1e3))
                }
            },
        }
    }

    /// What the instance has heard.
    pub fn heard(&self) -> (FleetVerdict, u64) {
        (self.verdict, self.epoch)
    }
}

fn verdict(verdict: Verdict) -> FleetVerdict {
    if verdict.is_open() {
        FleetVerdict::Open
    } else {
        FleetVerdict::Closed
    }
}

impl FleetView {
    /// What instances made of `view`, if anybody has a fresh one.
    pub(super) fn of(view: Option<SeenView>, at_s: f64, [heard, there]: [u32; 2]) -> Self {
        let seen = |of: fn(&SeenView) -> u32| view.as_ref().map_or(0, of);
        Self {
            at_s,
            verdict: view.map(|view| view.verdict),
            epoch: view.map_or(0, |view| view.epoch),
            voters: seen(|view| view.voters),
            suspects: seen(|view| view.suspects),
            need: seen(|view| view.need),
            probe_at_s: view.and_then(|view| view.probe_at_s),
            heard,
            there,
        }
    }

    /// Whether it says the same: that a probe is expected about as before is nothing new.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let same_probe = match (self.probe_at_s, other.probe_at_s) {
            (Some(one), Some(other)) => (one - other).abs() <= SAME_PROBE_S,
            (one, other) => one.is_none() && other.is_none(),
        };
        let then = Self {
            at_s: other.at_s,
            probe_at_s: other.probe_at_s,
            ..*self
        };
        same_probe && then == *other
    }
}

impl From<Standing> for Row {
    fn from(one: Standing) -> Self {
        Self(
            one.at_s,
            one.instance,
            one.engine_up.into(),
            one.is_fresh.into(),
            one.vote,
            one.stage,
            one.apart,
            one.is_localised.into(),
            one.order,
            one.heard.map(|(verdict, _)| verdict),
            one.heard.map_or(0, |(_, epoch)| epoch),
        )
    }
}

impl From<Row> for Standing {
    fn from(row: Row) -> Self {
        let Row(
            at_s,
            instance,
            engine_up,
            is_fresh,
            vote,
            stage,
            apart,
            is_localised,
            order,
            verdict,
            epoch,
        ) = row;
        Self {
            at_s,
            instance,
            engine_up: engine_up != 0,
            is_fresh: is_fresh != 0,
            vote,
            stage,
            apart,
            is_localised: is_localised != 0,
            order,
            heard: verdict.map(|verdict| (verdict, epoch)),
        }
    }
}

impl From<FleetView> for ViewRow {
    fn from(view: FleetView) -> Self {
        Self(
            view.at_s,
            view.verdict,
            view.epoch,
            view.voters,
            view.suspects,
            view.need,
            view.probe_at_s,
            view.heard,
            view.there,
        )
    }
}

impl From<ViewRow> for FleetView {
    fn from(row: ViewRow) -> Self {
        let ViewRow(at_s, verdict, epoch, voters, suspects, need, probe_at_s, heard, there) = row;
        Self {
            at_s,
            verdict,
            epoch,
            voters,
            suspects,
            need,
            probe_at_s,
            heard,
            there,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standings_and_views_are_rows_and_are_read_again() {
        let standing = Standing {
            at_s: 8.25,
            instance: 1,
            engine_up: true,
            is_fresh: true,
            vote: Vote::Suspect,
            stage: Some(Stage::Held),
            apart: None,
            is_localised: false,
            order: FleetOrder::Auto,
            heard: Some((FleetVerdict::Open, 4)),
        };
        let row = r#"[8.25,1,1,1,"suspect","held",null,0,"auto","open",4]"#;
        assert_eq!(serde_json::to_string(&standing).unwrap(), row);
        assert_eq!(serde_json::from_str::<Standing>(row).unwrap(), standing);

        let view = FleetView {
            at_s: 8.25,
            verdict: Some(FleetVerdict::Open),
            epoch: 4,
            voters: 3,
            suspects: 2,
            need: 2,
            probe_at_s: Some(9.5),
            heard: 3,
            there: 3,
        };
        let row = r#"[8.25,"open",4,3,2,2,9.5,3,3]"#;
        assert_eq!(serde_json::to_string(&view).unwrap(), row);
        assert_eq!(serde_json::from_str::<FleetView>(row).unwrap(), view);
    }
}
