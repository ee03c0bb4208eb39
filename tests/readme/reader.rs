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
            Some(Stays::Redis) => self.terminals.keep_redis(),
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
    let good: &[i32] = match words {
        Some(["run" | "load", ..]) => &[0, 1, 3],
        Some(["compare", ..]) => &[0, 3],
        _ => &[0],
    };
    // A loop goes on after a command that failed, and says so.
    let complains = |line: &String| words.is_none() && line.ends_with(" failed");
    let carried_out = ended.status.code().is_some_and(|code| good.contains(&code))
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
