//! The figures that follow from one part of a result.

use super::phases::{REST, WARM_UP};
use super::result::{LoadResult, Part};
use crate::outcome::ClientOutcome;

impl LoadResult {
    /// The figure called `name` of a part that was planned in `phase`, or in the whole run.
    pub(super) fn figure(&self, name: &str, part: &Part, phase: Option<&str>) -> Option<f64> {
        let outcomes = &part.outcomes;
        if let Some(value) = latency(name, part) {
            return value;
        }
        if let Some(value) = name.strip_suffix("_ratio").and_then(outcome) {
            return outcomes.share(value);
        }
        match name {
            "failed_ratio" => ratio(outcomes.failed(), outcomes.planned()),
            "planned" => Some(number(outcomes.planned())),
            "ok" => Some(number(outcomes[ClientOutcome::Ok])),
            "fast_fail" => Some(number(outcomes[ClientOutcome::FastFail])),
            "failed" => Some(number(outcomes.failed())),
            "shed" => Some(number(outcomes[ClientOutcome::Shed])),
            "throughput" => {
                let within = outcomes.ended().saturating_sub(part.ended_after);
                self.per_second(within, phase)
            }
            "goodput" => {
                let within = outcomes[ClientOutcome::Ok].saturating_sub(part.ok_after);
                self.per_second(within, phase)
            }
            "amplification" => ratio(part.attempts, part.sent),
            _ => None,
        }
    }

    fn per_second(&self, count: u64, phase: Option<&str>) -> Option<f64> {
        let within = |from: f64, to: f64| (to.min(self.duration_s) - from).max(0.0);
        let whole = within(self.warm_up_s, self.duration_s);
        // A phase may come more than once.
        let of_phases = |named: &dyn Fn(&str) -> bool| -> f64 {
            let phases = self.phases.iter().filter(|it| named(&it.name));
            phases
                .map(|it| within(it.from_s.max(self.warm_up_s), it.to_s))
                .sum()
        };
        let seconds = match phase {
            None => whole,
            Some(WARM_UP) => within(0.0, self.warm_up_s),
            Some(REST) => whole - of_phases(&|_| true),
            Some(name) => of_phases(&|other| other == name),
        };
        (seconds > 0.0).then(|| number(count) / seconds)
    }
}

/// The inner `None` is a latency of nothing; the outer one is no latency.
#[expect(clippy::option_option, reason = "the two are different answers")]
fn latency(name: &str, part: &Part) -> Option<Option<f64>> {
    let (latencies, which) = match name.split_once('_') {
        Some(("service", which)) => (&part.service, which),
        Some(("lateness", which)) => (&part.lateness, which),
        Some(("ok", which)) => (&part.ok, which),
        Some(("fast", "fail_p50")) => (&part.fast_fail, "p50"),
        Some(("fast", "fail_p99")) => (&part.fast_fail, "p99"),
        _ => (&part.response, name),
    };
    match which {
        "max" => Some(latencies.max()),
        "mean" => Some(latencies.mean()),
        _ => {
            let percent: f64 = which.strip_prefix('p')?.parse().ok()?;
            Some(latencies.quantile(percent / 100.0))
        }
    }
}

fn outcome(name: &str) -> Option<ClientOutcome> {
    ClientOutcome::ALL
        .into_iter()
        .find(|it| it.as_str() == name)
}

fn ratio(count: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| number(count) / number(of))
}

#[expect(clippy::cast_precision_loss, reason = "a figure of counts")]
fn number(count: u64) -> f64 {
    count as f64
}
