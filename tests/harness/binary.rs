//! The binary under test, next to the tests, built by cargo when it is not up to date.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// The path of `breaker-lab`, built with the profile of the tests.
///
/// # Panics
/// If it cannot be built.
pub fn binary() -> &'static Path {
    BINARY.get_or_init(|| {
        // target/PROFILE/deps/test-… → target/PROFILE
        let test = std::env::current_exe().expect("a test knows where it is");
        let profile = test
            .ancestors()
            .nth(2)
            .expect("tests lie in target/PROFILE/deps");
        let target = profile.parent().expect("profiles lie in target");
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--quiet",
                "--package",
                "lab",
                "--bin",
                "breaker-lab",
                // One binary for all tests. What a plain build can do is a part of it.
                "--features",
                "otlp-grpc",
            ])
            .arg("--target-dir")
            .arg(target)
            .current_dir(repository());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        let status = build.status().expect("cargo can be started");
        assert!(status.success(), "breaker-lab cannot be built");
        profile.join("breaker-lab")
    })
}

/// The root of the repository.
///
/// # Panics
/// Never: the tests lie in it.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the repository")
}
