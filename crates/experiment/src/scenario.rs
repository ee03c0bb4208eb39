//! A scenario: one file that describes an experiment completely, performed live or in virtual time.
//!
//! [`Written`] is the file key by key. [`Scenario`] can be performed: its parts fit each other, and later code does
//! not check them again. [`set`] changes single keys of a file before it is read.

mod check;
mod clock_step;
mod coordination;
mod element;
mod engine;
mod interruption;
mod names;
mod network;
mod place;
mod seed;
mod set;
mod written;

use std::sync::Arc;
use std::time::Duration;

use fusebox::Config;
use fusebox_fleet::Settings;
use serde::Serialize;

pub use clock_step::{ClockStepped, Step};
pub use coordination::{Coordination, CoordinationMode, EngineKind};
pub use engine::{EngineFault, EngineFaultKind, EnginePlan, WrittenEngine, WrittenEngineFault};
pub use interruption::Interruption;
pub use network::{Link, Network, Partition, WrittenNetwork, WrittenNetworkFault};
pub use place::Place;
pub use set::{Set, blamed, set};
pub use written::{Fleet, InstanceSettings, Interrupted, Mode, Restarted, Written};

use names::Names;
pub use names::is_instance_name;

use crate::breaker_settings::BreakerSettings;
use crate::chance::Draw;
use crate::expectation::{Expectation, Figure, Known};
use crate::faults::Plan;
use crate::load::{Detail, Phases, Point, Profile, Shape};
use crate::policy::Policy;
use crate::reading::parse_toml;
use crate::values::Span;

/// A checked scenario: everything that an experiment needs, with parts that fit each other.
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
/// assert_eq!(scenario.instances(), ["A", "B", "C"]);
/// assert!(Scenario::parse("titel = 1").unwrap_err().contains("did you mean `title`?"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(into = "Written")]
pub struct Scenario {
    written: Written,
    load: Profile,
    faults: Plan,
    names: Names,
    phases: Phases,
    rules: Arc<Settings>,
    network: Network,
    engine: EnginePlan,
}

impl Scenario {
    /// Reads a scenario from TOML and checks it.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line: `line:column:` and the nearest known key, or the key, its value and what is
    /// allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, points_only)
    }

    /// Reads a scenario like [`parse`](Self::parse), for a caller that can read the file of a replayed shape,
    /// `load.shape = "replay:FILE"`.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse), and the error of `read`.
    pub fn parse_with(
        text: &str,
        read: impl FnOnce(&str) -> Result<Vec<Point>, String>,
    ) -> Result<Self, String> {
        let mut written: Written = parse_toml(text)?;
        if let Shape::Replay {
            file: Some(file),
            points,
        } = &mut written.load.shape
            && points.is_empty()
        {
            *points = read(file).map_err(|what| format!(" load.shape: {what}"))?;
        }
        // Lengths of phases may be drawn: what is checked is what this seed draws.
        let seed = written.seed;
        written.faults.set_seed(seed);
        let scenario = Self::try_from(written).map_err(|what| format!(" {what}"))?;
        Ok(scenario.with_seed(seed))
    }

    /// Reads a scenario after setting single keys to other values, as [`set`] does.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse) and [`set`]; the message names the key that was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use experiment::scenario::Scenario;
    ///
    /// let text = "title = \"t\"\nduration = \"1s\"\n[faults]\nphases = [{ name = \"calm\" }]\n";
    /// let sets = ["fleet.size=1000".parse()?, "breaker.open_for=2s".parse()?];
    /// let scenario = Scenario::parse_with_sets(text, &sets)?;
    /// assert_eq!(scenario.instances().len(), 1000);
    /// # Ok::<(), String>(())
    /// ```
    pub fn parse_with_sets(text: &str, sets: &[Set]) -> Result<Self, String> {
        let text = set(text, sets)?;
        Self::parse(&text).map_err(|what| blamed(sets, &what))
    }

    /// Returns the title: what the scenario shows, in one line.
    pub fn title(&self) -> &str {
        &self.written.title
    }

    /// Returns the seed of the load and of the breakers' jitter. The plan has a seed of its own, which is the same
    /// unless the scenario was not read from a file.
    pub fn seed(&self) -> u64 {
        self.written.seed
    }

    /// Returns for how long requests are planned.
    pub fn duration(&self) -> Duration {
        self.written.duration.0
    }

    /// Returns the probability of failure from which on the downstream counts as unhealthy.
    pub fn unhealthy_at(&self) -> f64 {
        self.written.unhealthy_at
    }

    /// Returns the expectations at the end.
    pub fn expectations(&self) -> &[Expectation] {
        &self.written.expectations
    }

    /// Returns the names of the instances, in the order in which everything counts them; at least one.
    pub fn instances(&self) -> &[String] {
        self.names.all()
    }

    /// Returns the place of an instance among [`instances`](Self::instances).
    pub fn place_of(&self, instance: &str) -> Option<usize> {
        self.names.place(instance)
    }

    /// Returns the profile of the load.
    pub fn load(&self) -> &Profile {
        &self.load
    }

    /// Returns the fault plan. For a fleet of up to 256 instances, the plan knows how long each of them waits. For a
    /// larger fleet it names no instance, and the performer tells it the [`waits`](Self::waits).
    pub fn faults(&self) -> &Plan {
        &self.faults
    }

    /// Returns the settings of coordination as they are written.
    pub fn coordination(&self) -> &Coordination {
        &self.written.coordination
    }

    /// Returns the same as checked settings, with the defaults that follow from the breakers.
    pub fn fleet_settings(&self) -> &Arc<Settings> {
        &self.rules
    }

    /// Returns the network between the instances and the engine.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Returns the plan of the engine.
    pub fn engine(&self) -> &EnginePlan {
        &self.engine
    }

    /// Returns when the clocks of instances step: the place of the instance, and its step.
    pub fn clock_steps(&self) -> impl Iterator<Item = (usize, ClockStepped)> {
        let own = self.written.instance.iter();
        let own = own.filter_map(|(name, own)| Some((self.place_of(name)?, own)));
        own.flat_map(|(place, own)| own.clock_step.iter().map(move |step| (place, *step)))
    }

    /// Returns the instances that are taken out of the fleet, by their places, and when.
    pub fn leaves(&self) -> impl Iterator<Item = (usize, Duration)> {
        let own = self.written.instance.iter();
        own.filter_map(|(name, own)| Some((self.place_of(name)?, own.leaves_at?.0)))
    }

    /// Returns the phases of the faults, as parts of the load: each request belongs to the phase that it was planned
    /// in.
    pub fn phases(&self) -> &Phases {
        &self.phases
    }

    /// Returns the settings of one instance's breaker, with defaults for those that are not set.
    pub fn breaker_of(&self, instance: &str) -> BreakerSettings {
        self.written.breaker_of(instance)
    }

    /// Returns the configuration of the breaker of the instance at this place. Each instance has its own jitter, and
    /// another one for each seed.
    ///
    /// # Panics
    ///
    /// If there are not that many instances.
    pub fn config_of(&self, place: usize) -> Config {
        let name = &self.instances()[place];
        let jitter = Draw::new(self.seed()).with("breaker").with(name).bits();
        let settings = self.breaker_of(name);
        settings.config(jitter).expect("a scenario is checked")
    }

    /// Returns how long one instance waits for the downstream.
    pub fn call_timeout_of(&self, instance: &str) -> Span {
        self.written.call_timeout_of(instance)
    }

    /// Returns how long each instance waits for the downstream, in order.
    pub fn waits(&self) -> impl Iterator<Item = (&str, Duration)> {
        let names = self.instances().iter();
        names.map(|name| (name.as_str(), self.call_timeout_of(name).0))
    }

    /// Returns what decides whether a call goes to the downstream.
    pub fn policy(&self) -> &Policy {
        &self.written.policy
    }

    /// Returns the mode of one instance's breaker, which does not judge under a policy without breakers.
    pub fn mode_of(&self, instance: &str) -> Mode {
        if !self.policy().is_breaker() {
            return Mode::Disabled;
        }
        let own = self.written.instance.get(instance);
        own.and_then(|own| own.mode)
            .unwrap_or(self.written.fleet.mode)
    }

    /// Returns when instances do not work, in the order of their places.
    pub fn interruptions(&self) -> impl Iterator<Item = Interruption> {
        let own = self.written.instance.iter();
        let own = own.filter_map(|(name, own)| Some((self.place_of(name)?, own)));
        own.flat_map(|(place, own)| interruption::of_instance(place, own))
    }

    /// Checks that a run of the scenario has this figure.
    ///
    /// # Errors
    ///
    /// The unknown instance or phase, with the known ones.
    pub fn check_figure(&self, figure: &Figure) -> Result<(), String> {
        figure.check(&Known {
            targets: self.instances().iter().map(String::as_str).collect(),
            phases: self.phases.names(),
            fleet: true,
            times_together: Detail::of(self.instances().len()) == Detail::Together,
        })
    }

    /// Returns the same scenario with another seed, for the load, the faults and the breakers.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.written.seed = seed;
        self.written.faults.set_seed(seed);
        self.faults = self.faults.with_seed(seed);
        // Lengths of phases may be drawn. That they are not too many was checked for the least lengths.
        if let Ok(phases) = self.written.phases(&self.faults) {
            self.phases = phases;
        }
        self
    }

    /// Returns the same fleet without breakers: all calls pass, and nothing is judged.
    pub fn without_breakers(mut self) -> Self {
        self.written.policy = Policy::None {};
        self.written.fleet.mode = Mode::Disabled;
        for own in self.written.instance.values_mut() {
            own.mode = None;
        }
        // Whose breaker judges nothing has nothing to tell.
        self.with_mode(fusebox_fleet::Mode::Local)
    }

    fn with_mode(mut self, mode: fusebox_fleet::Mode) -> Self {
        self.written.coordination = Coordination {
            mode: CoordinationMode(mode),
            ..Coordination::default()
        };
        let settings = Settings::builder(mode).build();
        self.rules = Arc::new(settings.expect("the defaults are allowed"));
        self
    }
}

impl From<Scenario> for Written {
    fn from(scenario: Scenario) -> Self {
        scenario.written
    }
}

/// The error names the key, its value and what is allowed.
impl TryFrom<Written> for Scenario {
    type Error = String;

    fn try_from(mut written: Written) -> Result<Self, String> {
        written.check_itself()?;
        written.check_policy()?;
        let names = Names::of(&written.fleet)?;
        written.check_instances(&names)?;
        let load = Profile::try_from(written.load.clone());
        let load = load.map_err(|what| format!("load.{what}"))?;
        let targets: Vec<&str> = names.all().iter().map(String::as_str).collect();
        let fits = load.check_targets(&targets);
        fits.map_err(|what| format!("load.{what}"))?;
        written.check_callers(&names)?;
        written.tell_faults(&names);
        let faults = written.checked_faults(&names)?;
        let phases = written.phases(&faults)?;
        written.check_expectations(targets, &phases)?;
        written.coordination.check_engine()?;
        let rules = written.fleet_settings(&names)?;
        let kind = written.coordination.engine;
        let known = network::Instances {
            all: names.all(),
            place: &|name| names.place(name),
            engine: kind,
        };
        let network = Network::of(&written.network, known, written.duration.0)?;
        let engine = EnginePlan::of(&written.engine, kind, written.duration.0)?;
        Ok(Self {
            written,
            load,
            faults,
            names,
            phases,
            rules,
            network,
            engine,
        })
    }
}

/// The answer of a caller that reads no files.
fn points_only(file: &str) -> Result<Vec<Point>, String> {
    Err(format!(
        "{file} cannot be read here; write the points themselves, like replay:0=10,5=20"
    ))
}

#[cfg(test)]
mod tests;
