//! Programs under Valgrind, and the places of their profiles.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `program` under Valgrind, not counted yet.
pub(crate) fn counted(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--instr-atstart=no", "--dump-instr=no"]);
    let out = folder().join("callgrind.%p");
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(program);
    command
}

/// The folder of the profiles.
pub(crate) fn folder() -> PathBuf {
    env::temp_dir().join("breaker-lab-instructions")
}
