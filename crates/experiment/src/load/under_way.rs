//! Requests under way: how many each target has, and which target has the fewest.

use super::choice::below;

/// The requests that each target has under way, ordered so that the least loaded target is found at once, however
/// many there are.
///
/// # Examples
///
/// ```
/// use experiment::load::UnderWay;
///
/// let mut under_way = UnderWay::new(3);
/// under_way.begin(0);
/// under_way.begin(2);
/// assert_eq!(under_way.least_loaded(7), 1);
/// under_way.end(2);
/// assert_eq!(under_way.of(2), 0);
/// ```
#[derive(Clone, Debug)]
pub struct UnderWay {
    targets: Vec<Place>,
    /// The targets with no request, those with one, and so on.
    levels: Vec<Vec<u32>>,
    /// The first level with a target in it.
    least: usize,
}

/// Where a target stands: at which level, and where in it.
#[derive(Clone, Copy, Debug)]
struct Place {
    level: u32,
    place: u32,
}

impl UnderWay {
    /// Makes the state in which nothing is under way, for at least one target and at most 2^32 - 1.
    pub fn new(targets: usize) -> Self {
        let all: Vec<u32> = (0..).take(targets).collect();
        let places = all.iter().map(|&place| Place { level: 0, place });
        Self {
            targets: places.collect(),
            levels: vec![all],
            least: 0,
        }
    }

    /// Returns how many requests `target` has under way.
    pub fn of(&self, target: usize) -> usize {
        self.targets[target].level as usize
    }

    /// Notes that a request to `target` is planned.
    pub fn begin(&mut self, target: usize) {
        let level = self.of(target);
        self.move_to(target, level + 1);
        if level == self.least && self.levels[level].is_empty() {
            self.least = level + 1;
        }
    }

    /// Notes that a request to `target` has ended.
    pub fn end(&mut self, target: usize) {
        let level = self.of(target).saturating_sub(1);
        self.move_to(target, level);
        self.least = self.least.min(level);
    }

    /// Returns the target with the fewest requests under way; `luck` decides among equals, all of which are equally
    /// likely. Zero when there are none. [`least_loaded`](super::least_loaded) chooses in the same way if loads have
    /// to be asked target by target; the same luck may choose another of several equal targets.
    pub fn least_loaded(&self, luck: u64) -> usize {
        let equals = &self.levels[self.least];
        let place = usize::try_from(below(luck, equals.len() as u64)).unwrap_or_default();
        equals.get(place).map_or(0, |target| *target as usize)
    }

    fn move_to(&mut self, target: usize, level: usize) {
        let Place { level: from, place } = self.targets[target];
        let from = &mut self.levels[from as usize];
        from.swap_remove(place as usize);
        if let Some(&moved) = from.get(place as usize) {
            self.targets[moved as usize].place = place;
        }
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Vec::new);
        }
        let to = &mut self.levels[level];
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.targets[target] = Place {
            level: number(level),
            place: number(to.len()),
        };
        to.push(number(target));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::Rng;

    use super::*;
    use crate::chance::stream;

    proptest! {
        #[test]
        fn the_chosen_target_is_always_one_of_the_least_loaded(
            steps in prop::collection::vec((0_usize..5, any::<bool>(), any::<u64>()), 0..200),
        ) {
            let mut under_way = UnderWay::new(5);
            let mut loads = [0_usize; 5];
            for (target, begins, luck) in steps {
                if begins {
                    under_way.begin(target);
                    loads[target] += 1;
                } else if loads[target] > 0 {
                    under_way.end(target);
                    loads[target] -= 1;
                }
                let chosen = under_way.least_loaded(luck);
                prop_assert_eq!(Some(&loads[chosen]), loads.iter().min());
                for (target, load) in loads.iter().enumerate() {
                    prop_assert_eq!(under_way.of(target), *load);
                }
            }
        }
    }

    #[test]
    fn equals_are_taken_equally_often() {
        let mut under_way = UnderWay::new(4);
        under_way.begin(1);
        let mut luck = stream(3, "luck");
        let mut counts = [0_u32; 4];
        for _ in 0..12_000 {
            counts[under_way.least_loaded(luck.next_u64())] += 1;
        }
        assert_eq!(counts[1], 0);
        for target in [0, 2, 3] {
            assert!(counts[target].abs_diff(4000) < 200, "{counts:?}");
        }
    }
}
