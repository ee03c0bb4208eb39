//! The overload model: a service that gets more work than it can do.
//!
//! It has a number of workers, a law of how long one piece of work takes, and a queue with a limit. The consequences
//! (a brown-out, a collapsed queue, a collapse that outlasts its cause) are not written down anywhere: they happen.
//! The model has no clock and no timer: its driver tells the [`WorkQueue`] what happens when, and is told what to do
//! next, so the lab and the simulator use the same model.

mod work_queue;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use work_queue::{Arrival, Start, WorkId, WorkQueue};

use crate::bounds::{check_share, count, millis, within};
use crate::law::{Law, normal_quantile};
use crate::reading::parse_json;

/// Workers that there may be.
const MAX_WORKERS: u32 = 10_000;
/// Places that a queue may have.
const MAX_QUEUE: u32 = 100_000;
/// How much slower work may become.
pub(crate) const MAX_FACTOR: f64 = 1000.0;
/// The longest time of a trigger or of getting warm: a day.
const MAX_MS: u64 = 86_400_000;

/// A service with limited capacity.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::overload::{Arrival, Overload, WorkId, WorkQueue};
///
/// let settings = Overload::parse(
///     br#"{"workers": 1, "service": {"fixed": {"ms": 20}}, "queue": {"limit": 1}}"#,
/// ).unwrap();
/// let mut queue = WorkQueue::new(settings, 1);
/// let at = Duration::from_millis;
///
/// assert_eq!(queue.arrive(at(0), WorkId(1)), Arrival::Started { until: at(20) });
/// assert_eq!(queue.arrive(at(5), WorkId(2)), Arrival::Queued);
/// assert_eq!(queue.arrive(at(6), WorkId(3)), Arrival::Full);
/// let next = queue.finished(WorkId(1)).unwrap();
/// assert_eq!((next.id, next.until), (WorkId(2), at(40)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Overload {
    workers: u32,
    service: Law,
    queue: Queue,
    abandoned_work: AbandonedWork,
    trigger: Option<Trigger>,
    warmth: Option<Warmth>,
}

/// A service with limited capacity.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename = "Overload", deny_unknown_fields)]
pub struct WrittenOverload {
    /// How many pieces of work are done at once.
    workers: u32,
    /// How long one takes.
    service: Law,
    /// Where work waits.
    #[serde(default)]
    queue: Queue,
    /// What becomes of work that nobody waits for any more.
    #[serde(default)]
    abandoned_work: AbandonedWork,
    /// A time in which all work takes longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
    /// A cache that makes work short while it is warm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warmth: Option<Warmth>,
}

/// Where work waits for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// So many wait at most; whoever comes then is answered 503.
    pub limit: u32,
    /// Who is next.
    pub discipline: Discipline,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            limit: 100,
            discipline: Discipline::Fifo,
        }
    }
}

/// Who is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// Who came first.
    #[default]
    Fifo,
    /// Who came last.
    Lifo,
    /// Anyone.
    Random,
}

/// What becomes of work that nobody waits for any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbandonedWork {
    /// It is done all the same, as most servers do: they do not notice.
    #[default]
    Continues,
    /// It leaves the queue, or its worker, at once.
    Cancelled,
}

/// A time in which all work takes longer.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// When it begins, on the plan's clock.
    pub at_ms: u64,
    /// How long it lasts.
    pub for_ms: u64,
    /// How much longer work takes.
    pub service_factor: f64,
}

/// A cache: while it is warm, most work is short.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warmth {
    /// The share of work that a warm cache makes short.
    #[serde(deserialize_with = "crate::values::share")]
    pub hit_ratio: f64,
    /// How much longer the other work takes.
    pub miss_factor: f64,
    /// After this time a cold cache has got 63 % of its warmth back.
    pub rewarm_tau_ms: u64,
    /// When the cache becomes cold.
    #[serde(default)]
    pub flush_on: Flush,
}

/// When a cache becomes cold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flush {
    /// Never.
    #[default]
    Never,
    /// It is cold when the plan starts.
    Restart,
    /// When the trigger begins.
    Trigger,
}

/// How full a service is: its workers at work, and the length of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Workers at work.
    pub busy: u32,
    /// Pieces of work that wait for a worker.
    pub waiting: u32,
}

impl Overload {
    /// Reads the settings of a service from JSON.
    ///
    /// # Errors
    ///
    /// What is wrong, in one line.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        parse_json::<WrittenOverload>(bytes)?.try_into()
    }

    /// When the last trigger is over, on the plan's clock.
    pub(crate) fn quiet_after(&self) -> Duration {
        let end = self
            .trigger
            .map_or(0, |trigger| trigger.at_ms + trigger.for_ms);
        Duration::from_millis(end)
    }

    /// How much longer work takes at `now` because of the trigger.
    fn trigger_factor(&self, now: Duration) -> f64 {
        let during = |trigger: &&Trigger| {
            let since = now.checked_sub(Duration::from_millis(trigger.at_ms));
            since.is_some_and(|since| since < Duration::from_millis(trigger.for_ms))
        };
        let trigger = self.trigger.as_ref().filter(during);
        trigger.map_or(1.0, |trigger| trigger.service_factor)
    }

    /// When the cache becomes cold.
    fn flushed(&self) -> Option<Duration> {
        match self.warmth.as_ref()?.flush_on {
            Flush::Never => None,
            Flush::Restart => Some(Duration::ZERO),
            Flush::Trigger => self.trigger.map(|it| Duration::from_millis(it.at_ms)),
        }
    }

    /// When the cache is as warm as it gets: nothing is missing that a float could hold.
    fn warmed(&self) -> Option<Duration> {
        let warmth = self.warmth.as_ref()?;
        let tau = Duration::from_millis(warmth.rewarm_tau_ms);
        Some(self.flushed()?.saturating_add(40 * tau))
    }

    /// Whether the cache gets warm at `now`, so that work becomes shorter all the time.
    pub(crate) fn is_warming(&self, now: Duration) -> bool {
        let cold = self.flushed().is_some_and(|flushed| flushed <= now);
        cold && self.warmed().is_some_and(|warmed| now < warmed)
    }

    /// The instants at which the trigger or the cache changes something at once.
    pub(crate) fn turns(&self) -> impl Iterator<Item = Duration> {
        let trigger = self.trigger.map(|trigger| {
            let at = Duration::from_millis(trigger.at_ms);
            [at, at + Duration::from_millis(trigger.for_ms)]
        });
        let trigger = trigger.into_iter().flatten();
        trigger.chain(self.flushed()).chain(self.warmed())
    }

    /// The share of work that the cache makes short at `now`.
    fn hit_ratio(&self, now: Duration) -> f64 {
        let Some(warmth) = &self.warmth else {
            return 1.0;
        };
        let flushed = self.flushed();
        let since = flushed.and_then(|flushed| now.checked_sub(flushed));
        let warm = since.map_or(1.0, |since| {
            let tau = Duration::from_millis(warmth.rewarm_tau_ms).as_secs_f64();
            1.0 - libm::exp(-since.as_secs_f64() / tau)
        });
        warmth.hit_ratio * warm
    }

    /// How long a piece of work takes that starts at `now`, in milliseconds.
    fn work(&self, now: Duration, factor: f64, share: f64, luck: f64) -> f64 {
        self.slowed(now, factor, self.service.sample(share), luck)
    }

    /// How long a piece of work takes that takes `usual` milliseconds where nothing slows it.
    fn slowed(&self, now: Duration, factor: f64, usual: f64, luck: f64) -> f64 {
        let missed = match &self.warmth {
            Some(warmth) if luck >= self.hit_ratio(now) => warmth.miss_factor,
            _ => 1.0,
        };
        usual * missed * self.trigger_factor(now) * factor
    }

    /// Equally likely times, in milliseconds, until a call that comes at `now` is done; `None` when
    /// there is no room for it.
    ///
    /// Who finds all workers busy waits for as many pieces of work to end as are before it: a sum of
    /// nearly exponential times, whose quantiles Wilson and Hilferty (1931) approximate.
    pub(crate) fn answers(
        &self,
        now: Duration,
        factor: f64,
        occupancy: Occupancy,
    ) -> Option<Vec<f64>> {
        const STEPS: u32 = 16;
        let share = |step: u32| (f64::from(step) + 0.5) / f64::from(STEPS);
        let full = occupancy.busy >= self.workers;
        if full && occupancy.waiting >= self.queue.limit {
            return None;
        }
        let hits = self.hit_ratio(now);
        let missed = self.warmth.map_or(1.0, |warmth| warmth.miss_factor);
        let slower = self.trigger_factor(now) * factor;
        let mean = self.service.mean() * (hits + (1.0 - hits) * missed) * slower;
        let step_ms = mean / f64::from(self.workers);
        let mut times = Vec::with_capacity((STEPS * STEPS) as usize);
        let usual: Vec<f64> = (0..STEPS)
            .map(|work| self.service.sample(share(work)))
            .collect();
        for wait in 0..STEPS {
            let before = match self.queue.discipline {
                _ if !full => 0.0,
                Discipline::Fifo => f64::from(occupancy.waiting + 1),
                Discipline::Lifo => 1.0,
                Discipline::Random => {
                    1.0 + f64::from(occupancy.waiting) * share((wait * 7) % STEPS)
                }
            };
            let waited = step_ms * gamma_quantile(before, share(wait));
            for (work, usual) in (0..STEPS).zip(&usual) {
                let luck = share((work * 5 + wait * 3) % STEPS);
                times.push(waited + self.slowed(now, factor, *usual, luck));
            }
        }
        Some(times)
    }
}

impl WrittenOverload {
    fn check(&self) -> Result<(), String> {
        count("workers", self.workers, 1, MAX_WORKERS.into())?;
        count("queue.limit", self.queue.limit, 0, MAX_QUEUE.into())?;
        self.service
            .check()
            .map_err(|what| format!("service.{what}"))?;
        if let Some(trigger) = &self.trigger {
            millis("trigger.at", trigger.at_ms, 0, MAX_MS)?;
            millis("trigger.for", trigger.for_ms, 1, MAX_MS)?;
            within(
                "trigger.service_factor",
                trigger.service_factor,
                0.001,
                MAX_FACTOR,
            )?;
        }
        if let Some(warmth) = &self.warmth {
            check_share("warmth.hit_ratio", warmth.hit_ratio)?;
            within("warmth.miss_factor", warmth.miss_factor, 1.0, MAX_FACTOR)?;
            millis("warmth.rewarm_tau", warmth.rewarm_tau_ms, 1, MAX_MS)?;
            if warmth.flush_on == Flush::Trigger && self.trigger.is_none() {
                return Err("warmth.flush_on: `trigger` is not allowed, because there is no trigger: leave \
                    it out".into());
            }
        }
        Ok(())
    }
}

/// The error is the key that has a value that is not allowed.
impl TryFrom<WrittenOverload> for Overload {
    type Error = String;

    fn try_from(written: WrittenOverload) -> Result<Self, String> {
        written.check()?;
        Ok(Self {
            workers: written.workers,
            service: written.service,
            queue: written.queue,
            abandoned_work: written.abandoned_work,
            trigger: written.trigger,
            warmth: written.warmth,
        })
    }
}

/// The quantile of a gamma distribution with scale 1.
fn gamma_quantile(shape: f64, p: f64) -> f64 {
    if shape == 0.0 {
        return 0.0;
    }
    if (shape - 1.0).abs() < f64::EPSILON {
        return -libm::log1p(-p);
    }
    let ninth = 1.0 / (9.0 * shape);
    let root = 1.0 - ninth + normal_quantile(p) * ninth.sqrt();
    shape * (root * root * root)
}
