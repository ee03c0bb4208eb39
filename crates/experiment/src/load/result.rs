//! The result of a load: everything that is needed to draw and compute it again, in one document.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::latencies::Latencies;
use super::phases::{PhaseWindow, WARM_UP};
use super::profile::Profile;
use crate::expectation::ExpectationVerdict;
use crate::outcome::{ClientOutcome, Outcomes};

/// The version of the document; `docs/load-result.schema.json` describes it.
pub const SCHEMA: &str = "breaker-lab/load/1";

/// What the clients saw in one run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct LoadResult {
    /// [`SCHEMA`].
    pub schema: String,
    /// The seed that the plan follows from.
    pub seed: u64,
    /// The digest of the plan.
    pub digest: String,
    /// What the load was like.
    pub profile: Profile,
    /// Whether it ended before its time, or before answers came that were still due.
    pub cut_short: bool,
    /// For how long requests were planned, in seconds, with the warm-up.
    pub duration_s: f64,
    /// The part of it that is kept out of the figures of the whole run, in seconds.
    pub warm_up_s: f64,
    /// How many requests were planned.
    pub planned: u64,
    /// What the generator itself ran out of, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_shortage: Option<String>,
    /// Figures of all targets over the whole run, without those that were not measured; infinite where an
    /// answer never came.
    #[serde(with = "super::written_figure::map")]
    pub figures: BTreeMap<Cow<'static, str>, f64>,
    /// The phases of the run.
    pub phases: Vec<PhaseWindow>,
    /// The parts of the run for all targets together, where latencies were not kept for each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Part>,
    /// The targets, each with what its clients saw.
    pub targets: Vec<TargetResult>,
    /// The last seconds of the run, an hour at most.
    pub seconds: Vec<Second>,
    /// Whether what was expected held.
    pub verdicts: Vec<ExpectationVerdict>,
}

/// What the clients of one target saw.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct TargetResult {
    /// Its name.
    pub name: String,
    /// Whether one connection to it ever came about.
    pub reached: bool,
    /// Figures over the whole run, without those that were not measured.
    #[serde(with = "super::written_figure::map")]
    pub figures: BTreeMap<Cow<'static, str>, f64>,
    /// The parts of the run: the warm-up, each phase, and the rest.
    pub parts: Vec<Part>,
}

/// What the clients of one target saw of the requests that were planned in one part of the run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Part {
    /// The name of the phase.
    pub phase: String,
    /// How requests ended.
    pub outcomes: Outcomes,
    /// Requests of which an attempt was made.
    pub sent: u64,
    /// Attempts, with the first ones.
    pub attempts: u64,
    /// Requests that ended when the time of the run was over. They are no part of any rate: a service that
    /// answers in two seconds what came in one is not that fast.
    #[serde(default)]
    pub ended_after: u64,
    /// Those among them that succeeded.
    #[serde(default)]
    pub ok_after: u64,
    /// From the planned instant to the end; a request that [never came](ClientOutcome::never_came) counts as
    /// slower than any bound.
    pub response: Latencies,
    /// The response times of successes.
    #[serde(default)]
    pub ok: Latencies,
    /// From sending the last attempt to its end.
    pub service: Latencies,
    /// From the planned instant to when the generator let the request go.
    pub lateness: Latencies,
    /// The response times of fast failures.
    pub fast_fail: Latencies,
}

/// One second of the run. Requests count as planned when they were, and in their outcome when they
/// ended, so that a second is done when it is over.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Second {
    /// Its number, from 0.
    pub second: u64,
    /// All targets together, where seconds were not kept for each of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<SecondOfTarget>,
    /// The targets, in their order.
    pub targets: Vec<SecondOfTarget>,
}

/// What one target's clients saw in one second.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct SecondOfTarget {
    /// How requests ended.
    pub outcomes: Outcomes,
    /// The median response time of successes, in seconds.
    #[serde(default, with = "super::written_figure::option")]
    pub ok_p50_s: Option<f64>,
    /// The 99th percentile of the response time of successes, in seconds.
    #[serde(default, with = "super::written_figure::option")]
    pub ok_p99_s: Option<f64>,
    /// The median response time, in seconds; infinite where it never came.
    #[serde(default, with = "super::written_figure::option")]
    pub p50_s: Option<f64>,
    /// The 99th percentile of the response time, in seconds; infinite where it never came.
    #[serde(default, with = "super::written_figure::option")]
    pub p99_s: Option<f64>,
}

impl Part {
    /// A part in which nothing has happened.
    pub fn new(phase: &str) -> Self {
        Self {
            phase: phase.to_owned(),
            outcomes: Outcomes::default(),
            sent: 0,
            attempts: 0,
            ended_after: 0,
            ok_after: 0,
            response: Latencies::default(),
            ok: Latencies::default(),
            service: Latencies::default(),
            lateness: Latencies::default(),
            fast_fail: Latencies::default(),
        }
    }

    /// Notes how long a request took that ended in `outcome`: `response` from its planned instant,
    /// `service` from sending its last attempt, if one was made.
    pub fn time(&mut self, outcome: ClientOutcome, response: Duration, service: Option<Duration>) {
        if outcome.never_came() {
            self.response.record_never();
            if service.is_some() {
                self.service.record_never();
            }
            return;
        }
        self.response.record(response);
        if let Some(service) = service {
            self.service.record(service);
        }
        match outcome {
            ClientOutcome::Ok => self.ok.record(response),
            ClientOutcome::FastFail => self.fast_fail.record(response),
            _ => {}
        }
    }

    /// Counts the end of a request once more, as one that came after the time of the run.
    pub fn end_after(&mut self, outcome: ClientOutcome) {
        self.ended_after += u64::from(outcome.ended());
        self.ok_after += u64::from(outcome == ClientOutcome::Ok);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.outcomes += &other.outcomes;
        self.sent += other.sent;
        self.attempts += other.attempts;
        self.ended_after += other.ended_after;
        self.ok_after += other.ok_after;
        self.response.merge(&other.response);
        self.ok.merge(&other.ok);
        self.service.merge(&other.service);
        self.lateness.merge(&other.lateness);
        self.fast_fail.merge(&other.fast_fail);
    }
}

impl LoadResult {
    /// All that one target's clients, or all clients, saw in one phase or in the whole run, which is
    /// without the warm-up. `None` when there is no such target or phase.
    pub fn part(&self, target: Option<&str>, phase: Option<&str>) -> Option<Part> {
        let targets = self
            .targets
            .iter()
            .filter(|it| target.is_none_or(|name| it.name == name));
        match target {
            None if !self.all.is_empty() => sum(&self.all, phase),
            _ => sum(targets.flat_map(|it| &it.parts), phase),
        }
    }

    /// The law of conservation: of each target and phase, and in all, what was planned is what ended.
    ///
    /// # Errors
    ///
    /// The part that does not add up: a fault of the load generator.
    pub fn check(&self) -> Result<(), String> {
        let mut planned = 0;
        for target in &self.targets {
            for part in &target.parts {
                part.outcomes.check().map_err(|error| {
                    format!("target {}, phase {}: {error}", target.name, part.phase)
                })?;
                planned += part.outcomes.planned();
            }
        }
        if planned == self.planned {
            Ok(())
        } else {
            Err(format!(
                "{} requests were planned, but {planned} were accounted for",
                self.planned
            ))
        }
    }

    /// Why the generator did not keep to the plan, unless it did.
    pub fn shortfall(&self) -> Option<String> {
        let part = self.part(None, None)?;
        let short = part.outcomes[ClientOutcome::OwnShortage];
        if short > 0 {
            return Some(format!(
                "the generator itself could not send {short} of {} requests: {}",
                part.outcomes.planned(),
                self.own_shortage
                    .as_deref()
                    .unwrap_or("it ran out of resources")
            ));
        }
        let late = part.lateness.quantile(0.99).unwrap_or_default();
        let limit = self.profile.lateness_limit;
        if late > limit.0.as_secs_f64() {
            return Some(format!(
                "the generator was late by {:.1} ms at p99, above lateness_limit = {limit}",
                late * 1e3
            ));
        }
        let shed = part.outcomes.share(ClientOutcome::Shed).unwrap_or_default();
        (shed > self.profile.shed_limit).then(|| {
            format!(
                "the generator shed {} of {} requests, above shed_limit = {}",
                part.outcomes[ClientOutcome::Shed],
                part.outcomes.planned(),
                self.profile.shed_limit
            )
        })
    }

    /// The targets to which requests were sent, but never a connection came about. Where the generator
    /// itself had none to offer, nothing is known about the target.
    pub fn unreachable(&self) -> Vec<&str> {
        let targets = self.targets.iter().filter(|target| {
            let sent = |part: &Part| part.sent > part.outcomes[ClientOutcome::OwnShortage];
            !target.reached && target.parts.iter().any(sent)
        });
        targets.map(|target| &*target.name).collect()
    }
}

impl TargetResult {
    /// All that this target's clients saw in the whole run, which is without the warm-up.
    pub(super) fn whole(&self) -> Option<Part> {
        sum(&self.parts, None)
    }
}

/// The sum of those parts that were planned in `phase`, or in the whole run without its warm-up.
fn sum<'a>(parts: impl IntoIterator<Item = &'a Part>, phase: Option<&str>) -> Option<Part> {
    let parts = parts.into_iter().filter(|part| match phase {
        Some(name) => part.phase == name,
        None => part.phase != WARM_UP,
    });
    parts.fold(None, |sum: Option<Part>, part| {
        let mut sum = sum.unwrap_or_else(|| Part::new(phase.unwrap_or("run")));
        sum.merge(part);
        Some(sum)
    })
}

#[cfg(test)]
mod tests;
