//! The files of the user, read up to a maximum size and written completely or not at all.
//!
//! A path may name a device or a pipe that never ends (`/dev/zero`). Reading it to its end would use up all memory,
//! so each kind of file has a limit far above what anybody writes by hand. Files that this program has written have
//! no limit: what was written can be read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes of a settings file, a fault plan, a patch or a scenario.
pub(crate) const WRITTEN_BY_HAND: u64 = 1024 * 1024;
/// The most bytes of a file of rates: a row per second for a week.
pub(crate) const RECORDED: u64 = 16 * 1024 * 1024;
/// The most bytes of a result that does not come from a plain file.
const PIPED_RESULT: u64 = 512 * 1024 * 1024;
/// How many bytes show the kind of a file.
const HEAD: u64 = 256;
/// How many drafts one process may make for one file; only a process that was killed leaves any.
const MAX_DRAFTS: u32 = 1000;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
///
/// The system's error, and [`io::ErrorKind::FileTooLarge`] for a longer file.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    up_to(limit, open(path)?)
}

/// Opens a file for reading. A named pipe is refused, because opening it waits for a writer, perhaps for ever. The
/// pipes that a shell makes, `<(…)` and `|`, are below `/dev` and have a writer.
fn open(path: &Path) -> io::Result<File> {
    if is_named_pipe(path)? {
        let message =
            "it is a named pipe, which may have no writer: write the name of a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    File::open(path)
}

#[cfg(unix)]
fn is_named_pipe(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    let of_a_shell = path.starts_with("/dev") || path.starts_with("/proc");
    Ok(!of_a_shell && fs::metadata(path)?.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_named_pipe(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Reads what this program has written: a plain file completely, anything else within a bound.
///
/// # Errors
///
/// The system's error, and [`io::ErrorKind::FileTooLarge`] for something that is not a plain file and longer than the
/// bound.
pub(crate) fn read_kept(path: &Path) -> io::Result<Vec<u8>> {
    read_open(&open(path)?)
}

/// Reads the same from an open file, from its position to its end.
///
/// # Errors
///
/// Those of [`read_kept`].
pub(crate) fn read_open(file: &File) -> io::Result<Vec<u8>> {
    up_to(bound_of_kept(file)?, file)
}

/// Whether a file is empty or begins with one of these, apart from white space: a result may replace only a result of
/// the same kind, and no other file of the user.
///
/// # Errors
///
/// The system's error. A file that is protected from writing is not replaced either.
pub(crate) fn is_empty_or_begins(place: &Path, beginnings: &[&str]) -> io::Result<bool> {
    let mut head = Vec::new();
    let file = File::options().read(true).append(true).open(place)?;
    file.take(HEAD).read_to_end(&mut head)?;
    let text = String::from_utf8_lossy(&head);
    let text: String = text.split_whitespace().collect();
    Ok(head.is_empty()
        || beginnings
            .iter()
            .any(|beginning| text.starts_with(beginning)))
}

fn bound_of_kept(file: &File) -> io::Result<u64> {
    let plain = file.metadata()?.is_file();
    Ok(if plain { u64::MAX } else { PIPED_RESULT })
}

fn up_to(limit: u64, file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = file.take(limit.saturating_add(1));
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!(
            "it is larger than {} MiB, the limit for such a file",
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

/// Writes a file completely or not at all: first beside its place, then renamed. A reader sees the old file or the
/// new one, even after a loss of power.
///
/// # Errors
///
/// The system's error; the old file is unchanged.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, |to| to.write_all(bytes))
}

/// The same for what is written part by part.
///
/// # Errors
///
/// The system's error, or that of `write`; the old file is unchanged.
pub(crate) fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let (file, draft) = Draft::beside(path)?;
    let mut to = BufWriter::new(file);
    write(&mut to)?;
    to.flush()?;
    draft.settle(to.get_ref())
}

/// A file that lies beside its place until it is complete, under a unique name. It is removed if it is never
/// completed.
#[derive(Debug)]
pub(crate) struct Draft {
    lies: PathBuf,
    belongs: PathBuf,
    /// Whether it has taken its place, so that its old name may belong to another process.
    settled: bool,
}

impl Draft {
    /// Makes a new and empty file beside `place`. An existing file is never touched: others may write at the same
    /// time, and processes that were killed may have left something.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub(crate) fn beside(place: &Path) -> io::Result<(File, Self)> {
        let name = place.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let name = format!(".{}.{}", name.to_string_lossy(), std::process::id());
        let mut number = 0;
        loop {
            let lies = place.with_file_name(format!("{name}-{number}.part"));
            match File::create_new(&lies) {
                Ok(file) => {
                    let belongs = place.to_owned();
                    let settled = false;
                    let draft = Self {
                        lies,
                        belongs,
                        settled,
                    };
                    return Ok((file, draft));
                }
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && number < MAX_DRAFTS =>
                {
                    number += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts the completely written `file` in its place once it is on the disk: after a loss of power the place has
    /// the old file or the complete new one.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub(crate) fn settle(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.lies, &self.belongs)?;
        self.settled = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.settled {
            let _ = fs::remove_file(&self.lies);
        }
    }
}

/// Writes a file and waits until it is on the disk.
///
/// # Errors
///
/// The system's error.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
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
        assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_was_written_can_be_read_however_long_it_is() {
        let plain = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let bound = |path: &Path| bound_of_kept(&File::open(path).unwrap()).unwrap();

        assert_eq!(bound(&plain), u64::MAX);
        assert_eq!(bound(Path::new("/dev/zero")), PIPED_RESULT);
        assert_eq!(read_kept(&plain).unwrap(), fs::read(&plain).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_is_refused_and_a_pipe_of_the_shell_is_read() {
        let pipe = std::env::temp_dir().join(format!("breaker-lab-pipe-{}", std::process::id()));
        let _ = fs::remove_file(&pipe);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());

        let error = read(&pipe, WRITTEN_BY_HAND).unwrap_err();
        assert!(error.to_string().contains("it is a named pipe"), "{error}");
        let error = read_kept(&pipe).unwrap_err();
        assert!(error.to_string().contains("it is a named pipe"), "{error}");

        fs::remove_file(&pipe).unwrap();
        assert!(!is_named_pipe(Path::new("/dev/stdin")).unwrap());
    }

    #[test]
    fn what_a_file_holds_is_seen_at_its_beginning() {
        let path = std::env::temp_dir().join(format!("breaker-lab-head-{}", std::process::id()));
        let begins = |text: &str| {
            save(&path, text.as_bytes()).unwrap();
            is_empty_or_begins(&path, &["{\"schema\":\"a/"]).unwrap()
        };

        assert!(begins("") && begins("{\n  \"schema\": \"a/1\"}"));
        assert!(!begins("{\"schema\": \"b/1\"}") && !begins("a") && !begins(" "));
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_within_its_limit_is_read_as_it_is() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");

        let text = read_text(&path, WRITTEN_BY_HAND).unwrap();

        assert!(text.contains("name = \"lab\""), "{text}");
    }

    #[test]
    fn a_draft_of_which_nothing_comes_leaves_the_old_file_and_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("breaker-lab-draft-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("result.json");
        save(&path, b"old").unwrap();
        let names = || fs::read_dir(&folder).unwrap().count();

        let (mut file, draft) = Draft::beside(&path).unwrap();
        file.write_all(b"half of the ne").unwrap();
        // A second one, of the same process, does not meet the first.
        let second = Draft::beside(&path).unwrap();
        assert_eq!(names(), 3);
        drop((file, draft, second));

        assert_eq!((fs::read(&path).unwrap(), names()), (b"old".to_vec(), 1));
        replace(&path, b"new").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"new".to_vec(), 1));
        fs::remove_dir_all(&folder).unwrap();
    }
}
