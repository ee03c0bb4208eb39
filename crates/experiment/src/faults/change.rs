//! The next change of the truth with time, so that the truth need not be polled.
//!
//! Most changes of a truth happen at instants that are known in advance: borders of phases, ends of ramps, jumps of
//! processes, times to live, the trigger of an overload model. Between them a truth is constant, except for three
//! things that change continuously: a ramp, a cache that warms up, and answers that stall until the phase ends. For
//! these, the steps are chosen by looking ahead so that no truth moves by more than a hundredth; no step is shorter
//! than a millisecond.
//!
//! Rules that count calls change the truth with each call, and the work queue changes it with each arrival; their
//! owner knows when.

use std::time::Duration;

use super::caller::{CallerId, Who};
use super::prepared_rule::active_rules;
use super::present_phase::Present;
use super::{Effect, Player};
use crate::overload::{Occupancy, Overload};

/// How far a truth may move unnoticed between looks: a tenth less than promised, because it may move on between two
/// looks.
const UNNOTICED: f64 = 0.009;
/// A truth may fall and rise again within a step, so a step is checked at this many points.
const PARTS: u32 = 8;
/// The shortest step while a truth moves.
const SHORTEST: Duration = Duration::from_millis(1);
/// The step while a truth moves and looking ahead costs too much.
const COSTLY: Duration = Duration::from_millis(10);
/// The number of steps in the computation of all truths at one instant above which looking ahead costs too much; sums
/// of delays count as a hundred looks each.
const MOST_WORK: u64 = 10_000;

impl Player {
    /// Returns the earliest instant after `now` at which time alone may change the phase, or the truth of any caller
    /// that has a handle or was asked for. `occupancy` says how full the overload model is.
    ///
    /// Until then each truth stays as it is at `now`, or differs by at most 0.01 where it changes continuously: in
    /// ramps, while a cache warms up, and where answers stall until the end of the phase. It may move further within
    /// the shortest step, a millisecond, and within 10 ms under a plan whose truth is very costly. In addition, rules
    /// that count calls (`every_nth`, `first_n`) change it with each call.
    ///
    /// If a process follows each caller, this looks at every caller; for thousands of them, ask for each one with
    /// [`next_change_of`](Self::next_change_of).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use experiment::faults::{Plan, Player};
    ///
    /// let plan = br#"{"phases": [{"name": "calm", "for_ms": 900}, {"name": "out", "failure_ratio": 1}]}"#;
    /// let mut player = Player::new(Plan::parse(plan)?);
    /// let border = Duration::from_millis(900);
    /// assert_eq!(player.next_change(Duration::ZERO, None), Some(border));
    /// assert_eq!(player.next_change(border, None), None);
    /// # Ok::<(), String>(())
    /// ```
    pub fn next_change(&mut self, now: Duration, occupancy: Option<Occupancy>) -> Option<Duration> {
        self.change_for(now, None, occupancy)
    }

    /// Returns the same for the phase and the truth of one caller.
    pub fn next_change_of(
        &mut self,
        now: Duration,
        caller: CallerId,
        occupancy: Option<Occupancy>,
    ) -> Option<Duration> {
        let place = self.callers.place(caller);
        self.change_for(now, Some(place), occupancy)
    }

    fn change_for(
        &mut self,
        now: Duration,
        whose: Option<usize>,
        occupancy: Option<Occupancy>,
    ) -> Option<Duration> {
        if self.ended(now) {
            return None;
        }
        let present = self.present(now);
        let known = self.known_change(now, present, whose);
        if !self.moves(now, present) {
            return known;
        }
        // Whatever moves comes to an end, which is known.
        let end = known?;
        let whose = match whose {
            Some(place) => vec![self.callers.at(place).who.clone()],
            None => self.callers.distinct(),
        };
        Some(self.step(now, end, &whose, occupancy))
    }

    /// The next instant at which something changes at once.
    fn known_change(
        &mut self,
        now: Duration,
        present: Present,
        whose: Option<usize>,
    ) -> Option<Duration> {
        let moment = present.moment(&self.plan, now);
        let grown = Duration::from_millis(moment.phase.ramp_ms).checked_sub(moment.since);
        let of_phase = [present.until, grown.map(|left| now.saturating_add(left))];
        let overload = self.plan.overload.as_ref();
        let turns = overload.map(Overload::turns).into_iter().flatten();
        let known = of_phase
            .into_iter()
            .flatten()
            .chain(turns)
            .chain(self.end_of(&[]));
        let mut soonest = known.filter(|at| *at > now).min();
        let mask = self.mask(present);
        for prepared in active_rules(&mut self.rules, mask, now) {
            let jump = prepared.next_jump(now, self.callers.some(whose));
            let of_rule = [soonest, prepared.end(), jump];
            soonest = of_rule.into_iter().flatten().filter(|at| *at > now).min();
        }
        soonest
    }

    /// Whether a truth may move continuously, and not only at known instants.
    fn moves(&mut self, now: Duration, present: Present) -> bool {
        let moment = present.moment(&self.plan, now);
        let warms = self
            .plan
            .overload
            .as_ref()
            .is_some_and(|it| it.is_warming(now));
        let ends = moment.remaining.is_some();
        let grows = moment.ramp() < 1.0;
        let mask = self.mask(present);
        let mut rules = active_rules(&mut self.rules, mask, now);
        warms || grows || rules.any(|it| ends && it.rule.effects.contains(&Effect::Stall))
    }

    /// How long the truths of all these stay close to what they are at `now`, at most until `end`.
    fn step(
        &mut self,
        now: Duration,
        end: Duration,
        whose: &[Who],
        occupancy: Option<Occupancy>,
    ) -> Duration {
        let before = self.work();
        let all = |player: &mut Self, at| -> Vec<f64> {
            let truths = whose.iter().map(|who| player.truth_for(at, who, occupancy));
            truths.collect()
        };
        let present = all(self, now);
        let work = self.work();
        let cost = work.looks - before.looks + 100 * (work.sums - before.sums);
        if cost > MOST_WORK {
            return now.saturating_add(COSTLY).min(end);
        }
        let mut is_near = |at: Duration| {
            let then = all(self, at);
            let mut pairs = present.iter().zip(&then);
            pairs.all(|(before, after)| (before - after).abs() <= UNNOTICED)
        };
        // All that is known changes at the end, not before.
        let last = end.saturating_sub(Duration::from_nanos(1));
        let (mut near, mut far) = (now, None);
        let mut ahead = SHORTEST;
        while far.is_none() && near < last {
            for at in [now + ahead * 3 / 4, now + ahead].map(|at| at.min(last)) {
                if far.is_none() && is_near(at) {
                    near = at;
                } else {
                    far = far.or(Some(at));
                }
            }
            ahead *= 2;
        }
        let within = (1..PARTS).map(|part| now + near.saturating_sub(now) * part / PARTS);
        let (mut sound, mut moved) = (now, None);
        for at in within {
            if moved.is_none() && is_near(at) {
                sound = at;
            } else {
                moved = moved.or(Some(at));
            }
        }
        if moved.is_some() {
            (near, far) = (sound, moved);
        }
        let Some(mut far) = far else {
            return end;
        };
        while far.saturating_sub(near) > SHORTEST {
            let between = near + far.saturating_sub(near) / 2;
            if is_near(between) {
                near = between;
            } else {
                far = between;
            }
        }
        near.max(now.saturating_add(SHORTEST)).min(end)
    }
}
