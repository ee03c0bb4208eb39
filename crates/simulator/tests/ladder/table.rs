//! The table of the ladder in `docs/simulator.md`: one row for each figure, printed by the step that shows it.

/// Prints the row of a figure, with the standard error of the simulated mean where there is one.
///
/// # Panics
/// If the documentation has no row with this formula's value, unless the table is made anew (`LADDER=new`).
pub(crate) fn row(what: &str, formula: f64, simulated: f64, error: Option<f64>) {
    let expected = format!("| {what} | {} |", digits(formula, formula));
    let error = error.map_or(String::new(), |error| {
        format!(" ± {}", digits(error, formula))
    });
    let simulated_shown = digits(simulated, formula);
    let off = (simulated / formula - 1.0) * 100.0;
    println!("{expected} {simulated_shown}{error} | {off:+.1} % |");
    if std::env::var("LADDER").is_ok_and(|it| it == "new") {
        return;
    }
    let documentation = include_str!("../../../../docs/simulator.md");
    assert!(
        documentation.contains(&expected),
        "docs/simulator.md has no row that begins so: {expected}"
    );
}

/// A number with as many digits as a number of the size of `like` deserves.
fn digits(value: f64, like: f64) -> String {
    match like {
        like if like < 10.0 => format!("{value:.4}"),
        like if like < 1000.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}
