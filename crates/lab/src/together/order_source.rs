//! The source of orders for the live page: what was set of breakers, load and fault plan, each time at its instant.
//!
//! Whoever changes something notes it in its journal, so that two orders between two looks are two, wherever they came
//! from.

use std::time::Duration;

use tokio::time::Instant;

use crate::instance::{Tuned, Tuning};
use crate::load::LoadView;
use crate::operation::Operation;
use crate::page::{LoadStep, PlanStep, SettingsStep};
use crate::settings::BreakerSettings;

/// What can be ordered in a run, and what was told of it last; nothing before the first look.
pub(super) struct OrderSource {
    operation: Operation,
    tuned: Vec<Option<BreakerSettings>>,
    asked: Option<LoadView>,
}

/// What has been ordered since the last look.
pub(super) struct Orders {
    pub(super) plans: Vec<PlanStep>,
    pub(super) settings: Vec<SettingsStep>,
    pub(super) loads: Vec<LoadStep>,
}

impl OrderSource {
    /// All that can be ordered by `operation`.
    pub(super) fn new(operation: &Operation) -> Self {
        Self {
            tuned: vec![None; operation.crew.instances().count()],
            operation: operation.clone(),
            asked: None,
        }
    }

    /// What has been ordered since the last look; this one is `at` after the start of the run.
    pub(super) fn given(&mut self, at: Duration) -> Orders {
        let instant = Instant::now();
        let looked = Looked { instant, at };
        let mut plans = self.plans(&looked);
        if self.asked.is_none() {
            // The first look finds what was there before.
            plans.clear();
        }
        Orders {
            plans,
            settings: self.settings(&looked),
            loads: self.loads(&looked),
        }
    }

    /// The settings that have been changed since the last look, in the order of their instants; all of them at the
    /// first one.
    fn settings(&mut self, looked: &Looked) -> Vec<SettingsStep> {
        let mut steps = Vec::new();
        let taken = Tuning::take_all(&self.operation.tunings());
        let instances = self.operation.crew.instances().zip(taken).enumerate();
        for ((instance, ((_, one), mut tuned)), seen) in instances.zip(&mut self.tuned) {
            let tuning = one.tuning();
            if seen.is_none() {
                let (settings, config) = (tuning.settings(), one.breaker().config());
                tuned = [(looked.instant, Tuned { settings, config })].into();
            }
            for (at, now) in tuned {
                let before = seen.replace(now.settings);
                if before != Some(now.settings) {
                    steps.push(SettingsStep {
                        at_s: looked.seconds(at),
                        instance,
                        rules: (&now.config).into(),
                        settings: now.settings,
                        different: before
                            .map_or(String::new(), |before| now.settings.differences(before)),
                    });
                }
            }
        }
        steps.sort_by(|one, other| one.at_s.total_cmp(&other.at_s));
        steps
    }

    /// What has been asked of the load since the last look; at the first one what is asked then.
    fn loads(&mut self, looked: &Looked) -> Vec<LoadStep> {
        let control = &self.operation.load;
        let mut asked = control.journal().take();
        if self.asked.is_none() {
            asked = [(looked.instant, control.view())].into();
        }
        let mut steps = Vec::new();
        for (at, load) in asked {
            let before = self.asked.replace(load.clone());
            if before.as_ref() != Some(&load) {
                let at_s = looked.seconds(at);
                steps.push(LoadStep { at_s, load });
            }
        }
        steps
    }

    /// How the fault plan has been changed since the last look.
    fn plans(&self, looked: &Looked) -> Vec<PlanStep> {
        let changes = self.operation.running.take_plan_changes();
        let steps = changes.into_iter().map(|(at, change)| PlanStep {
            at_s: looked.seconds(at),
            change,
        });
        steps.collect()
    }
}

/// When the run is looked at: on the clock of the runtime, and since the start of the run.
struct Looked {
    instant: Instant,
    at: Duration,
}

impl Looked {
    /// An instant before it, in seconds of the run.
    fn seconds(&self, instant: Instant) -> f64 {
        let ago = self.instant.saturating_duration_since(instant);
        millionths(self.at.saturating_sub(ago))
    }
}

/// Seconds to a millionth.
fn millionths(at: Duration) -> f64 {
    (at.as_secs_f64() * 1e6).round() / 1e6
}
