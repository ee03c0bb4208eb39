//! A scenario: one file that says everything about an experiment, run by the lab or under virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker_settings::BreakerSettings;
use crate::expectation::{Expectation, Known, contradiction};
use crate::faults::Plan;
use crate::fleet::UNHEALTHY_AT;
use crate::load::{PhaseWindow, Phases, Point, Profile, Shape};
use crate::reading::parse_toml;
use crate::values::{Span, check_patience};

/// Instances that a fleet may have.
const MAX_INSTANCES: usize = 64;
/// Expectations that a scenario may have.
const MAX_EXPECTATIONS: usize = 64;
/// A longer run is more likely a typing error: a day.
const MAX_DURATION_S: u64 = 24 * 60 * 60;

/// Everything that an experiment needs.
///
/// # Examples
///
/// ```
/// use experiment::scenario::Scenario;
///
/// let scenario = Scenario::parse(
///     r#"
///     title = "half of the calls fail"
///     duration = "20s"
///     expectations = ["divergence_share > 0.01"]
///
///     [load]
///     rate = 90
///
///     [faults]
///     phases = [{ name = "bad", failure_ratio = 0.5 }]
///     "#,
/// )?;
/// assert_eq!(scenario.fleet.instances, ["A", "B", "C"]);
/// assert!(Scenario::parse("titel = 1").unwrap_err().contains("did you mean `title`?"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in one line.
    pub title: String,
    /// The seed of all chance; repetitions take the numbers that follow.
    #[serde(default = "one")]
    pub seed: u64,
    /// How long requests are planned.
    pub duration: Span,
    /// From which probability of failure on the downstream counts as unhealthy (0 < p ≤ 1); 0.5 by
    /// default.
    #[serde(default = "unhealthy_at", deserialize_with = "crate::values::share")]
    pub unhealthy_at: f64,
    /// What must hold at the end.
    #[serde(default)]
    pub expectations: Vec<Expectation>,
    /// The instances.
    #[serde(default)]
    pub fleet: Fleet,
    /// The breakers of all instances.
    #[serde(default)]
    pub breaker: BreakerSettings,
    /// What single instances do differently.
    #[serde(default)]
    pub instance: BTreeMap<String, InstanceSettings>,
    /// Who calls when.
    #[serde(default)]
    pub load: Profile,
    /// What fails when.
    pub faults: Plan,
    /// What instances tell each other.
    #[serde(default)]
    pub coordination: Coordination,
}

/// The instances of a scenario.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fleet {
    /// Their names; A, B and C by default.
    pub instances: Vec<String>,
    /// How long they wait for the downstream; 1s by default.
    pub call_timeout: Span,
    /// Whether their breakers judge; `auto` by default.
    pub mode: Mode,
}

/// What one instance does differently.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct InstanceSettings {
    /// How long it waits for the downstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_timeout: Option<Span>,
    /// Whether its breaker judges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Its breaker.
    pub breaker: BreakerSettings,
}

/// Whether a breaker judges, or an operator has decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It judges.
    #[default]
    Auto,
    /// All calls pass and nothing is judged: a fleet without breakers.
    Disabled,
    /// All calls pass and are judged; the verdict is only reported.
    MetricsOnly,
    /// No call passes.
    ForcedOpen,
}

/// What instances tell each other.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Coordination {
    /// How they decide.
    pub mode: CoordinationMode,
}

/// How instances decide whether a breaker is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CoordinationMode {
    /// Each by itself.
    #[default]
    Local,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            instances: ["A", "B", "C"].map(str::to_owned).into(),
            call_timeout: Span(Duration::from_secs(1)),
            mode: Mode::default(),
        }
    }
}

fn one() -> u64 {
    1
}

fn unhealthy_at() -> f64 {
    UNHEALTHY_AT
}

impl Scenario {
    /// Reads a scenario from TOML and checks it.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line: `line:column:` and the nearest known key, or the key, its value and
    /// what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, |file| {
            Err(format!(
                "{file} cannot be read here; write the points themselves, like replay:0=10,5=20"
            ))
        })
    }

    /// The same for a caller that can read the file of a replayed shape, `load.shape = "replay:FILE"`.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and what `read` says.
    pub fn parse_with(
        text: &str,
        read: impl FnOnce(&str) -> Result<Vec<Point>, String>,
    ) -> Result<Self, String> {
        let mut scenario: Self = parse_toml(text)?;
        if let Shape::Replay {
            file: Some(file),
            points,
        } = &mut scenario.load.shape
            && points.is_empty()
        {
            *points = read(file).map_err(|what| format!(" load.shape: {what}"))?;
        }
        scenario.settle_truth();
        let scenario = scenario.with_own_seed();
        scenario.check().map_err(|what| format!(" {what}"))?;
        Ok(scenario)
    }

    /// Checks what the types do not say, all parts against each other.
    ///
    /// # Errors
    ///
    /// The key, its value and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        if self.title.trim().is_empty() || self.title.contains('\n') {
            return Err("title: it must be one line that says something".to_owned());
        }
        let seconds = self.duration.0.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
        if !(0.1..=MAX_DURATION_S as f64).contains(&seconds) {
            return Err(format!(
                "duration: {} is not allowed: from 100ms to 1day",
                self.duration
            ));
        }
        if !(self.unhealthy_at > 0.0 && self.unhealthy_at <= 1.0) {
            return Err(format!(
                "unhealthy_at: {} is not allowed: above 0, up to 1",
                self.unhealthy_at
            ));
        }
        self.check_fleet()?;
        self.load.check().map_err(|what| format!("load.{what}"))?;
        let names: Vec<&str> = self.fleet.instances.iter().map(String::as_str).collect();
        let targets = self.load.check_targets(&names);
        targets.map_err(|what| format!("load.{what}"))?;
        self.faults
            .check()
            .map_err(|what| format!("faults.{what}"))?;
        self.check_expectations()
    }

    fn check_fleet(&self) -> Result<(), String> {
        let names = &self.fleet.instances;
        if !(1..=MAX_INSTANCES).contains(&names.len()) {
            return Err(format!(
                "fleet.instances: {} are not allowed: from 1 to {MAX_INSTANCES}",
                names.len()
            ));
        }
        for (place, name) in names.iter().enumerate() {
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            let fits = (1..=32).contains(&name.len()) && name.chars().all(allowed);
            if !fits || ["unreliable", "lab"].contains(&&**name) {
                return Err(format!(
                    "fleet.instances: `{name}` is not allowed: 1 to 32 letters, digits, - and _, \
                     and not the name of another service"
                ));
            }
            if names[..place].contains(name) {
                return Err(format!("fleet.instances: `{name}` is there twice"));
            }
            let breaker = self.breaker_of(name);
            breaker
                .config(self.seed)
                .map_err(|error| format!("breaker of instance {name}: {error}"))?;
            check_patience("call_timeout", self.call_timeout_of(name))
                .map_err(|error| format!("instance {name}: {error}"))?;
        }
        for name in self.instance.keys() {
            if !names.contains(name) {
                return Err(format!(
                    "instance.{name}: there is no such instance; there are {}",
                    names.join(", ")
                ));
            }
        }
        Ok(())
    }

    fn check_expectations(&self) -> Result<(), String> {
        if self.expectations.len() > MAX_EXPECTATIONS {
            return Err(format!(
                "expectations: {} are not allowed: up to {MAX_EXPECTATIONS}",
                self.expectations.len()
            ));
        }
        let phases = self.phases()?;
        let names = phases.names();
        let known = Known {
            targets: self.fleet.instances.iter().map(String::as_str).collect(),
            phases: names,
            fleet: true,
        };
        for expectation in &self.expectations {
            expectation
                .check(&known)
                .map_err(|what| format!("expectations: {what}"))?;
        }
        if let Some(what) = contradiction(&self.expectations) {
            return Err(format!("expectations: {what}"));
        }
        Ok(())
    }

    /// The settings of one instance's breaker, with the defaults where nothing is said.
    pub fn breaker_of(&self, instance: &str) -> BreakerSettings {
        let own = self.instance.get(instance).map(|own| own.breaker);
        own.unwrap_or_default().over(self.breaker).settled()
    }

    /// How long one instance waits for the downstream.
    pub fn call_timeout_of(&self, instance: &str) -> Span {
        let own = self.instance.get(instance).and_then(|own| own.call_timeout);
        own.unwrap_or(self.fleet.call_timeout)
    }

    /// Whether one instance's breaker judges.
    pub fn mode_of(&self, instance: &str) -> Mode {
        let own = self.instance.get(instance).and_then(|own| own.mode);
        own.unwrap_or(self.fleet.mode)
    }

    /// The same with another seed, for the load, the faults and the breakers.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.faults.seed = seed;
        self
    }

    fn with_own_seed(self) -> Self {
        let seed = self.seed;
        self.with_seed(seed)
    }

    /// The phases of the faults, as parts of the load: each request belongs to the one that it was
    /// planned in.
    ///
    /// # Errors
    ///
    /// The phase that cannot be one of the load's.
    pub fn phases(&self) -> Result<Phases, String> {
        let windows = self.faults.phases(self.duration.0).into_iter();
        let windows = windows.map(|it| PhaseWindow::new(&it.name, it.start, it.end));
        Phases::new(Duration::ZERO, windows.collect())
            .map_err(|what| format!("faults.phases: {what}"))
    }

    /// What is to be said of the truth before anybody calls: for each instance an answer that comes after
    /// its own call timeout is too late, and all instances are callers.
    fn settle_truth(&mut self) {
        let names = &self.fleet.instances;
        let waits = names
            .iter()
            .map(|name| (name.clone(), self.call_timeout_of(name).0));
        let waits: Vec<(String, Duration)> = waits.collect();
        let waits = waits.iter().map(|(name, wait)| (name.as_str(), *wait));
        self.faults.learn_patience(waits);
        if self.faults.callers.is_empty() {
            self.faults.callers.clone_from(&self.fleet.instances);
        }
    }
}
