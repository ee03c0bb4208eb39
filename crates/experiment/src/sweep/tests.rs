//! Tests of a sweep: its grid, what is left to do, its table and its front.

use std::collections::BTreeMap;

mod asked_for;
mod chance;
mod going_on;

use super::*;
use crate::breaker_settings::BreakerSettings;

fn sweep(axes: &[&str], repeat: u32) -> Sweep {
    Sweep {
        schema: SCHEMA.to_owned(),
        scenario: "outage".to_owned(),
        title: "a downstream that is away".to_owned(),
        version: "0.1.0".to_owned(),
        commit: None,
        replayed: std::collections::BTreeMap::new(),
        grid: grid(axes).unwrap(),
        first_seed: 7,
        repeat,
        figures: USUAL.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn grid(axes: &[&str]) -> Result<Grid, String> {
    let axes = axes.iter().map(|axis| axis.parse::<Axis>());
    Grid::new(axes.collect::<Result<_, _>>()?)
}

/// A trial with the three figures of the front; a delay that is `None` was not measured.
fn trial(settings: &Cell, seed: u64, delay: Option<f64>, rejected: f64, wasted: f64) -> Trial {
    let figures = [(table::FRONT[1], rejected), (table::FRONT[2], wasted)];
    let delay = delay.map(|delay| (table::FRONT[0], delay));
    let figures = figures.into_iter().chain(delay);
    Trial {
        settings: settings.clone(),
        seed,
        invalid: None,
        failed: 0,
        figures: figures
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

#[test]
fn a_grid_has_every_combination_once_and_the_last_key_changes_fastest() {
    let grid = grid(&["breaker.open_for=1s,2s", "fleet.size=3,10,100"]).unwrap();

    let cells: Vec<String> = grid.cells().iter().map(Cell::to_string).collect();

    assert_eq!(cells.len(), 6);
    assert_eq!(cells[0], "breaker.open_for=1s fleet.size=3");
    assert_eq!(cells[1], "breaker.open_for=1s fleet.size=10");
    assert_eq!(cells[5], "breaker.open_for=2s fleet.size=100");
}

#[test]
fn a_comma_in_brackets_or_quotes_is_a_part_of_the_value() {
    let axis: Axis = r#"load.weights=[1, 2],{ A = 1, B = 2 },"a,b", c"#.parse().unwrap();

    assert_eq!(
        axis.values(),
        ["[1, 2]", "{ A = 1, B = 2 }", "\"a,b\"", "c"]
    );
    assert_eq!(axis.to_string().parse::<Axis>().unwrap(), axis);
}

#[test]
fn what_cannot_be_varied_is_refused_with_what_to_write() {
    let many = (0..101)
        .map(|it| it.to_string())
        .collect::<Vec<_>>()
        .join(",");
    let (a, b) = (format!("a={many}"), format!("b={many}"));
    let cases: [(&[&str], &str); 8] = [
        (&[], "nothing is varied: write"),
        (&["breaker.open_for"], "has no values: write"),
        (&["breaker.open_for= "], "has no values: write"),
        (&["breaker.open_for=1s,,2s"], "has an empty value: write"),
        (&["breaker.open_for=1s,1s"], "`1s` is given twice: write"),
        (&["=1"], "`` is not a key: write"),
        (&["a=1", "a=2"], "a is varied twice: write"),
        (&[&a, &b], "10201 combinations are too many"),
    ];
    for (axes, words) in cases {
        let refusal = grid(axes).unwrap_err();
        assert!(refusal.contains(words), "{axes:?}: {refusal}");
    }
}

#[test]
fn a_time_limit_is_a_condition_because_it_moves_what_breakers_are_held_against() {
    let axes = [
        "breaker.open_for=1s",
        "fleet.call_timeout=5ms",
        "instance.B.call_timeout=9ms",
        "instance.B.breaker.jitter=0.1",
    ];
    let condition = grid(&axes).unwrap().cells()[0].condition();

    let limits = "fleet.call_timeout=5ms instance.B.call_timeout=9ms";
    assert_eq!(condition.to_string(), limits);
}

#[test]
fn settings_of_breakers_are_choices_and_all_else_is_a_condition() {
    let axes = [
        "breaker.open_for=1s",
        "fleet.size=3",
        "fleet.mode=auto",
        "load.rate=5",
        "instance.A.breaker.jitter=0",
    ];
    let cell = &grid(&axes).unwrap().cells()[0];

    assert_eq!(
        cell.choice().to_string(),
        "breaker.open_for=1s fleet.mode=auto instance.A.breaker.jitter=0"
    );
    assert_eq!(cell.condition().to_string(), "fleet.size=3 load.rate=5");
    assert_eq!(cell.choice().short(), "open_for=1s mode=auto jitter=0");
    let same_end = &grid(&["instance.A.call_timeout=1s", "instance.B.call_timeout=2s"])
        .unwrap()
        .cells()[0];
    assert_eq!(
        same_end.short(),
        "instance.A.call_timeout=1s instance.B.call_timeout=2s"
    );
}

#[test]
fn every_cell_has_the_same_seeds_and_what_was_done_is_not_done_again() {
    let sweep = sweep(&["breaker.open_for=1s,2s"], 3);
    let cells = sweep.grid.cells();
    let task = |cell, seed| Task { cell, seed };

    let all = sweep.left(&[]);
    let left = sweep.left(&[
        trial(&cells[1], 7, None, 0.0, 0.0),
        trial(&cells[0], 9, None, 0.0, 0.0),
    ]);

    assert_eq!(
        all,
        [
            task(0, 7),
            task(1, 7),
            task(0, 8),
            task(1, 8),
            task(0, 9),
            task(1, 9)
        ]
    );
    assert_eq!(left, [task(0, 7), task(0, 8), task(1, 8), task(1, 9)]);
}

#[test]
fn a_sweep_may_go_on_with_more_seeds_or_values_but_not_as_another() {
    let kept = sweep(&["breaker.open_for=1s,2s"], 3);
    let more = sweep(&["breaker.open_for=1s,2s,4s"], 30);
    assert_eq!(more.check_continues(&kept), Ok(()));

    let other_key = sweep(&["breaker.jitter=0"], 3);
    let other_version = Sweep {
        version: "0.2.0".to_owned(),
        ..kept.clone()
    };
    let other_figures = Sweep {
        figures: vec!["flaps".to_owned()],
        ..kept.clone()
    };
    for (other, words) in [
        (
            other_key,
            "breaker.open_for were varied and now breaker.jitter are",
        ),
        (
            other_version,
            "the version of the program was 0.1.0 and is 0.2.0",
        ),
        (other_figures, "other figures"),
    ] {
        let refusal = other.check_continues(&kept).unwrap_err();
        assert!(refusal.contains(words), "{refusal}");
    }
}

#[test]
fn trials_read_back_as_they_were_written_and_half_a_line_is_none() {
    let cell = &sweep(&["breaker.open_for=1s"], 1).grid.cells()[0];
    let trials = [
        trial(cell, 7, Some(f64::INFINITY), 0.25, 0.5),
        trial(cell, 8, None, 0.0, 1.0),
    ];
    let text: String = trials.iter().map(|trial| trial.line() + "\n").collect();

    let read = |text: &str| Trial::parse_lines(text.as_bytes());
    assert_eq!(read(&text).unwrap(), trials);
    assert_eq!(read(&text[..text.len() - 1]).unwrap(), trials[..1]);
    assert_eq!(read("").unwrap(), []);
    let broken = format!("{}\n{{}}\n", trials[0].line());
    assert!(read(&broken).unwrap_err().starts_with("line 2: "));
    let torn = [text.as_bytes(), &[0xc3]].concat();
    assert_eq!(Trial::parse_lines(&torn).unwrap(), trials);
}

#[test]
fn a_table_has_the_interval_of_every_figure_and_leaves_void_trials_out() {
    let sweep = sweep(&["breaker.open_for=1s,2s"], 4);
    let cells = sweep.grid.cells();
    let mut trials: Vec<Trial> = [4.0, 5.0, 6.0]
        .iter()
        .zip(7..)
        .map(|(delay, seed)| trial(&cells[0], seed, Some(*delay), 0.25, 0.5))
        .collect();
    let mut void = trial(&cells[0], 10, Some(1000.0), 1.0, 1.0);
    void.invalid = Some("nobody looked".to_owned());
    trials.push(void);
    // Seeds beyond those asked for do not count.
    trials.push(trial(&cells[0], 11, Some(1000.0), 1.0, 1.0));
    trials[1].failed = 2;

    let table = Table::of(&sweep, &trials).unwrap();

    let row = &table.rows[0];
    assert_eq!((row.trials, row.void, row.failed), (3, 1, 1));
    let estimate = row.estimates[0].unwrap();
    assert_eq!((estimate.mean, estimate.count), (Some(5.0), 3));
    // 4.303 · 1 / √3
    assert!((estimate.interval.unwrap().half_width() - 2.484).abs() < 1e-3);
    assert_eq!(table.rows[1].estimates[0], None);
    assert!(row.on_front && !table.rows[1].on_front);
    let csv = table.csv();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(
        lines[0]
            .starts_with("breaker.open_for,trials,void,failed,on_front,detection_delay_p50_mean,"),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("1s,3,1,1,true,5,2.51"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("2s,0,0,0,false,,,,,,,"),
        "{}",
        lines[2]
    );
    let columns: Vec<usize> = lines[..3]
        .iter()
        .map(|line| line.split(',').count())
        .collect();
    assert_eq!(columns, [5 + 6 * USUAL.len(); 3]);
    let text = table.lines().join("\n");
    for words in [
        "5.00 s ± 2.48 s",
        "1 trial is void",
        "in 1 of 3 trials an expectation",
        "4 of 8 trials are not done",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_field_with_a_comma_or_a_quote_stands_in_quotes() {
    let sweep = sweep(&[r#"load.weights=[1, 2],"a""#], 1);

    let csv = Table::of(&sweep, &[]).unwrap().csv();

    assert!(
        csv.contains("\r\n\"[1, 2]\",0,") && csv.contains("\r\n\"\"\"a\"\"\",0,"),
        "{csv}"
    );
}

#[test]
fn choices_are_held_against_each_other_under_the_same_condition_only() {
    let sweep = sweep(&["breaker.open_for=1s,2s", "fleet.size=3,100"], 1);
    let worse_when_large = |cell: &Cell| {
        let text = cell.to_string();
        let base = if text.contains("=100") { 10.0 } else { 1.0 };
        if text.contains("=1s") {
            trial(cell, 7, Some(base), 0.1, 0.2)
        } else {
            trial(cell, 7, Some(base), 0.1, 0.3)
        }
    };
    let trials: Vec<Trial> = sweep.grid.cells().iter().map(worse_when_large).collect();

    let table = Table::of(&sweep, &trials).unwrap();

    assert_eq!(table.groups(), [[0, 2], [1, 3]]);
    let on_front: Vec<bool> = table.rows.iter().map(|row| row.on_front).collect();
    assert_eq!(on_front, [true, true, false, false]);
}

#[test]
fn where_a_delay_did_not_come_all_rows_are_compared_by_medians() {
    let sweep = sweep(&["breaker.open_for=1s,2s"], 3);
    let cells = sweep.grid.cells();
    let mut trials = Vec::new();
    // The first has the smaller median, but a trial in which it did not come; the second the larger one.
    for (seed, first, second) in [(7, 1.0, 2.0), (8, 1.1, 2.1), (9, f64::INFINITY, 2.2)] {
        trials.push(trial(&cells[0], seed, Some(first), 0.1, 0.1));
        trials.push(trial(&cells[1], seed, Some(second), 0.1, 0.1));
    }

    let table = Table::of(&sweep, &trials).unwrap();

    assert!(table.is_by_median(0) && !table.is_by_median(1));
    assert_eq!(table.point(&table.rows[0])[0], Some(1.1));
    assert_eq!(table.point(&table.rows[1])[0], Some(2.1));
    // Of three trials, one without an end: the medians may as well lie the other way round.
    assert!(table.rows[0].on_front && table.rows[1].on_front);
    assert!(
        table.csv().contains("1s,3,0,0,true,,,,1.1,3,1,"),
        "{}",
        table.csv()
    );
    let text = table.lines().join("\n");
    assert!(
        text.contains("~1.10 s, 1 never") && text.contains("~ the median"),
        "{text}"
    );
}

#[test]
fn the_front_of_random_points_is_that_of_its_definition() {
    let luck = |name: &str, number: u64| {
        crate::chance::Draw::new(5)
            .with(name)
            .number(number)
            .share()
    };
    let points: Vec<[Option<f64>; 3]> = (0..200)
        .map(|number| ["a", "b", "c"].map(|name| Some((luck(name, number) * 8.0).floor())))
        .collect();

    let exactly: Vec<_> = points
        .iter()
        .map(|point| point.map(|number| number.map(|it| [it, it])))
        .collect();
    let on_front = pareto_front::front(&exactly);

    let at_least =
        |a: &[Option<f64>; 3], b: &[Option<f64>; 3]| a.iter().zip(b).all(|(a, b)| a <= b);
    for (point, on_front) in points.iter().zip(on_front) {
        let beaten = points
            .iter()
            .any(|other| at_least(other, point) && other != point);
        assert_eq!(on_front, !beaten, "{point:?}");
    }
}

#[test]
fn a_line_of_the_table_fits_a_terminal() {
    let sweep = sweep(
        &[
            "breaker.consecutive_failures=5,off",
            "breaker.failure_rate_threshold=0.5,off",
            "fleet.size=3,100",
        ],
        2,
    );
    let cells = sweep.grid.cells();
    let trials = cells
        .iter()
        .flat_map(|cell| (7..9).map(|seed| trial(cell, seed, Some(0.1234), 0.123, 0.456)));
    let trials: Vec<Trial> = trials.collect();

    for line in Table::of(&sweep, &trials).unwrap().lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let figures: BTreeMap<_, _> = trials[0].figures.clone();
    assert_eq!(figures.len(), 3);
}
