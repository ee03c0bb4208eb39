//! The state of a recorder while the run goes on.

use std::time::Duration;

use fusebox::State;

use super::super::agreement::Divergence;
use super::super::timeline::{Timeline, seconds};
use super::super::{Change, FaultPhase};
use super::Recorder;

impl Recorder {
    /// From which probability of failure on the downstream counts as unhealthy.
    pub fn unhealthy_at(&self) -> f64 {
        self.unhealthy_at
    }

    /// The changes of one breaker's state so far, in order.
    pub fn changes(&self, instance: usize) -> &[Change] {
        &self.instances[instance].transitions
    }

    /// The truth that one instance follows so far. Its last step may still give way to another at the same instant.
    pub fn truth_of(&self, instance: usize) -> &Timeline {
        &self.truths[self.follows[instance] as usize].timeline
    }

    /// The phases of the fault plan so far. The last one goes on.
    pub fn phases(&self) -> &[FaultPhase] {
        &self.phases
    }

    /// How far the breakers have differed up to `now`.
    pub fn divergence(&self, now: Duration) -> Divergence {
        let mut divergence = self.divergence.clone();
        divergence.pass(now, self.agreement.difference());
        divergence
    }

    /// Whether one breaker lets calls pass while another does not.
    pub fn diverges(&self) -> bool {
        self.agreement.difference().opens
    }

    /// The present states, in the order of the instances.
    pub fn states(&self) -> Vec<State> {
        self.instances.iter().map(|one| one.state).collect()
    }

    /// The present state of one breaker.
    pub fn state(&self, instance: usize) -> State {
        self.instances[instance].state
    }

    /// The probability that a call of this instance would fail now.
    pub fn p_fail(&self, instance: usize) -> f64 {
        self.truths[self.follows[instance] as usize].p_fail
    }

    /// The state of one breaker and the probability that a call of its instance would fail, at an instant that is
    /// over. Of the truth the steps of the record are known.
    pub fn at(&self, instance: usize, at: Duration) -> (State, f64) {
        let one = &self.instances[instance];
        let at_s = seconds(at);
        let mut earlier = one.transitions.iter().rev();
        let last = earlier.find(|change| change.at_s <= at_s);
        let state = last.map_or(one.began, |change| change.to);
        let truth = self.follows[instance] as usize;
        (state, self.truths[truth].timeline.at(at_s))
    }
}
