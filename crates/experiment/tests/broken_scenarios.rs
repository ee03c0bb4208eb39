//! Broken scenarios: no file crashes the reader, and an accepted one crashes nothing that uses it. `PROPTEST_CASES`
//! says how many are tried.

use std::path::Path;
use std::time::Duration;

use experiment::load::Schedule;
use experiment::scenario::Scenario;
use proptest::prelude::*;

/// What people write, and what they do not mean to.
const PIECES: &[&str] = &[
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "99999999999999999999",
    "\"\"",
    "\"A\"",
    "[]",
    "{}",
    "true",
    "\"500ms\"",
    "\"-1s\"",
    "\"off\"",
    "\"ü\"",
    "[[[[",
    "]]",
    "=",
    "\n",
    "#",
    "'",
    "0.5",
    "\"1day\"",
    "{ fixed = { ms = 1e18 } }",
    "{ pareto = { scale_ms = 1, alpha = 0.0001 } }",
    "\"p99 < 1s\"",
    "\"every instance closed within 1 s of recovery\"",
    "rho = 2",
    "for_ms = 0",
];

fn shipped() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let folders = [folder.clone(), folder.join("coordination")];
    let mut files: Vec<_> = folders
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the folder is there"))
        .map(|file| file.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("it can be read"));
    texts.collect()
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Edit {
    /// The value behind the n-th `=` becomes this piece.
    Value(usize, usize),
    /// The n-th line goes.
    Without(usize),
    /// The n-th line comes twice.
    Twice(usize),
    /// A piece is put in at this share of the text.
    Insert(f64, usize),
    /// The text ends at this share.
    Cut(f64),
}

fn edit() -> impl Strategy<Value = Edit> {
    let piece = 0..PIECES.len();
    prop_oneof![
        6 => (0..60_usize, piece.clone()).prop_map(|(n, piece)| Edit::Value(n, piece)),
        1 => (0..80_usize).prop_map(Edit::Without),
        1 => (0..80_usize).prop_map(Edit::Twice),
        2 => (0.0..1.0_f64, piece).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        1 => (0.0..1.0_f64).prop_map(Edit::Cut),
    ]
}

impl Edit {
    fn of(&self, text: &str) -> String {
        match *self {
            Self::Value(n, piece) => {
                let place = text
                    .match_indices('=')
                    .nth(n % text.matches('=').count().max(1));
                let Some((place, _)) = place else {
                    return text.to_owned();
                };
                let rest = &text[place + 1..];
                let end = rest.find([',', '\n', '}']).unwrap_or(rest.len());
                format!("{} {}{}", &text[..=place], PIECES[piece], &rest[end..])
            }
            Self::Without(n) => lines(text, |place, line| (place != n).then(|| line.to_owned())),
            Self::Twice(n) => lines(text, |place, line| {
                Some(if place == n {
                    format!("{line}\n{line}")
                } else {
                    line.to_owned()
                })
            }),
            Self::Insert(share, piece) => {
                let place = boundary(text, share);
                format!("{}{}{}", &text[..place], PIECES[piece], &text[place..])
            }
            Self::Cut(share) => text[..boundary(text, share)].to_owned(),
        }
    }
}

fn lines(text: &str, change: impl Fn(usize, &str) -> Option<String>) -> String {
    let count = text.lines().count().max(1);
    let changed = text.lines().enumerate();
    let changed = changed.filter_map(|(place, line)| change(place % count, line));
    changed.collect::<Vec<_>>().join("\n")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a short text"
)]
fn boundary(text: &str, share: f64) -> usize {
    let mut place = (text.len() as f64 * share) as usize;
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

/// Asks an accepted scenario what a run would ask it.
fn use_it(scenario: Scenario) {
    let scenario = scenario.with_seed(7);
    let end = scenario.duration().min(Duration::from_secs(60));
    assert!(!scenario.faults().phases(end).is_empty());
    let names: Vec<&str> = scenario.instances().iter().map(String::as_str).collect();
    let plans = Schedule::new(scenario.seed(), scenario.load(), &names);
    let mut before = Duration::ZERO;
    for planned in plans.take(200) {
        assert!(planned.at >= before, "plans go forward");
        before = planned.at;
    }
    for (place, name) in scenario.instances().iter().enumerate() {
        let _ = scenario.config_of(place);
        let truth = scenario.faults().truth(name, end / 2);
        assert!((0.0..=1.0).contains(&truth), "{truth}");
    }
    let written = toml::to_string(&scenario).expect("it can be written");
    Scenario::parse(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
}

proptest! {
    #[test]
    fn a_broken_scenario_is_refused_in_one_line_and_an_accepted_one_works(
        file in 0..64_usize,
        edits in prop::collection::vec(edit(), 0..5),
    ) {
        let shipped = shipped();
        let mut text = shipped[file % shipped.len()].clone();
        for edit in &edits {
            text = edit.of(&text);
        }
        match Scenario::parse(&text) {
            Ok(scenario) => use_it(scenario),
            Err(message) => {
                prop_assert!(!message.is_empty() && !message.contains('\n'), "{message}");
            }
        }
    }

    #[test]
    fn any_text_at_all_is_read_without_a_crash(text in "\\PC{0,400}") {
        let _ = Scenario::parse(&text);
    }
}

#[test]
fn what_is_shipped_is_accepted_and_works() {
    for text in shipped() {
        let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        use_it(scenario);
    }
}
