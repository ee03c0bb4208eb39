//! The files of a report: what it is made of, read within a bound, and what it becomes, written whole or not at all.

use std::io;
use std::path::Path;

use super::document::{Document, MOST};
use super::shell::BEGINNING;
use crate::failure::Failure;
use crate::file;

/// How those reports begin that have no sign of their own.
pub(super) const SIGN: &str = "<!-- breaker-lab report -->\n";

/// Reads a file of a folder.
pub(super) fn read(folder: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let path = folder.join(name);
    let bytes = file::read_kept(&path);
    bytes.map_err(|error: io::Error| {
        Failure::usage(format!("cannot read {}: {error}", path.display()))
    })
}

/// A file that is not what its name says.
pub(super) fn not(folder: &Path, name: &str, what: &str) -> Failure {
    Failure::usage(format!("{}: {what}", folder.join(name).display()))
}

/// Writes `report.html` and `report.md` into a folder.
pub(crate) fn write_beside(folder: &Path, document: &Document) -> Result<(), Failure> {
    write_pair(&folder.join("report.html"), document)
}

/// Writes a page, and beside it the same as Markdown.
pub(crate) fn write_pair(html: &Path, document: &Document) -> Result<(), Failure> {
    replace(html, BEGINNING, &document.html())?;
    let text = format!("{SIGN}{}", document.markdown(MOST));
    replace(&html.with_extension("md"), SIGN, &text)
}

/// Writes a report where nothing is, or another report.
pub(super) fn replace(path: &Path, beginning: &str, text: &str) -> Result<(), Failure> {
    let own: String = beginning.split_whitespace().collect();
    let is_own = match file::is_empty_or_begins(path, &[&own]) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        is_own => is_own,
    };
    let refused = |why: String| {
        Failure::usage(format!(
            "cannot write {}: {why}; move it away, or write another file",
            path.display()
        ))
    };
    if !is_own.map_err(|error| refused(error.to_string()))? {
        return Err(refused(
            "the file there is not a report of breaker-lab".to_owned(),
        ));
    }
    file::replace(path, text.as_bytes())
        .map_err(|error| Failure::runtime(format!("cannot write {}: {error}", path.display())))
}
