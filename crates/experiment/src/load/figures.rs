//! The figures that follow from the parts of a result.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::latencies::Latencies;
use super::phases::{REST, WARM_UP};
use super::result::{LoadResult, Part};
use crate::expectation::{CATALOGUE, Figure, Figures, Source};
use crate::outcome::ClientOutcome;

/// The components of a figure. A name is parsed once, not for each of ten thousand targets.
#[derive(Clone, Copy)]
enum Measure {
    Time(fn(&Part) -> &Latencies, Statistic),
    Share(ClientOutcome),
    FailedShare,
    Planned,
    Count(ClientOutcome),
    Failed,
    Throughput,
    Goodput,
    Amplification,
}

/// A statistic of some latencies.
#[derive(Clone, Copy)]
enum Statistic {
    Max,
    Mean,
    Quantile(f64),
}

impl Measure {
    /// The components of the figure called `name`; `None` if it does not come from the load.
    fn of(name: &str) -> Option<Self> {
        if let Some(time) = time(name) {
            return Some(time);
        }
        if let Some(outcome) = name.strip_suffix("_ratio").and_then(outcome) {
            return Some(Self::Share(outcome));
        }
        Some(match name {
            "failed_ratio" => Self::FailedShare,
            "planned" => Self::Planned,
            "ok" => Self::Count(ClientOutcome::Ok),
            "fast_fail" => Self::Count(ClientOutcome::FastFail),
            "failed" => Self::Failed,
            "shed" => Self::Count(ClientOutcome::Shed),
            "throughput" => Self::Throughput,
            "goodput" => Self::Goodput,
            "amplification" => Self::Amplification,
            _ => return None,
        })
    }
}

impl LoadResult {
    /// Computes the figures that stand beside the parts they follow from.
    pub fn summarise(&mut self) {
        let own = CATALOGUE.iter().filter(|it| it.source == Source::Load);
        let measures = own.filter_map(|it| Some((it.name, Measure::of(it.name)?)));
        let measures: BTreeMap<&'static str, Measure> = measures.collect();
        self.figures = self.all_figures(&measures, self.part(None, None).as_ref());
        for place in 0..self.targets.len() {
            let part = self.targets[place].whole();
            self.targets[place].figures = self.all_figures(&measures, part.as_ref());
        }
    }

    fn all_figures(
        &self,
        measures: &BTreeMap<&'static str, Measure>,
        part: Option<&Part>,
    ) -> BTreeMap<Cow<'static, str>, f64> {
        let values = measures.iter().filter_map(|(name, measure)| {
            let value = self.figure(*measure, part?, None)?;
            Some((Cow::Borrowed(*name), value))
        });
        values.collect()
    }

    /// A figure of a part that was planned in `phase`, or in the whole run.
    fn figure(&self, measure: Measure, part: &Part, phase: Option<&str>) -> Option<f64> {
        let outcomes = &part.outcomes;
        match measure {
            Measure::Time(latencies, Statistic::Max) => latencies(part).max(),
            Measure::Time(latencies, Statistic::Mean) => latencies(part).mean(),
            Measure::Time(latencies, Statistic::Quantile(at)) => latencies(part).quantile(at),
            Measure::Share(outcome) => outcomes.share(outcome),
            Measure::FailedShare => ratio(outcomes.failed(), outcomes.planned()),
            Measure::Planned => Some(number(outcomes.planned())),
            Measure::Count(outcome) => Some(number(outcomes[outcome])),
            Measure::Failed => Some(number(outcomes.failed())),
            Measure::Throughput => {
                let within = outcomes.ended().saturating_sub(part.ended_after);
                self.per_second(within, phase)
            }
            Measure::Goodput => {
                let within = outcomes[ClientOutcome::Ok].saturating_sub(part.ok_after);
                self.per_second(within, phase)
            }
            Measure::Amplification => ratio(part.attempts, part.sent),
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

impl Figures for LoadResult {
    fn value(&self, figure: &Figure) -> Option<f64> {
        let phase = figure.phase.as_deref();
        let part = self.part(figure.target.as_deref(), phase)?;
        self.figure(Measure::of(figure.definition.name)?, &part, phase)
    }
}

/// The latency that this name stands for, if any.
fn time(name: &str) -> Option<Measure> {
    let (latencies, which): (fn(&Part) -> &Latencies, _) = match name.split_once('_') {
        Some(("service", which)) => (|part| &part.service, which),
        Some(("lateness", which)) => (|part| &part.lateness, which),
        Some(("ok", which)) => (|part| &part.ok, which),
        Some(("fast", "fail_p50")) => (|part| &part.fast_fail, "p50"),
        Some(("fast", "fail_p99")) => (|part| &part.fast_fail, "p99"),
        _ => (|part| &part.response, name),
    };
    let statistic = match which {
        "max" => Statistic::Max,
        "mean" => Statistic::Mean,
        _ => {
            let percent: f64 = which.strip_prefix('p')?.parse().ok()?;
            Statistic::Quantile(percent / 100.0)
        }
    };
    Some(Measure::Time(latencies, statistic))
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
