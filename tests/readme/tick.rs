//! The keys of a tick, which the page about the live page lists for those who write a viewer.

use std::collections::BTreeSet;

use super::{read, root};

/// Whoever writes a viewer finds what a tick holds.
#[test]
fn every_key_of_a_tick_is_on_the_page_about_the_page() {
    let keys = |text: &str, before: &str| -> BTreeSet<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix(before));
        let names = rows
            .filter_map(|row| row.split_once("` |"))
            .map(|(name, _)| name);
        names
            .filter(|it| it.len() == 1)
            .map(str::to_owned)
            .collect()
    };
    let sent = keys(
        &read(&root().join("crates/lab/src/page/wire.rs")),
        "//! | `",
    );
    assert!(sent.len() >= 7, "{sent:?}");
    assert_eq!(keys(&read(&root().join("docs/page.md")), "| `"), sent);
}
