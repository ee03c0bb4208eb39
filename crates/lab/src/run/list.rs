//! The list of scenarios, and the check of one.

use experiment::reading::listed;
use experiment::scenario::Scenario;
use experiment::values::Span;

use crate::failure::Failure;
use crate::print;
use crate::shipped::{SHIPPED, Source, lesson, read};

/// Prints the shipped scenarios, one line each, or the file of one of them, which can be changed and run.
pub(crate) fn list(asked: Option<&str>) -> Result<(), Failure> {
    if let Some(name) = asked {
        print::line(read(name, &[], None)?.text.trim_end());
        return Ok(());
    }
    for (name, text) in SHIPPED {
        let scenario = Scenario::parse(text).map_err(Failure::runtime)?;
        print::sentence(&format!("{name:<30}{}", scenario.title()), 30);
    }
    print::line("");
    print::sentence(
        "`breaker-lab run NAME` runs one, `breaker-lab scenarios NAME` prints its file.",
        2,
    );
    Ok(())
}

/// Prints what a valid scenario would do; nothing is started.
pub(crate) fn check(source: &Source) {
    let Source {
        name,
        text,
        scenario,
        ..
    } = source;
    print::sentence(&format!("{name}: {}", scenario.title()), 2);
    for line in lesson(text) {
        print::sentence(&format!("  {line}"), 2);
    }
    let valid = format!(
        "valid: {} for {}, {} expectation{}",
        listed(scenario.instances()),
        Span(scenario.duration()),
        scenario.expectations().len(),
        if scenario.expectations().len() == 1 {
            ""
        } else {
            "s"
        },
    );
    print::sentence(&valid, 2);
    for phase in scenario.faults().phases(scenario.duration()) {
        print::line(&format!(
            "  {:>8.1} s  {}",
            phase.start.as_secs_f64(),
            phase.name
        ));
    }
}
