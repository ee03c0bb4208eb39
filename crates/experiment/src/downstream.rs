//! The unreliable service as a value: the plan in force and the one before it, a work queue, and a ledger.
//!
//! A [`Downstream`] decides what each call meets and counts it. It has no clock, no timer, no lock and no socket: its
//! host tells it what happens when, and is told what to do next. So the lab, which answers over HTTP, and the
//! simulator, which has events, use the same service. The host has four duties:
//!
//! - each [`Start`] is reported by [`Downstream::work_done`] at its `until`;
//! - a call that nobody waits for any more is reported by [`Downstream::leave`] if it had [`Work`];
//! - a [`Suffering`] is given back by [`Downstream::relieve`] when its call has ended;
//! - a call that still waits at [`Meeting::ends`], or that [`Downstream::lets_go`] releases after a change of the
//!   plan, is answered at once, as by a healthy service.
//!
//! All instants are on the host's clock. It may start at any time but must not go back.
//!
//! | module | what lives there |
//! |---|---|
//! | `plan_in_force`, `plan_changes` | the plan in force, and its changes |
//! | `meeting` | what one call meets, and what keeps it waiting |
//! | `ledger` | who has called, and which faults each caller met |
//! | `repeats` | calls that are sent again, and meet the same fate |
//! | `truth` | the probability that calls fail, and when it changes |

mod ledger;
mod meeting;
mod plan_changes;
mod plan_in_force;
mod repeats;
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use ledger::{CallerId, Counts, Ledger, LedgerDetail};
pub use meeting::{Held, Meeting, Request, Suffering, Work};
pub use plan_changes::{Conflict, Settled};
pub use truth::{Lookout, Sight, TRUTH_STEP, Truths};

use crate::faults::{Ending, Fate, Hit, Moment, Plan};
use crate::overload::{Arrival, Start, WorkId, WorkQueue};
use meeting::OVERLOAD;
use plan_changes::{Before, Changed};
use plan_in_force::InForce;
use repeats::Repeats;

/// The unreliable service.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
/// use std::time::Duration;
/// use experiment::downstream::{Downstream, Request};
/// use experiment::faults::{Ending, Plan};
///
/// let plan = Plan::parse(br#"{"rules": {"first": {"gate": {"first_n": 1}, "effects": [{"reset": {}}]}}}"#)?;
/// let mut downstream = Downstream::new(plan, BTreeMap::new(), Duration::ZERO);
/// let a = downstream.caller("A");
/// let call = Request { caller: a, key: None, path: "/data" };
///
/// assert_eq!(downstream.truth(Duration::ZERO, a), 1.0);
/// assert_eq!(downstream.meet(Duration::ZERO, &call, None).fate.ending, Ending::Reset);
/// assert_eq!(downstream.truth(Duration::ZERO, a), 0.0);
/// assert_eq!(downstream.meet(Duration::ZERO, &call, None).fate.ending, Ending::Success);
/// assert_eq!(downstream.ledger().received_by(a), 2);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Downstream {
    force: InForce,
    /// The plan that is in force again when the present plan's time to live is over.
    before: Option<Before>,
    revision: u64,
    changed: Changed,
    ledger: Ledger,
    repeats: Repeats,
    /// How long each member of the host's own fleet waits.
    waits: BTreeMap<String, Duration>,
    /// The calls that suffer at this moment.
    suffering: u32,
    /// The number of the next piece of work. No two pieces have the same number, whatever plan is in force.
    next_work: u64,
    /// The time wasted by work queues that no longer exist.
    wasted: Duration,
    truth_version: u64,
    /// What happens to a call that finds the queue full.
    overload: Arc<str>,
}

impl Downstream {
    /// Makes a service with `plan` in force from `began`, the first instant on the clock of the host.
    ///
    /// `waits` says how long the callers of the host's own fleet wait for an answer. Every plan that does not say so
    /// itself learns it.
    pub fn new(plan: Plan, waits: BTreeMap<String, Duration>, began: Duration) -> Self {
        let plan = learned(plan, &waits);
        Self {
            force: InForce::new(plan, began),
            before: None,
            revision: 1,
            changed: Changed::default(),
            ledger: Ledger::default(),
            repeats: Repeats::default(),
            waits,
            suffering: 0,
            next_work: 0,
            wasted: Duration::ZERO,
            truth_version: 0,
            overload: OVERLOAD.into(),
        }
    }

    /// Sets how much the ledger keeps; by rule and caller by default.
    #[must_use]
    pub fn keeping(mut self, detail: LedgerDetail) -> Self {
        self.ledger.keep(detail);
        self
    }

    /// Returns the handle of this caller, which is counted separately from now on. It is valid whatever plan is in
    /// force.
    ///
    /// Callers in `waits` are the host's own fleet: this plan and all later ones tell each of them apart at once,
    /// however many there are. So each has a truth of its own, with its own changes, even before it has called. Of
    /// all other callers, a plan tells a few apart.
    ///
    /// There is no limit. A host that lets anybody call under any name asks [`known`](Self::known) first, and uses
    /// [`CallerId::OTHERS`] beyond a limit of its own.
    pub fn caller(&mut self, name: &str) -> CallerId {
        match self.ledger.known(name) {
            Some(known) => known,
            None if self.waits.contains_key(name) => {
                let member = self.ledger.member(name);
                self.force.new_handle(member, &self.ledger);
                member
            }
            None => self.ledger.caller(name),
        }
    }

    /// Returns the handle of this caller, if it already has one.
    pub fn known(&self, name: &str) -> Option<CallerId> {
        self.ledger.known(name)
    }

    /// Returns whether the plan in force names this caller, so that it must have a handle of its own.
    pub fn names(&self, caller: &str) -> bool {
        self.force.player.names(caller)
    }

    /// Returns the counters: who has called, and which faults each caller met.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the plan in force, and its revision: 1 for the first plan, and one more with each change.
    pub fn plan(&self) -> (&Plan, u64) {
        (self.force.player.plan(), self.revision)
    }

    /// Returns the revision of the plan in force.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the time since the plan in force started, which is the clock of its phases.
    pub fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.force.began)
    }

    /// Returns the phase that the plan in force is in.
    pub fn moment(&self, now: Duration) -> Moment<'_> {
        self.force.player.plan().at(self.elapsed(now))
    }

    /// Returns whether the service refuses connections at `now`.
    pub fn refuses(&mut self, now: Duration) -> bool {
        self.settle(now);
        let elapsed = self.elapsed(now);
        self.force.player.refuses(elapsed)
    }

    /// Returns whether the service could ever refuse connections while this plan is in force.
    pub fn can_refuse(&self) -> bool {
        self.force.player.can_refuse()
    }

    /// Returns what the next call meets at `now`, and counts the call.
    ///
    /// A caller that sends a call again because its connection ended gives both attempts the same number as `repeat`:
    /// the second attempt meets what the first one met.
    pub fn meet(&mut self, now: Duration, call: &Request<'_>, repeat: Option<u64>) -> Meeting {
        self.settle(now);
        let elapsed = self.elapsed(now);
        // Filled in where it lies: a fate is large.
        let mut meeting = Meeting {
            fate: Fate::untouched(),
            work: None,
            suffering: None,
            revision: self.revision,
            ends: None,
        };
        self.fate(elapsed, call, repeat, &mut meeting.fate);
        if self.force.is_limited {
            meeting.work = self.arrive(elapsed);
            if meeting.work.is_none() {
                self.turn_away(&mut meeting.fate);
            }
        }
        meeting.suffering = self.suffer(&mut meeting.fate);
        self.ledger.enter(call.caller, &meeting.fate);
        self.truth_version += u64::from(self.force.counts_calls);
        if self.force.is_mortal {
            meeting.ends = self.end_of(&meeting.fate, meeting.work);
        }
        meeting
    }

    /// Touches the memory that the next call of this caller will need, so that it is in the cache then: thousands of
    /// callers do not fit a cache. The return value has no meaning.
    #[inline]
    pub fn look_ahead(&self, caller: CallerId) -> u64 {
        let handle = self.force.known_handle(caller);
        let calls = handle.map_or(0, |handle| self.force.player.look_ahead(handle));
        calls ^ self.ledger.received_by(caller)
    }

    /// Reports that a worker has done this work, at the instant that its [`Start`] named. Returns the next work to
    /// start.
    ///
    /// Work that no longer exists, because it was cancelled or its plan is gone, changes nothing.
    pub fn work_done(&mut self, id: WorkId) -> Option<Start> {
        self.at_work(id, |queue, _| queue.finished(id))
    }

    /// Reports that nobody waits for this work any more. Returns the next work to start, if that made room.
    pub fn leave(&mut self, now: Duration, id: WorkId) -> Option<Start> {
        self.at_work(id, |queue, began| {
            queue.abandon(now.saturating_sub(began), id)
        })
    }

    /// Returns whether this work is being done or waits. Work of a plan that is gone does neither.
    pub fn has_work(&self, id: WorkId) -> bool {
        let mut queues = self.forces().filter_map(|force| force.queue.as_ref());
        queues.any(|queue| queue.has(id))
    }

    /// Reports that the call that suffered has ended.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "whoever gives a place back has it no longer"
    )]
    pub fn relieve(&mut self, suffering: Suffering) {
        let Suffering(()) = suffering;
        self.suffering = self.suffering.saturating_sub(1);
    }

    /// Returns the time that workers have spent on work that nobody waited for, under all plans so far.
    pub fn wasted(&self) -> Duration {
        let queues = self.forces().filter_map(|force| force.queue.as_ref());
        self.wasted + queues.map(WorkQueue::wasted).sum::<Duration>()
    }

    /// What a call meets.
    #[inline]
    fn fate(
        &mut self,
        elapsed: Duration,
        call: &Request<'_>,
        repeat: Option<u64>,
        fate: &mut Fate,
    ) {
        if let Some(id) = repeat {
            *fate = self.fate_known_by(id, elapsed, call);
            return;
        }
        let caller = self.force.handle(call.caller, &self.ledger);
        let player = &mut self.force.player;
        player.decide(elapsed, caller, call.key, call.path, fate);
    }

    /// What a call meets: what it has already met, if it was cut off and comes again.
    fn fate_known_by(&mut self, id: u64, elapsed: Duration, call: &Request<'_>) -> Fate {
        let (caller, revision) = (call.caller, self.revision);
        if let Some(fate) = self.repeats.take(caller, id, revision) {
            return fate;
        }
        let mut fate = Fate::untouched();
        self.fate(elapsed, call, None, &mut fate);
        self.repeats.note(caller, id, revision, &fate);
        fate
    }

    /// When the plan by itself lets go of a call that meets this.
    #[cold]
    fn end_of(&self, fate: &Fate, work: Option<Work>) -> Option<Duration> {
        let end = self.force.player.end_of(&meeting::parts(fate, work));
        end.map(|end| self.force.began.saturating_add(end))
    }

    /// The work of a call that comes, unless there is no room for it.
    fn arrive(&mut self, elapsed: Duration) -> Option<Work> {
        let factor = self.force.player.plan().at(elapsed).service_factor();
        let began = self.force.began;
        let id = WorkId(self.next_work);
        self.next_work += 1;
        let queue = self.force.queue()?;
        queue.set_service_factor(factor);
        let work = match queue.arrive(elapsed, id) {
            Arrival::Started { until } => {
                let until = began.saturating_add(until);
                Work::Started(Start { id, until })
            }
            Arrival::Queued => Work::Queued(id),
            Arrival::Full => return None,
        };
        self.truth_version += 1;
        Some(work)
    }

    /// Changes the fate of a call that finds the queue full.
    #[cold]
    fn turn_away(&self, fate: &mut Fate) {
        fate.delay = Duration::ZERO;
        fate.healthy = Duration::ZERO;
        fate.ending = Ending::Status {
            code: 503,
            retry_after_s: None,
            body: None,
            headers: Vec::new(),
        };
        fate.slow_body = None;
        fate.hits.clear();
        fate.hits.push(Hit {
            rule: Arc::clone(&self.overload),
            effect: "full",
        });
        fate.spared_by.clear();
        fate.endangered = true;
    }

    /// Gives the call a place among those that suffer, if it does; spares it if there is no place.
    #[inline]
    fn suffer(&mut self, fate: &mut Fate) -> Option<Suffering> {
        let suffers =
            !fate.hits.is_empty() && (fate.delay > fate.healthy || fate.slow_body.is_some());
        if suffers { self.take_place(fate) } else { None }
    }

    fn take_place(&mut self, fate: &mut Fate) -> Option<Suffering> {
        let limits = self.force.player.plan().limits();
        if self.suffering < limits.max_active_faults {
            self.suffering += 1;
            return Some(Suffering(()));
        }
        fate.delay = fate.healthy;
        fate.slow_body = None;
        fate.ending = Ending::Success;
        let hits = std::mem::take(&mut fate.hits);
        fate.spared_by.extend(hits.into_iter().map(|hit| hit.rule));
        None
    }
}

/// The plan with how long callers wait, as far as it does not say so itself.
fn learned(mut plan: Plan, waits: &BTreeMap<String, Duration>) -> Plan {
    plan.learn_patience(each(waits));
    plan
}

fn each(waits: &BTreeMap<String, Duration>) -> impl Iterator<Item = (&str, Duration)> {
    waits.iter().map(|(caller, wait)| (caller.as_str(), *wait))
}

#[cfg(test)]
mod tests;
