//! Tests of chance and of settings without effect in a table.

use super::*;

/// The trials of all cells: the three figures of the front from the cell's settings and the seed.
fn table(axes: &[&str], figures: impl Fn(&str, f64) -> [f64; 3]) -> Table {
    let sweep = sweep(axes, 3);
    let mut trials = Vec::new();
    for cell in sweep.grid.cells() {
        for (seed, luck) in sweep.seeds().zip([-1.0, 0.0, 1.0]) {
            let [delay, rejected, wasted] = figures(&cell.to_string(), luck);
            trials.push(trial(&cell, seed, Some(delay), rejected, wasted));
        }
    }
    Table::of(&sweep, &trials).unwrap()
}

fn on_front(table: &Table) -> Vec<bool> {
    table.rows.iter().map(|row| row.on_front).collect()
}

#[test]
fn rows_that_only_chance_tells_apart_share_the_star() {
    let axes = ["breaker.open_for=1s,2s,4s"];
    let table = table(&axes, |cell, luck| match cell {
        "breaker.open_for=1s" => [1.0, 0.2, 0.3],
        // Worse by less than the interval is wide.
        "breaker.open_for=2s" => [1.01 + luck * 0.1, 0.2, 0.3],
        // Better by chance in one figure, and surely worse in another.
        _ => [1.0, 0.19 + luck * 0.1, 0.5],
    });

    assert_eq!(on_front(&table), [true, true, false]);
    let text = table.lines().join("\n");
    assert!(
        text.contains("where intervals overlap neither is"),
        "{text}"
    );
}

#[test]
fn a_delay_without_an_end_in_one_trial_takes_no_star_from_anybody() {
    let axes = ["breaker.open_for=1s,2s,4s"];
    let table = table(&axes, |cell, luck| match cell {
        // Medians 1.2 and 1.1, of values that lie among one another.
        "breaker.open_for=1s" => [1.1 + luck * 0.1, 0.2, 0.3],
        "breaker.open_for=2s" => [1.1 + luck * 0.05, 0.2, 0.3],
        _ if luck > 0.0 => [f64::INFINITY, 0.2, 0.3],
        _ => [1.2 + luck * 0.2, 0.2, 0.3],
    });

    assert_eq!(on_front(&table), [true; 3]);
}

#[test]
fn a_row_of_one_measured_trial_is_sure_of_nothing() {
    let sweep = sweep(&["breaker.open_for=1s,2s"], 3);
    let mut trials = Vec::new();
    for cell in sweep.grid.cells() {
        for (seed, luck) in sweep.seeds().zip([-1.0, 0.0, 1.0]) {
            let measured = !cell.to_string().ends_with("=1s") || luck > 0.0;
            let delay = measured.then_some(if luck > 0.0 { 0.9 } else { 1.0 });
            trials.push(trial(&cell, seed, delay, 0.1, 0.1));
        }
    }
    let table = Table::of(&sweep, &trials).unwrap();

    assert_eq!(on_front(&table), [true; 2]);
}

#[test]
fn conditions_alone_have_no_star() {
    let table = table(&["fleet.size=3,30", "load.rate=90,900"], |cell, luck| {
        let base = if cell.contains("=30 ") { 2.0 } else { 1.0 };
        [base + luck * 0.1, 0.1, 0.1]
    });

    assert_eq!(on_front(&table), [false; 4]);
    let svg = chart::svg(&table);
    for words in [
        ">condition<",
        "size=3 rate=90<",
        "Only conditions are varied, not settings",
    ] {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert!(!svg.contains(">choice<"), "{svg}");
}

#[test]
fn a_setting_that_changes_nothing_is_named_with_the_reason() {
    let axes = ["breaker.window_length=5s,10s", "breaker.open_for=1s,2s,4s"];
    let mut table = table(&axes, |cell, luck| {
        let wait = if cell.ends_with("=1s") { 1.0 } else { 2.0 };
        [wait + luck, 0.1, 0.2]
    });
    for unmoved in &mut table.unmoved {
        unmoved.why = BreakerSettings::default().why_idle(&unmoved.key);
    }

    let text = table.lines().join(" ").replace("   ", " ");
    for words in [
        "! breaker.window_length changed no figure: breaker.window_calls is in force",
        "! breaker.open_for = 2s and 4s give the same figures",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn settings_that_do_something_are_not_named() {
    let table = table(&["breaker.open_for=1s,2s"], |cell, luck| {
        // The same mean, from other trials.
        let sign = if cell.ends_with("=1s") { 1.0 } else { -1.0 };
        [2.0 + sign * luck, 0.1, 0.2]
    });

    assert_eq!(table.unmoved, []);
}

#[test]
fn a_small_interval_is_not_shown_as_none() {
    let table = table(&["breaker.open_for=1s,2s"], |_, luck| {
        [1.0, 0.1 + luck * 1e-6, 0.2]
    });

    let text = table.lines().join("\n");
    assert!(text.contains("10.0 % ± 0.00025 %"), "{text}");
    assert!(
        text.contains("20.0 % ± 0.00 %"),
        "nothing is nothing: {text}"
    );
}
