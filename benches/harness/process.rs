//! A process that is measured from outside.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use crate::usage::{self, Holdings};

/// A child process. Ends when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a program that says on standard output where it listens: one address after `http://` for each of
    /// `names`, on a line that has the name.
    ///
    /// # Errors
    /// If it cannot be started, or ends before it has said that.
    pub fn listening(command: &mut Command, names: &[&str]) -> io::Result<(Self, Vec<SocketAddr>)> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().map(BufReader::new);
        let process = Self { child };
        let mut output = output.ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = Vec::new();
        let addresses = loop {
            let mut line = String::new();
            if output.read_line(&mut line)? == 0 {
                return Err(io::Error::other(format!(
                    "{command:?} has ended: {lines:?}"
                )));
            }
            lines.push(line);
            let found: Option<Vec<_>> = names.iter().map(|name| address(&lines, name)).collect();
            if let Some(found) = found {
                break found;
            }
        };
        drain(output);
        Ok((process, addresses))
    }

    /// Starts a program whose output nobody reads.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn quiet(command: &mut Command) -> io::Result<Self> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How long its threads have run.
    pub fn cpu(&self) -> Duration {
        usage::cpu(self.child.id())
    }

    /// What it holds now.
    pub fn holdings(&self) -> Holdings {
        usage::holdings(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address after `http://` on the first line with `name`.
fn address(lines: &[String], name: &str) -> Option<SocketAddr> {
    let line = lines.iter().find(|line| line.contains(name))?;
    let (_, rest) = line.split_once("http://")?;
    rest.split([' ', ',', '\n']).next()?.parse().ok()
}

/// Reads what a process says and throws it away, so that the process never waits for a reader.
fn drain(mut output: BufReader<ChildStdout>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while output.read(&mut buffer).is_ok_and(|read| read > 0) {}
    });
}

/// The release binary of the lab: that which `BREAKER_LAB` names, or a fresh build.
///
/// # Panics
/// If it cannot be built.
pub fn lab() -> PathBuf {
    if let Some(given) = env::var_os("BREAKER_LAB") {
        return given.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--release", "--package", "lab"]);
    let status = build.current_dir(&root).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "the lab cannot be built"
    );
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release/breaker-lab")
}
