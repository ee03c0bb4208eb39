//! The part of `GET /breaker` about the instance's fleet.

use std::collections::BTreeMap;
use std::time::Duration;

use fusebox_fleet::host::{Apart, Direction, FallbackReason, LeaseOutcome, MessageKind, Status};
use fusebox_fleet::{Evidence, ReportRefused, Verdict};
use serde::Serialize;

use crate::coordination::Part;

/// An instance's part in its fleet at one instant. Fields with `_at` or `_since` are Unix times in seconds.
#[derive(Debug, Serialize)]
pub(super) struct FleetView {
    mode: &'static str,
    engine: EngineView,
    /// This instance's opinion of the downstream.
    opinion: &'static str,
    /// `None` before the first view.
    verdict: Option<&'static str>,
    epoch: Option<u64>,
    votes: Option<VotesView>,
    /// Until a probe is possible; `None` while the fleet is closed.
    next_probe_in_ms: Option<u128>,
    view_age_ms: u128,
    view_is_fresh: bool,
    /// The stage of the fleet's verdict here: `held`, `probing` or `turn`.
    overlay: Option<&'static str>,
    prober: Option<String>,
    /// Why this instance does not follow the fleet.
    apart: Option<ApartView>,
    localised_failure: bool,
    order: &'static str,
    vetoes: u64,
    adoptions: u64,
    fallbacks: BTreeMap<&'static str, u64>,
    leases: BTreeMap<&'static str, u64>,
    messages_sent: BTreeMap<&'static str, u64>,
    messages_received: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct EngineView {
    kind: &'static str,
    address: Option<String>,
    reachable: bool,
    unreachable_since: Option<f64>,
    /// The engine's last failure to answer.
    trouble: Option<String>,
}

#[derive(Debug, Serialize)]
struct VotesView {
    voters: u32,
    suspects: u32,
    /// `None` where merged calls decide, not votes.
    need: Option<u32>,
}

#[derive(Debug, Serialize)]
struct ApartView {
    reason: &'static str,
    message: String,
}

impl FleetView {
    /// The status of the instance now; while the fleet is open the engine is asked who probes.
    pub(super) async fn of(part: &Part) -> Self {
        let status = part.reader().status();
        let prober = part.prober(&status).await;
        let view = status.view;
        let tally = &status.tally;
        let messages = |direction: Direction| {
            let kinds = MessageKind::ALL.iter();
            let counted = kinds.map(|&kind| (kind.as_str(), tally.messages(kind, direction)));
            counted
                .filter(|(kind, _)| *kind != "push" || direction == Direction::Received)
                .collect()
        };
        Self {
            mode: status.mode.as_str(),
            engine: EngineView::of(part, &status),
            opinion: status.opinion.as_str(),
            verdict: view.map(|view| view.verdict.as_str()),
            epoch: view.map(|view| view.era.epoch.get()),
            votes: view.map(|view| VotesView {
                voters: view.votes.voters,
                suspects: view.votes.suspects,
                need: (status.mode.dials().evidence != Evidence::Counts).then_some(view.votes.need),
            }),
            next_probe_in_ms: view.and_then(|view| next_probe(view.verdict, status.view_age)),
            view_age_ms: status.view_age.as_millis(),
            view_is_fresh: status.is_fresh,
            overlay: status.stage.map(fusebox::HoldStage::as_str),
            prober: prober.map(|instance| instance.to_string()),
            apart: status.apart.map(|apart| ApartView::of(apart, &status)),
            localised_failure: status.is_localised,
            // In the words of `PUT /fleet/mode`.
            order: status.order.as_str(),
            vetoes: tally.vetoes(),
            adoptions: tally.adoptions(),
            fallbacks: FallbackReason::ALL
                .iter()
                .map(|&reason| (reason.as_str(), tally.fallbacks(reason)))
                .collect(),
            leases: LeaseOutcome::ALL
                .iter()
                .map(|&outcome| (outcome.as_str(), tally.leases(outcome)))
                .collect(),
            messages_sent: messages(Direction::Sent),
            messages_received: messages(Direction::Received),
        }
    }
}

fn next_probe(verdict: Verdict, age: Duration) -> Option<u128> {
    match verdict {
        Verdict::Open { next_probe_in } => Some(next_probe_in.saturating_sub(age).as_millis()),
        Verdict::Closed => None,
    }
}

impl EngineView {
    fn of(part: &Part, status: &Status) -> Self {
        let name = part.engine();
        let silent = (!status.engine_up).then_some(status.answer_age.as_secs_f64());
        Self {
            kind: name.kind,
            address: name.address.clone(),
            reachable: status.engine_up,
            unreachable_since: silent.map(|silent| telemetry::unix_now() - silent),
            trouble: status.trouble.as_ref().map(ToString::to_string),
        }
    }
}

impl ApartView {
    fn of(apart: Apart, status: &Status) -> Self {
        let differing: Vec<_> = status
            .refused
            .iter()
            .flat_map(ReportRefused::differing)
            .collect();
        Self {
            reason: apart.as_str(),
            message: match apart {
                Apart::SettingsDiffer if !differing.is_empty() => {
                    return Self {
                        reason: apart.as_str(),
                        message: format!(
                            "this instance's settings differ from the fleet's in {}: start all instances \
                             with the same settings",
                            differing.join(", ")
                        ),
                    };
                }
                Apart::Local => "the mode is local",
                Apart::Left => "this instance has left the fleet",
                Apart::Joining => {
                    "this instance has just started, and the engine has not answered yet"
                }
                Apart::Stale => "the engine has been silent for longer than stale_after",
                Apart::NameTaken => {
                    "another process uses this instance's name: give each instance its own name"
                }
                Apart::SettingsDiffer => {
                    "this instance's settings differ from the fleet's: start all instances with the same \
                     settings"
                }
                Apart::Operator => "an operator has set the mode, of this instance or of the whole fleet",
                Apart::Vetoed => "the fleet is open, but this instance's own calls succeed",
                Apart::NotSuspect => {
                    "the fleet is open, but this instance has no recent calls to judge by"
                }
                Apart::OwnOpen => "this breaker has tripped by its own rules",
                _ => "this instance does not follow the fleet",
            }
            .to_owned(),
        }
    }
}
