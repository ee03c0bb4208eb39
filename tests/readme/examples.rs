//! The examples of packages, which tests of these packages run.

use std::fs;
use std::path::Path;

use end_to_end::{read, repository};

use crate::commands::words;

/// `cargo run -p PACKAGE --example NAME`, where a test of the package runs the example.
pub(crate) fn is_a_tested_example(command: &str) -> bool {
    let ["cargo", "run", "-p", package, "--example", name, ..] = &words(command)[..] else {
        return false;
    };
    let tests = repository().join("crates").join(package).join("tests");
    includes(&tests, &format!("examples/{name}.rs"))
}

/// Whether this code takes in the file at `path` as a module, and calls something in it.
fn runs(code: &str, path: &str) -> bool {
    let mut lines = code.lines().map(str::trim);
    let takes_in =
        |line: &str| line.starts_with("#[path = ") && line.ends_with(&format!("/{path}\"]"));
    if !lines.any(takes_in) {
        return false;
    }
    let mut rest = lines.skip_while(|line| line.starts_with("#["));
    let module = rest.next().and_then(|line| line.strip_prefix("mod "));
    let Some(module) = module.and_then(|name| name.strip_suffix(';')) else {
        return false;
    };
    let called = format!("{module}::");
    rest.any(|line| !line.starts_with("//") && line.contains(&called))
}

fn includes(folder: &Path, path: &str) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|file| {
        if file.is_dir() {
            includes(&file, path)
        } else {
            let is_code = file.extension().is_some_and(|ending| ending == "rs");
            is_code && runs(&read(&file), path)
        }
    })
}

#[test]
fn an_example_is_run_where_a_test_takes_it_in_and_calls_it() {
    let taken_in = "#[path = \"../examples/a.rs\"]\n#[expect(dead_code)]\nmod one;\n";
    let path = "examples/a.rs";
    let called = format!("{taken_in}#[test]\nfn b() {{\n    one::main();\n}}\n");

    assert!(runs(&called, path));
    assert!(!runs(taken_in, path), "taken in, and never called");
    assert!(!runs("// as in examples/a.rs\n#[test]\nfn b() {}\n", path));
    assert!(!runs(&called, "examples/b.rs"));
}
