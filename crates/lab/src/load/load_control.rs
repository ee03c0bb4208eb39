//! The control of a running load: another rate, a pause, or another plan, from the moment of the request.
//!
//! A pause holds the plan, which then continues where it stood. A new rate ends a shape: the load is constant at that
//! rate from then on. In a closed loop the answers set the pace, so only a pause is possible.

use std::sync::Arc;

use experiment::load::{Profile, Shape, WrittenProfile, closed_loop};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::journal::Journal;

/// Changes a load, and reports its present demand. Clones control the same load.
#[derive(Clone, Debug)]
pub(crate) struct LoadControl {
    sender: Arc<watch::Sender<Demand>>,
    /// Each change of the demand.
    journal: Arc<Journal<LoadView>>,
    /// A receiver that has seen the demand at the start, and nothing since.
    start: watch::Receiver<Demand>,
}

/// The demand on a load.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    pub(crate) profile: Profile,
    /// The plan that the arrivals follow.
    pub(super) seed: u64,
    /// A counter of plans; each begins when it is requested.
    pub(super) plan: u64,
    pub(crate) paused: bool,
}

/// A change as an operator writes it, `{"rate": 200}` or `{"paused": true}`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LoadChange {
    #[serde(deserialize_with = "experiment::values::optional_rate")]
    rate: Option<f64>,
    paused: Option<bool>,
}

/// The demand on a load, in the form for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct LoadView {
    /// Requests per second, over all targets; if the load has a shape, the rate that the shape takes as its usual
    /// one.
    pub(crate) rate: f64,
    pub(crate) paused: bool,
    shape: String,
    process: String,
    /// The clients of a closed loop, in which there is no rate.
    connections: Option<u32>,
}

impl LoadView {
    /// The same load, paused or not.
    pub(crate) fn with_pause(&self, paused: bool) -> Self {
        Self {
            paused,
            ..self.clone()
        }
    }
}

impl LoadControl {
    /// The control of a load that begins by this profile.
    pub(crate) fn new(profile: &Profile, seed: u64) -> Self {
        let (sender, start) = watch::channel(Demand {
            profile: profile.clone(),
            seed,
            plan: 0,
            paused: false,
        });
        Self {
            sender: Arc::new(sender),
            journal: Arc::default(),
            start,
        }
    }

    /// The present demand.
    pub(crate) fn demand(&self) -> Demand {
        self.sender.borrow().clone()
    }

    /// The same in the form for people.
    pub(crate) fn view(&self) -> LoadView {
        self.sender.borrow().view()
    }

    /// The changes of the demand, for whoever shows the load.
    pub(crate) fn journal(&self) -> &Journal<LoadView> {
        &self.journal
    }

    /// Requests the stated changes: all of them, or none.
    ///
    /// # Errors
    ///
    /// What is wrong, and what is allowed.
    pub(crate) fn change(&self, change: LoadChange) -> Result<(), String> {
        if change.rate.is_none() && change.paused.is_none() {
            return Err("nothing is set: write {\"rate\": 200} or {\"paused\": true}".to_owned());
        }
        // Checked and changed under one lock: of two changes the later one finds what the earlier one has left.
        let mut refused = None;
        self.sender.send_if_modified(|demand| {
            let before = demand.view();
            match with_rate(&demand.profile, change.rate) {
                Ok(None) => {}
                Ok(Some(profile)) => demand.follow(profile, demand.seed),
                Err(why) => {
                    refused = Some(why);
                    return false;
                }
            }
            demand.paused = change.paused.unwrap_or(demand.paused);
            self.note(&before, demand);
            true
        });
        refused.map_or(Ok(()), Err)
    }

    /// Requests another plan, which begins now.
    pub(crate) fn play(&self, profile: Profile, seed: u64) {
        self.sender.send_modify(|demand| {
            let before = demand.view();
            demand.follow(profile, seed);
            demand.paused = false;
            self.note(&before, demand);
        });
    }

    /// Called while no other change can be made, so that they are noted in their order.
    fn note(&self, before: &LoadView, now: &Demand) {
        let now = now.view();
        if *before != now {
            self.journal.note(Instant::now(), now);
        }
    }

    /// Returns a receiver of each change since the start.
    pub(super) fn changes(&self) -> watch::Receiver<Demand> {
        self.start.clone()
    }
}

impl Demand {
    /// The same for people.
    fn view(&self) -> LoadView {
        LoadView {
            rate: self.profile.rate,
            paused: self.paused,
            shape: self.profile.shape.to_string(),
            process: self.profile.process.to_string(),
            connections: self.profile.connections,
        }
    }

    fn follow(&mut self, profile: Profile, seed: u64) {
        self.profile = profile;
        self.plan += 1;
        // Each plan of a run has arrivals of its own.
        self.seed = seed.wrapping_add(self.plan);
    }
}

/// The profile at a new constant rate, if that is another one.
fn with_rate(profile: &Profile, rate: Option<f64>) -> Result<Option<Profile>, String> {
    let Some(rate) = rate else {
        return Ok(None);
    };
    if let Some(connections) = profile.connections {
        return Err(closed_loop(connections, "rate"));
    }
    let mut written = WrittenProfile::from(profile.clone());
    written.rate = rate;
    written.shape = Shape::Constant {};
    let changed = Profile::try_from(written)?;
    Ok((changed != *profile).then_some(changed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(profile: &str) -> LoadControl {
        LoadControl::new(&experiment::reading::parse_toml(profile).unwrap(), 7)
    }

    fn change(text: &str) -> Result<LoadChange, String> {
        experiment::reading::parse_json(text.as_bytes())
    }

    #[test]
    fn a_rate_ends_the_shape_and_begins_a_plan_and_a_pause_leaves_both() {
        let load = control("rate = 50\nshape = \"ramp:from=10,to=200,over=30s\"");

        load.change(change(r#"{"paused": true}"#).unwrap()).unwrap();
        let paused = load.demand();
        load.change(change(r#"{"rate": "200/s"}"#).unwrap())
            .unwrap();
        let faster = load.demand();
        load.change(change(r#"{"rate": 200, "paused": false}"#).unwrap())
            .unwrap();

        assert_eq!((paused.paused, paused.plan), (true, 0));
        assert_eq!((faster.paused, faster.plan), (true, 1));
        assert_ne!(faster.seed, paused.seed);
        let view = load.view();
        assert_eq!(
            (view.rate, view.paused, &*view.shape),
            (200.0, false, "constant")
        );
        assert_eq!(load.demand().plan, 1, "the same rate is no new plan");
    }

    #[test]
    fn what_a_load_cannot_do_is_refused_and_changes_nothing() {
        for (profile, text, why) in [
            ("rate = 50", "{}", "nothing is set"),
            (
                "rate = 50",
                r#"{"rate": 0, "paused": true}"#,
                "rate = 0 is not allowed: it must be from 0.001 to 100000 per second",
            ),
            (
                "rate = 50",
                r#"{"rate": 100001}"#,
                "rate = 100001 is not allowed",
            ),
            (
                "connections = 4",
                r#"{"rate": 50}"#,
                "in a closed loop the answers set the pace",
            ),
        ] {
            let load = control(profile);
            let before = load.view();

            let said = load.change(change(text).unwrap()).unwrap_err();

            assert!(said.contains(why), "{text}: {said}");
            assert_eq!(load.view(), before);
        }
        for (text, why) in [
            (r#"{"rat": 5}"#, "did you mean `rate`?"),
            (r#"{"rate": "fast"}"#, "rate"),
            (r#"{"paused": 1}"#, "paused"),
        ] {
            let said = change(text).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
