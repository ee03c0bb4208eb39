//! The preview of a plan: its phases and the truth for each caller, point by point; nothing is applied.

use std::time::Duration;

use serde::Serialize;

use super::{FaultPhaseWindow, Plan, Player, Standing};
use crate::overload::Overload;

/// The number of points for each caller.
const POINTS: u32 = 120;
/// The time that is previewed for a plan without a length.
const USUAL: Duration = Duration::from_secs(60);
/// The longest time that is previewed.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The callers that are previewed if the plan names none.
const CALLERS: [&str; 3] = ["A", "B", "C"];
/// The most callers that are previewed.
const MAX_CALLERS: usize = 8;

/// What a plan would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The digest of the plan, which tells plans apart.
    pub digest: String,
    /// The time that the preview covers.
    pub until_ms: u64,
    /// Its phases.
    pub phases: Vec<PreviewPhase>,
    /// What each caller would meet, without an overload model's queue.
    pub callers: Vec<PreviewCaller>,
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PreviewPhase {
    /// What it is called.
    pub name: String,
    /// When it begins.
    pub start_ms: u64,
    /// When it ends.
    pub end_ms: u64,
}

/// What one caller would meet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewCaller {
    /// The caller.
    pub caller: String,
    /// The mean probability that a call fails.
    pub mean_p_fail: f64,
    /// Point by point.
    pub points: Vec<PreviewPoint>,
}

/// One instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PreviewPoint {
    /// The instant.
    pub t_ms: u64,
    /// The probability that a call fails.
    pub p_fail: f64,
    /// What the processes of rules are doing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Standing>,
}

impl Plan {
    /// Returns what the plan would do until `until`; without it, for one round, or for the usual time if the last
    /// phase stays.
    pub fn preview(&self, until: Option<Duration>) -> Preview {
        let placed = self.steps().iter().enumerate();
        let lengths = placed.filter_map(|(place, phase)| phase.length(self.seed(), place));
        let round: Duration = lengths.sum();
        // The last phase of a plan that does not loop stays, and is what it comes to.
        let stays = if self.written.repeats && !round.is_zero() {
            Duration::ZERO
        } else {
            USUAL
        };
        let trigger = self.overload.as_ref().map(Overload::quiet_after);
        let usual = round.max(trigger.unwrap_or_default()) + stays;
        let until = until
            .unwrap_or(usual)
            .clamp(usual.min(LONGEST) / 1000, LONGEST);
        let named = if self.written.callers.is_empty() {
            CALLERS.map(str::to_owned).into()
        } else {
            self.written.callers.clone()
        };
        let mut player = Player::new(self.clone());
        let callers = named.into_iter().take(MAX_CALLERS);
        let callers = callers.map(|caller| preview_of(&mut player, caller, until));
        Preview {
            digest: self.digest(),
            until_ms: millis(until),
            callers: callers.collect(),
            phases: self.phases(until).iter().map(PreviewPhase::of).collect(),
        }
    }
}

impl PreviewPhase {
    fn of(window: &FaultPhaseWindow) -> Self {
        Self {
            name: window.name.clone(),
            start_ms: millis(window.start),
            end_ms: millis(window.end),
        }
    }
}

fn preview_of(player: &mut Player, caller: String, until: Duration) -> PreviewCaller {
    let points = (0..POINTS).map(|point| {
        let now = until * point / POINTS;
        PreviewPoint {
            t_ms: millis(now),
            p_fail: player.truth(now, &caller, None),
            states: player.standings(now, &caller),
        }
    });
    let points: Vec<PreviewPoint> = points.collect();
    let sum: f64 = points.iter().map(|point| point.p_fail).sum();
    PreviewCaller {
        mean_p_fail: sum / f64::from(POINTS),
        caller,
        points,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
