//! A process under test: its lines as they come, its signals, its end.

use std::io::Write;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::binary::{binary, repository};
use crate::ended::Ended;
use crate::{LIMIT, eventually};

/// A running `breaker-lab`. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

/// What can be sent to a process.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// What Ctrl-C sends.
    Interrupt,
    /// The polite request to end.
    Terminate,
    /// The end without a word.
    Kill,
}

#[derive(Debug)]
struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn of(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&lines);
        let reader = tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = pipe.next_line().await {
                read.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self { lines, reader }
    }

    /// Reads this many lines and closes the pipe.
    fn head(pipe: impl AsyncRead + Unpin + Send + 'static, count: usize) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let read = Arc::clone(&lines);
        let reader = tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe).lines();
            for _ in 0..count {
                let Ok(Some(line)) = pipe.next_line().await else {
                    return;
                };
                read.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self { lines, reader }
    }

    fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn all(self) -> Vec<String> {
        self.reader.await.expect("output is read to its end");
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Process {
    /// Starts `breaker-lab` with `arguments`, in the root of the repository.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    /// Starts `breaker-lab` with variables in its environment.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_in(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::of(spawn(variables, arguments))
    }

    fn of(mut child: Child) -> Self {
        Self {
            stdout: Output::of(child.stdout.take().expect("stdout is a pipe")),
            stderr: Output::of(child.stderr.take().expect("stderr is a pipe")),
            child,
        }
    }

    /// Starts another program.
    ///
    /// # Panics
    /// If it cannot be started; `install` says which package it is in.
    pub fn start_other(command: Command, install: &str) -> Self {
        Self::of(spawned(command).unwrap_or_else(|error| panic!("{error}: {install}")))
    }

    /// Starts `breaker-lab` with a log that nobody ever reads. Such a process is only to be killed.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_with_unread_log(arguments: &[&str]) -> Self {
        let mut child = spawn(&[("RUST_LOG", "info")], arguments);
        let unread = child.stderr.take().expect("stderr is a pipe");
        Self {
            stdout: Output::of(child.stdout.take().expect("stdout is a pipe")),
            stderr: Output {
                lines: Arc::default(),
                reader: tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(unread);
                }),
            },
            child,
        }
    }

    /// Runs `breaker-lab` to its end where so few files may be open at once.
    ///
    /// # Panics
    /// If it does not end by itself, or there is no shell.
    pub async fn run_with_open_files(limit: u32, arguments: &[&str]) -> Ended {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        command.args(["-c", &script]).arg(binary()).args(arguments);
        Self::start_other(command, "there is no sh")
            .ended(LIMIT)
            .await
    }

    /// Starts `breaker-lab` with a standard output and a standard error that are full, and stay so: nobody
    /// reads them.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_with_full_output(arguments: &[&str]) -> Self {
        Self::start_other_with_full_output(command(&[], arguments))
    }

    /// The same for another program.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_other_with_full_output(mut command: Command) -> Self {
        let (unread, full) = std::io::pipe().expect("there is a pipe");
        let mut filler = full.try_clone().expect("a pipe can be shared");
        // It writes until there is no room, then waits for room until the other end is closed.
        std::thread::spawn(move || while filler.write_all(&[b'.'; 4096]).is_ok() {});
        let error = full.try_clone().expect("a pipe can be shared");
        command.stdin(Stdio::null()).stdout(full).stderr(error);
        let child = command.kill_on_drop(true).spawn();
        let reader = tokio::spawn(async move {
            std::future::pending::<()>().await;
            drop(unread);
        });
        let nothing = || Output {
            lines: Arc::default(),
            reader: tokio::spawn(std::future::pending()),
        };
        Self {
            child: child.expect("the program can be started"),
            stdout: Output {
                reader,
                ..nothing()
            },
            stderr: nothing(),
        }
    }

    /// Starts `breaker-lab` with a reader that closes standard output after this many lines, as `head` does.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_with_head(arguments: &[&str], count: usize) -> Self {
        let mut child = spawn(&[], arguments);
        let stdout = child.stdout.take().expect("stdout is a pipe");
        Self {
            stdout: Output::head(stdout, count),
            stderr: Output::of(child.stderr.take().expect("stderr is a pipe")),
            child,
        }
    }

    /// Starts `breaker-lab` with this many file descriptors.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_with_files(files: u32, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")])
            .arg(binary())
            .args(arguments)
            .env_remove("RUST_LOG")
            .current_dir(repository());
        Self::of(spawned(command).expect("there is a shell"))
    }

    /// Waits until it handles the signals that ask for its end, when nothing else can be seen of it.
    ///
    /// # Panics
    /// If it never does.
    pub async fn handles_signals(&self) {
        const SIGTERM: u32 = 15;
        let path = format!("/proc/{}/status", self.id());
        eventually("SIGTERM is handled", async || {
            let status = std::fs::read_to_string(&path).ok()?;
            let line = status.lines().find(|line| line.starts_with("SigCgt:"))?;
            let caught = u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok()?;
            (caught >> (SIGTERM - 1) & 1 == 1).then_some(())
        })
        .await;
    }

    /// Waits for the end of a process whose output is not read.
    ///
    /// # Panics
    /// If it has not ended within `limit`.
    pub async fn ended_unread(mut self, limit: Duration) -> ExitStatus {
        let ended = timeout(limit, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("still running after {limit:?}"));
        ended.expect("the process can be waited for")
    }

    /// Runs `breaker-lab` to its end with a standard output that takes nothing.
    ///
    /// # Panics
    /// If it does not end by itself, or there is no shell.
    pub async fn run_with_full_disk(arguments: &[&str]) -> Ended {
        let mut command = Command::new("sh");
        let script = "exec \"$0\" \"$@\" >/dev/full";
        command.args(["-c", script]).arg(binary()).args(arguments);
        Self::start_other(command, "there is no sh")
            .ended(LIMIT)
            .await
    }

    /// Runs `breaker-lab` to its end.
    ///
    /// # Panics
    /// If it does not end by itself.
    pub async fn run(arguments: &[&str]) -> Ended {
        Self::start(arguments).ended(LIMIT).await
    }

    /// What it has printed so far.
    pub fn lines(&self) -> Vec<String> {
        self.stdout.lines()
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.stderr.lines()
    }

    /// The same, also once the process has ended.
    pub fn log_as_it_grows(&self) -> impl Fn() -> Vec<String> + use<> {
        let lines = Arc::clone(&self.stderr.lines);
        move || lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    ///
    /// # Panics
    /// If it has ended.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process is running")
    }

    /// The base URL in the first line that names `who`.
    ///
    /// # Panics
    /// If no such line is printed.
    pub async fn url(&self, who: &str) -> String {
        eventually(&format!("a line with the address of {who}"), async || {
            let lines = self.lines();
            let line = lines
                .iter()
                .find(|line| line.contains(who) && line.contains("http://"))?;
            let address = line.split("http://").nth(1)?;
            let end = address.find([' ', ',']).unwrap_or(address.len());
            Some(format!("http://{}", &address[..end]))
        })
        .await
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If there is no `kill` command.
    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Interrupt => "-INT",
            Signal::Terminate => "-TERM",
            Signal::Kill => "-KILL",
        };
        let id = self.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([name, &id])
            .status();
        assert!(sent.expect("there is a kill command").success());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it has not ended within `limit`.
    pub async fn ended(mut self, limit: Duration) -> Ended {
        let status = timeout(limit, self.child.wait())
            .await
            .unwrap_or_else(|_| panic!("still running after {limit:?}: {:#?}", self.lines()))
            .expect("the process can be waited for");
        Ended {
            status,
            stdout: self.stdout.all().await,
            stderr: self.stderr.all().await,
        }
    }

    /// The memory that it holds, in MiB.
    ///
    /// # Panics
    /// Where there is no `/proc`.
    pub fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))
            .expect("there is a /proc");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.expect("the status tells the memory") / 1024
    }
}

fn spawn(variables: &[(&str, &str)], arguments: &[&str]) -> Child {
    spawned(command(variables, arguments)).expect("breaker-lab can be started")
}

fn command(variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).env_remove("RUST_LOG");
    // The environment of the tests may export traces of other programs.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
        command.env_remove(name);
    }
    command
        .envs(variables.iter().copied())
        .current_dir(repository());
    command
}

fn spawned(mut command: Command) -> std::io::Result<Child> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}
