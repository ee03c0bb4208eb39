//! Files for results, which are tested before anything starts.
//!
//! A run of an hour must not fail at its end because of a full disk or a read-only folder. So each file is opened
//! beside its final place and really written to. Only when all of them can be written does the run begin, and growing
//! files take their places; the result takes its place when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use experiment::load::{LoadResult, Second};
use experiment::outcome::ClientOutcome;

use crate::failure::Failure;
use crate::file::{Draft, is_empty_or_begins};
use crate::print::{self, Writer};
use crate::settings::OutputPaths;

/// The bytes that are written to check whether there is room.
const TRIAL: usize = 16 * 1024;

/// The kind of a file, so that it replaces nothing else.
struct Kind {
    flag: &'static str,
    holds: &'static str,
    /// The first letters of such a file, without white space.
    begins: &'static str,
}

/// A result, or a plan that was written in its place.
const JSON: Kind = Kind {
    flag: "--json",
    holds: "a result or a plan of a load",
    begins: "{\"schema\":\"breaker-lab/load",
};
const JSONL: Kind = Kind {
    flag: "--jsonl",
    holds: "seconds of a load",
    begins: "{\"second\":",
};
const CSV: Kind = Kind {
    flag: "--csv",
    holds: "seconds of a load",
    begins: "second,target,planned,",
};

/// All files of a run, open.
#[derive(Debug)]
pub(super) struct Outputs {
    json: Option<Json>,
    jsonl: Option<Output>,
    csv: Option<Output>,
    names: Vec<String>,
    /// The first second that has not been written.
    next: u64,
    /// The reason why no more seconds are written.
    failed: Option<String>,
}

#[derive(Debug)]
enum Json {
    Standard,
    File(Output),
}

/// A file that can be written to.
#[derive(Debug)]
struct Output {
    shown: String,
    file: File,
    /// Kept until it takes its place; `None` for something that is not a plain file.
    draft: Option<Draft>,
    /// The writer to a pipe or a device during the run, whose reader may pause.
    pipe: Option<Writer>,
}

impl Outputs {
    /// Tests all of them. Existing files are not touched until [`begin`](Self::begin).
    pub(super) fn open(paths: &OutputPaths, names: &[String]) -> Result<Self, Failure> {
        paths.check()?;
        let open = |path: &Option<PathBuf>, kind: &Kind| {
            let path = path.as_deref();
            path.map(|path| Output::open(path, kind)).transpose()
        };
        let json = match &paths.json {
            Some(_) if paths.take_standard_output() => Some(Json::Standard),
            path => open(path, &JSON)?.map(Json::File),
        };
        Ok(Self {
            json,
            jsonl: open(&paths.jsonl, &JSONL)?,
            csv: open(&paths.csv, &CSV)?,
            names: names.to_vec(),
            next: 0,
            failed: None,
        })
    }

    /// Begins the run: growing files take their places.
    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        for output in [&mut self.jsonl, &mut self.csv].into_iter().flatten() {
            output.share().map_err(|error| output.usage(&error))?;
            output.settle().map_err(|error| output.usage(&error))?;
        }
        if let Some(Json::File(output)) = &mut self.json {
            output.share().map_err(|error| output.usage(&error))?;
        }
        if let Some(csv) = &mut self.csv {
            let outcomes = ClientOutcome::ALL.map(ClientOutcome::as_str).join(",");
            let head = format!("second,target,planned,{outcomes},ok_p50_s,ok_p99_s,p50_s,p99_s\n");
            csv.write(&head).map_err(|error| csv.usage(&error))?;
        }
        Ok(())
    }

    /// The number of the first second that is to be written.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Writes the seconds that are over.
    pub(super) fn write_seconds(&mut self, seconds: &[Second]) {
        let first = self.next;
        let new = || seconds.iter().filter(|second| second.second >= first);
        let names = &self.names;
        let kinds: [(_, Row); 2] = [(&mut self.csv, csv), (&mut self.jsonl, jsonl)];
        self.next = seconds.last().map_or(first, |last| last.second + 1);
        for (output, row) in kinds {
            let Some(output) = output else { continue };
            let text: String = new().map(|second| row(second, names)).collect();
            if let Err(error) = output.write(&text) {
                let shown = &output.shown;
                self.failed
                    .get_or_insert_with(|| format!("cannot write {shown}: {error}"));
            }
        }
    }

    /// Writes the result, which then takes its place.
    pub(super) async fn finish(mut self, result: &LoadResult) -> Result<(), Failure> {
        self.write_seconds(&result.seconds);
        let text = || {
            serde_json::to_string_pretty(result)
                .map_err(|error| Failure::runtime(error.to_string()))
        };
        match &mut self.json {
            None => {}
            Some(Json::Standard) => print::line(&text()?),
            Some(Json::File(output)) => {
                let written = output.write(&format!("{}\n", text()?));
                let written = written.and_then(|()| output.settle());
                if let Err(error) = written {
                    self.failed
                        .get_or_insert(format!("cannot write {}: {error}", output.shown));
                }
            }
        }
        let json = match &self.json {
            Some(Json::File(output)) => Some(output),
            _ => None,
        };
        for output in [json, self.jsonl.as_ref(), self.csv.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Some(pipe) = &output.pipe
                && let Err(error) = pipe.all_written().await
            {
                self.failed
                    .get_or_insert(format!("cannot write {}: {error}", output.shown));
            }
        }
        self.failed
            .map_or(Ok(()), |what| Err(Failure::runtime(what)))
    }

    /// Writes what is no result, such as a plan, where the result would go.
    pub(super) fn write_json(
        self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let (shown, written) = match self.json {
            None => return Ok(()),
            Some(Json::Standard) => {
                let mut out = BufWriter::new(io::stdout().lock());
                let written = write(&mut out).and_then(|()| out.flush());
                // A reader that stops reading has had enough.
                let gone = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
                let written =
                    written.or_else(|error| if gone(&error) { Ok(()) } else { Err(error) });
                ("standard output".to_owned(), written)
            }
            Some(Json::File(mut output)) => {
                let mut out = BufWriter::new(&output.file);
                let written = write(&mut out).and_then(|()| out.flush());
                drop(out);
                (output.shown.clone(), written.and_then(|()| output.settle()))
            }
        };
        written.map_err(|error| Failure::runtime(format!("cannot write {shown}: {error}")))
    }
}

impl Output {
    fn open(path: &Path, kind: &Kind) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let opened = match fs::canonicalize(path) {
            Ok(path) if path.is_file() => match is_empty_or_begins(&path, &[kind.begins]) {
                Ok(true) => Self::beside(&path),
                Ok(false) => {
                    return Err(Failure::usage(format!(
                        "{} {shown}: the file holds something other than {}: choose another file",
                        kind.flag, kind.holds
                    )));
                }
                Err(error) => Err(error),
            },
            Ok(path) if path.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(path) => Self::special(&path),
            Err(_) => Self::beside(path),
        };
        opened
            .map(|(file, draft)| Self {
                shown: shown.clone(),
                file,
                draft,
                pipe: None,
            })
            .map_err(|error| Failure::usage(format!("cannot write {shown}: {error}")))
    }

    /// A new file in the same folder, with room in it.
    fn beside(path: &Path) -> io::Result<(File, Option<Draft>)> {
        let (mut file, draft) = Draft::beside(path)?;
        file.write_all(&[b' '; TRIAL])?;
        file.sync_all()?;
        file.set_len(0)?;
        file.rewind()?;
        Ok((file, Some(draft)))
    }

    /// A device or a pipe; a device gets an empty line as a test.
    fn special(path: &Path) -> io::Result<(File, Option<Draft>)> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        if is_device(&file)? {
            file.write_all(b"\n")?;
        }
        Ok((file, None))
    }

    /// From now on, anything but a plain file is written in the background of the run.
    fn share(&mut self) -> io::Result<()> {
        if self.draft.is_none() {
            self.pipe = Some(print::pipe(self.file.try_clone()?));
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        match &self.pipe {
            None => self.file.write_all(text.as_bytes()),
            Some(pipe) => {
                pipe.add(text.as_bytes().to_vec());
                Ok(())
            }
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        let draft = self.draft.take();
        draft.map_or(Ok(()), |draft| draft.settle(&self.file))
    }

    fn usage(&self, error: &io::Error) -> Failure {
        Failure::usage(format!("cannot write {}: {error}", self.shown))
    }
}

#[cfg(unix)]
fn is_device(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt;
    Ok(file.metadata()?.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_file: &File) -> io::Result<bool> {
    Ok(false)
}

/// `{"second": 3, "targets": {"A": {"planned": 30, …, "ok_p50_s": 0.004, …, "p99_s": "inf"}}}`
fn jsonl(second: &Second, names: &[String]) -> String {
    let targets = names.iter().zip(&second.targets).map(|(name, target)| {
        let mut counts = serde_json::json!(target.outcomes);
        let written = serde_json::json!(target);
        for key in ["ok_p50_s", "ok_p99_s", "p50_s", "p99_s"] {
            counts[key] = written[key].clone();
        }
        (name.clone(), counts)
    });
    let targets: serde_json::Map<_, _> = targets.collect();
    let line = serde_json::json!({ "second": second.second, "targets": targets });
    format!("{line}\n")
}

/// How a second is written into a file that grows: with the names of the targets.
type Row = fn(&Second, &[String]) -> String;

fn csv(second: &Second, names: &[String]) -> String {
    let rows = names.iter().zip(&second.targets).map(|(name, target)| {
        let outcomes = ClientOutcome::ALL.map(|outcome| target.outcomes[outcome].to_string());
        let quantile = |value: Option<f64>| value.map(|it| it.to_string()).unwrap_or_default();
        format!(
            "{},{name},{},{},{},{},{},{}\n",
            second.second,
            target.outcomes.planned(),
            outcomes.join(","),
            quantile(target.ok_p50_s),
            quantile(target.ok_p99_s),
            quantile(target.p50_s),
            quantile(target.p99_s),
        )
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_takes_the_place_of_nothing_but_a_result_of_its_kind() {
        let path = std::env::temp_dir().join(format!("breaker-lab-output-{}", std::process::id()));
        let kinds = [&JSON, &JSONL, &CSV];
        let texts = [
            "{\n  \"schema\": \"breaker-lab/load/1\",",
            "{\"second\": 0, ",
            "second,target,planned,ok",
        ];
        for (place, kind) in kinds.iter().enumerate() {
            for (other, text) in texts.iter().enumerate() {
                fs::write(&path, text).unwrap();

                let opened = Output::open(&path, kind);

                assert_eq!(opened.is_ok(), place == other, "{}: {text}", kind.flag);
            }
            fs::write(&path, "title = \"mine\"\n").unwrap();
            let refusal = Output::open(&path, kind).unwrap_err().to_string();
            assert!(
                refusal.contains("the file holds something other than"),
                "{refusal}"
            );
            assert_eq!(fs::read(&path).unwrap(), b"title = \"mine\"\n");
            fs::write(&path, "").unwrap();
            assert!(Output::open(&path, kind).is_ok());
        }
        fs::remove_file(&path).unwrap();
    }
}
