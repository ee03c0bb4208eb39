//! The figures of a fleet: those of one instance, or of all of them.

use super::spans::divergence;
use super::{Belief, FleetRecord};
use crate::expectation::{Figure, Figures};

impl Figures for FleetRecord {
    fn value(&self, figure: &Figure) -> Option<f64> {
        let phase = figure.phase.as_deref();
        let windows = self.windows(phase)?;
        let watched: f64 = windows.iter().map(|(from, until)| until - from).sum();
        match figure.definition.name {
            "divergence_share" => return share(divergence(self, &windows), watched),
            #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
            "mixed_seconds_share" if phase.is_none() => {
                return share(self.mixed_seconds as f64, self.duration_s.ceil());
            }
            _ => {}
        }
        let all = self.instances.iter().map(|one| &*one.name);
        let asked = all.filter(|name| figure.target.as_deref().is_none_or(|it| it == *name));
        let values: Vec<f64> = asked
            .filter_map(|name| self.of_instance(figure.definition.name, name, phase))
            .collect();
        together(figure.definition.name, &values)
    }
}

impl FleetRecord {
    fn of_instance(&self, figure: &str, name: &str, phase: Option<&str>) -> Option<f64> {
        let belief = self.belief(name, phase)?;
        #[expect(clippy::cast_precision_loss, reason = "counts of calls in one run")]
        let count = |count: u64| count as f64;
        let of_time = |part| share(part, belief.watched_s);
        let of_calls = |part| share(count(part), count(belief.asked_calls));
        match figure {
            "openings" => Some(count(belief.openings)),
            "flaps" => Some(count(belief.flaps)),
            "closed_share" => of_time(belief.closed_s),
            "open_share" => of_time(belief.open_s),
            "half_open_share" => of_time(belief.half_open_s),
            "unhealthy_share" => of_time(belief.unhealthy_s),
            "detection_delay" => belief.worst_detection_s(),
            "recovery_delay" => belief.worst_recovery_s(),
            "wrongly_open_share" => of_time(belief.wrongly_open_s),
            "wrongly_closed_share" => of_time(belief.wrongly_closed_s),
            "wasted_calls" => Some(count(belief.wasted_calls)),
            "wasted_ratio" => of_calls(belief.wasted_calls),
            "wrongly_rejected_calls" => Some(count(belief.wrongly_rejected_calls)),
            "wrongly_rejected_ratio" => of_calls(belief.wrongly_rejected_calls),
            "downstream_calls" if phase.is_none() => {
                let one = self.instances.iter().find(|one| one.name == name)?;
                Some(count(one.downstream_calls))
            }
            _ => None,
        }
    }

    /// The beliefs of all instances in the whole run, with their names.
    pub fn beliefs(&self) -> Vec<(&str, Belief)> {
        let all = self.instances.iter();
        all.filter_map(|one| Some((&*one.name, self.belief(&one.name, None)?)))
            .collect()
    }
}

/// One figure for all instances: the sum of counts, the mean of times in a state, else the worst.
fn together(figure: &str, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of instances")]
    let number = values.len() as f64;
    let sum: f64 = values.iter().sum();
    match figure {
        "openings" | "flaps" | "wasted_calls" | "wrongly_rejected_calls" | "downstream_calls" => {
            Some(sum)
        }
        "closed_share" | "open_share" | "half_open_share" | "unhealthy_share" => Some(sum / number),
        _ => values.iter().copied().reduce(f64::max),
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
