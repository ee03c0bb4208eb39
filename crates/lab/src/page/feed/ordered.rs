//! Orders as viewers are told of them: what was set, stopped or started between two looks, whoever ordered it.

use experiment::orders::OrderSource;

use super::setting::SettingOrders;
use crate::load::LoadView;
use crate::page::source::{Description, Moment, SettingsStep};
use crate::page::standing::Coordination;
use crate::page::wire::Mark;

/// What has been done since the last look, as marks. Only the lab changes its load and its mode, and stops instances;
/// settings can be changed at an instance, too.
pub(super) fn done(
    before: &Description,
    moment: &Moment,
    orders: &SettingOrders,
) -> Vec<(Mark, OrderSource)> {
    let mut done = Vec::new();
    // Those of one order have one instant, to the bit.
    let of_one_order =
        |one: &SettingsStep, next: &SettingsStep| one.at_s.to_bits() == next.at_s.to_bits();
    for steps in moment.settings.chunk_by(of_one_order) {
        done.extend(settings(before, steps, orders));
    }
    done.extend(moment.turns.iter().map(|turn| {
        let what = if turn.2 { "started" } else { "stopped" };
        let name = &before.instances[turn.1].name;
        operator(turn.0, format!("{name} {what}"))
    }));
    let mut now = &before.load;
    for step in &moment.loads {
        done.push(operator(step.at_s, load(now, &step.load)));
        now = &step.load;
    }
    done.extend(moment.decisions.iter().map(|step| {
        let text = format!("coordination: {}", step.different);
        operator(step.at_s, text)
    }));
    done
}

/// The mark of an order that only the lab can carry out.
fn operator(at_s: f64, text: String) -> (Mark, OrderSource) {
    (Mark(at_s, "operator", text), OrderSource::Lab)
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
    if let Some(step) = moment.loads.last() {
        description.load = step.load.clone();
    }
}

/// A change of all instances is one.
fn settings(
    before: &Description,
    steps: &[SettingsStep],
    orders: &SettingOrders,
) -> Vec<(Mark, OrderSource)> {
    let all = before.instances.len();
    let same = |step: &SettingsStep| step.different == steps[0].different;
    let mark = |step: &SettingsStep, who: &str| {
        let source = orders.source(&before.instances[step.instance].name, step.at_s);
        let text = format!("{who}: {}", step.different);
        (Mark(step.at_s, "operator", text), source)
    };
    if steps.len() == all && all > 1 && steps.iter().all(same) {
        return vec![mark(&steps[0], "all")];
    }
    let each = steps
        .iter()
        .map(|step| mark(step, &before.instances[step.instance].name));
    each.collect()
}

fn load(before: &LoadView, now: &LoadView) -> String {
    let words = match (before.paused, now.paused) {
        (false, true) => Some("load paused"),
        (true, false) => Some("load resumed"),
        _ => None,
    };
    let is_other = before != &now.with_pause(before.paused);
    let rate = is_other.then(|| format!("{} calls/s", now.rate));
    match (words, rate) {
        (Some(words), Some(rate)) => format!("{words}: {rate}"),
        (Some(words), None) => words.to_owned(),
        (None, rate) => format!("load: {}", rate.unwrap_or_default()),
    }
}
