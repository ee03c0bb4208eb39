//! `docs/modules.md`: a drawing for each crate.

use std::fmt::Write;
use std::path::Path;

use crate::drawing::drawing;
use crate::graph::Crate;

/// The page.
pub(crate) const PAGE: &str = "docs/modules.md";
/// The command that draws it.
pub(crate) const COMMAND: &str = "MODULES=new cargo test -p end-to-end --test modules";

/// The crates in the order in which they are best read: each after those that it depends on.
const CRATES: [&str; 8] = [
    "fusebox",
    "fusebox-tower",
    "fusebox-prometheus",
    "fusebox-fleet",
    "experiment",
    "simulator",
    "telemetry",
    "lab",
];

/// The page as the sources are now.
pub(crate) fn drawn(top: &Path) -> String {
    let mut text = head();
    let folders = top.join("crates").read_dir().expect("there are crates");
    assert_eq!(folders.count(), CRATES.len(), "a crate lacks its drawing");
    for name in CRATES {
        let source = top.join("crates").join(name).join("src");
        let roots = ["lib.rs", "main.rs"].map(|file| source.join(file));
        let root = roots.iter().find(|it| it.exists());
        let root = root.expect("a crate has a root");
        let drawing = drawing(&Crate::read(root).top());
        let file = root.file_name().unwrap_or_default().display();
        write!(
            text,
            "\n## {name}\n\n[`crates/{name}/src/{file}`](../crates/{name}/src/{file})\n\n```mermaid\n{drawing}```\n"
        )
        .expect("a text takes all");
    }
    text
}

/// What stands above the drawings.
fn head() -> String {
    format!(
        "# Modules

This page is for whoever looks for the right file: it draws the top modules of each crate, and which of them use which.
[architecture.md](architecture.md) says what the crates are for. The first line of a module's file says what lives
there, and the `lib.rs` of a library has a map of its modules in reading order.

`a --> b` means that `a`, or a module below it, uses `b`. An arrow that follows from two others is left out: if
`a --> b` and `b --> c` are drawn, `a` may use `c` as well. Modules without arrows come last, for example a guide that
exists only in the documentation, or a module that only callers of the crate use.

No drawing has a circle, neither at the top of a crate nor below it. `cargo test -p end-to-end --test modules` checks
this, and that the page agrees with the sources. This command generates the page:

<!-- not run: the test command, or a part of it -->
```sh
{COMMAND}
```
"
    )
}
