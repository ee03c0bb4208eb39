//! Reports: what a folder of results says, as pages, tables, pictures and words.
//!
//! | module | what lives there |
//! |---|---|
//! | `html` | the report of a run: one file that opens offline, drawn by the page's own modules |
//! | `join` | those modules as one script |
//! | `history` | a run in the shape in which the page gets a live one |
//! | `policy` | what such a file may load: nothing |
//! | `verdict` | whether what was expected held |
//! | `shell` | head, style and escaping of pages that stand alone |
//! | `timeline` | the timeline as a still picture |
//! | `reading` | what happened in a run, in sentences that lead to their moments |
//! | `names` | instances by name, or by share where there are many |

mod history;
mod html;
mod join;
mod names;
mod policy;
mod reading;
mod shell;
mod timeline;
mod verdict;

use std::path::{Path, PathBuf};

use experiment::result::RunResult;
use experiment::scenario::Scenario;

use crate::cli::ReportArgs;
use crate::failure::Failure;
use crate::file;
use crate::kept::kept;
use crate::load::read_rates;
use crate::print;

/// The report in the folder of a result.
const HTML: &str = "report.html";

/// Writes the report of a result that is there already.
pub(crate) fn report(args: &ReportArgs) -> Result<(), Failure> {
    let result = kept(&args.result)?;
    let folder = folder_of(&args.result);
    let path = args.out.clone().unwrap_or_else(|| folder.join(HTML));
    write_html(&path, &folder, &result)?;
    print::line(&format!("report in {}", path.display()));
    Ok(())
}

/// Writes the report of a result beside it, and says where it is.
pub(crate) fn write(folder: &Path, result: &RunResult) -> Result<(), Failure> {
    let path = folder.join(HTML);
    write_html(&path, folder, result)?;
    print::line(&format!("report in {}", path.display()));
    Ok(())
}

fn write_html(path: &Path, folder: &Path, result: &RunResult) -> Result<(), Failure> {
    only_own(path)?;
    let text = file::read_text(&folder.join("scenario.toml"), file::WRITTEN_BY_HAND).ok();
    let scenario = text.as_deref().and_then(|text| scenario(folder, text));
    let html = html::html(result, text.as_deref(), scenario.as_ref());
    file::replace(path, html.as_bytes())
        .map_err(|error| Failure::runtime(format!("cannot write {}: {error}", path.display())))
}

/// What is there is a report of this program, or nothing.
fn only_own(path: &Path) -> Result<(), Failure> {
    let beginning: String = html::BEGINNING.split_whitespace().collect();
    let own = match file::is_empty_or_begins(path, &[&beginning]) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        own => own,
    };
    match own {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::usage(format!(
            "{} is no report of this program and is left as it is: move it away, or write --out FILE",
            path.display()
        ))),
        Err(error) => Err(Failure::usage(format!(
            "cannot write {}: {error}; write --out FILE",
            path.display()
        ))),
    }
}

/// The scenario as it was run, if this program understands it.
fn scenario(folder: &Path, text: &str) -> Option<Scenario> {
    let rates = |file: &str| read_rates(&folder.join(file)).map_err(|failure| failure.to_string());
    Scenario::parse_with(text, rates).ok()
}

/// The folder in which a result lies.
fn folder_of(result: &Path) -> PathBuf {
    if result.is_dir() {
        return result.to_owned();
    }
    result.parent().unwrap_or_else(|| Path::new("")).to_owned()
}
