//! The parts of a run. A request belongs to the part that it was planned in.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::values::Span;

/// The name of the part that does not count in the figures of the whole run.
pub const WARM_UP: &str = "warm-up";
/// The name of the part for requests planned outside of every phase.
pub const REST: &str = "rest";

/// A named part of the run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PhaseWindow {
    /// Its name.
    pub name: String,
    /// Seconds from the start of the run to its first moment.
    pub from_s: f64,
    /// Seconds from the start of the run to the first moment after it.
    pub to_s: f64,
}

impl PhaseWindow {
    /// Makes a phase from one instant of the run to another.
    pub fn new(name: &str, from: Duration, to: Duration) -> Self {
        Self {
            name: name.to_owned(),
            from_s: from.as_secs_f64(),
            to_s: to.as_secs_f64(),
        }
    }
}

/// `NAME=FROM..TO`, as in `outage=10s..20s`.
impl FromStr for PhaseWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, times)| {
            let (from, to) = times.split_once("..")?;
            Some((name.trim(), from.trim(), to.trim()))
        });
        let (name, from, to) = parts.filter(|(name, ..)| !name.is_empty()).ok_or_else(|| {
            format!("`{text}` is not a phase: write NAME=FROM..TO, such as outage=10s..20s")
        })?;
        let time = |text: &str| match text {
            "0" => Ok(Duration::ZERO),
            text => text.parse::<Span>().map(|span| span.0),
        };
        Ok(Self::new(name, time(from)?, time(to)?))
    }
}

/// All parts of a run. Each request belongs to exactly one: the warm-up, a phase, or the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phases {
    warm_up: Duration,
    windows: Vec<PhaseWindow>,
    /// The instants at which windows begin and end, in order.
    borders: Vec<Duration>,
    /// The names of the windows, each once.
    names: Vec<String>,
    /// For each window which of the names it has.
    parts: Vec<usize>,
}

impl Phases {
    /// # Errors
    ///
    /// Phases that overlap, are empty, or have a reserved name. A phase that comes again, as in a plan that loops, is
    /// the same phase.
    pub fn new(warm_up: Duration, mut windows: Vec<PhaseWindow>) -> Result<Self, String> {
        windows.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
        for (place, window) in windows.iter().enumerate() {
            let PhaseWindow { name, from_s, to_s } = window;
            if !(*from_s >= 0.0 && from_s < to_s) {
                return Err(format!(
                    "phase {name} from {from_s} s to {to_s} s is not allowed: it must end after it begins"
                ));
            }
            if [WARM_UP, REST].contains(&&**name) {
                return Err(format!("phase name `{name}` is not allowed: it is taken"));
            }
            if let Some(before) = windows[..place].last().filter(|it| it.to_s > *from_s) {
                return Err(format!(
                    "phase {name} begins at {from_s} s, before {} ends at {} s: phases must not overlap",
                    before.name, before.to_s
                ));
            }
        }
        let first = |name: &str| windows.iter().position(|window| window.name == name);
        let mut names: Vec<String> = Vec::new();
        let mut parts = Vec::new();
        for (place, window) in windows.iter().enumerate() {
            if first(&window.name) == Some(place) {
                names.push(window.name.clone());
            }
            let part = names.iter().position(|name| *name == window.name);
            parts.push(part.unwrap_or_default());
        }
        let borders = windows
            .iter()
            .flat_map(|window| [window.from_s, window.to_s]);
        let borders = borders.filter_map(|border| Duration::try_from_secs_f64(border).ok());
        Ok(Self {
            borders: borders.collect(),
            warm_up,
            windows,
            names,
            parts,
        })
    }

    /// Returns the phases in the order of time, without warm-up and rest.
    pub fn windows(&self) -> &[PhaseWindow] {
        &self.windows
    }

    /// Returns how long the warm-up takes.
    pub fn warm_up(&self) -> Duration {
        self.warm_up
    }

    /// Returns the first instant after `at` at which the warm-up ends, or a phase begins or ends, if there is one.
    /// Until then all instants belong to the same part of the run.
    pub fn next_border(&self, at: Duration) -> Option<Duration> {
        let gone = self.borders.partition_point(|border| *border <= at);
        let border = self.borders.get(gone).copied();
        let warm_up = Some(self.warm_up).filter(|end| *end > at);
        border.into_iter().chain(warm_up).min()
    }

    /// Returns the names of all parts, in the order of [`place`](Self::place). Without a warm-up there is no part of
    /// that name.
    pub fn names(&self) -> Vec<&str> {
        let warm_up = (!self.warm_up.is_zero()).then_some(WARM_UP);
        let names = self.names.iter().map(String::as_str);
        warm_up.into_iter().chain(names).chain([REST]).collect()
    }

    /// Returns which of the [`names`](Self::names) an instant of the run belongs to.
    pub fn place(&self, at: Duration) -> usize {
        let warm_up = usize::from(!self.warm_up.is_zero());
        if at < self.warm_up {
            return 0;
        }
        let at = at.as_secs_f64();
        let begun = self.windows.partition_point(|window| window.from_s <= at);
        match begun.checked_sub(1) {
            Some(last) if at < self.windows[last].to_s => warm_up + self.parts[last],
            _ => warm_up + self.names.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_belongs_to_one_part() {
        let windows = ["late=30s..40s", "early=10s..20s"].map(|it| it.parse().unwrap());
        let phases = Phases::new(Duration::from_secs(12), windows.into()).unwrap();
        let names = phases.names();
        assert_eq!(names, ["warm-up", "early", "late", "rest"]);
        for (seconds, name) in [
            (0, "warm-up"),
            (11, "warm-up"),
            (12, "early"),
            (20, "rest"),
            (30, "late"),
            (40, "rest"),
        ] {
            assert_eq!(
                names[phases.place(Duration::from_secs(seconds))],
                name,
                "{seconds}"
            );
        }
        assert_eq!(Phases::default().names(), ["rest"]);
    }

    #[test]
    fn until_the_next_border_an_instant_belongs_to_the_same_part() {
        let windows = ["a=1s..2s", "b=2s..4s", "a=6s..6500ms"].map(|it| it.parse().unwrap());
        let phases = Phases::new(Duration::ZERO, windows.into()).unwrap();

        let mut at = Duration::ZERO;
        let mut borders = Vec::new();
        while let Some(next) = phases.next_border(at) {
            let last = next.saturating_sub(Duration::from_nanos(1));
            assert_eq!(phases.place(at), phases.place(last), "{at:?}");
            assert_ne!(phases.place(last), phases.place(next), "{next:?}");
            assert_eq!(phases.next_border(last), Some(next));
            borders.push(next.as_millis());
            at = next;
        }

        assert_eq!(borders, [1000, 2000, 4000, 6000, 6500]);
        let warm = Phases::new(Duration::from_secs(3), phases.windows().into()).unwrap();
        let borders = [0, 2, 3].map(|at| warm.next_border(Duration::from_secs(at)).unwrap());
        assert_eq!(borders, [1, 3, 4].map(Duration::from_secs));
        assert_eq!(Phases::default().next_border(at), None);
    }

    #[test]
    fn a_phase_that_comes_again_is_the_same() {
        let windows = ["good=0..5s", "bad=5s..6s", "good=6s..9s"].map(|it| it.parse().unwrap());
        let phases = Phases::new(Duration::ZERO, windows.into()).unwrap();

        let names = phases.names();

        assert_eq!(names, ["good", "bad", "rest"]);
        let of = |seconds| names[phases.place(Duration::from_secs(seconds))];
        assert_eq!(
            [of(0), of(5), of(7), of(9)],
            ["good", "bad", "good", "rest"]
        );
    }

    #[test]
    fn phases_that_cannot_be_are_refused() {
        let refused = |texts: &[&str]| {
            let windows: Result<Vec<PhaseWindow>, _> = texts.iter().map(|it| it.parse()).collect();
            windows
                .and_then(|it| Phases::new(Duration::ZERO, it))
                .unwrap_err()
        };
        assert!(refused(&["a=0..5s", "b=4s..6s"]).contains("must not overlap"));
        assert!(refused(&["rest=0..5s"]).contains("taken"));
        assert!(refused(&["a=5s..5s"]).contains("end after it begins"));
        assert!(refused(&["a=5s"]).contains("NAME=FROM..TO"));
    }
}
