//! Files of the user: read within a bound of size, and written whole or not at all.
//!
//! A path may name a device or a pipe that never ends (`/dev/zero`). Whoever reads it to its end eats all
//! memory, so each kind of file has a limit far above what anybody writes by hand.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Bytes of a file of settings, a plan of faults, a patch or a scenario.
pub(crate) const WRITTEN_BY_HAND: u64 = 1024 * 1024;
/// Bytes of a file of rates: a row per second for a week.
pub(crate) const RECORDED: u64 = 16 * 1024 * 1024;
/// Bytes of a result: a thousand long runs.
pub(crate) const RESULT: u64 = 512 * 1024 * 1024;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
///
/// What the system says, and [`io::ErrorKind::FileTooLarge`] for a longer file.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!(
            "it has more than {} MiB, which is the limit for such a file",
            limit / (1024 * 1024)
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The same for text.
///
/// # Errors
///
/// Those of [`read`], and [`io::ErrorKind::InvalidData`] for bytes that are not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// A file that is written beside its place and takes it when it is whole. It goes when nothing comes of it.
#[derive(Debug)]
pub(crate) struct Draft {
    lies: PathBuf,
    belongs: PathBuf,
}

impl Draft {
    /// A new file in the folder of `path`. What lies at `path` stays until the draft is settled.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(crate) fn beside(path: &Path) -> io::Result<(File, Self)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        // Two processes that write the same file do not meet before it takes its place.
        let name = format!(".{}.{}.part", name.to_string_lossy(), process::id());
        let lies = path.with_file_name(name);
        let file = File::create_new(&lies)?;
        let belongs = path.to_owned();
        Ok((file, Self { lies, belongs }))
    }

    /// Takes its place.
    ///
    /// # Errors
    ///
    /// What the system says; the old file is as it was.
    pub(crate) fn settle(self) -> io::Result<()> {
        fs::rename(&self.lies, &self.belongs)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Once it has taken its place, there is nothing.
        let _ = fs::remove_file(&self.lies);
    }
}

/// Writes a file, whole or not at all. Whoever reads the file sees the old or the new one, also after a loss of power.
///
/// # Errors
///
/// What the system says; the old file is as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, draft) = Draft::beside(path)?;
    write(file, bytes)?;
    draft.settle()
}

/// Writes a file and waits until it is on the disk.
///
/// # Errors
///
/// What the system says.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(File::create(path)?, bytes)
}

fn write(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_never_ends_is_refused_at_its_limit() {
        let error = read(Path::new("/dev/zero"), WRITTEN_BY_HAND).unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("more than 1 MiB"), "{error}");
    }

    #[test]
    fn a_file_within_its_limit_is_read_as_it_is() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");

        let text = read_text(&path, WRITTEN_BY_HAND).unwrap();

        assert!(text.contains("name = \"lab\""), "{text}");
    }

    #[test]
    fn a_draft_of_which_nothing_comes_leaves_the_old_file_and_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("breaker-lab-draft-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("result.json");
        save(&path, b"old").unwrap();
        let names = || fs::read_dir(&folder).unwrap().count();

        let (mut file, draft) = Draft::beside(&path).unwrap();
        file.write_all(b"half of the ne").unwrap();
        assert_eq!(names(), 2);
        drop((file, draft));

        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 1));
        replace(&path, b"new").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"new".to_vec(), 1));
        fs::remove_dir_all(&folder).unwrap();
    }
}
