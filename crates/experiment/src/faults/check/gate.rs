//! Checks of gates: each must be one that can decide.

use super::{Checked, below, count, name};
use crate::faults::gate::{Kind, Markov};
use crate::faults::{Gate, Scope};
use crate::law::within;

/// The longest mean stay.
const MAX_STAY_MS: f64 = 86_400_000.0;
/// The shortest mean stay in a state.
const MIN_STAY_MS: f64 = 1.0;
/// States that a process may have.
const MAX_STATES: usize = 16;
impl Gate {
    pub(super) fn check(&self, shards: Option<u32>) -> Checked {
        let kinds = self.kinds();
        if kinds.len() > 1 {
            return Err(
                "exactly one of always, bernoulli, every_nth, first_n, gilbert_elliott and markov \
                 may be given"
                    .into(),
            );
        }
        match kinds.first() {
            Some(Kind::Always) if self.always != Some(true) => {
                return Err("always: false is not allowed: leave it out".into());
            }
            None | Some(Kind::Always) => {
                self.check_luck("a gate that hits every call: no luck is drawn")?;
            }
            Some(Kind::Bernoulli(p)) => within("bernoulli", *p, 0.0, 1.0)?,
            Some(Kind::EveryNth(n)) => count("every_nth", *n, 1, u64::from(u32::MAX))?,
            Some(Kind::FirstN(n)) => count("first_n", *n, 1, u64::from(u32::MAX))?,
            Some(Kind::Bursts(bursts)) => {
                let path = "gilbert_elliott";
                for (key, value, least, most) in [
                    (
                        "good_mean_ms",
                        bursts.good_mean_ms,
                        MIN_STAY_MS,
                        MAX_STAY_MS,
                    ),
                    ("bad_mean_ms", bursts.bad_mean_ms, MIN_STAY_MS, MAX_STAY_MS),
                    ("p_good", bursts.p_good, 0.0, 1.0),
                    ("p_bad", bursts.p_bad, 0.0, 1.0),
                ] {
                    within(key, value, least, most).map_err(below(path))?;
                }
            }
            Some(Kind::Markov(markov)) => markov.check().map_err(below("markov.states"))?,
        }
        if self.scope == Some(Scope::Shard) && shards.is_none() {
            return Err("scope: `shard` is not allowed without match.shards".into());
        }
        if self.counts() {
            if self.scope() != Scope::Caller {
                return Err(
                    "scope: only `caller` is allowed for gates that count each caller's calls"
                        .into(),
                );
            }
            if self.rho.is_some() {
                return Err("rho: it is not allowed for gates that count: no luck is drawn".into());
            }
        }
        within("rho", self.rho(), 0.0, 1.0)
    }

    /// What says whose luck it is has nothing to say where there is none.
    fn check_luck(&self, of: &str) -> Checked {
        let given = [("scope", self.scope.is_some()), ("rho", self.rho.is_some())];
        match given.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(format!("{key}: it is not allowed for {of}; leave it out")),
            None => Ok(()),
        }
    }
}

impl Markov {
    fn check(&self) -> Checked {
        if !(1..=MAX_STATES).contains(&self.states.len()) {
            let found = self.states.len();
            return Err(format!("{found} are not allowed: from 1 to {MAX_STATES}"));
        }
        for (state, settings) in &self.states {
            let path = below(state);
            name("name", state).map_err(&path)?;
            settings
                .dwell
                .check()
                .map_err(below("dwell"))
                .map_err(&path)?;
            within(
                "dwell's mean",
                settings.dwell.mean(),
                MIN_STAY_MS,
                MAX_STAY_MS,
            )
            .map_err(&path)?;
            within("p", settings.p, 0.0, 1.0).map_err(&path)?;
            for (next, weight) in &settings.next {
                if !self.states.contains_key(next) {
                    let known: Vec<&str> = self.states.keys().map(String::as_str).collect();
                    let known = known.join(", ");
                    return Err(path(format!("next: no state `{next}`; there are: {known}")));
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
