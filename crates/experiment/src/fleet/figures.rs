//! The figures of a fleet: those of one instance, or of all of them.

use super::agreement::Difference;
use super::spans::divergence;
use super::{Belief, Delays, FleetRecord};
use crate::expectation::{Figure, Figures};

/// Why "wrongly open" is not measured under overload.
const FOLLOWS_LOAD: &str = "not measured, because under overload the breakers influence the health that \
    they are judged by: use `simulate`, which performs the run without breakers as well";

impl Figures for FleetRecord {
    fn value(&self, figure: &Figure) -> Option<f64> {
        let name = figure.definition.name;
        let phase = figure.phase.as_deref();
        match name {
            "divergence_share" => return self.diverged(phase, |it| it.opens),
            "state_divergence_share" => return self.diverged(phase, |it| it.states),
            "mixed_seconds_share" if phase.is_none() => return self.mixed_share(),
            "downstream_calls" if phase.is_none() => return self.reached(figure.target.as_deref()),
            "disagreement" => return self.disagreement(&self.windows(phase)?),
            "first_open_delay" => return self.first_open_delay(),
            "all_open_delay" => return self.all_open_delay(),
            "lost_in_recovery" => return Some(self.lost_in_recovery),
            "opening_spread" => return self.opening_spread(),
            "closing_spread" => return self.closing_spread(),
            "probes" | "probes_in_100ms" | "load_step" => return self.of_traffic(name),
            "wrongly_open_share" if self.truth_follows_load => return None,
            _ => {}
        }
        let beliefs = self.beliefs_of(figure.target.as_deref(), phase)?;
        let beliefs: Vec<Belief> = beliefs.into_iter().map(|(_, belief)| belief).collect();
        of_time(name, &beliefs)
            .or_else(|| of_delays(name, &beliefs))
            .or_else(|| of_calls(name, &beliefs))
    }

    fn missing(&self, figure: &Figure) -> Option<&'static str> {
        let name = figure.definition.name;
        (name == "wrongly_open_share" && self.truth_follows_load).then_some(FOLLOWS_LOAD)
    }
}

impl FleetRecord {
    /// The share of the time in which the breakers differed in the way that `counts`.
    fn diverged(&self, phase: Option<&str>, counts: impl Fn(Difference) -> bool) -> Option<f64> {
        let windows = self.windows(phase)?;
        let watched = windows.iter().map(|(from, until)| until - from).sum();
        share(divergence(self, &windows, counts), watched)
    }

    fn of_traffic(&self, figure: &str) -> Option<f64> {
        let traffic = self.traffic?;
        Some(number(match figure {
            "probes" => traffic.probes,
            "probes_in_100ms" => traffic.probes_in_100ms,
            _ => traffic.load_step,
        }))
    }

    /// Of the seconds that were whole: the rest of a second at the end is none.
    fn mixed_share(&self) -> Option<f64> {
        share(number(self.mixed_seconds.count), self.duration_s.floor())
    }

    /// Calls of one instance, or of all, that reached the downstream.
    fn reached(&self, target: Option<&str>) -> Option<f64> {
        let asked = self
            .instances
            .iter()
            .filter(|one| target.is_none_or(|name| one.name == name));
        asked
            .map(|one| number(one.downstream_calls))
            .reduce(|sum, more| sum + more)
    }
}

/// Shares of the time; of several instances their mean, as all were watched equally long.
fn of_time(figure: &str, beliefs: &[Belief]) -> Option<f64> {
    let part = |belief: &Belief| {
        Some(match figure {
            "closed_share" => belief.closed_s,
            "open_share" => belief.open_s,
            "half_open_share" => belief.half_open_s,
            "unhealthy_share" => belief.unhealthy_s,
            "wrongly_open_share" => belief.wrongly_open_s,
            "wrongly_closed_share" => belief.wrongly_closed_s,
            _ => return None,
        })
    };
    let parts: f64 = beliefs.iter().map(part).sum::<Option<f64>>()?;
    share(parts, beliefs.iter().map(|belief| belief.watched_s).sum())
}

/// Figures of the turns of the truth; those of several instances are pooled.
fn of_delays(figure: &str, beliefs: &[Belief]) -> Option<f64> {
    let pooled = |of: fn(&Belief) -> &Delays| {
        let mut all = Delays::default();
        for belief in beliefs {
            all.merge(of(belief));
        }
        all
    };
    let detections = || pooled(|belief| &belief.detections);
    let recoveries = || pooled(|belief| &belief.recoveries);
    match figure {
        "detections" => Some(number(detections().count())),
        "detections_cut_off" => Some(number(detections().cut_off_s.len())),
        "detection_delay_p50" => detections().quantile(0.5),
        "detection_delay_p90" => detections().quantile(0.9),
        "recoveries" => Some(number(recoveries().count())),
        "recoveries_cut_off" => Some(number(recoveries().cut_off_s.len())),
        "recovery_delay_p50" => recoveries().quantile(0.5),
        "recovery_delay_p90" => recoveries().quantile(0.9),
        "recovery_delay_max" => {
            let longest = beliefs.iter().filter_map(Belief::longest_recovery_s);
            longest.reduce(f64::max)
        }
        _ => None,
    }
}

/// Numbers of calls and of changes, and shares of calls: sums over the instances, over sums.
fn of_calls(figure: &str, beliefs: &[Belief]) -> Option<f64> {
    if beliefs.is_empty() {
        return None;
    }
    let sum = |of: fn(&Belief) -> f64| beliefs.iter().map(of).sum::<f64>();
    let asked = || sum(|belief| number(belief.asked_calls));
    match figure {
        "openings" => Some(sum(|belief| number(belief.openings))),
        "flaps" => Some(sum(|belief| number(belief.flaps))),
        "wasted_calls" => Some(sum(|belief| belief.wasted_calls)),
        "wasted_ratio" => share(sum(|belief| belief.wasted_calls), asked()),
        "wrongly_rejected_calls" => Some(sum(|belief| belief.wrongly_rejected_calls)),
        "wrongly_rejected_ratio" => share(sum(|belief| belief.wrongly_rejected_calls), asked()),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
