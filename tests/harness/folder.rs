//! The folders of tests, and the results that runs leave in them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder `name` in the test's own `CARGO_TARGET_TMPDIR`, empty.
///
/// # Panics
/// If it can be neither made nor emptied.
pub fn empty_folder(temporary: &str, name: &str) -> PathBuf {
    let path = Path::new(temporary).join(name);
    if path.exists() {
        fs::remove_dir_all(&path).expect("the folder can be emptied");
    }
    fs::create_dir_all(&path).expect("a folder can be made");
    path
}

/// A path as it is written on a command line.
///
/// # Panics
/// If it is not text.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are plain")
}

/// The text of a file.
///
/// # Panics
/// If it cannot be read.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The result that a run has left in its folder.
///
/// # Panics
/// If there is none, or if it is not JSON.
pub fn result(out: &Path) -> Value {
    serde_json::from_str(&read(&out.join("result.json"))).expect("it is JSON")
}

/// The repetitions of the result in a folder.
///
/// # Panics
/// If there is no result with repetitions.
pub fn repetitions(out: &Path) -> Vec<Value> {
    let runs = result(out)["repetitions"].clone();
    runs.as_array().expect("repetitions").clone()
}
