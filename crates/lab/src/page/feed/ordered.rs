//! Orders as viewers are told of them: what was set, stopped or started between two looks, whoever ordered it.

use crate::page::source::{Description, Moment, SettingsStep};
use crate::page::standing::Coordination;

/// What has been done since the last look, in words. Nothing at the first one, which finds what was there before.
pub(super) fn done(
    before: &Description,
    moment: &Moment,
    is_first: bool,
) -> impl Iterator<Item = String> + use<> {
    let mut done = Vec::new();
    if !is_first {
        done.extend(settings(before, &moment.settings));
        done.extend(moment.turns.iter().map(|turn| {
            let what = if turn.2 { "started" } else { "stopped" };
            format!("{} {what}", before.instances[turn.1].name)
        }));
        done.extend(load(before, moment));
        let decisions = moment.decisions.iter();
        done.extend(decisions.map(|step| format!("coordination: {}", step.different)));
    }
    done.into_iter()
}

/// Takes what is so now into the description.
pub(super) fn follow(description: &mut Description, moment: &Moment) {
    for step in &moment.settings {
        let one = &mut description.instances[step.instance];
        one.breaker = step.rules.clone();
        one.settings = step.settings;
    }
    for turn in &moment.turns {
        description.instances[turn.1].running = turn.2;
    }
    if let Some(step) = moment.decisions.last() {
        description.coordination = step.engine.map(|engine| Coordination {
            mode: step.mode,
            engine,
        });
    }
    if let Some(load) = &moment.load {
        description.load = load.clone();
    }
}

/// A change of all instances is one.
fn settings(before: &Description, steps: &[SettingsStep]) -> Vec<String> {
    let all = before.instances.len();
    let same = |step: &SettingsStep| step.different == steps[0].different;
    if steps.len() == all && all > 1 && steps.iter().all(same) {
        return vec![format!("all: {}", steps[0].different)];
    }
    let each = steps.iter().map(|step| {
        let name = &before.instances[step.instance].name;
        format!("{name}: {}", step.different)
    });
    each.collect()
}

fn load(before: &Description, moment: &Moment) -> Option<String> {
    let (before, now) = (&before.load, moment.load.as_ref()?);
    let words = match (before.paused, now.paused) {
        (false, true) => Some("load paused"),
        (true, false) => Some("load goes on"),
        _ => None,
    };
    let is_other = before != &now.with_pause(before.paused);
    let rate = is_other.then(|| format!("{} calls/s", now.rate));
    Some(match (words, rate) {
        (Some(words), Some(rate)) => format!("{words}: {rate}"),
        (Some(words), None) => words.to_owned(),
        (None, rate) => format!("load: {}", rate.unwrap_or_default()),
    })
}
