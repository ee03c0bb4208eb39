//! The record of coordination in one run: messages, vetoes, leases, how long each instance was alone, and the course of
//! it all one by one.

mod course;
mod happening;
mod standing;
mod word;

use serde::{Deserialize, Serialize};

use crate::expectation::{Figure, Figures};
use crate::scenario::CoordinationMode;

pub use course::{Course, CourseRecorder, LeftOut, MOST_EVENTS, MOST_STANDINGS, MOST_VIEWS};
pub use happening::{EventFigure, Happening};
pub use standing::{FleetView, SeenView, Standing};
pub use word::{Apart, EventKind, FleetOrder, FleetVerdict, Stage, Vote};

/// What the instances of a run told each other.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CoordinationRecord {
    /// How they decided, at the start.
    pub mode: CoordinationMode,
    /// Where the ledger was; in a run that began in local mode, where it was first.
    pub engine: UsedEngine,
    /// The mark of the settings by which they voted.
    pub rules: String,
    /// For how long this was watched, in seconds.
    pub watched_s: f64,
    /// How often an instance reports when nothing happens, in seconds; 0 where that is not known.
    #[serde(default)]
    pub report_every_s: f64,
    /// What the engine did.
    pub ledger: LedgerRecord,
    /// The instances, in the order of the scenario.
    pub instances: Vec<MemberRecord>,
    /// What they decided one by one; results of earlier versions do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
    /// Changes of how they decided while the run lasted; none where it stayed the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<CoordinationChange>,
}

/// From an instant on the instances decide in another way.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CoordinationChange {
    /// Seconds since the start of the run, to the microsecond.
    pub at_s: f64,
    /// How they decide from then on.
    pub mode: CoordinationMode,
    /// Where the ledger is; none in local mode.
    pub engine: Option<UsedEngine>,
    /// The mark of the settings by which they vote.
    pub rules: String,
    /// What is different from before: the mode and the engine, or else the settings.
    pub different: String,
}

/// Where the ledger of a run was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UsedEngine {
    /// In the process that performed the run.
    #[default]
    Memory,
    /// On a Redis or Valkey server.
    Redis,
    /// With each instance, which gossiped.
    Gossip,
}

/// What an engine did in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRecord {
    /// Requests that it answered.
    pub requests: u64,
    /// How often the fleet opened.
    pub openings: u64,
    /// How often the engine forgot all, or went back to an earlier state.
    pub forgot: u64,
    /// Messages that the network lost, of all directions.
    pub lost_messages: u64,
    /// Views that it told all instances of its own accord.
    #[serde(default)]
    pub pushed: u64,
    /// What came of requests for the lease, and of the probes.
    pub leases: Leases,
}

/// Requests for the probe lease, and probes, by what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leases {
    /// Requests that were granted. Where each instance probes and the engine hears what comes of it, in
    /// `any-open`, each gets a lease of its own.
    pub granted: u64,
    /// Refused: it was too early to probe.
    pub early: u64,
    /// Refused: somebody else probed.
    pub busy: u64,
    /// Refused: the fleet had gone on.
    pub stale: u64,
    /// Probes that were settled as good.
    pub succeeded: u64,
    /// Probes that were settled as bad.
    pub failed: u64,
    /// Results that came after their lease had ended.
    pub fenced: u64,
}

/// What one instance told and heard.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// The instance's name.
    pub name: String,
    /// Messages that it sent.
    pub sent: u64,
    /// Messages that it received.
    pub received: u64,
    /// For how long it was not there, in seconds: before a restart was over, or after it had left.
    #[serde(default)]
    pub absent_s: f64,
    /// How often its opinion changed from one report to the next.
    #[serde(default)]
    pub changes: u64,
    /// For how long it had no fresh view, in seconds.
    pub alone_s: f64,
    /// The mean time since the last view came from the engine, in seconds.
    #[serde(default)]
    pub view_age_s: f64,
    /// How often the fleet opened and it stayed closed because it saw no trouble.
    pub vetoes: u64,
    /// How often it went on alone, for any reason.
    pub fallbacks: u64,
    /// How often its breaker was open for a while beside a fleet that was fine.
    pub localised: u64,
}

impl Figures for CoordinationRecord {
    fn value(&self, figure: &Figure) -> Option<f64> {
        let target = figure.target.as_deref();
        let asked = self
            .instances
            .iter()
            .filter(|one| target.is_none_or(|name| one.name == name));
        let asked: Vec<&MemberRecord> = asked.collect();
        let sum = |of: fn(&MemberRecord) -> u64| number(asked.iter().map(|one| of(one)).sum());
        let watched = self.present_s(&asked);
        let share = |part: f64| (watched > 0.0).then(|| part / watched);
        let leases = &self.ledger.leases;
        match figure.definition.name {
            "messages" => share(sum(|one| one.sent + one.received)),
            "messages_expected" => self.messages_expected(&asked),
            "view_age" => {
                let ages = asked.iter().map(|one| {
                    let present = self.watched_s - one.absent_s;
                    present * one.view_age_s
                });
                share(ages.sum())
            }
            "alone_share" => share(asked.iter().map(|one| one.alone_s).sum()),
            "vetoes" => Some(sum(|one| one.vetoes)),
            "fallbacks" => Some(sum(|one| one.fallbacks)),
            "localised_failures" => Some(sum(|one| one.localised)),
            "fleet_openings" => Some(number(self.ledger.openings)),
            "leases" => Some(number(leases.granted)),
            "leases_succeeded" => Some(number(leases.succeeded)),
            "leases_failed" => Some(number(leases.failed)),
            "leases_fenced" => Some(number(leases.fenced)),
            _ => None,
        }
    }
}

impl CoordinationRecord {
    /// Messages of one instance per second by the formula: 2/h + 2a + the views that all are told + two for each
    /// request about a probe, of which each instance has its share. h is the time between reports, a the changes of
    /// its opinion per second.
    fn messages_expected(&self, asked: &[&MemberRecord]) -> Option<f64> {
        if self.report_every_s <= 0.0 || self.watched_s <= 0.0 || asked.is_empty() {
            return None;
        }
        let all: Vec<&MemberRecord> = self.instances.iter().collect();
        let changes: u64 = self.instances.iter().map(|one| one.changes).sum();
        let leases = &self.ledger.leases;
        let about_probes = leases.granted
            + leases.early
            + leases.busy
            + leases.stale
            + leases.succeeded
            + leases.failed
            + leases.fenced;
        let asked_for = 2.0 * number(changes + about_probes) / self.present_s(&all);
        Some(2.0 / self.report_every_s + asked_for + number(self.ledger.pushed) / self.watched_s)
    }

    /// For how long these instances were there, all together, in seconds.
    fn present_s(&self, instances: &[&MemberRecord]) -> f64 {
        let present = instances.iter().map(|one| self.watched_s - one.absent_s);
        present.sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_one_instance_or_of_all_together() {
        let one = |name: &str, sent, alone_s| MemberRecord {
            name: name.to_owned(),
            sent,
            received: 10,
            alone_s,
            vetoes: 1,
            ..MemberRecord::default()
        };
        let record = CoordinationRecord {
            watched_s: 10.0,
            instances: vec![one("A", 10, 5.0), one("B", 30, 0.0)],
            ..CoordinationRecord::default()
        };
        let value = |text: &str| record.value(&text.parse().unwrap());

        assert_eq!(value("messages"), Some(3.0)); // 60 in 10 s by two
        assert_eq!(value("messages(B)"), Some(4.0));
        assert_eq!(value("alone_share"), Some(0.25));
        assert_eq!(value("vetoes"), Some(2.0));
        assert_eq!(value("leases"), Some(0.0));
    }

    #[test]
    fn messages_are_expected_by_reports_changes_views_and_probes() {
        let one = |changes| MemberRecord {
            changes,
            view_age_s: 0.25,
            ..MemberRecord::default()
        };
        let mut record = CoordinationRecord {
            watched_s: 10.0,
            report_every_s: 1.0,
            instances: vec![one(4), one(1)],
            ..CoordinationRecord::default()
        };
        record.ledger.pushed = 3;
        record.ledger.leases.granted = 4;
        record.ledger.leases.succeeded = 1;
        let value = |record: &CoordinationRecord, text: &str| record.value(&text.parse().unwrap());

        // 2 reports a second with their answers, 10 for changes and probes by each, and 3 views.
        assert_eq!(value(&record, "messages_expected"), Some(2.0 + 1.3));
        assert_eq!(value(&record, "view_age"), Some(0.25));
        record.report_every_s = 0.0;
        assert_eq!(value(&record, "messages_expected"), None);
    }
}
