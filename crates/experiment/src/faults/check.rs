//! The check that turns a written plan into a valid one; the message of an error names the key.

mod cost;
mod effect;
mod gate;
mod process;

#[cfg(test)]
pub(super) use cost::Cost;

use std::time::Duration;

use super::written::{MAX_HANG_MS, WrittenPlan, WrittenRule};
use super::{FaultPhase, FaultRule, Match, Plan};
use crate::bounds::{check_share, count, millis, within};
use crate::overload::{MAX_FACTOR, Overload};
use crate::reading::nearest;

/// Phases that a plan may have.
const MAX_PHASES: usize = 64;
/// Rules that a plan may have.
const MAX_RULES: usize = 64;
/// Effects that a rule may have.
const MAX_EFFECTS: usize = 16;
/// Callers that a plan may name.
pub(super) const MAX_NAMES: usize = 256;
/// Shards that there may be.
const MAX_SHARDS: u32 = 256;
/// The longest phase: a day.
const MAX_PHASE_MS: u64 = 24 * 60 * 60 * 1000;
/// The longest delay of one answer that a phase may name.
const MAX_DELAY_MS: u64 = 60_000;

type Checked = Result<(), String>;

fn name(key: &str, name: &str) -> Checked {
    if (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(format!("{key}: it must have 1 to 64 printable characters"))
}

fn below(path: &str) -> impl Fn(String) -> String {
    move |what| format!("{path}.{what}")
}

impl TryFrom<WrittenPlan> for Plan {
    type Error = String;

    /// The error is about the first key whose value is not allowed.
    fn try_from(written: WrittenPlan) -> Result<Self, String> {
        if let Some(version) = written.version {
            count("version", version, 1, 1)?;
        }
        written.check_bounds()?;
        written.check_phases()?;
        let rules = written.rules.iter().map(|(name, rule)| {
            let path = format!("rules.{name}");
            rule_name(name).map_err(below(&path))?;
            Ok((name.clone(), rule.checked().map_err(below(&path))?))
        });
        let rules = rules.collect::<Result<_, String>>()?;
        let mut plan = Self {
            written,
            rules,
            overload: None,
        };
        plan.check_cost()?;
        if let Some(law) = &plan.written.base.delay {
            law.check().map_err(below("base.delay"))?;
        }
        let overload = plan.written.overload.clone().map(Overload::try_from);
        plan.overload = overload.transpose().map_err(below("overload"))?;
        plan.written.check_times()?;
        Ok(plan)
    }
}

impl WrittenPlan {
    fn check_phases(&self) -> Checked {
        let last = self.phases.len().saturating_sub(1);
        for (place, phase) in self.phases.iter().enumerate() {
            let stays = place == last && !self.repeats;
            let path = format!("phases[{place}]");
            phase.check(stays).map_err(below(&path))?;
            self.check_listed(phase).map_err(below(&path))?;
        }
        Ok(())
    }

    fn check_times(&self) -> Checked {
        let limits = &self.limits;
        let active = limits.max_active_faults;
        count("limits.max_active_faults", active, 1, 1_000_000)?;
        millis("limits.max_hang", limits.max_hang_ms, 1, MAX_HANG_MS)?;
        if let Some(deadline) = self.deadline_ms {
            millis("deadline", deadline, 1, MAX_HANG_MS)?;
        }
        for (caller, patience) in &self.patience_ms {
            name("patience", caller)?;
            let key = format!("patience.{caller}");
            millis(&key, *patience, 1, MAX_HANG_MS)?;
        }
        match self.ttl_ms {
            Some(ttl) => millis("ttl", ttl, 1, MAX_PHASE_MS),
            None => Ok(()),
        }
    }

    fn check_bounds(&self) -> Checked {
        if self.phases.is_empty() && !self.speaks() {
            return Err(format!(
                "phases: there are none: write from 1 to {MAX_PHASES}, unless there are rules, base or overload"
            ));
        }
        for (key, found, most) in [
            ("phases", self.phases.len(), MAX_PHASES),
            ("rules", self.rules.len(), MAX_RULES),
            ("callers", self.callers.len(), MAX_NAMES),
            ("patience", self.patience_ms.len(), MAX_NAMES),
        ] {
            if found > most {
                return Err(format!(
                    "{key}: {found} are not allowed: there must be at most {most}"
                ));
            }
        }
        for (place, caller) in self.callers.iter().enumerate() {
            name(&format!("callers[{place}]"), caller)?;
        }
        Ok(())
    }

    /// Phases may name only rules that exist.
    fn check_listed(&self, phase: &FaultPhase) -> Checked {
        for (place, listed) in phase.rules.iter().enumerate() {
            if self.rules.contains_key(listed) {
                continue;
            }
            let known: Vec<&str> = self.rules.keys().map(String::as_str).collect();
            let hint = match nearest(listed, known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if known.is_empty() => "the plan has no rules".to_owned(),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(format!(
                "rules[{place}]: there is no rule `{listed}`; {hint}"
            ));
        }
        Ok(())
    }
}

/// Names of rules become labels; two are reserved.
fn rule_name(rule: &str) -> Checked {
    name("name", rule)?;
    if ["phase", "overload", "other"].contains(&rule) {
        return Err(format!(
            "name: `{rule}` is not allowed, because metrics use it for calls without a rule: write another name"
        ));
    }
    Ok(())
}

impl FaultPhase {
    fn check(&self, stays: bool) -> Checked {
        name("name", &self.name)?;
        match self.for_ms {
            None if !stays => {
                return Err(
                    "for: it is missing, and only the last phase of a plan without loop may have no end: \
                     write its length, such as for = \"10s\""
                        .into(),
                );
            }
            Some(length) => millis("for", length, 1, MAX_PHASE_MS)?,
            None if self.for_jitter_ms > 0 => {
                return Err(
                    "for_jitter: it is added to the shortest length, which is missing: write that too, such \
                     as for = \"10s\""
                        .into(),
                );
            }
            None => {}
        }
        millis("for_jitter", self.for_jitter_ms, 0, MAX_PHASE_MS)?;
        check_share("failure_ratio", self.failure_ratio)?;
        check_share("hang_ratio", self.hang_ratio)?;
        if !(0.0..=1.0).contains(&self.failing_share()) {
            return Err("hang_ratio: its sum with failure_ratio must be at most 1".into());
        }
        count("failure_status", self.failure_status, 500, 599)?;
        millis("hang", self.hang_ms, 0, MAX_DELAY_MS)?;
        millis("latency", self.latency_ms, 0, MAX_DELAY_MS)?;
        millis("latency_jitter", self.latency_jitter_ms, 0, MAX_DELAY_MS)?;
        millis("ramp", self.ramp_ms, 0, MAX_PHASE_MS)?;
        match self.service_factor {
            Some(factor) => within("service_factor", factor, 0.001, MAX_FACTOR),
            None => Ok(()),
        }
    }
}

impl WrittenRule {
    /// The rule that is written here.
    fn checked(&self) -> Result<FaultRule, String> {
        self.matches.check().map_err(below("match"))?;
        let gate = self.gate.checked(self.matches.shards);
        let gate = gate.map_err(below("gate"))?;
        let found = self.effects.len();
        if !(1..=MAX_EFFECTS).contains(&found) {
            return Err(format!(
                "effects: {found} are not allowed: there must be from 1 to {MAX_EFFECTS}"
            ));
        }
        let effects = self.effects.iter().enumerate().map(|(place, effect)| {
            let path = format!("effects[{place}].{}", effect.as_str());
            effect.checked().map_err(below(&path))
        });
        let effects = effects.collect::<Result<_, String>>()?;
        if let Some(ttl) = self.ttl_ms {
            millis("ttl", ttl, 1, MAX_PHASE_MS)?;
        }
        Ok(FaultRule {
            matches: self.matches.clone(),
            gate,
            effects,
            ttl: self.ttl_ms.map(Duration::from_millis),
        })
    }
}

impl Match {
    fn check(&self) -> Checked {
        let callers = self.caller.as_ref().map_or(&[][..], super::Names::all);
        if self.caller.is_some() {
            count("caller", callers.len() as u64, 1, MAX_NAMES as u64)?;
        }
        for caller in callers {
            name("caller", caller)?;
        }
        if let Some(shards) = self.shards {
            count("shards", shards, 1, MAX_SHARDS.into())?;
        }
        if let Some([from, to]) = self.shard {
            let Some(shards) = self.shards else {
                return Err("shards: it is missing: write the number of shards".into());
            };
            count("shard[1]", to, 0, u64::from(shards) - 1)?;
            count("shard[0]", from, 0, to.into())?;
        }
        if let Some(path) = &self.path {
            if !path.starts_with("/data") {
                return Err(format!(
                    "path: `{path}` is not allowed: write /data, or a path below it"
                ));
            }
            name("path", path)?;
        }
        match self.share {
            Some(share) => check_share("share", share),
            None => Ok(()),
        }
    }
}
