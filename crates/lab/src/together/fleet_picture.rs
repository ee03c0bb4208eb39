//! The fleet's common decision at one moment, in the words of the display.

use std::time::Duration;

use fusebox::HoldStage;
use fusebox_fleet::host::{Apart, Status};
use fusebox_fleet::{Evidence, Opinion, Order, Verdict, View, Votes};

use super::Watched;
use super::words::seconds;

/// What the instances decide together at one moment.
pub(super) struct FleetPicture {
    /// In which mode, and over which engine.
    pub(super) described: String,
    /// By what they decide.
    pub(super) evidence: Evidence,
    /// The instances, in their order.
    pub(super) members: Vec<MemberPicture>,
}

/// One instance in its fleet at one moment.
pub(super) struct MemberPicture {
    pub(super) name: String,
    /// Its view and the view's age, while that is fresh.
    pub(super) view: Option<(View, Duration)>,
    pub(super) hears_engine: bool,
    pub(super) order: Order,
    pub(super) part: Part,
}

impl FleetPicture {
    /// None where each instance decides alone.
    pub(super) fn of(watched: &Watched) -> Option<Self> {
        let described = watched.coordinator.described()?;
        let members = watched.names.iter().zip(&watched.readers);
        let members = members.map(|(name, reader)| match reader.status() {
            Some(status) => MemberPicture::of(name, &status),
            None => MemberPicture::away(name),
        });
        Some(Self {
            described,
            evidence: watched
                .coordinator
                .settings()
                .coordination
                .mode
                .0
                .dials()
                .evidence,
            members: members.collect(),
        })
    }

    /// The newest view that any instance has, and how old it is, if one has any that is fresh.
    pub(super) fn view(&self) -> Option<(View, Duration)> {
        let views = self.there().filter_map(|member| member.view);
        views.max_by_key(|(view, _)| (view.era.epoch, view.revision))
    }

    /// How many instances hear the engine, of how many that are in the fleet.
    pub(super) fn heard_by(&self) -> [usize; 2] {
        let hearing = self.there().filter(|member| member.hears_engine);
        [hearing.count(), self.there().count()]
    }

    /// The instances that probe for the others, or, where each probes for itself, those that do.
    pub(super) fn probers(&self) -> Vec<&str> {
        let probing = Part::Led(HoldStage::Probing);
        let members = self.members.iter();
        let probing = members.filter(|member| member.part == probing);
        probing.map(|member| &*member.name).collect()
    }

    /// The order of an operator that an instance has heard of.
    pub(super) fn order(&self) -> Order {
        let mut orders = self.there().map(|member| member.order);
        let given = orders.find(|order| *order != Order::Automatic);
        given.unwrap_or_default()
    }

    /// Who is in the fleet: one that has left stands as it did then, and speaks for it no more.
    fn there(&self) -> impl Iterator<Item = &MemberPicture> {
        let members = self.members.iter();
        members.filter(|member| member.part != Part::Apart(Apart::Left))
    }
}

impl MemberPicture {
    /// An instance that is stopped, or joins just now.
    fn away(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            view: None,
            hears_engine: false,
            order: Order::Automatic,
            part: Part::Apart(Apart::Left),
        }
    }

    fn of(name: &str, status: &Status) -> Self {
        let fresh = status.view.filter(|_| status.is_fresh);
        Self {
            name: name.to_owned(),
            view: fresh.map(|view| (view, status.view_age)),
            hears_engine: status.engine_up,
            order: status.order,
            part: Part::of(status),
        }
    }
}

/// `2 of 3 suspect, need 2`, or `2 of 3 suspect; merged calls decide`.
pub(super) fn votes(votes: Votes, evidence: Evidence) -> String {
    let Votes {
        voters,
        suspects,
        need,
        ..
    } = votes;
    match evidence {
        Evidence::Counts => format!("{suspects} of {voters} suspect; merged calls decide"),
        _ => format!("{suspects} of {voters} suspect, need {need}"),
    }
}

/// How long until somebody may probe, if the fleet is open.
pub(super) fn next_probe((view, age): (View, Duration)) -> Option<String> {
    let Verdict::Open { next_probe_in } = view.verdict else {
        return None;
    };
    Some(match next_probe_in.saturating_sub(age) {
        Duration::ZERO => "the next call probes".to_owned(),
        left => format!("probe in {}", seconds(left)),
    })
}

/// What one instance does in its fleet, as far as a column holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The fleet holds it, or lets it probe or wait for its turn.
    Led(HoldStage),
    /// It does not follow, for this reason.
    Apart(Apart),
    /// It is open while most of its fleet is fine.
    Localised,
    /// It is with the fleet, and suspects the downstream.
    Suspects,
    /// It is with the fleet, and sees no trouble.
    Fine,
    /// It is with the fleet, and has no calls to judge by.
    Idle,
}

impl Part {
    fn of(status: &Status) -> Self {
        match (status.stage, status.apart, status.opinion) {
            (Some(stage), ..) => Self::Led(stage),
            (None, Some(why), _) => Self::Apart(why),
            (None, None, _) if status.is_localised => Self::Localised,
            (None, None, Opinion::Suspect) => Self::Suspects,
            (None, None, Opinion::Fine) => Self::Fine,
            (None, None, Opinion::Idle) => Self::Idle,
        }
    }

    /// At most 14 letters.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Led(HoldStage::Probing) => "probes for all",
            Self::Led(HoldStage::Turn) => "waits its turn",
            Self::Led(_) => "held",
            Self::Localised => "localised",
            Self::Suspects => "suspects",
            Self::Fine => "fine",
            Self::Idle | Self::Apart(Apart::NotSuspect) => "no calls",
            Self::Apart(Apart::Local) => "alone",
            Self::Apart(Apart::Left) => "has left",
            Self::Apart(Apart::Joining) => "joins",
            Self::Apart(Apart::NameTaken) => "name in use",
            Self::Apart(Apart::SettingsDiffer) => "other settings",
            Self::Apart(Apart::Operator) => "operator",
            Self::Apart(Apart::Vetoed) => "vetoes",
            Self::Apart(Apart::OwnOpen) => "open by itself",
            // Whatever else there may be one day leaves it alone as well.
            Self::Apart(_) => "no engine",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspects_are_not_counted_against_a_need_that_decides_nothing() {
        let counted = Votes::new(3, 3, 2);
        assert_eq!(votes(counted, Evidence::Opinions), "3 of 3 suspect, need 2");
        assert_eq!(
            votes(counted, Evidence::Counts),
            "3 of 3 suspect; merged calls decide"
        );
    }
}
