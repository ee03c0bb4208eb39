//! The reports in the folder of a result: `report.html`, `report.md` and `timeline.svg`.
//!
//! They take the place of earlier reports, and of nothing else: what the user has put there is left alone.

use std::path::{Path, PathBuf};

use experiment::coordination::UsedEngine;
use experiment::result::{Performer, RunResult};
use experiment::scenario::Scenario;

use super::files::{SIGN, replace};
use super::markdown::{self, Context};
use super::{html, study, sweep, timeline};
use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::file;
use crate::load::read_rates;
use crate::print;
use crate::result_file::read_result;

const HTML: &str = "report.html";
const MARKDOWN: &str = "report.md";
const PICTURE: &str = "timeline.svg";

/// Writes the report of a result that is there already.
pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    for (plan, write) in [
        (
            "sweep.json",
            sweep::write as fn(&Path, &Path) -> Result<(), Failure>,
        ),
        ("study.json", study::write),
    ] {
        if args.result.join(plan).is_file() {
            let beside = args.result.join(HTML);
            let html = args.out.as_ref().unwrap_or(&beside);
            write(&args.result, html)?;
            said(html);
            return Ok(());
        }
    }
    let result = read_result(&args.result)?;
    let folder = folder_of(&args.result);
    let Some(out) = &args.out else {
        return write(&folder, &result);
    };
    replace(
        out,
        html::BEGINNING,
        &page(&result, &context(&folder, &result)),
    )?;
    said(out);
    Ok(())
}

/// Writes all reports of a result beside it, and says where they are.
pub(crate) fn write(folder: &Path, result: &RunResult) -> Result<(), Failure> {
    let context = context(folder, result);
    let path = folder.join(HTML);
    replace(&path, html::BEGINNING, &page(result, &context))?;
    let text = format!("{SIGN}{}", markdown::write(result, &context));
    replace(&folder.join(MARKDOWN), SIGN, &text)?;
    if let Some((_, run)) = markdown::shown(&result.repetitions) {
        let title = format!("{}: {}", result.scenario, result.title);
        let picture = format!("{SIGN}{}", timeline::svg(&title, run));
        replace(&folder.join(PICTURE), SIGN, &picture)?;
    }
    said(&path);
    Ok(())
}

fn said(path: &Path) {
    print::line(&format!("report in {}", path.display()));
}

fn page(result: &RunResult, context: &Context) -> String {
    let text = context.scenario.as_deref();
    let scenario = text.and_then(|text| scenario(&context.folder, text));
    html::html(result, context, scenario.as_ref())
}

/// What is known of a result beside itself.
fn context(folder: &Path, result: &RunResult) -> Context {
    let scenario = file::read_text(&folder.join("scenario.toml"), file::WRITTEN_BY_HAND);
    Context {
        folder: folder.to_owned(),
        command: again(result),
        scenario: scenario.ok(),
    }
}

/// The scenario as it was run, if this program understands it.
fn scenario(folder: &Path, text: &str) -> Option<Scenario> {
    let rates = |file: &str| read_rates(&folder.join(file)).map_err(|failure| failure.to_string());
    Scenario::parse_with(text, rates).ok()
}

/// The command that performs the same runs again, in the folder of the result.
fn again(result: &RunResult) -> String {
    let runs = &result.repetitions;
    let verb = match runs.first().map(|run| run.performer) {
        Some(Performer::Simulated) => "simulate",
        _ => "run",
    };
    let seed = runs.first().map_or(0, |run| run.seed);
    let repeat = match runs.len() {
        0 | 1 => String::new(),
        many => format!(" --repeat {many}"),
    };
    let engine = runs.first().and_then(|run| run.coordination.as_ref());
    let engine = match engine.map(|it| it.engine) {
        Some(UsedEngine::Redis) => " --engine redis://127.0.0.1:6379",
        Some(UsedEngine::Gossip) => " --engine gossip",
        Some(UsedEngine::Memory) | None => "",
    };
    format!("breaker-lab {verb} scenario.toml --seed {seed}{repeat}{engine} --out again")
}

/// The folder in which a result lies.
fn folder_of(result: &Path) -> PathBuf {
    if result.is_dir() {
        return result.to_owned();
    }
    result.parent().unwrap_or_else(|| Path::new("")).to_owned()
}
