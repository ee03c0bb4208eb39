//! The timeline of a run in letters, for a code fence: a row of the truth, and a row of each breaker in height code.
//!
//! Each letter is a stretch of time and shows the state that lasted longest in it. A large fleet has one row with the
//! share of breakers that are not closed.

use experiment::fleet::FleetRecord;

use super::lanes::{Columns, Look, Shares, passing, truth_name, truths};
use crate::words::number;
use experiment::expectation::Unit;

/// Letters of a row.
const LETTERS: usize = 72;
/// Instances that have a row each.
const ROWS: usize = 12;
/// Truths that have a row each.
const TRUTHS: usize = 4;
/// Letters of a name.
const NAME: usize = 14;

/// The letter of each [`Look`]: the higher, the worse.
const STATES: [char; Look::ALL.len()] = ['▁', '┄', '─', '▄', '█', '▓'];
/// Shares from none to all.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The timeline, and a line that says how to read it.
pub(super) fn strip(fleet: &FleetRecord) -> String {
    let columns = Columns::of(fleet, LETTERS);
    let mut rows: Vec<(String, String)> = Vec::new();
    let truths = truths(fleet);
    for (truth, places) in truths.iter().take(TRUTHS) {
        let timeline = fleet.truths.get(*truth).cloned().unwrap_or_default();
        let letters = columns.truth(&timeline, fleet.duration_s);
        rows.push((
            truth_name(fleet, places),
            letters.into_iter().map(of_truth).collect(),
        ));
    }
    let is_large = fleet.instances.len() > ROWS;
    if is_large {
        let all: Vec<usize> = (0..fleet.instances.len()).collect();
        let letters = columns.states_of(fleet, &all);
        rows.push((
            "not closed".to_owned(),
            letters.iter().map(of_fleet).collect(),
        ));
    } else {
        for (place, one) in fleet.instances.iter().enumerate() {
            let letters = columns.states(fleet, place);
            rows.push((one.name.clone(), letters.iter().map(of_state).collect()));
        }
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0).min(NAME);
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|(name, letters)| format!("{:<width$} {letters}", shortened(&name)))
        .collect();
    lines.push(axis(fleet, width));
    if truths.len() > TRUTHS {
        lines.push(format!(
            "… and {} more truths, which other instances met",
            truths.len() - TRUTHS
        ));
    }
    lines.push(String::new());
    let shown: String = lines.concat();
    lines.push(legend(columns, fleet.instances.len(), &shown));
    lines.join("\n")
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME - 1).chain(['…']).collect()
}

fn of_truth(p_fail: f64) -> char {
    match p_fail {
        ..0.005 => '·',
        ..0.34 => '░',
        ..0.67 => '▒',
        _ => '█',
    }
}

/// The state that lasted longest; of two that lasted equally long the worse.
fn of_state(shares: &Shares) -> char {
    // The instance was stopped for most of it.
    if shares.iter().sum::<f64>() < 0.5 {
        return ' ';
    }
    let mut longest = 0;
    for place in 1..shares.len() {
        if shares[place] >= shares[longest] && shares[place] > 0.0 {
            longest = place;
        }
    }
    STATES[longest]
}

/// The share of breakers that are not closed; none has the lowest letter, and the highest is nearly all.
fn of_fleet(shares: &Shares) -> char {
    let share = (1.0 - passing(shares)).clamp(0.0, 1.0);
    if share < 0.000_5 {
        return '·';
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of eight letters"
    )]
    let place = (share * 8.0) as usize;
    HEIGHTS[place.min(7)]
}

/// Seconds below the letters: begin, middle and end.
fn axis(fleet: &FleetRecord, width: usize) -> String {
    let end = Unit::Seconds.show(fleet.duration_s);
    let middle = Unit::Seconds.show(fleet.duration_s / 2.0);
    let left = LETTERS / 2 - 1;
    let right = LETTERS - left - middle.chars().count() - 1;
    format!("{:width$} {:<left$} {middle}{end:>right$}", "", "0 s")
}

/// What the letters mean; those of states that operators want only where they occur.
fn legend(columns: Columns, of: usize, shown: &str) -> String {
    let each = Unit::Seconds.show(columns.seconds());
    let truth = "truth: · no call fails, ░ up to a third, ▒ up to two thirds, █ more";
    if of > ROWS {
        let of = number(u64::try_from(of).unwrap_or(u64::MAX));
        return format!(
            "{truth}\nshare of {of} breakers that are not closed: · none, ▁ few … █ all; a letter is {each}"
        );
    }
    let rare = [
        (Look::ForcedOpen, "forced open"),
        (Look::Disabled, "disabled"),
        (Look::MetricsOnly, "metrics only"),
    ];
    let rare = rare.map(|(look, word)| (STATES[look as usize], word));
    let rare = rare.iter().filter(|(letter, _)| shown.contains(*letter));
    let rare: Vec<String> = rare
        .map(|(letter, word)| format!(", {letter} {word}"))
        .collect();
    let rare = rare.concat();
    format!(
        "{truth}\nbreaker: ▁ closed, ▄ half-open, █ open{rare}; a letter is {each}, and shows what lasted longest"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_show_what_lasted_longest_and_shares_of_all() {
        assert_eq!([0.0, 0.3, 0.5, 0.9].map(of_truth), ['·', '░', '▒', '█']);
        let shares = |closed: f64, half_open: f64, open: f64| {
            let mut shares = Shares::default();
            shares[Look::Closed as usize] = closed;
            shares[Look::HalfOpen as usize] = half_open;
            shares[Look::Open as usize] = open;
            shares
        };
        assert_eq!(of_state(&shares(0.6, 0.0, 0.4)), '▁');
        assert_eq!(of_state(&shares(0.5, 0.0, 0.5)), '█');
        assert_eq!(of_state(&shares(0.1, 0.6, 0.3)), '▄');
        assert_eq!(
            [1.0, 0.95, 0.5, 0.0].map(|closed| of_fleet(&shares(closed, 0.0, 1.0 - closed))),
            ['·', '▁', '▅', '█']
        );
    }
    #[test]
    fn each_state_has_a_letter_of_its_own_and_rare_ones_are_explained_where_they_occur() {
        for (place, letter) in STATES.iter().enumerate() {
            assert!(!STATES[..place].contains(letter), "{letter}");
        }
        let columns = Columns::of(&FleetRecord::default(), LETTERS);
        let usual = legend(columns, 3, "A ▁▄█");
        assert!(usual.contains("█ open; a letter"), "{usual}");
        let rare = legend(columns, 3, "A ┄┄\nB ▓▓");
        assert!(
            rare.contains("█ open, ▓ forced open, ┄ metrics only; a letter"),
            "{rare}"
        );
    }
}
