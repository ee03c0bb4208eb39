//! The files of a report: what it is made of, read within a bound, and what it becomes, written whole or not at all.

use std::io;
use std::path::Path;

use super::document::{Document, MOST};
use crate::failure::Failure;
use crate::file;

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
pub(crate) fn write(folder: &Path, document: &Document) -> Result<(), Failure> {
    write_pair(&folder.join("report.html"), document)
}

/// Writes a page, and beside it the same as Markdown.
pub(crate) fn write_pair(html: &Path, document: &Document) -> Result<(), Failure> {
    let write = |path: &Path, text: &str| {
        file::replace(path, text.as_bytes())
            .map_err(|error| Failure::runtime(format!("cannot write {}: {error}", path.display())))
    };
    write(html, &document.html())?;
    write(&html.with_extension("md"), &document.markdown(MOST))
}
