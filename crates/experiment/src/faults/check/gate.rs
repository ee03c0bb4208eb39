//! The check that turns written gates into valid ones.

use std::num::NonZeroU32;

use super::{Checked, below};
use crate::bounds::{check_share, count, one_alone};
use crate::faults::gate::SharedLuck;
use crate::faults::written::WrittenGate;
use crate::faults::{FaultGate, Scope};

impl WrittenGate {
    /// The gate that is written here, of a rule whose keys are cut into so many shards.
    pub(in crate::faults) fn checked(&self, shards: Option<u32>) -> Result<FaultGate, String> {
        one_alone(&self.kinds())?;
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
        check_share("rho", luck.rho)?;
        Ok(gate)
    }

    fn of_kind(&self, luck: SharedLuck) -> Result<FaultGate, String> {
        if let Some(p) = self.bernoulli {
            check_share("bernoulli", p)?;
            return Ok(FaultGate::Bernoulli { p, luck });
        }
        if let Some(n) = self.every_nth {
            return Ok(FaultGate::EveryNth(number("every_nth", n)?));
        }
        if let Some(n) = self.first_n {
            return Ok(FaultGate::FirstN(number("first_n", n)?));
        }
        if let Some(bursts) = &self.gilbert_elliott {
            let process = bursts.checked().map_err(below("gilbert_elliott"))?;
            return Ok(FaultGate::Process { process, luck });
        }
        if let Some(markov) = &self.markov {
            let process = markov.checked().map_err(below("markov.states"))?;
            return Ok(FaultGate::Process { process, luck });
        }
        if self.always == Some(false) {
            return Err("always: false is not allowed: leave it out".into());
        }
        self.check_luck("a gate that hits every call draws nothing at random")?;
        Ok(FaultGate::Always)
    }

    fn check_counting(&self) -> Checked {
        if self.scope.unwrap_or_default() != Scope::Caller {
            return Err(
                "scope: only `caller` is allowed for gates that count each caller's calls".into(),
            );
        }
        if self.rho.is_some() {
            return Err(
                "rho: it is not allowed for gates that count, which draw nothing at random".into(),
            );
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
