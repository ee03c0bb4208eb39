//! The check of a scenario beyond its types, part against part; the message of an error names the key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fusebox_fleet::Settings;

use super::names::Names;
use super::written::{Mode, Written};
use crate::bounds::percent;
use crate::breaker_settings::BreakerSettings;
use crate::expectation::{Known, contradiction};
use crate::faults::{Plan, WrongCaller};
use crate::load::{Detail, PhaseWindow, Phases};
use crate::reading::{listed, nearest};
use crate::values::{Span, check_patience};

/// The most expectations that a scenario may have.
const MAX_EXPECTATIONS: usize = 64;
/// A longer run is more likely a typing error: a day.
const MAX_DURATION_S: u64 = 24 * 60 * 60;
/// The most callers that a fault plan names; for a larger fleet it names none.
const MAX_NAMED_CALLERS: usize = 256;

impl Written {
    pub(super) fn check_itself(&self) -> Result<(), String> {
        if self.title.trim().is_empty() || self.title.contains('\n') {
            return Err("title: it must be one line of text".to_owned());
        }
        let allowed = Duration::from_millis(100)..=Duration::from_secs(MAX_DURATION_S);
        if !allowed.contains(&self.duration.0) {
            return Err(format!(
                "duration: {} is not allowed: it must be from 100ms to 1day",
                self.duration
            ));
        }
        if !(self.unhealthy_at > 0.0 && self.unhealthy_at <= 1.0) {
            return Err(format!(
                "unhealthy_at: {} is not allowed: it must be above 0 and at most 1{}",
                self.unhealthy_at,
                percent(self.unhealthy_at)
            ));
        }
        Ok(())
    }

    /// A policy without breakers leaves nothing to set for them.
    pub(super) fn check_policy(&self) -> Result<(), String> {
        self.policy
            .check()
            .map_err(|what| format!("policy.{what}"))?;
        if self.policy.is_breaker() {
            return Ok(());
        }
        let refused = |key: &str, mode: &str| {
            Err(format!(
                "{key} = {mode} is not allowed with policy = {}, which uses no breaker: leave one of the \
                 two out",
                self.policy
            ))
        };
        let mode = self.coordination.mode;
        if !mode.is_local() {
            return refused("coordination.mode", &mode.to_string());
        }
        let own = self.instance.iter();
        let own = own.map(|(name, own)| (format!("instance.{name}.mode"), own.mode));
        let all = std::iter::once(("fleet.mode".to_owned(), Some(self.fleet.mode))).chain(own);
        for (key, mode) in all {
            match mode {
                None | Some(Mode::Auto | Mode::Disabled) => {}
                Some(Mode::MetricsOnly) => return refused(&key, "metrics_only"),
                Some(Mode::ForcedOpen) => return refused(&key, "forced_open"),
            }
        }
        Ok(())
    }

    /// Instances without a section of their own are all alike, so the first stands for them.
    pub(super) fn check_instances(&self, names: &Names) -> Result<(), String> {
        for name in self.instance.keys() {
            if names.place(name).is_none() {
                return Err(format!(
                    "instance.{name}: there is no such instance; there are {}",
                    listed(names.all())
                ));
            }
        }
        let leave = |name: &String| {
            self.instance
                .get(name)
                .is_some_and(|it| it.leaves_at.is_some())
        };
        if names.all().iter().all(leave) {
            return Err(
                "instance: all instances leave: let one stay, without leaves_at".to_owned(),
            );
        }
        let alike = names
            .all()
            .iter()
            .find(|name| !self.instance.contains_key(*name));
        for name in alike.into_iter().chain(self.instance.keys()) {
            self.breaker_of(name).config(self.seed).map_err(|error| {
                let settings = self.breaker_of(name);
                let hint = if settings.max_open_for < settings.open_for {
                    ": write a longer max_open_for as well, or a shorter open_for"
                } else {
                    ""
                };
                format!("breaker of instance {name}: {error}{hint}")
            })?;
            check_patience("call_timeout", self.call_timeout_of(name))
                .map_err(|error| format!("instance {name}: {error}"))?;
            if let Some(own) = self.instance.get(name) {
                super::interruption::check(own, self.duration.0)
                    .map_err(|what| format!("instance.{name}.{what}"))?;
            }
        }
        Ok(())
    }

    /// In a scenario, the instances are the only callers.
    pub(super) fn check_callers(&self, names: &Names) -> Result<(), String> {
        let checked = self
            .faults
            .check_callers(|name| names.place(name).is_some());
        checked.map_err(|WrongCaller { key, name, twice }| {
            if twice {
                return format!("faults.{key}: `{name}` is given twice: write each name once");
            }
            let all = names.all().iter().map(String::as_str);
            let hint = match nearest(name, all) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", listed(names.all())),
            };
            format!("faults.{key}: there is no instance `{name}`; {hint}")
        })
    }

    pub(super) fn checked_faults(&self, names: &Names) -> Result<Plan, String> {
        let faults = Plan::try_from(self.faults.clone());
        let faults = faults.map_err(|what| format!("faults.{what}"))?;
        // One instance for each time that instances wait: others are alike.
        let mut seen = BTreeSet::new();
        let waits = names.all().iter().filter_map(|name| {
            let wait = self.call_timeout_of(name).0;
            seen.insert(wait).then_some((name.as_str(), wait))
        });
        let affordable = faults.check_for_waits(waits.take(MAX_NAMED_CALLERS));
        affordable
            .map_err(|what| format!("faults: with the call timeouts of the instances, {what}"))?;
        Ok(faults)
    }

    pub(super) fn check_expectations(
        &self,
        targets: Vec<&str>,
        phases: &Phases,
    ) -> Result<(), String> {
        if self.expectations.len() > MAX_EXPECTATIONS {
            return Err(format!(
                "expectations: {} are not allowed: there must be at most {MAX_EXPECTATIONS}",
                self.expectations.len()
            ));
        }
        let known = Known {
            times_together: Detail::of(targets.len()) == Detail::Together,
            targets,
            phases: phases.names(),
            fleet: true,
        };
        for expectation in &self.expectations {
            expectation
                .check(&known)
                .map_err(|what| format!("expectations: {what}"))?;
        }
        match contradiction(&self.expectations) {
            Some(what) => Err(format!("expectations: {what}")),
            None => Ok(()),
        }
    }

    pub(super) fn phases(&self, faults: &Plan) -> Result<Phases, String> {
        let windows = faults.at_its_shortest().phases(self.duration.0);
        if let Some(last) = windows.last().filter(|it| it.end < self.duration.0) {
            return Err(format!(
                "faults.phases: the first {} phases end after {}, and no more are recorded in the {} of a \
                 run: write longer phases or a shorter duration",
                windows.len(),
                Span(last.end),
                self.duration
            ));
        }
        let windows = faults
            .phases(self.duration.0)
            .into_iter()
            .map(|it| PhaseWindow::new(&it.name, it.start, it.end));
        Phases::new(Duration::ZERO, windows.collect())
            .map_err(|what| format!("faults.phases: {what}"))
    }

    pub(super) fn breaker_of(&self, instance: &str) -> BreakerSettings {
        let own = self.instance.get(instance).map(|own| own.breaker);
        let breaker = own.unwrap_or_default().over(self.breaker).settled();
        self.coordination.breaker(breaker)
    }

    /// The settings by which the fleet decides together.
    pub(super) fn fleet_settings(&self, names: &Names) -> Result<Arc<Settings>, String> {
        let breaker = self.breaker.settled();
        let settings = self
            .coordination
            .settings(&breaker, self.fleet.call_timeout)?;
        // In a fleet of several processes the number of instances is unknown; this one is known.
        let instances = names.all().len();
        match self.coordination.minimum_votes {
            Some(votes)
                if u64::from(votes) > instances as u64 && !self.coordination.mode.is_local() =>
            {
                Err(format!(
                    "coordination.minimum_votes = {votes} is not allowed: it must be at most {instances}, the \
                     instances of this fleet, or the fleet can never open"
                ))
            }
            _ => Ok(settings),
        }
    }

    pub(super) fn call_timeout_of(&self, instance: &str) -> Span {
        let own = self.instance.get(instance).and_then(|own| own.call_timeout);
        own.unwrap_or(self.fleet.call_timeout)
    }

    /// Tells the plan what it needs to know before the first call: for each instance, an answer after its own call
    /// timeout is too late, and all instances are callers.
    pub(super) fn tell_faults(&mut self, names: &Names) {
        let names = names.all();
        if names.len() > MAX_NAMED_CALLERS {
            return;
        }
        let waits = names
            .iter()
            .map(|name| (name.clone(), self.call_timeout_of(name).0));
        let waits: Vec<(String, Duration)> = waits.collect();
        let waits = waits.iter().map(|(name, wait)| (name.as_str(), *wait));
        self.faults.learn_patience(waits);
        self.faults.name_callers(names);
    }
}
