//! From gates as they are written to gates that can decide.

use std::num::NonZeroU32;

use super::{Checked, below, count, name};
use crate::faults::gate::SharedLuck;
use crate::faults::trajectory::GateProcess;
use crate::faults::written::{Bursts, Markov, WrittenGate};
use crate::faults::{Gate, Scope};
use crate::law::within;

/// The longest mean stay.
const MAX_STAY_MS: f64 = 86_400_000.0;
/// The shortest mean stay in a state.
const MIN_STAY_MS: f64 = 1.0;
/// States that a process may have.
const MAX_STATES: usize = 16;

impl WrittenGate {
    /// The gate that is written here, of a rule whose keys are cut into so many shards.
    pub(in crate::faults) fn checked(&self, shards: Option<u32>) -> Result<Gate, String> {
        if self.kinds() > 1 {
            return Err(
                "exactly one of always, bernoulli, every_nth, first_n, gilbert_elliott and markov \
                 may be given"
                    .into(),
            );
        }
        let luck = SharedLuck {
            scope: self.scope.unwrap_or_default(),
            rho: self.rho.unwrap_or(0.0),
        };
        let gate = self.of_kind(luck)?;
        if self.scope == Some(Scope::Shard) && shards.is_none() {
            return Err("scope: `shard` is not allowed without match.shards".into());
        }
        if gate.counts() {
            self.check_counting()?;
        }
        within("rho", luck.rho, 0.0, 1.0)?;
        Ok(gate)
    }

    fn of_kind(&self, luck: SharedLuck) -> Result<Gate, String> {
        if let Some(p) = self.bernoulli {
            within("bernoulli", p, 0.0, 1.0)?;
            return Ok(Gate::Bernoulli { p, luck });
        }
        if let Some(n) = self.every_nth {
            return Ok(Gate::EveryNth(number("every_nth", n)?));
        }
        if let Some(n) = self.first_n {
            return Ok(Gate::FirstN(number("first_n", n)?));
        }
        if let Some(bursts) = &self.gilbert_elliott {
            bursts.check().map_err(below("gilbert_elliott"))?;
            let process = GateProcess::bursts(bursts);
            return Ok(Gate::Process { process, luck });
        }
        if let Some(markov) = &self.markov {
            markov.check().map_err(below("markov.states"))?;
            let process = GateProcess::markov(markov);
            return Ok(Gate::Process { process, luck });
        }
        if self.always == Some(false) {
            return Err("always: false is not allowed: leave it out".into());
        }
        self.check_luck("a gate that hits every call: no luck is drawn")?;
        Ok(Gate::Always)
    }

    fn check_counting(&self) -> Checked {
        if self.scope.unwrap_or_default() != Scope::Caller {
            return Err(
                "scope: only `caller` is allowed for gates that count each caller's calls".into(),
            );
        }
        if self.rho.is_some() {
            return Err("rho: it is not allowed for gates that count: no luck is drawn".into());
        }
        Ok(())
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

/// A number of calls.
fn number(key: &str, n: u64) -> Result<NonZeroU32, String> {
    count(key, n, 1, u64::from(u32::MAX))?;
    let narrow = u32::try_from(n).ok().and_then(NonZeroU32::new);
    narrow.ok_or_else(|| format!("{key}: {n} is not allowed"))
}

impl Bursts {
    fn check(&self) -> Checked {
        let stay = |key, value| within(key, value, MIN_STAY_MS, MAX_STAY_MS);
        stay("good_mean_ms", self.good_mean_ms)?;
        stay("bad_mean_ms", self.bad_mean_ms)?;
        within("p_good", self.p_good, 0.0, 1.0)?;
        within("p_bad", self.p_bad, 0.0, 1.0)
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
