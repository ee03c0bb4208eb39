//! The playing of a scenario on the running lab: its breakers, its load and its faults, from now on.
//!
//! All breakers begin anew with the settings of the scenario and decide as it says, alone or together, and the clocks of
//! its load, of its plan and of its engine begin at the order. Nothing is judged, and nothing is undone at its end: its
//! last phase goes on. Settings that cannot be changed while the lab runs must already be as the scenario requires.

use std::sync::LazyLock;

use experiment::load::{Profile, WrittenProfile};
use experiment::reading::{listed, nearest};
use experiment::scenario::Scenario;
use experiment::values::Span;
use serde::Serialize;

use super::{Operation, Refused, Why};
use crate::coordination::Unchanged;
use crate::instance::Tuning;
use crate::settings::{Coordinating, Staging};
use crate::shipped::{SHIPPED, only_in_virtual_time};

/// A scenario as people choose one.
#[derive(Debug, Serialize)]
pub(crate) struct Playable {
    name: &'static str,
    /// Its title.
    title: &'static str,
    /// Whether the running lab can play it, and why it cannot.
    #[serde(rename = "playable")]
    can_be_played: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// The shipped scenarios with their names, read once.
static SCENARIOS: LazyLock<Vec<(&str, Scenario)>> = LazyLock::new(|| {
    let shipped = SHIPPED.iter();
    let read = shipped.filter_map(|(name, text)| Some((*name, Scenario::parse(text).ok()?)));
    read.collect()
});

impl Operation {
    /// All shipped scenarios, each with whether it can be played now.
    pub(crate) fn scenarios(&self) -> Vec<Playable> {
        let all = SCENARIOS.iter().map(|(name, scenario)| {
            let why = self.check(scenario).err();
            Playable {
                name,
                title: scenario.title(),
                can_be_played: why.is_none(),
                why,
            }
        });
        all.collect()
    }

    /// Plays a shipped scenario from now on. `before` is called once it is certain that it will be played; what it
    /// returns is held until the scenario has begun.
    ///
    /// # Errors
    ///
    /// If there is none of this name, or the running lab cannot play it.
    ///
    /// # Cancel safety
    ///
    /// A scenario that has begun is played all the same.
    pub(crate) async fn play<H>(
        &self,
        name: &str,
        before: impl FnOnce() -> H + Send + 'static,
    ) -> Result<(), Refused> {
        let found = SCENARIOS.iter().find(|(known, _)| *known == name);
        let Some((_, scenario)) = found else {
            let known = SCENARIOS.iter().map(|(known, _)| *known);
            let hint = match nearest(name, known) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "GET /api/scenarios lists all scenarios".to_owned(),
            };
            let message = format!("there is no scenario `{name}`; {hint}");
            return Err(Refused::new(Why::Unknown, "no_such_scenario", message));
        };
        let refused = |why: String| {
            let message = format!(
                "the running lab cannot play {name}: {why}; `breaker-lab run {name}` starts a lab for it, \
                 if it can run live"
            );
            Refused::new(Why::Conflict, "not_playable", message)
        };
        self.check(scenario).map_err(refused)?;
        let it = self.clone();
        let meanwhile = move || {
            let _held = before();
            it.begin(scenario)
        };
        let settings = |now| coordination_of(scenario, now);
        let begun = self.coordinator.begin_anew(settings, meanwhile).await;
        begun.map_err(|why| match why {
            Unchanged::Conflict(why) => refused(why),
            why => why.into(),
        })
    }

    /// Puts the settings of the scenario in force from now on.
    fn begin(&self, scenario: &Scenario) -> Result<(), String> {
        let names = scenario.instances();
        let settings = names.iter().map(|name| scenario.breaker_of(name));
        Tuning::set_all(&self.tunings(), &settings.collect::<Vec<_>>())?;
        for (name, instance) in self.crew.instances() {
            instance.set_out(scenario.mode_of(name));
        }
        let replaced = self.running.replace(scenario.faults().clone(), None);
        replaced.map_err(|_| "its fault plan was refused".to_owned())?;
        self.load.play(scenario.load().clone(), scenario.seed());
        Ok(())
    }

    /// Whether everything that cannot be changed is already as the scenario requires.
    fn check(&self, scenario: &Scenario) -> Result<(), String> {
        self.check_fleet(scenario)?;
        if let Some(key) = only_in_virtual_time(scenario) {
            return Err(format!("{key} works only in virtual time"));
        }
        if scenario.interruptions().next().is_some() {
            return Err(
                "its instances pause or restart, which works only in virtual time".to_owned(),
            );
        }
        let has_faults = !scenario.network().only_delays() || !scenario.engine().faults.is_empty();
        if scenario.coordination().engine.is_gossip() && has_faults {
            return Err(
                "it has faults of the network among instances that gossip, which work only in virtual time"
                    .to_owned(),
            );
        }
        check_threshold(self.fixed.unhealthy_at, scenario.unhealthy_at())?;
        let settings = coordination_of(scenario, self.coordinator.settings());
        self.coordinator.check_ports(&settings)?;
        self.running.check(scenario.faults())?;
        check_load(&self.load.demand().profile, scenario.load())
    }

    fn check_fleet(&self, scenario: &Scenario) -> Result<(), String> {
        let names: Vec<&str> = self.crew.instances().map(|(name, _)| name).collect();
        if scenario.instances() != names {
            return Err(if scenario.instances().len() == names.len() {
                format!(
                    "its instances are {}, and this lab has {}",
                    listed(scenario.instances()),
                    listed(&names)
                )
            } else {
                format!(
                    "it has {} instances, and this lab has {}",
                    scenario.instances().len(),
                    names.len()
                )
            });
        }
        for (name, wait) in scenario.waits() {
            let here = self.fixed.waits.get(name).copied().unwrap_or_default();
            if wait != here {
                return Err(format!(
                    "its call_timeout of {name} is {}, and this lab's is {}, which is fixed while the lab runs",
                    Span(wait),
                    Span(here)
                ));
            }
        }
        Ok(())
    }
}

/// Whether an opening is judged as the scenario wants it.
#[expect(
    clippy::float_cmp,
    reason = "a share that was written is the same to the bit"
)]
fn check_threshold(here: f64, then: f64) -> Result<(), String> {
    if here == then {
        return Ok(());
    }
    Err(format!(
        "its unhealthy_at is {then}, and this lab's is {here}, which is fixed while the lab runs"
    ))
}

/// How the instances of a scenario decide, after these settings. Where that is alone, the engine is there for the next mode.
fn coordination_of(scenario: &Scenario, now: Coordinating) -> Coordinating {
    let asked = scenario.coordination();
    let (engine, staging) = if asked.mode.is_local() {
        (now.coordination.engine, Staging::Standing)
    } else {
        (asked.engine.into(), Staging::of(scenario))
    };
    Coordinating {
        gossip_seeds: now.gossip_seeds,
        ready_unless_localised: now.ready_unless_localised,
        staging,
        ..Coordinating::of(scenario, engine)
    }
}

/// Whether a load can change to another one: its clients stay, with their timeouts, connections and retries.
fn check_load(now: &Profile, then: &Profile) -> Result<(), String> {
    if now.connections.is_some() || then.connections.is_some() {
        return Err("its load is a closed loop, which must start with the run".to_owned());
    }
    // What is left the same is taken from the load that runs; whatever differs then is fixed.
    let as_now = WrittenProfile::from(now.clone());
    let fixed: [(&str, bool); 5] = [
        ("timeout", as_now.timeout == then.timeout),
        ("retries", as_now.retries == then.retries),
        (
            "max_connections",
            as_now.max_connections == then.max_connections,
        ),
        ("queue", as_now.queue == then.queue),
        ("path", as_now.path == then.path),
    ];
    match fixed.iter().find(|(_, is_same)| !is_same) {
        Some((key, _)) => Err(format!(
            "its load has another {key}, which is fixed while the lab runs"
        )),
        None => Ok(()),
    }
}
