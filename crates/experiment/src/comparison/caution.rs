//! The cautions of a comparison: sentences about obstacles to a fair one.

use super::{Comparison, Side};
use crate::result::Performer;

impl Comparison<'_> {
    /// Returns what a reader has to know before trusting the figures: other builds, versions, machines, performers or
    /// lengths. Results are named by their numbers, from `[1]`.
    pub fn cautions(&self) -> Vec<String> {
        let mut said = Vec::new();
        let live = |side: &Side<'_>| side.runs.iter().any(|run| run.performer == Performer::Live);
        // A simulated run has no times of the machine.
        let debug = self.numbers(|side| live(side) && side.result.versions.build == "debug");
        if !debug.is_empty() {
            said.push(format!(
                "a debug build ran {debug}: its times are not those of a release build"
            ));
        }
        let versions = self.kinds(|side| {
            let versions = &side.result.versions;
            let commit = versions.commit.as_deref().unwrap_or("unknown commit");
            format!("{} ({commit}, {})", versions.breaker_lab, versions.build)
        });
        if let Some(versions) = versions {
            said.push(format!(
                "different programs, which may explain a difference: {versions}"
            ));
        }
        let unknown = self.numbers(|side| side.result.versions.commit.is_none());
        if self.sides.len() > 1 && !unknown.is_empty() {
            said.push(format!(
                "the commit of {unknown} is unknown: other programs may have made these results"
            ));
        }
        let performers = self.kinds(|side| {
            let performers = [
                (Performer::Live, "live"),
                (Performer::Simulated, "simulated"),
            ];
            let has = |performer| side.runs.iter().any(|run| run.performer == performer);
            let names = performers
                .into_iter()
                .filter(|(performer, _)| has(*performer));
            names
                .map(|(_, name)| name)
                .collect::<Vec<_>>()
                .join(" and ")
        });
        if let Some(performers) = performers {
            said.push(format!("different performers: {performers}"));
        }
        let machines = self.kinds(|side| {
            let machine = &side.result.machine;
            format!(
                "{}, {} cores",
                machine.cpu.as_deref().unwrap_or(&machine.arch),
                machine.cores
            )
        });
        if let Some(machines) = machines.filter(|_| self.sides.iter().any(live)) {
            said.push(format!("different machines: {machines}"));
        }
        if !super::same_length(&self.sides) {
            said.push("the runs differ in length: counts are given per minute".to_owned());
        }
        said
    }

    /// The numbers of some results, as in `[1], [3]`.
    fn numbers(&self, some: impl Fn(&Side<'_>) -> bool) -> String {
        let numbered = (1_usize..).zip(&self.sides).filter(|(_, side)| some(side));
        let names: Vec<String> = numbered.map(|(number, _)| format!("[{number}]")).collect();
        names.join(", ")
    }

    /// What each result is, as in `[1] this, [2] that`; `None` if all are the same.
    fn kinds(&self, kind: impl Fn(&Side<'_>) -> String) -> Option<String> {
        let kinds: Vec<String> = self.sides.iter().map(kind).collect();
        let same = kinds.windows(2).all(|two| two[0] == two[1]);
        let named = (1_usize..)
            .zip(&kinds)
            .map(|(number, kind)| format!("[{number}] {kind}"));
        (!same).then(|| named.collect::<Vec<_>>().join(", "))
    }
}
