//! The timeline of a run as a picture for slides: the truth, each breaker, and how many of them were not closed.
//!
//! State is height, colour and word: closed a low bar, half-open a dotted one of middle height, open full height and
//! hatched. The picture has a light ground of its own, so that it can be laid on a dark slide as well as on a white one.

mod axis;
mod rows;

use experiment::fleet::FleetRecord;
use experiment::picture::Picture;
use experiment::result::{Performer, Repetition};

use crate::report::lanes::truths;
use crate::report::names::counted;
use crate::words::number;
use experiment::expectation::Unit;

/// The width of the picture: that of a slide.
const WIDTH: f64 = 1280.0;
/// Where rows begin and end.
const LEFT: f64 = 132.0;
const RIGHT: f64 = 1212.0;
/// The left edge of words.
const EDGE: f64 = 28.0;
/// Where the phases are.
const TOP: f64 = 104.0;
/// The height of the line of phases.
const PHASES: f64 = 24.0;
/// The height of the row of a truth, of a breaker, of the fleet, and of their number that is not closed.
const TRUTH: f64 = 44.0;
const BREAKER: f64 = 50.0;
const FLEET: f64 = 200.0;
const AGREEMENT: f64 = 52.0;
/// What is below the rows: axis, legend, edge.
const BELOW: f64 = 84.0;
/// Instances that have a row each; more of them have one together.
const ROWS: usize = 12;
/// Truths that have a row each.
const TRUTHS: usize = 4;

const STYLE: &str = "\
.tl-t{font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px}\
.tl-h{font-size:24px;font-weight:600}.tl-s{font-size:13px}.tl-b{font-weight:600}\
.tl-bg{fill:#FFFFFF;stroke:#DDE2E8;stroke-width:1}.tl-ink{fill:#1B222B}.tl-soft{fill:#55606E}\
.tl-line{stroke:#DDE2E8;stroke-width:1}.tl-edge{stroke:#A3AEBB;stroke-width:1}\
.tl-limit{stroke:#55606E;stroke-width:1;stroke-dasharray:4 4}\
.tl-band{fill:#F0F2F5}.tl-back{fill:#F6F7F9}\
.tl-closed{fill:#3C9580}.tl-half{fill:#0747A4}.tl-open{fill:#E95213}.tl-sick{fill:#801549}.tl-mark{fill:#55606E}\
.tl-forced{fill:#A9371E}.tl-off{fill:#666569}.tl-metrics{fill:url(#tl-gapped)}\
.tl-hatch{fill:url(#tl-hatched)}.tl-cross{fill:url(#tl-crossed)}.tl-dots{fill:url(#tl-dotted)}\
.tl-ring{fill:#FFFFFF;stroke:#0747A4;stroke-width:2.5}.tl-on{fill:#111111}.tl-white{fill:#FFFFFF}";

/// Stripes for open, crossed ones for forced open, dots for half-open, gaps for metrics only: for who does not see
/// colours.
const PATTERNS: &str = "\
<defs><pattern id=\"tl-hatched\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(45)\"><rect width=\"2\" height=\"8\" fill=\"#FFFFFF\" fill-opacity=\"0.38\"/></pattern>\
<pattern id=\"tl-dotted\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<circle cx=\"3\" cy=\"3\" r=\"1.1\" fill=\"#FFFFFF\" fill-opacity=\"0.75\"/></pattern>\
<pattern id=\"tl-crossed\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(45)\"><path d=\"M0 0H8V2H2V8H0Z\" fill=\"#FFFFFF\" fill-opacity=\"0.38\"/></pattern>\
<pattern id=\"tl-gapped\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
<rect width=\"3.5\" height=\"6\" fill=\"#383018\"/></pattern></defs>\n";

/// Draws one run under a title.
pub(crate) fn svg(title: &str, run: &Repetition) -> String {
    let fleet = &run.fleet;
    let truths = truths(fleet);
    let shown = truths.len().min(TRUTHS);
    let is_large = fleet.instances.len() > ROWS;
    let height = height(fleet, shown, is_large);
    let mut picture = Picture::new(WIDTH, height, STYLE)
        .on("tl-bg")
        .with_definitions(PATTERNS);
    picture.write((EDGE, 44.0), "tl-t tl-h tl-ink", &shortened(title, 92));
    picture.write((EDGE, 72.0), "tl-t tl-soft", &about(run));
    let scale = axis::Scale::of(fleet);
    let bottom = height - BELOW;
    axis::phases(&mut picture, fleet, &scale, bottom);
    let mut top = TOP + PHASES + 10.0;
    for (truth, places) in truths.iter().take(TRUTHS) {
        rows::truth(&mut picture, fleet, &scale, (*truth, places), top);
        top += TRUTH;
    }
    if is_large {
        rows::fleet(&mut picture, fleet, &scale, top);
    } else {
        for place in 0..fleet.instances.len() {
            rows::breaker(&mut picture, fleet, &scale, place, top);
            top += BREAKER;
        }
        if fleet.instances.len() > 1 {
            rows::agreement(&mut picture, fleet, &scale, top);
        }
    }
    axis::axis(&mut picture, &scale, bottom);
    let kind = match (is_large, run.coordination.is_some()) {
        (true, _) => axis::Kind::Many,
        (false, true) => axis::Kind::Together,
        (false, false) => axis::Kind::Alone,
    };
    axis::legend(&mut picture, bottom + 58.0, kind);
    picture.finish(&described(title, run))
}

fn height(fleet: &FleetRecord, truths: usize, is_large: bool) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a dozen rows")]
    let (truths, breakers) = (truths as f64, fleet.instances.len() as f64);
    let rows = if is_large {
        FLEET
    } else if fleet.instances.len() > 1 {
        breakers * BREAKER + AGREEMENT
    } else {
        breakers * BREAKER
    };
    TOP + PHASES + 10.0 + truths * TRUTH + rows + BELOW
}

/// `Simulated, seed 1, 40.0 s, 3 instances: 47.4 % of 2,702 requests succeeded, 47.4 % were rejected at once`
fn about(run: &Repetition) -> String {
    use experiment::outcome::ClientOutcome;

    let how = match run.performer {
        Performer::Live => "Live",
        Performer::Simulated => "Simulated",
    };
    let instances = counted(
        u64::try_from(run.fleet.instances.len()).unwrap_or(u64::MAX),
        "instance",
    );
    let head = format!(
        "{how}, seed {}, {}, {instances}",
        run.seed,
        Unit::Seconds.show(run.fleet.duration_s)
    );
    let Some(part) = run
        .load
        .part(None, None)
        .filter(|part| part.outcomes.planned() > 0)
    else {
        return head;
    };
    let share = |outcome| Unit::Share.show(part.outcomes.share(outcome).unwrap_or_default());
    format!(
        "{head}. Of {} requests {} succeeded, {} were rejected at once.",
        number(part.outcomes.planned()),
        share(ClientOutcome::Ok),
        share(ClientOutcome::FastFail)
    )
}

/// What is read out to who cannot see it.
fn described(title: &str, run: &Repetition) -> String {
    let clauses = super::reading(run);
    let texts: Vec<&str> = clauses.iter().map(|clause| &*clause.text).collect();
    format!("State timeline of {title}. {}", texts.join(" "))
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
