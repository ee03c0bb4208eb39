//! The check that turns written processes into valid ones.

use super::{Checked, below, name};
use crate::bounds::{check_share, time, within};
use crate::faults::trajectory::{GateProcess, ProcessState};
use crate::faults::written::{Bursts, Markov};
use crate::law::Law;

/// The longest mean stay.
const MAX_STAY_MS: f64 = 86_400_000.0;
/// The shortest mean stay in a state.
const MIN_STAY_MS: f64 = 1.0;
/// States that a process may have.
const MAX_STATES: usize = 16;

impl Bursts {
    /// The process that is written here.
    pub(in crate::faults) fn checked(&self) -> Result<GateProcess, String> {
        self.check()?;
        let state = |name: &str, mean_ms, p, next: [f64; 2]| ProcessState {
            name: name.to_owned(),
            dwell: Law::Exponential { mean_ms },
            p,
            next: next.into(),
        };
        Ok(GateProcess::of(vec![
            state("good", self.good_mean_ms, self.p_good, [0.0, 1.0]),
            state("bad", self.bad_mean_ms, self.p_bad, [1.0, 0.0]),
        ]))
    }

    fn check(&self) -> Checked {
        let stay = |key, value| time(key, value, MIN_STAY_MS, MAX_STAY_MS);
        stay("good_mean", self.good_mean_ms)?;
        stay("bad_mean", self.bad_mean_ms)?;
        check_share("p_good", self.p_good)?;
        check_share("p_bad", self.p_bad)
    }
}

impl Markov {
    /// The process that is written here.
    pub(in crate::faults) fn checked(&self) -> Result<GateProcess, String> {
        self.check()?;
        let states = self.states.iter().map(|(name, state)| ProcessState {
            name: name.clone(),
            dwell: state.dwell.clone(),
            p: state.p,
            next: self.next_states(name),
        });
        Ok(GateProcess::of(states.collect()))
    }

    /// The weights of the states that follow `name`, in the order of all states.
    fn next_states(&self, name: &str) -> Vec<f64> {
        let given = &self.states[name].next;
        let all = self.states.keys();
        if given.is_empty() {
            let alone = self.states.len() == 1;
            return all.map(|other| f64::from(other != name || alone)).collect();
        }
        all.map(|other| given.get(other).copied().unwrap_or(0.0))
            .collect()
    }

    fn check(&self) -> Checked {
        if !(1..=MAX_STATES).contains(&self.states.len()) {
            let found = self.states.len();
            return Err(format!(
                "{found} are not allowed: there must be from 1 to {MAX_STATES}"
            ));
        }
        for (state, settings) in &self.states {
            let path = below(state);
            name("name", state).map_err(&path)?;
            settings
                .dwell
                .check()
                .map_err(below("dwell"))
                .map_err(&path)?;
            time(
                "dwell's mean",
                settings.dwell.mean(),
                MIN_STAY_MS,
                MAX_STAY_MS,
            )
            .map_err(&path)?;
            check_share("p", settings.p).map_err(&path)?;
            for (next, weight) in &settings.next {
                if !self.states.contains_key(next) {
                    let known: Vec<&str> = self.states.keys().map(String::as_str).collect();
                    let known = known.join(", ");
                    return Err(path(format!(
                        "next: there is no state `{next}`; there are {known}"
                    )));
                }
                within(&format!("next.{next}"), *weight, 0.0, 1e6).map_err(&path)?;
            }
        }
        self.check_reach()
    }

    /// From each state every other one is reached, or the long run depends on how it began.
    fn check_reach(&self) -> Checked {
        for start in self.states.keys() {
            let mut reached = vec![start];
            let mut place = 0;
            while let Some(state) = reached.get(place) {
                let next = &self.states[*state].next;
                let follows: Vec<&String> = if next.is_empty() {
                    self.states.keys().collect()
                } else {
                    let possible = next.iter().filter(|(_, weight)| **weight > 0.0);
                    possible.map(|(name, _)| name).collect()
                };
                for name in follows {
                    if !reached.contains(&name) {
                        reached.push(name);
                    }
                }
                place += 1;
            }
            if let Some(lost) = self.states.keys().find(|name| !reached.contains(name)) {
                return Err(format!(
                    "{start}.next: `{lost}` is never reached from `{start}`: every state must be"
                ));
            }
            let next = &self.states[start].next;
            if !next.is_empty() && next.values().all(|weight| *weight <= 0.0) {
                return Err(format!("{start}.next: one weight must be above zero"));
            }
        }
        Ok(())
    }
}
