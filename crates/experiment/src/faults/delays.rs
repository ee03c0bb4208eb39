//! The probability that the sum of several delays exceeds a deadline.
//!
//! The delays are convolved as a few likely durations; the last one, if it is a law, exactly.

use super::Effect;
use crate::law::Law;

/// The weight of durations that are merged into one.
const MERGED: f64 = 1.0 / 128.0;
/// How many durations are not worth merging: as many as the answers of an overload model, to which often nothing is
/// added.
const FEW: usize = 256;

/// A duration in milliseconds with its probability.
type Atom = (f64, f64);

/// Delays that add up, each with its probability.
#[derive(Clone, Debug, Default)]
pub(super) struct Delays {
    /// The certain part.
    fixed: f64,
    parts: Vec<Part>,
    /// How many delays were added to others so far.
    sums: u64,
}

/// The probability that a deadline passes, and the cost of computing it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    pub(super) probability: f64,
    /// How many delays were added to others.
    pub(super) sums: u64,
}

#[derive(Clone, Debug)]
struct Part {
    odds: f64,
    /// What is added when it happens,
    shift: f64,
    /// and this, by chance.
    law: Option<Law>,
    /// Or one of these.
    atoms: Vec<Atom>,
}

impl Delays {
    pub(super) fn add_law(&mut self, law: &Law) {
        self.add(1.0, 0.0, std::slice::from_ref(law));
    }

    pub(super) fn add_between(&mut self, min_ms: f64, max_ms: f64) {
        if max_ms > min_ms {
            self.add_law(&Law::Uniform { min_ms, max_ms });
        } else {
            self.fixed += min_ms;
        }
    }

    /// Adds one of these times, all equally likely.
    pub(super) fn add_times(&mut self, times: &[f64]) {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let each = 1.0 / times.len() as f64;
        self.parts.push(Part {
            odds: 1.0,
            shift: 0.0,
            law: None,
            atoms: times.iter().map(|ms| (*ms, each)).collect(),
        });
    }

    /// Adds all delays of a rule, which happen together; a stalled call waits `rest`.
    pub(super) fn add_rule(&mut self, odds: f64, effects: &[Effect], rest: f64) {
        let mut shift = 0.0;
        let mut laws = Vec::new();
        for effect in effects {
            match effect {
                Effect::Delay(Law::Fixed { ms }) => shift += ms,
                Effect::Delay(law) => laws.push(law.clone()),
                Effect::Stall => shift += rest,
                Effect::SlowBody { over } => shift += over.as_secs_f64() * 1000.0,
                Effect::Status(_)
                | Effect::Hang { .. }
                | Effect::Truncate { .. }
                | Effect::WrongBody(_)
                | Effect::Reset
                | Effect::Close
                | Effect::Refuse
                | Effect::Garbage => {}
            }
        }
        if shift > 0.0 || !laws.is_empty() {
            self.add(odds, shift, &laws);
        }
    }

    fn add(&mut self, odds: f64, shift: f64, laws: &[Law]) {
        let (last, others) = match laws {
            [] if odds >= 1.0 => {
                self.fixed += shift;
                return;
            }
            [] => (None, laws),
            [others @ .., last] => (Some(last.clone()), others),
        };
        let mut atoms = vec![(0.0, 1.0)];
        for law in others {
            atoms = self.sums(&atoms, 1.0, &atoms_of(law));
        }
        if others.is_empty() {
            self.parts.push(Part {
                odds,
                shift,
                law: last,
                atoms: Vec::new(),
            });
            return;
        }
        if let Some(law) = last {
            atoms = self.sums(&atoms, 1.0, &atoms_of(&law));
        }
        self.parts.push(Part {
            odds,
            shift,
            law: None,
            atoms,
        });
    }

    /// The probability that the sum is longer than `deadline` milliseconds.
    pub(super) fn late(mut self, deadline: f64) -> Late {
        let last = self.parts.iter().rposition(|part| part.law.is_some());
        let last = last.map(|place| self.parts.remove(place));
        let mut atoms = vec![(self.fixed, 1.0)];
        for part in std::mem::take(&mut self.parts) {
            atoms = self.sums(&atoms, part.odds, &part.atoms());
        }
        let late = |ms: f64| f64::from(ms > deadline);
        let late = atoms.iter().map(|(ms, weight)| {
            let tail = match &last {
                Some(Part {
                    odds,
                    shift,
                    law: Some(law),
                    ..
                }) => (1.0 - odds) * late(*ms) + odds * law.share_above(deadline - ms - shift),
                _ => late(*ms),
            };
            weight * tail
        });
        Late {
            probability: late.sum(),
            sums: self.sums,
        }
    }

    /// The sums of both, where the second happens with these odds.
    fn sums(&mut self, atoms: &[Atom], odds: f64, added: &[Atom]) -> Vec<Atom> {
        // What is added to one duration only moves.
        self.sums += u64::from(atoms.len() > 1);
        sums(atoms, odds, added)
    }
}

impl Part {
    fn atoms(&self) -> Vec<Atom> {
        let atoms = match &self.law {
            Some(law) => atoms_of(law),
            None if self.atoms.is_empty() => vec![(0.0, 1.0)],
            None => self.atoms.clone(),
        };
        let shifted = atoms
            .into_iter()
            .map(|(ms, weight)| (ms + self.shift, weight));
        shifted.collect()
    }
}

fn atoms_of(law: &Law) -> Vec<Atom> {
    if let Law::Fixed { ms } = law {
        return vec![(*ms, 1.0)];
    }
    let times: Vec<f64> = law.grid().collect();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let each = 1.0 / times.len() as f64;
    times.into_iter().map(|ms| (ms, each)).collect()
}

/// The sums of both, where the second happens with these odds.
fn sums(atoms: &[Atom], odds: f64, added: &[Atom]) -> Vec<Atom> {
    let mut sums = Vec::with_capacity(atoms.len() * (added.len() + 1));
    for (ms, weight) in atoms {
        if odds < 1.0 {
            sums.push((*ms, weight * (1.0 - odds)));
        }
        let more = added.iter();
        sums.extend(more.map(|(more, likely)| (ms + more, weight * likely * odds)));
    }
    if sums.len() <= FEW {
        return sums;
    }
    merged(sums)
}

/// Merges neighbours into their means until each is worth keeping.
fn merged(mut atoms: Vec<Atom>) -> Vec<Atom> {
    atoms.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<Atom> = Vec::with_capacity(FEW);
    for (ms, weight) in atoms {
        match merged.last_mut() {
            Some(last) if last.1 + weight <= MERGED => {
                let both = last.1 + weight;
                last.0 += (ms - last.0) * weight / both;
                last.1 = both;
            }
            _ => merged.push((ms, weight)),
        }
    }
    merged
}
