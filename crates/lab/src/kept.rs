//! A result that a run has left in its folder, read again.

use std::path::{Path, PathBuf};

use experiment::result::RunResult;

use crate::failure::Failure;
use crate::file;

/// The file of a result in its folder.
const RESULT: &str = "result.json";

/// Reads the result in a folder, or in the file itself. It holds one run at least.
///
/// # Errors
///
/// What cannot be read or is no result, with what to write instead.
pub(crate) fn kept(path: &Path) -> Result<RunResult, Failure> {
    if path.join("sweep.json").is_file() && !path.join(RESULT).exists() {
        return Err(Failure::usage(format!(
            "{} is a sweep, which compares its combinations itself: read its table.txt; to hold two of them against \
             each other pair by pair, simulate each with --set, --repeat and --out, and compare the two folders",
            path.display()
        )));
    }
    let path = place(path);
    let shown = path.display();
    let bytes = file::read_kept(&path).map_err(|error| {
        Failure::usage(format!(
            "cannot read {shown}: {error}; write a folder that `run` or `simulate` has left, such as \
             runs/flapping-1"
        ))
    })?;
    let result = RunResult::parse(&bytes);
    let result = result.map_err(|what| Failure::usage(format!("{shown}: {what}")))?;
    if result.repetitions.is_empty() {
        return Err(Failure::usage(format!(
            "{shown}: it holds no run: write a result in which a run has ended"
        )));
    }
    Ok(result)
}

/// The file of the result that is meant by a path.
fn place(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(RESULT)
    } else {
        path.to_owned()
    }
}
