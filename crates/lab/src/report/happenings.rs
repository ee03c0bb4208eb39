//! What happened in a fleet, event by event, in words: events of one kind that come together are one row.

use experiment::coordination::{Course, EventFigure, EventKind, FleetView, Happening};
use experiment::fleet::FleetRecord;

use super::names::{counted, listed};
use crate::words::number;

/// Events of one kind that are no further apart are told together, in seconds.
const TOGETHER_S: f64 = 1.0;

/// Events of one kind that came together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Happened {
    /// When the first of them came.
    pub(super) at_s: f64,
    /// To which instances, by name or by number.
    pub(super) who: String,
    /// What happened.
    pub(super) what: String,
    /// How the fleet had voted then.
    pub(super) votes: String,
}

/// What happened, in order.
pub(super) fn happenings(course: &Course, fleet: &FleetRecord) -> Vec<Happened> {
    let mut groups: Vec<Vec<&Happening>> = Vec::new();
    for event in &course.events {
        let open = groups.iter_mut().rev();
        let mut open = open.take_while(|group| event.at_s - group[0].at_s <= TOGETHER_S);
        match open.find(|group| is_alike(group[0], event) && !has(group, event.instance)) {
            Some(group) => group.push(event),
            None => groups.push(vec![event]),
        }
    }
    let happened = groups.iter().map(|group| happened(group, course, fleet));
    happened.collect()
}

/// Whether two events are told in one sentence.
fn is_alike(one: &Happening, other: &Happening) -> bool {
    let is_time = |event: &Happening| matches!(event.figure, EventFigure::Seconds(_));
    let same = one.figure == other.figure || (is_time(one) && is_time(other));
    // Who probes is told one by one.
    one.kind == other.kind && same && !matches!(one.kind, EventKind::Leased | EventKind::Probed)
}

fn has(group: &[&Happening], instance: usize) -> bool {
    group.iter().any(|event| event.instance == instance)
}

fn happened(group: &[&Happening], course: &Course, fleet: &FleetRecord) -> Happened {
    let first = group[0];
    let mut places: Vec<usize> = group.iter().map(|event| event.instance).collect();
    places.sort_unstable();
    let name = |place: &usize| fleet.instances.get(*place).map_or("", |one| &*one.name);
    let names: Vec<&str> = places.iter().map(name).collect();
    Happened {
        at_s: first.at_s,
        who: listed(&names, fleet.instances.len()),
        what: what(group),
        votes: course.view(first.at_s).map(votes).unwrap_or_default(),
    }
}

/// `open, epoch 3: 2 of 3 suspect, need 2; the engine answers 3 of 3`
pub(super) fn votes(view: &FleetView) -> String {
    let verdict = match view.verdict {
        Some(verdict) => format!(
            "{}, epoch {}: {} of {} suspect, need {}",
            verdict.as_str(),
            number(view.epoch),
            number(view.suspects.into()),
            number(view.voters.into()),
            number(view.need.into()),
        ),
        None => "nobody hears a verdict".to_owned(),
    };
    if view.heard == view.there {
        return verdict;
    }
    format!(
        "{verdict}; the engine answers {} of {}",
        number(view.heard.into()),
        number(view.there.into())
    )
}

fn what(group: &[&Happening]) -> String {
    let first = group[0];
    let figure = first.figure.as_text();
    match first.kind {
        EventKind::Adopted => format!("opened by the fleet's verdict, epoch {figure}"),
        EventKind::Vetoed => format!("vetoed the verdict of epoch {figure}: own calls succeeded"),
        EventKind::Leased => format!("probes for all, for up to {figure} s"),
        EventKind::Probed => match &*figure {
            "void" => "the probe for all had no result".to_owned(),
            result => format!("the probe for all {result}"),
        },
        EventKind::Released => released(group),
        EventKind::FellBack => format!("went on alone: {}", reason(&figure)),
        EventKind::Rejoined => "rejoined the fleet".to_owned(),
        EventKind::Refused => format!("was refused by the fleet: {figure}"),
        EventKind::Localised => "had a localised failure: most others were fine".to_owned(),
        EventKind::LocalisedEnded => "the localised failure was over".to_owned(),
        EventKind::Ordered => {
            format!(
                "followed an order to the fleet: {}",
                figure.replace('_', " ")
            )
        }
        EventKind::Left => "left the fleet".to_owned(),
        _ => "something that this program has no word for".to_owned(),
    }
}

/// `may close at once`, `may close in turn, after up to 0.412 s`
fn released(group: &[&Happening]) -> String {
    let turn = |event: &&Happening| match event.figure {
        EventFigure::Seconds(after) => after,
        _ => 0.0,
    };
    let longest = group.iter().map(turn).fold(0.0, f64::max);
    if longest <= 0.0 {
        "may close at once".to_owned()
    } else if group.len() == 1 {
        format!("may close in turn, after {longest:.3} s")
    } else {
        format!("may close in turn, after up to {longest:.3} s")
    }
}

/// Why an instance goes on alone.
fn reason(word: &str) -> String {
    match word {
        "stale" => "nothing fresh came from the engine".to_owned(),
        "forgot" => "the engine had forgotten what it knew".to_owned(),
        "held_too_long" => "the engine held it longer than any verdict lasts".to_owned(),
        other => other.replace('_', " "),
    }
}

/// How much of a course was left out, in a sentence; none where all is there.
pub(super) fn left_out(course: &Course) -> Option<String> {
    let left_out = course.left_out;
    if left_out.is_nothing() {
        return None;
    }
    let last = course.standings.last().map_or(0.0, |it| it.at_s);
    Some(format!(
        "The result has the beginning of it: {}, {} of votes and {} of the verdict were left out; votes are known until \
         {last:.1} s.",
        counted(left_out.events, "event"),
        counted(left_out.standings, "change"),
        counted(left_out.views, "change"),
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use experiment::coordination::CourseRecorder;
    use experiment::fleet::InstanceRecord;

    use super::*;

    #[test]
    fn events_of_one_kind_that_come_together_are_one_row_and_probes_are_told_one_by_one() {
        let mut recorder = CourseRecorder::new(3);
        let mut note = |millis: u64, instance: usize, kind: EventKind, figure: EventFigure| {
            recorder.happens(Duration::from_millis(millis), instance, kind, figure);
        };
        let seconds = |millis| EventFigure::time(Duration::from_millis(millis));
        note(1_000, 1, EventKind::Adopted, EventFigure::Epoch(1));
        note(1_100, 2, EventKind::Leased, seconds(300));
        note(1_200, 0, EventKind::Adopted, EventFigure::Epoch(1));
        note(
            1_300,
            2,
            EventKind::Probed,
            EventFigure::Words("void".into()),
        );
        note(1_400, 0, EventKind::Released, seconds(0));
        note(1_500, 1, EventKind::Released, seconds(250));
        note(4_000, 1, EventKind::Adopted, EventFigure::Epoch(3));
        let fleet = FleetRecord {
            instances: ["A", "B", "C"]
                .map(|name| InstanceRecord {
                    name: name.to_owned(),
                    ..InstanceRecord::default()
                })
                .into(),
            ..FleetRecord::default()
        };

        let happened = happenings(&recorder.finish(), &fleet);

        let told: Vec<String> = happened
            .iter()
            .map(|it| format!("{:.1} {}: {}", it.at_s, it.who, it.what))
            .collect();
        assert_eq!(
            told,
            [
                "1.0 A and B: opened by the fleet's verdict, epoch 1",
                "1.1 C: probes for all, for up to 0.300 s",
                "1.3 C: the probe for all had no result",
                "1.4 A and B: may close in turn, after up to 0.250 s",
                "4.0 B: opened by the fleet's verdict, epoch 3",
            ]
        );
    }
}
