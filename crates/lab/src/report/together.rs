//! What instances of a run decided together, and what operators did meanwhile, as the page's modules take it.

use std::collections::BTreeMap;

use experiment::coordination::{
    Apart, CoordinationRecord, Course, FleetView, Happening, Stage, Standing, UsedEngine,
};
use experiment::orders::Orders;
use experiment::result::Repetition;
use experiment::scenario::CoordinationMode;
use serde::Serialize;

use crate::page::{self, Coordination, FleetNote, Rules, SeenView, SettingsStep};

/// Rows that stand beside the history of a run: marks, loads, and views of the fleet.
#[derive(Debug, Default, Serialize)]
pub(super) struct Beside<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    m: Vec<(f64, &'a str, &'a str)>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    r: &'a [experiment::orders::LoadInForce],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    v: &'a [FleetView],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    g: Vec<(f64, &'static str, Option<&'static str>)>,
}

/// Until when rows are known, in seconds, where some were left out.
#[derive(Debug, Default, Serialize)]
pub(super) struct Known {
    #[serde(skip_serializing_if = "Option::is_none")]
    standings: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<f64>,
}

impl<'a> Beside<'a> {
    pub(super) fn of(run: &'a Repetition) -> Self {
        let orders = run.orders.as_ref();
        let marks = orders.into_iter().flat_map(|orders| &orders.marks);
        Self {
            m: marks
                .map(|mark| (mark.at_s, &*mark.kind, &*mark.text))
                .collect(),
            r: orders.map_or(&[], |orders| &orders.load),
            v: course_of(run).map_or(&[], |course| &course.views),
            g: decisions(run),
        }
    }
}

impl Known {
    pub(super) fn of(run: &Repetition) -> Self {
        let Some(course) = course_of(run) else {
            return Self::default();
        };
        let left_out = course.left_out;
        let until = |left_out: u64, last: Option<f64>| last.filter(|_| left_out > 0);
        Self {
            standings: until(
                left_out.standings,
                course.standings.last().map(|it| it.at_s),
            ),
            views: until(left_out.views, course.views.last().map(|it| it.at_s)),
        }
    }
}

fn course_of(run: &Repetition) -> Option<&Course> {
    run.coordination.as_ref()?.course.as_ref()
}

/// How the instances decided together, if they did and it is known one by one.
pub(super) fn coordination(run: &Repetition) -> Option<Coordination> {
    let record: &CoordinationRecord = run.coordination.as_ref()?;
    record.course.as_ref()?;
    Some(Coordination {
        mode: record.mode.0.as_str(),
        engine: word(record.engine),
    })
}

fn word(engine: UsedEngine) -> &'static str {
    match engine {
        UsedEngine::Memory => "memory",
        UsedEngine::Redis => "redis",
        UsedEngine::Gossip => "gossip",
    }
}

/// Where the ledger was at the start; none in local mode.
pub(super) fn engine_at_start(record: &CoordinationRecord) -> Option<UsedEngine> {
    (!record.mode.is_local()).then_some(record.engine)
}

/// The modes of a run one after another: `quorum`, or `local, then quorum`.
pub(super) fn modes(record: &CoordinationRecord) -> String {
    let changes = record.changes.iter().map(|it| it.mode);
    let mut modes: Vec<CoordinationMode> = std::iter::once(record.mode).chain(changes).collect();
    modes.dedup();
    let modes: Vec<String> = modes.iter().map(ToString::to_string).collect();
    modes.join(", then ")
}

/// How they decided from when on, where that changed.
fn decisions(run: &Repetition) -> Vec<(f64, &'static str, Option<&'static str>)> {
    let record = run.coordination.iter();
    let Some(record) = record.into_iter().find(|it| !it.changes.is_empty()) else {
        return Vec::new();
    };
    let began = (
        0.0,
        record.mode.0.as_str(),
        engine_at_start(record).map(word),
    );
    let changes = record.changes.iter();
    let changes = changes.map(|it| (it.at_s, it.mode.0.as_str(), it.engine.map(word)));
    std::iter::once(began).chain(changes).collect()
}

/// How instances stood, whenever that changed for one of them.
pub(super) fn standings(run: &Repetition) -> Vec<page::Standing> {
    let Some(course) = course_of(run) else {
        return Vec::new();
    };
    let rows = course.standings.iter();
    rows.map(|row| standing(row, course)).collect()
}

fn standing(row: &Standing, course: &Course) -> page::Standing {
    page::Standing {
        at_s: row.at_s,
        instance: row.instance,
        engine_up: row.engine_up,
        is_fresh: row.is_fresh,
        opinion: row.vote.as_str(),
        stage: row.stage.map(Stage::as_str),
        apart: row.apart.map(Apart::as_str),
        is_localised: row.is_localised,
        order: row.order.as_str(),
        view: row.heard.map(|(verdict, epoch)| {
            // The votes are those of the fleet, if that is what the instance has heard of.
            let view = course.view(row.at_s).filter(|view| view.epoch == epoch);
            let votes = view.map_or([0; 3], |view| [view.voters, view.suspects, view.need]);
            SeenView {
                verdict: verdict.as_str(),
                epoch,
                revision: 0,
                voters: votes[0],
                suspects: votes[1],
                need: votes[2],
                probe_at_s: view.and_then(|view| view.probe_at_s),
            }
        }),
        // The report has its own tables of counts.
        counted: [0; 6],
    }
}

/// What happened to instances.
pub(super) fn notes(run: &Repetition) -> Vec<FleetNote> {
    let events = course_of(run).into_iter().flat_map(|course| &course.events);
    let note = |event: &Happening| FleetNote {
        at_s: event.at_s,
        instance: event.instance,
        kind: event.kind.as_str(),
        detail: event.figure.as_text(),
    };
    events.map(note).collect()
}

/// The settings that were in force when.
pub(super) fn settings(orders: Option<&Orders>) -> Vec<SettingsStep> {
    let mut before = BTreeMap::new();
    let mut steps = Vec::new();
    for row in orders.into_iter().flat_map(|orders| &orders.settings) {
        // They were in force, so they are allowed.
        let Ok(config) = row.settings.config(0) else {
            continue;
        };
        let rules = Rules::from(&config);
        for &instance in &row.instances {
            let different = before.insert(instance, row.settings);
            steps.push(SettingsStep {
                at_s: row.at_s,
                instance,
                rules: rules.clone(),
                settings: row.settings,
                different: different.map_or(String::new(), |it| row.settings.differences(it)),
            });
        }
    }
    steps
}
