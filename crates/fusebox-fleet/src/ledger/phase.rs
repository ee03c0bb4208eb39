//! The time in which the fleet is open: when a probe is possible, who probes, and with what result.

use std::time::Duration;

use super::is_known;
use super::standing::Prober;
use crate::message::{Acquire, AcquireRefused, Lease, ProbeResult, Sender, Settlement};
use crate::mode::ProbeRule;
use crate::name::InstanceId;
use crate::number::Token;
use crate::settings::Settings;

/// The fleet is open.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phase {
    since: Duration,
    next_probe: Duration,
    failed: u32,
    good: u32,
    /// The last prober, which lets others go first until this time.
    steps_back: Option<(InstanceId, Duration)>,
    /// At most one is in force, unless each instance probes.
    leases: Vec<Given>,
}

/// A lease that an instance holds.
#[derive(Clone, Debug, PartialEq)]
struct Given {
    token: Token,
    to: Sender,
    ends: Duration,
}

/// The effect of a settlement.
pub(super) enum Settled {
    /// The lease is not known.
    Unknown,
    /// The fleet stays open.
    Open,
    /// Enough probes succeeded.
    Closed,
}

impl Phase {
    pub(super) fn begin(now: Duration, gap: Duration) -> Self {
        Self {
            since: now,
            next_probe: now.saturating_add(gap),
            failed: 0,
            good: 0,
            steps_back: None,
            leases: Vec::new(),
        }
    }

    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    pub(super) fn next_probe_in(&self, now: Duration) -> Duration {
        self.next_probe.saturating_sub(now)
    }

    /// Whether there has been time for an instance to follow, and none probes.
    pub(super) fn is_deserted(&self, now: Duration, grace: Duration) -> bool {
        self.alive(now).next().is_none() && now >= self.since.saturating_add(grace)
    }

    /// Whether this instance may probe now.
    pub(super) fn check(
        &self,
        now: Duration,
        ask: &Acquire,
        rule: ProbeRule,
        other_suspects: bool,
    ) -> Result<(), AcquireRefused> {
        let leased = rule == ProbeRule::Leased;
        if leased && let Some(given) = self.alive(now).next() {
            return Err(AcquireRefused::Busy {
                remaining: given.ends.saturating_sub(now),
            });
        }
        if now < self.next_probe {
            return Err(AcquireRefused::Early {
                wait: self.next_probe_in(now),
            });
        }
        if leased
            && other_suspects
            && let Some((last, until)) = &self.steps_back
            && *last == ask.from.instance
            && now < *until
        {
            return Err(AcquireRefused::Early {
                wait: until.saturating_sub(now),
            });
        }
        Ok(())
    }

    pub(super) fn grant(&mut self, now: Duration, to: &Sender, lease: Lease, gap: Duration) {
        self.leases.retain(|given| now < given.ends);
        let ends = now.saturating_add(lease.lasts);
        // A prober that is never heard of again may have a broken path, as well as one that failed.
        self.steps_back = Some((to.instance.clone(), ends.saturating_add(gap)));
        self.leases.push(Given {
            token: lease.token,
            to: to.clone(),
            ends,
        });
    }

    /// Whether the sender's lease with this token is in force.
    pub(super) fn holds(&self, now: Duration, sender: &Sender, token: Token) -> bool {
        self.alive(now)
            .any(|given| given.token == token && given.to == *sender)
    }

    pub(super) fn settle(
        &mut self,
        now: Duration,
        settlement: &Settlement,
        rules: &Settings,
        voters: u32,
    ) -> Settled {
        if !is_known(settlement.result) {
            return Settled::Unknown;
        }
        self.leases.retain(|given| given.token != settlement.token);
        if settlement.result == ProbeResult::Succeeded {
            self.good = self.good.saturating_add(1);
            if self.good >= rules.probes_to_close() {
                return Settled::Closed;
            }
            self.next_probe = now;
            self.steps_back = None;
        } else if now >= self.next_probe {
            // Where each instance probes, probes of one round fail together and count once.
            self.good = 0;
            self.failed = self.failed.saturating_add(1);
            let gap = rules.gap(voters, self.failed);
            self.next_probe = now.saturating_add(gap);
            let instance = settlement.from.instance.clone();
            self.steps_back = Some((instance, self.next_probe.saturating_add(gap)));
        }
        Settled::Open
    }

    pub(super) fn drop_leases_of(&mut self, instance: &InstanceId) {
        self.leases.retain(|given| given.to.instance != *instance);
    }

    pub(super) fn prober(&self, now: Duration) -> Option<Prober> {
        self.alive(now).next().map(|given| Prober {
            instance: given.to.instance.clone(),
            remaining: given.ends.saturating_sub(now),
        })
    }

    fn alive(&self, now: Duration) -> impl Iterator<Item = &Given> {
        self.leases.iter().filter(move |given| now < given.ends)
    }
}
