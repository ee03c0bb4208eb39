//! Tests of the chart, with made-up sweeps.

use std::collections::BTreeMap;

use super::labels::{Label, Rectangle, place};
use super::svg;
use crate::chance::Draw;
use crate::sweep::{Axis, Grid, SCHEMA, Sweep, Table, Trial, USUAL};

fn sweep(axes: &[&str]) -> Sweep {
    let axes = axes.iter().map(|axis| axis.parse::<Axis>().unwrap());
    Sweep {
        schema: SCHEMA.to_owned(),
        scenario: "outage".to_owned(),
        title: "a downstream that is away for 30 s".to_owned(),
        version: "0.1.0".to_owned(),
        commit: None,
        replayed: std::collections::BTreeMap::new(),
        grid: Grid::new(axes.collect()).unwrap(),
        first_seed: 1,
        repeat: 10,
        figures: USUAL.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// A made-up answer: a longer open time rejects more and wastes less, a larger window notices later.
fn made_up(sweep: &Sweep) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (place, cell) in (0_u8..).zip(sweep.grid.cells()) {
        let of = |part: &str| {
            let found = cell.settings().iter().find(|(key, _)| key.ends_with(part));
            found.map_or(1.0, |(_, value)| {
                value.trim_end_matches('s').parse::<f64>().unwrap()
            })
        };
        let (open, window, size) = (of("open_for"), of("window_calls"), of("size"));
        for seed in sweep.seeds() {
            let luck = |name: &str| Draw::new(seed).with(name).number(place.into()).share();
            let late = window >= 160.0 && size > 100.0 && luck("late") < 0.6;
            let delay = if late {
                f64::INFINITY
            } else {
                0.02 * window * (0.6 + luck("delay"))
            };
            let rejected = 0.012 * open * (0.8 + 0.4 * luck("rejected")) + 0.4 / window;
            let wasted = 0.05 / open * (0.8 + 0.4 * luck("wasted")) + 0.0004 * window;
            let figures = [
                ("detection_delay_p50", delay),
                ("wrongly_rejected_ratio", rejected),
                ("wasted_ratio", wasted),
            ];
            trials.push(Trial {
                settings: cell.clone(),
                seed,
                invalid: None,
                failed: 0,
                figures: BTreeMap::from(figures.map(|(name, value)| (name.to_owned(), value))),
            });
        }
    }
    trials
}

#[test]
fn labels_of_a_crowd_lie_within_the_panel_and_do_not_overlap() {
    let bounds = Rectangle {
        left: 0.0,
        top: 0.0,
        right: 372.0,
        bottom: 230.0,
    };
    for seed in 0..50 {
        let luck = |name: &str, number: u64| Draw::new(seed).with(name).number(number).share();
        // Half of them in one corner.
        let at = |number: u64| {
            let scale = if number.is_multiple_of(2) { 0.2 } else { 1.0 };
            (
                10.0 + 350.0 * scale * luck("x", number),
                10.0 + 210.0 * scale * luck("y", number),
            )
        };
        let wanted: Vec<_> = (0..40)
            .map(|number| (at(number), (100 + number).to_string()))
            .collect();

        let labels = place(&wanted, &[], bounds);

        assert!(labels.len() >= 25, "{}", labels.len());
        for (number, label) in labels.iter().enumerate() {
            let overlap = |other: &&Label| other.place.overlaps(&label.place);
            assert_eq!(labels[..number].iter().find(overlap), None, "{label:?}");
            assert!(
                label.place.left >= 0.0 && label.place.bottom <= 230.0,
                "{label:?}"
            );
        }
    }
}

#[test]
fn labels_of_points_that_touch_stand_in_the_order_of_the_points() {
    let bounds = Rectangle {
        left: 0.0,
        top: 0.0,
        right: 372.0,
        bottom: 230.0,
    };
    for (below, apart) in [(5.0, 0.0), (8.0, 2.0), (12.0, -3.0)] {
        for x in [30.0, 190.0, 350.0] {
            let wanted = [
                ((x, 100.0 + below), "lower".to_owned()),
                ((x + apart, 100.0), "upper".to_owned()),
            ];

            let labels = place(&wanted, &[], bounds);

            let at = |text: &str| {
                let label = labels.iter().find(|label| label.text == text).unwrap();
                label.place.middle().1
            };
            assert!(at("upper") < at("lower"), "{x} {below}: {labels:?}");
        }
    }
}

#[test]
fn a_chart_has_every_condition_and_the_settings_of_its_front() {
    let sweep = sweep(&[
        "breaker.open_for=1s,2s,4s,8s",
        "breaker.window_calls=10,20,40,80,160",
        "fleet.size=3,30,300",
    ]);
    let table = Table::of(&sweep, &made_up(&sweep)).unwrap();

    let svg = svg(&table);

    if let Ok(path) = std::env::var("CHART") {
        std::fs::write(path, &svg).unwrap();
    }
    for words in [
        "fleet.size=3<",
        "fleet.size=300<",
        "open_for=4s window_calls=10<",
        ">never<",
        "prefers-color-scheme",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    let opened = svg.matches("<text").count();
    assert_eq!(opened, svg.matches("</text>").count());
}

#[test]
fn text_of_a_scenario_cannot_break_the_picture() {
    let mut sweep = sweep(&["breaker.open_for=1s,2s"]);
    sweep.title = "<script>&\"".to_owned();
    let table = Table::of(&sweep, &made_up(&sweep)).unwrap();

    let svg = svg(&table);

    assert!(
        svg.contains("&lt;script&gt;&amp;&quot;") && !svg.contains("<script"),
        "{svg}"
    );
}
