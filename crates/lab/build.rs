//! The build script, which tells the program what it was built from: `LAB_VERSION` is its version, commit and
//! features, `LAB_COMMIT` the commit alone.
//!
//! Outside of a git checkout of this tree, as in a tarball, the commit is `unknown`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let commit = commit(&package).unwrap_or_else(|| "unknown".to_owned());
    let features = if env::var_os("CARGO_FEATURE_OTLP_GRPC").is_some() {
        "otlp-grpc"
    } else {
        "none"
    };
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=LAB_COMMIT={commit}");
    println!("cargo::rustc-env=LAB_VERSION={version} (commit {commit}, features: {features})");
}

/// The commit that is checked out, and a build anew when it changes.
fn commit(package: &Path) -> Option<String> {
    let root = package.parent()?.parent()?.canonicalize().ok()?;
    // A tarball may lie inside somebody else's repository.
    let top = PathBuf::from(git(&root, &["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        let path = root.join(git(&root, &["rev-parse", "--git-path", file])?);
        println!("cargo::rerun-if-changed={}", path.display());
    }
    git(&root, &["rev-parse", "--short=12", "HEAD"])
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
