//! A result that a run has left in its folder, read again.

use std::path::{Path, PathBuf};

use experiment::result::RunResult;

use crate::failure::Failure;
use crate::file;

/// The file of a result in its folder.
const RESULT: &str = "result.json";

/// Reads the result in a folder, or in the file itself. It contains at least one run.
///
/// # Errors
///
/// What cannot be read or is no result, with what to write instead.
pub(crate) fn read_result(path: &Path) -> Result<RunResult, Failure> {
    if path.join("sweep.json").is_file() && !path.join(RESULT).exists() {
        return Err(Failure::usage(format!(
            "{} is a sweep, whose table.txt already compares its combinations: to compare two of them pair \
             by pair, simulate each with --set, --repeat and --out, and compare the two folders",
            path.display()
        )));
    }
    let path = place(path);
    let shown = path.display();
    let bytes = file::read_kept(&path).map_err(|error| {
        Failure::usage(format!(
            "cannot read {shown}: {error}; write a result folder of `run` or `simulate`, such as \
             runs/flapping-1"
        ))
    })?;
    let result = RunResult::parse(&bytes);
    let result = result.map_err(|what| Failure::usage(format!("{shown}: {what}")))?;
    if result.repetitions.is_empty() {
        return Err(Failure::usage(format!(
            "{shown} holds no complete run: write a result with at least one"
        )));
    }
    Ok(result)
}

/// The result file that a path means.
fn place(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(RESULT)
    } else {
        path.to_owned()
    }
}
