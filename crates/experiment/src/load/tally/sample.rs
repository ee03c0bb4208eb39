//! A sample of the response times of one second, for two quantiles at its end.

use crate::load::histogram::largest_alike;
use crate::load::latencies::{LONGEST, Latencies, seconds};
use crate::load::result::SecondOfTarget;
use crate::outcome::ClientOutcome;

/// How many durations are kept one by one. A histogram has thousands of buckets to go through; for more durations
/// than this it is cheaper.
const ONE_BY_ONE: usize = 2048;

/// The response times of one second: a list while there are few, then histograms.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// In microseconds: of successes, and of all others that came.
    few: [Vec<u64>; 2],
    /// How many never came.
    never: u64,
    /// The same as in the lists, as far as they are no longer there.
    many: [Latencies; 2],
}

impl Sample {
    #[inline]
    pub(super) fn record(&mut self, outcome: ClientOutcome, micros: u64) {
        if outcome.never_came() {
            self.never += 1;
            return;
        }
        let list = &mut self.few[usize::from(outcome != ClientOutcome::Ok)];
        list.push(micros.min(LONGEST));
        if list.len() >= ONE_BY_ONE {
            self.give_up_lists();
        }
    }

    #[cold]
    fn give_up_lists(&mut self) {
        for (list, many) in self.few.iter_mut().zip(&mut self.many) {
            for micros in list.drain(..) {
                many.record_micros(micros, 1);
            }
        }
    }

    /// Fills in the quantiles, and forgets the sample, but keeps its memory.
    pub(super) fn conclude(&mut self, row: &mut SecondOfTarget) {
        if self.many.iter().any(|many| !many.is_empty()) {
            self.give_up_lists();
            let [ok, others] = &mut self.many;
            others.merge(ok);
            let all = others;
            for _ in 0..std::mem::take(&mut self.never) {
                all.record_never();
            }
            [row.ok_p50_s, row.ok_p99_s] = [0.5, 0.99].map(|it| ok.quantile(it));
            [row.p50_s, row.p99_s] = [0.5, 0.99].map(|it| all.quantile(it));
            ok.clear();
            all.clear();
            return;
        }
        let [ok, others] = &mut self.few;
        [row.ok_p50_s, row.ok_p99_s] = quantiles(ok, 0);
        ok.append(others);
        [row.p50_s, row.p99_s] = quantiles(ok, self.never);
        ok.clear();
        self.never = 0;
    }
}

/// The median and the 99th percentile of these durations and of the number that never came, as
/// [`Latencies::quantile`] computes them.
fn quantiles(came: &mut [u64], never: u64) -> [Option<f64>; 2] {
    let all = came.len() as u64 + never;
    [50, 99].map(|percent| {
        let rank = (all * percent).div_ceil(100);
        let place = usize::try_from(rank.checked_sub(1)?).ok()?;
        if place >= came.len() {
            return Some(f64::INFINITY);
        }
        let (_, micros, _) = came.select_nth_unstable(place);
        Some(seconds(largest_alike(*micros)))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_those_of_a_histogram_whether_there_are_few_or_many(
            times in prop::collection::vec((0_u64..5_000_000_000, 0_usize..ClientOutcome::ALL.len()), 0..60),
            repeated in prop::sample::select(vec![1, 100]),
        ) {
            let mut sample = Sample::default();
            let (mut ok, mut all) = (Latencies::default(), Latencies::default());
            // Twice: nothing of the first second is left in the second one.
            for divisor in [1, 1000] {
                ok.clear();
                all.clear();
                for (micros, outcome) in times.iter().cycle().take(times.len() * repeated) {
                    let (time, outcome) = (Duration::from_micros(micros / divisor), ClientOutcome::ALL[*outcome]);
                    sample.record(outcome, micros / divisor);
                    match outcome {
                        _ if outcome.never_came() => all.record_never(),
                        ClientOutcome::Ok => {
                            ok.record(time);
                            all.record(time);
                        }
                        _ => all.record(time),
                    }
                }
                let mut row = SecondOfTarget::default();
                sample.conclude(&mut row);
                prop_assert_eq!([row.ok_p50_s, row.ok_p99_s], [0.5, 0.99].map(|it| ok.quantile(it)));
                prop_assert_eq!([row.p50_s, row.p99_s], [0.5, 0.99].map(|it| all.quantile(it)));
            }
        }
    }
}
