//! Delays of which some were cut off, estimated without taking a lower bound for a value.
//!
//! If a breaker had not noticed an outage when the outage ended, its delay was longer than the outage; how much
//! longer is unknown. Leaving such a delay out makes detection look fast, and so does counting it as it is. The
//! estimate of Kaplan and Meier (1958) uses what is known: the delay was longer than that.

/// The duration of a wait, or how long it had lasted when it was cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// It ended after this long.
    Came(f64),
    /// It had lasted this long when nobody could see any more whether it would end.
    CutOff(f64),
}

/// The share of delays that are longer than each time.
///
/// # Examples
///
/// ```
/// use experiment::statistics::survival::{Delay, Survival};
///
/// let delays = [Delay::Came(1.0), Delay::CutOff(2.0), Delay::Came(3.0), Delay::CutOff(9.0)];
/// let survival = Survival::of(&delays);
/// assert_eq!(survival.beyond(1.0), 0.75);
/// assert_eq!(survival.beyond(3.0), 0.375); // one of the two that were left: 3/4 · 1/2
/// assert_eq!(survival.median(), Some(3.0));
/// assert_eq!(survival.quantile(0.9), None); // nobody saw so long
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    /// The times at which the share falls, with the share and its standard error there.
    steps: Vec<Step>,
    /// How many delays there are.
    count: usize,
    /// How many of them were cut off.
    cut_off: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    at: f64,
    share: f64,
    error: f64,
}

impl Delay {
    /// Returns how long it was observed.
    pub fn seen(self) -> f64 {
        match self {
            Self::Came(time) | Self::CutOff(time) => time,
        }
    }
}

impl Survival {
    /// Returns the estimate from some delays. A delay that is cut off when another one ends was still at risk then.
    pub fn of(delays: &[Delay]) -> Self {
        let mut sorted = delays.to_vec();
        sorted.sort_by(|a, b| a.seen().total_cmp(&b.seen()));
        let (mut share, mut spent) = (1.0, 0.0);
        let mut steps = Vec::new();
        let mut at_risk = sorted.len();
        for together in sorted.chunk_by(|a, b| a.seen().total_cmp(&b.seen()).is_eq()) {
            let came = together.iter().filter(|it| matches!(it, Delay::Came(_)));
            let came = super::number(came.count());
            let risk = super::number(at_risk);
            at_risk -= together.len();
            if came == 0.0 {
                continue;
            }
            share *= 1.0 - came / risk;
            // The error by Greenwood (1926).
            spent += came / (risk * (risk - came));
            let error = if share > 0.0 {
                share * f64::sqrt(spent)
            } else {
                0.0
            };
            steps.push(Step {
                at: together[0].seen(),
                share,
                error,
            });
        }
        let cut_off = delays.iter().filter(|it| matches!(it, Delay::CutOff(_)));
        Self {
            steps,
            count: delays.len(),
            cut_off: cut_off.count(),
        }
    }

    /// Returns the share of delays that are longer than `time`.
    pub fn beyond(&self, time: f64) -> f64 {
        self.last(time).map_or(1.0, |step| step.share)
    }

    /// Returns the standard error of that share (Greenwood, 1926).
    pub fn error(&self, time: f64) -> f64 {
        self.last(time).map_or(0.0, |step| step.error)
    }

    /// Returns the time after which this `share` of delays had ended (0 < share ≤ 1); `None` if fewer were seen to
    /// end.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        // A share is a product of fractions: what is within rounding of the limit has reached it.
        let left = 1.0 - share + 1e-12;
        let step = self.steps.iter().find(|step| step.share <= left)?;
        Some(step.at)
    }

    /// Returns the time after which half of the delays had ended; `None` if fewer were seen to end.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// Returns how many delays there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns how many of them were cut off.
    pub fn cut_off(&self) -> usize {
        self.cut_off
    }

    fn last(&self, time: f64) -> Option<&Step> {
        self.steps.iter().take_while(|step| step.at <= time).last()
    }
}
