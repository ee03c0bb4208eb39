//! Which questions are asked? Each is a run, and its answer a cell of the table.

use std::hint;
use std::time::{Duration, Instant};

use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::circuit::{Answer, Circuit, FEW, Library};

type Run = fn(&dyn Library) -> String;

pub(crate) const ROWS: [(&str, Run); 11] = [
    (
        "failures that open a window of 100 at 50 %, after 10,000 successes",
        failures_after_a_long_healthy_past,
    ),
    (
        "calls that open it when all fail, with a minimum of 10",
        calls_until_the_minimum,
    ),
    (
        "calls admitted of 100 at once when one probe is due",
        probes_at_once,
    ),
    ("a call that panics counts as a failure", panics_count),
    (
        "a probe that panics blocks the next one",
        panicked_probe_blocks,
    ),
    (
        "a probe that is dropped blocks the next one",
        dropped_probe_blocks,
    ),
    (
        "a success from before the trip closes it while half-open",
        late_success_closes,
    ),
    (
        "a slow success closes it while half-open",
        slow_success_closes,
    ),
    (
        "settings that permit no probe are refused",
        zero_probes_refused,
    ),
    ("a rejection says when to come back", retry_after),
    ("a call allocates memory", allocates),
];

const NOT_THERE: &str = "–";

/// More than any library needs.
const MANY: usize = 20_000;

fn yes(answer: bool) -> String {
    if answer { "yes" } else { "no" }.to_owned()
}

/// How many failures it takes until a call is rejected.
fn failures_until_open(circuit: &dyn Circuit) -> String {
    (0..MANY)
        .find(|_| !circuit.run(Answer::Failure))
        .map_or_else(
            || format!("more than {MANY}"),
            |failures| failures.to_string(),
        )
}

fn failures_after_a_long_healthy_past(library: &dyn Library) -> String {
    let Some(circuit) = library.ratio(100, 100) else {
        return NOT_THERE.to_owned();
    };
    for _ in 0..10_000 {
        assert!(circuit.run(Answer::Success));
    }
    failures_until_open(&*circuit)
}

fn calls_until_the_minimum(library: &dyn Library) -> String {
    let circuit = library.ratio(100, 10);
    circuit.map_or(NOT_THERE.to_owned(), |circuit| {
        failures_until_open(&*circuit)
    })
}

fn trip(circuit: &dyn Circuit) {
    for _ in 0..FEW {
        circuit.run(Answer::Failure);
    }
}

/// Asks until the open period is over.
fn wait_for(mut admitted: impl FnMut() -> bool) {
    let patience = now();
    while !admitted() {
        assert!(
            patience.elapsed() < Duration::from_secs(10),
            "it stays open"
        );
        hint::spin_loop();
    }
}

/// How many calls are under way at once, up to `most`.
fn nested(circuit: &dyn Circuit, most: usize) -> usize {
    if most == 0 {
        return 0;
    }
    let mut deeper = 0;
    let made = circuit.during(&mut || deeper = nested(circuit, most - 1));
    usize::from(made) + deeper
}

fn probes_at_once(library: &dyn Library) -> String {
    let circuit = library.quick();
    trip(&*circuit);
    let mut admitted = 0;
    wait_for(|| {
        admitted = nested(&*circuit, 100);
        admitted > 0
    });
    admitted.to_string()
}

fn panics_count(library: &dyn Library) -> String {
    let circuit = library.quick();
    for _ in 0..FEW {
        circuit.panic();
    }
    yes(!circuit.run(Answer::Success))
}

fn panicked_probe_blocks(library: &dyn Library) -> String {
    let circuit = library.quick();
    trip(&*circuit);
    // Until a panic gets through: it must not be the last call that ever does.
    let since = now();
    while since.elapsed() < Duration::from_millis(60) {
        circuit.panic();
    }
    yes(!recovers(&*circuit))
}

fn dropped_probe_blocks(library: &dyn Library) -> String {
    let circuit = library.quick();
    if circuit.dropped().is_none() {
        return NOT_THERE.to_owned();
    }
    trip(&*circuit);
    wait_for(|| circuit.dropped() == Some(true));
    yes(!recovers(&*circuit))
}

/// Whether calls pass again within a reasonable time.
fn recovers(circuit: &dyn Circuit) -> bool {
    let since = now();
    while since.elapsed() < Duration::from_secs(1) {
        if circuit.run(Answer::Success) {
            return true;
        }
    }
    false
}

fn late_success_closes(library: &dyn Library) -> String {
    let circuit = library.quick();
    let made = circuit.during(&mut || {
        trip(&*circuit);
        wait_for(|| circuit.half_opens());
    });
    assert!(made, "the call came before the trip");
    // Closed, it bears one failure; half-open, it opens at the first.
    circuit.run(Answer::Failure);
    yes(circuit.run(Answer::Success))
}

fn slow_success_closes(library: &dyn Library) -> String {
    let Some(circuit) = library.slow() else {
        return NOT_THERE.to_owned();
    };
    trip(&*circuit);
    wait_for(|| circuit.run(Answer::SlowSuccess));
    yes(circuit.run(Answer::Success))
}

fn zero_probes_refused(library: &dyn Library) -> String {
    library
        .refuses_zero_probes()
        .map_or(NOT_THERE.to_owned(), yes)
}

fn retry_after(library: &dyn Library) -> String {
    yes(library.says_when_to_retry())
}

fn allocates(library: &dyn Library) -> String {
    let circuit = library.quick();
    circuit.run(Answer::Success);
    let region = Region::new(ALLOCATOR);
    for _ in 0..1000 {
        circuit.run(Answer::Success);
    }
    yes(region.change().bytes_allocated > 0)
}

#[expect(clippy::disallowed_methods, reason = "peers know real time only")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
