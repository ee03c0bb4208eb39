//! A reader who follows a page from its top to its end and types each command, in a folder that looks like a checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use end_to_end::{Ended, Process, binary, empty_folder, eventually, repository};
use tokio::process::Command;
use tokio::time::Instant;

use crate::commands::{arguments_of, words};
use crate::marks::{Done, Step};
use crate::terminals::{Stays, Terminals};

/// How long a command may take that ends by itself. Only one that hangs takes so long.
const LIMIT: Duration = Duration::from_secs(300);

/// Who follows one page.
pub(crate) struct Reader {
    folder: Checkout,
    terminals: Terminals,
}

/// A folder with links to all that lies in the root of the repository, removed when dropped.
struct Checkout(PathBuf);

impl Checkout {
    fn new(page: &str) -> Self {
        let name = format!("page-{}", page.replace('/', "-"));
        let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), &name);
        for entry in fs::read_dir(repository()).expect("the repository can be read") {
            let name = entry.expect("the entry can be read").file_name();
            let hidden = name.to_string_lossy().starts_with('.');
            // Commands write there.
            if !hidden && name != "target" && name != "runs" {
                let link = std::os::unix::fs::symlink(repository().join(&name), folder.join(&name));
                link.expect("a link can be made");
            }
        }
        Self(folder)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What is left goes with the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Reader {
    pub(crate) fn of(page: &str) -> Self {
        Self {
            folder: Checkout::new(page),
            terminals: Terminals::default(),
        }
    }

    /// Saves what the page tells its reader to save.
    pub(crate) fn save(&self, file: &str, text: &str) {
        fs::write(self.folder.0.join(file), text).expect("the file can be written");
    }

    /// Types the commands, and ends at last what still runs. `now` says which command it is. Returns how long each took.
    ///
    /// # Panics
    /// If one fails.
    pub(crate) async fn follow(
        mut self,
        page: &str,
        steps: &[Step],
        now: &Mutex<String>,
    ) -> Vec<(Duration, String)> {
        let mut times = Vec::new();
        for step in steps {
            let command = match &step.done {
                Done::AsWritten => &step.written.text,
                Done::Otherwise(text) => text,
                Done::NotRun(_) => continue,
            };
            let place = format!("{page}:{}: {command}", step.written.line);
            now.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone_from(&place);
            let began = Instant::now();
            self.type_in(command).await;
            times.push((began.elapsed(), place));
        }
        *now.lock().unwrap_or_else(PoisonError::into_inner) =
            format!("{page}: the end of what still runs");
        self.terminals.end_all().await;
        times
    }

    async fn type_in(&mut self, command: &str) {
        let arguments = arguments_of(command).map(words);
        let mut script = command.to_owned();
        if let Some(words) = &arguments {
            let flags = self.terminals.flags(words);
            let dashes = if script == "cargo run --release" && !flags.is_empty() {
                " --"
            } else {
                ""
            };
            script = format!("exec {script}{dashes} {}", flags.join(" "));
        }
        let stays = match &arguments {
            Some(words) => Stays::of_lab(words),
            None => Stays::of_other(command),
        };
        if let Some(stays) = stays {
            self.terminals.make_room(stays).await;
        }
        if let Some(Stays::Instance(port)) = stays {
            script = script.replace(
                &format!("--listen 127.0.0.1:{port}"),
                "--listen 127.0.0.1:0",
            );
        }
        if stays == Some(Stays::Prometheus) {
            script = format!("exec {}", script.replace("127.0.0.1:9090", "127.0.0.1:0"));
        }
        self.terminals.provide(&script).await;
        let script = self.terminals.translated(&script);
        match stays {
            Some(Stays::Redis(port)) => self.terminals.keep_redis(port, &words(command)[1..]),
            Some(Stays::Stream) => self.stream(&script).await,
            Some(stays) => self.terminals.keep(stays, self.process(&script)).await,
            None => {
                let ended = self.process(&script).ended(LIMIT).await;
                assert_carried_out(arguments.as_deref(), &ended);
            }
        }
        if command.contains("--open") {
            self.page_was_opened().await;
        }
    }

    /// Begins what goes on showing an answer.
    ///
    /// # Panics
    /// If the answer is a refusal: a refusal has lines, too.
    async fn stream(&mut self, script: &str) {
        let file = self.folder.0.join("headers");
        let process = self.process(&script.replacen(
            "curl ",
            "exec curl --retry 0 --dump-header headers ",
            1,
        ));
        let head = eventually("the head of an answer", async || {
            let head = fs::read_to_string(&file).ok()?;
            head.split_once("\r\n").map(|(line, _)| line.to_owned())
        })
        .await;
        let is_given = head.split(' ').nth(1) == Some("200");
        assert!(is_given, "{head}: {:?}", process.lines());
        self.terminals.keep(Stays::Stream, process).await;
        fs::remove_file(file).expect("the file is ours");
    }

    fn process(&self, script: &str) -> Process {
        let tools = repository().join("tests/readme/bin");
        let built = binary().parent().expect("the program lies in a folder");
        let usual = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{usual}", tools.display(), built.display());
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("set -euo pipefail\n{script}")])
            .current_dir(&self.folder.0)
            .env("PATH", path);
        for (name, _) in std::env::vars() {
            if ["OTEL_", "BREAKER_LAB_", "RUST_LOG", "BROWSER"]
                .iter()
                .any(|it| name.starts_with(it))
            {
                command.env_remove(name);
            }
        }
        Process::start_other(command, "there is no bash")
    }

    /// The browser was asked for the live page.
    async fn page_was_opened(&self) {
        let file: &Path = &self.folder.0.join("opened");
        eventually("the page is opened", async || {
            let opened = fs::read_to_string(file).ok()?;
            opened.starts_with("http://127.0.0.1:").then_some(())
        })
        .await;
        fs::remove_file(file).expect("the file is ours");
    }
}

/// # Panics
/// If a command was not carried out. Whether a live run kept its time, and whether what it expects holds where it was
/// cut short, depends on the machine; both have statuses of their own.
fn assert_carried_out(words: Option<&[&str]>, ended: &Ended) {
    // A loop goes on after a command that failed, and says so.
    let complains = |line: &String| words.is_none() && line.ends_with(" failed");
    let carried_out = ended
        .status
        .code()
        .is_some_and(|code| is_verdict(words, code, &ended.stderr))
        && !ended.stdout.iter().any(complains);
    let last = |lines: &[String]| lines[lines.len().saturating_sub(12)..].join("\n");
    assert!(
        carried_out,
        "{}\n{}\n{}",
        ended.status,
        last(&ended.stdout),
        last(&ended.stderr)
    );
}

/// Whether a command that ends with this status was carried out: it is its verdict on a run.
fn is_verdict(words: Option<&[&str]>, code: i32, stderr: &[String]) -> bool {
    match (words, code) {
        (_, 0) | (Some(["run" | "load" | "compare", ..]), 3) => true,
        // The status of a failure at run time, too.
        (Some(["run" | "load", ..]), 1) => stderr.iter().any(|line| {
            let words = line.strip_prefix("breaker-lab: ").unwrap_or_default();
            words.contains("expectation") && words.contains(" did not hold")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Command;

    #[test]
    fn a_failure_at_run_time_is_no_verdict() {
        let says = |line: &str| vec!["a line".to_owned(), line.to_owned()];
        for (part, code, line, expected) in [
            ("run", 0, "", true),
            (
                "run",
                1,
                "breaker-lab: an expectation did not hold: a < b",
                true,
            ),
            (
                "run",
                1,
                "breaker-lab: 2 expectations did not hold, first: a < b",
                true,
            ),
            (
                "load",
                1,
                "breaker-lab: 1 of 2 expectations did not hold",
                true,
            ),
            (
                "load",
                3,
                "breaker-lab: the load generator fell behind",
                true,
            ),
            (
                "run",
                1,
                "breaker-lab: cannot write runs/x: no space",
                false,
            ),
            ("run", 1, "", false),
            (
                "run",
                2,
                "breaker-lab: an expectation did not hold: a < b",
                false,
            ),
            ("load", 4, "breaker-lab: never reached: A", false),
            (
                "simulate",
                1,
                "breaker-lab: an expectation did not hold: a < b",
                false,
            ),
            ("compare", 3, "breaker-lab: void", true),
            ("simulate", 3, "breaker-lab: void", false),
        ] {
            let words = [part, "flapping"];
            let found = is_verdict(Some(&words), code, &says(line));
            assert_eq!(found, expected, "{part} {code} {line}");
        }
        assert!(!is_verdict(None, 1, &says("an expectation did not hold")));
    }

    /// What a reader is told who types this one command.
    async fn told(page: &'static str, command: &str) -> Option<String> {
        let steps = [Step {
            written: Command {
                line: 1,
                text: command.to_owned(),
            },
            done: Done::AsWritten,
        }];
        let task = tokio::spawn(async move {
            let now = Mutex::default();
            Reader::of(page).follow(page, &steps, &now).await;
        });
        let failed = task.await.err()?.into_panic();
        Some(failed.downcast_ref::<String>().cloned().unwrap_or_default())
    }

    #[tokio::test]
    async fn a_stream_that_is_not_there_is_a_failure() {
        let good = told("a-stream", "curl -N http://127.0.0.1:8080/api/events").await;
        assert_eq!(good, None);
        for command in [
            "curl -N http://127.0.0.1:8080/api/evnts",
            "curl --no-buffer http://127.0.0.1:8080/api/evnts",
        ] {
            let said = told("no-stream", command).await.unwrap_or_default();
            assert!(said.contains("404"), "{command}: {said}");
        }
    }

    #[tokio::test]
    async fn a_redis_server_is_started_with_the_words_of_its_line() {
        assert_eq!(told("a-server", "redis-server --port 6379").await, None);
        for command in [
            "redis-server --prot 6379",
            "redis-server --port 6379 --bnid x",
        ] {
            let said = told("no-server", command).await.unwrap_or_default();
            assert!(said.contains("redis-server ended"), "{command}: {said}");
        }
    }
}
