//! The tally: what the clients of a run saw, by target, part of the run, and second.
//!
//! A value without a clock or a lock: the performer of the run supplies the instants at which each request was
//! planned and ended. Memory does not grow with the number of requests: histograms are bounded and are made when the
//! first value comes, and only the last hour of seconds is kept. With many targets, [`Detail::Together`] keeps
//! latencies and seconds for all of them together, so ten thousand targets cost some megabytes.

mod parts;
mod sample;
mod seconds;

use std::time::Duration;

use super::latencies::{Latencies, micros};
use super::phases::Phases;
use super::profile::Profile;
use super::result::{LoadResult, Part, SCHEMA, Second, TargetResult};
use super::schedule::Digest;
use crate::outcome::{ClientOutcome, Outcomes};

use parts::{Counts, Times};
pub use seconds::MixedSeconds;
use seconds::Seconds;

/// Counts what the clients saw. Instants count from the start of the run.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use experiment::load::{Detail, End, Phases, Tally};
/// use experiment::outcome::ClientOutcome;
///
/// let names = vec!["A".to_owned(), "B".to_owned()];
/// let mut tally = Tally::new(names, &Phases::default(), Detail::EachTarget);
/// let (planned, ended) = (Duration::from_millis(500), Duration::from_millis(520));
/// tally.plan(1, 0, planned);
/// let end = End {
///     outcome: ClientOutcome::Ok,
///     response: ended - planned,
///     service: Some(ended - planned),
///     lateness: Some(Duration::ZERO),
///     attempts: 1,
/// };
/// tally.end(1, 0, &end, ended);
/// assert_eq!(tally.outcomes(1)[ClientOutcome::Ok], 1);
/// // Times are kept in buckets: a quantile is the largest time of its bucket.
/// let median = tally.successes(1).quantile(0.5).unwrap();
/// assert!((0.020..0.0201).contains(&median));
/// ```
#[derive(Clone, Debug)]
pub struct Tally {
    names: Vec<String>,
    /// The names of the parts of the run.
    parts: Vec<String>,
    detail: Detail,
    /// Whether the time of the run is over, and only answers are awaited.
    closed: bool,
    planned: u64,
    reached: Vec<bool>,
    /// The parts of the first target, then those of the second, and so on.
    counts: Vec<Counts>,
    /// The same, or the parts of all targets together.
    times: Vec<Times>,
    seconds: Seconds,
}

/// The level of detail for latencies and seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Separate for each target.
    EachTarget,
    /// For all targets together; counters are still separate for each target.
    Together,
}

/// The end of one planned request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// What it came to.
    pub outcome: ClientOutcome,
    /// From the planned instant to the end.
    pub response: Duration,
    /// From sending the last attempt to its end, if one was sent.
    pub service: Option<Duration>,
    /// From the planned instant to when the client let it go, if it did.
    pub lateness: Option<Duration>,
    /// How many attempts were made.
    pub attempts: u32,
}

/// The facts about a run that a result states besides what the clients saw.
#[derive(Clone, Debug)]
pub struct Performed<'a> {
    /// The seed of the plan.
    pub seed: u64,
    /// The digest of the plan.
    pub digest: Digest,
    /// What the load was like.
    pub profile: &'a Profile,
    /// The parts of the run: those that the tally was made with.
    pub phases: &'a Phases,
    /// For how long requests were planned.
    pub duration: Duration,
    /// Whether it ended before its time, or before all expected answers came.
    pub cut_short: bool,
    /// The resource that the generator itself ran out of, if any.
    pub own_shortage: Option<String>,
}

impl Detail {
    /// The largest number of targets with separate seconds and latencies.
    pub const MOST_TARGETS: usize = 64;

    /// Returns the detail for this many targets: separate up to [`MOST_TARGETS`](Self::MOST_TARGETS), and together
    /// beyond that.
    pub fn of(targets: usize) -> Self {
        if targets <= Self::MOST_TARGETS {
            Self::EachTarget
        } else {
            Self::Together
        }
    }

    fn rows(self, targets: usize) -> usize {
        match self {
            Self::EachTarget => targets,
            Self::Together => 1,
        }
    }

    /// The row in which the latencies and seconds of a target are kept.
    fn row(self, target: usize) -> usize {
        match self {
            Self::EachTarget => target,
            Self::Together => 0,
        }
    }
}

impl Tally {
    /// Makes a tally of targets of these names, in a run of these parts.
    pub fn new(names: Vec<String>, phases: &Phases, detail: Detail) -> Self {
        let parts: Vec<String> = phases.names().into_iter().map(str::to_owned).collect();
        let rows = detail.rows(names.len());
        Self {
            detail,
            closed: false,
            planned: 0,
            reached: vec![false; names.len()],
            counts: vec![Counts::default(); names.len() * parts.len()],
            times: vec![Times::default(); rows * parts.len()],
            seconds: Seconds::new(detail, names.len()),
            names,
            parts,
        }
    }

    /// Returns the names of the targets.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns how many requests have been planned.
    pub fn planned(&self) -> u64 {
        self.planned
    }

    /// Touches the memory that the next request to `target` in this part will need, so that it is in the cache then:
    /// thousands of targets do not fit a cache. The return value has no meaning.
    #[inline]
    pub fn look_ahead(&self, target: usize, part: usize) -> u64 {
        self.counts[target * self.parts.len() + part].sent
    }

    /// Counts a request to `target` that is planned in the `part` of the run that [`Phases::place`] returns.
    pub fn plan(&mut self, target: usize, part: usize, at: Duration) {
        self.planned += 1;
        let place = target * self.parts.len() + part;
        self.counts[place].outcomes.plan();
        let row = self.detail.row(target);
        self.seconds.plan(at.as_secs(), row);
    }

    /// Counts the end, at `at`, of a request that was planned in `part`.
    pub fn end(&mut self, target: usize, part: usize, end: &End, at: Duration) {
        let counts = &mut self.counts[target * self.parts.len() + part];
        counts.count(end);
        if self.closed {
            counts.ended_after += u64::from(end.outcome.ended());
            counts.ok_after += u64::from(end.outcome == ClientOutcome::Ok);
        }
        let row = self.detail.row(target);
        let micros = micros(end.response);
        self.times[row * self.parts.len() + part].record(end, micros);
        let second = at.as_secs();
        self.seconds.end(second, [row, target], end.outcome, micros);
    }

    /// Notes that a connection to `target` was made.
    pub fn reach(&mut self, target: usize) {
        self.reached[target] = true;
    }

    /// Notes that the time of the run, of this length, is over: what ends from now on ended after it, and a second
    /// that was not complete by then never will be.
    pub fn close(&mut self, duration: Duration) {
        self.closed = true;
        self.seconds.close(duration.as_secs());
    }

    /// Returns how the requests to one target ended so far.
    pub fn outcomes(&self, target: usize) -> Outcomes {
        let parts = self.counts_of(target).iter();
        parts.fold(Outcomes::default(), |mut sum, part| {
            sum += &part.outcomes;
            sum
        })
    }

    /// Returns the attempts made for requests to one target that have ended.
    pub fn attempts(&self, target: usize) -> u64 {
        self.counts_of(target).iter().map(|it| it.attempts).sum()
    }

    /// Returns the response times of one target, or of all together if that is the [`Detail`].
    pub fn responses(&self, target: usize) -> Latencies {
        merged(self.times_of(target), Times::response)
    }

    /// Returns the response times of the successes of one target, or of all together if that is the [`Detail`].
    pub fn successes(&self, target: usize) -> Latencies {
        merged(self.times_of(target), Times::ok)
    }

    /// Returns how late requests left.
    pub fn lateness(&self) -> Latencies {
        merged(&self.times, Times::lateness)
    }

    /// Returns the seconds in which one target rejected a request while another served one, the present second
    /// included.
    pub fn mixed_seconds(&self) -> MixedSeconds {
        self.seconds.mixed()
    }

    /// Returns the same for the seconds that are complete at `at`, within the time of the run.
    pub fn whole_mixed_seconds(&mut self, at: Duration) -> MixedSeconds {
        self.seconds.mixed_before(at.as_secs())
    }

    /// Returns the seconds that are over at `at`, from number `first`, as far as they are kept.
    pub fn seconds_from(&mut self, first: u64, at: Duration) -> Vec<Second> {
        self.seconds.pass_to(at.as_secs());
        self.seconds.from(first)
    }

    /// Returns everything that was seen, with the figures that follow from it.
    pub fn into_result(mut self, run: &Performed<'_>) -> LoadResult {
        self.seconds.finish();
        let targets = (0..self.names.len()).map(|target| TargetResult {
            name: self.names[target].clone(),
            reached: self.reached[target],
            figures: std::collections::BTreeMap::new(),
            parts: self.parts_of(target),
        });
        let targets: Vec<TargetResult> = targets.collect();
        let all = match self.detail {
            Detail::EachTarget => Vec::new(),
            Detail::Together => self.parts_together(&targets),
        };
        let mut result = LoadResult {
            schema: SCHEMA.to_owned(),
            seed: run.seed,
            digest: run.digest.to_string(),
            profile: run.profile.clone(),
            cut_short: run.cut_short,
            duration_s: run.duration.as_secs_f64(),
            warm_up_s: run.phases.warm_up().min(run.duration).as_secs_f64(),
            planned: self.planned,
            own_shortage: run.own_shortage.clone(),
            figures: std::collections::BTreeMap::new(),
            phases: run.phases.windows().to_vec(),
            all,
            targets,
            seconds: self.seconds.from(0),
            verdicts: Vec::new(),
        };
        result.summarise();
        result
    }

    fn parts_of(&self, target: usize) -> Vec<Part> {
        let parts = self.parts.iter().zip(self.counts_of(target)).enumerate();
        let parts = parts.map(|(place, (name, counts))| {
            let mut part = Part::new(name);
            counts.fill(&mut part);
            if self.detail == Detail::EachTarget {
                self.times_of(target)[place].fill(&mut part);
            }
            part
        });
        parts.collect()
    }

    /// The parts of the run with the counts of all targets and the latencies of all.
    fn parts_together(&self, targets: &[TargetResult]) -> Vec<Part> {
        let parts = self.parts.iter().zip(&self.times).enumerate();
        let parts = parts.map(|(place, (name, times))| {
            let mut part = Part::new(name);
            for target in targets {
                part.merge(&target.parts[place]);
            }
            times.fill(&mut part);
            part
        });
        parts.collect()
    }

    fn counts_of(&self, target: usize) -> &[Counts] {
        let parts = self.parts.len();
        &self.counts[target * parts..(target + 1) * parts]
    }

    fn times_of(&self, target: usize) -> &[Times] {
        let (row, parts) = (self.detail.row(target), self.parts.len());
        &self.times[row * parts..(row + 1) * parts]
    }
}

fn merged(times: &[Times], which: impl Fn(&Times) -> Latencies) -> Latencies {
    let mut merged = Latencies::default();
    for times in times {
        merged.merge(&which(times));
    }
    merged
}

#[cfg(test)]
mod tests;
