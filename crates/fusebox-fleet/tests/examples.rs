//! The examples, which are run to their end and check themselves. The README names every feature and every mode.

use fusebox_fleet::Mode;

#[path = "../examples/host.rs"]
mod host;
#[path = "../examples/outage.rs"]
mod outage;

const README: &str = include_str!("../README.md");

#[test]
fn the_examples_run() {
    outage::main().expect("examples/outage.rs");
    host::main().expect("examples/host.rs");
}

#[test]
fn the_readme_names_every_feature_and_every_mode() {
    let manifest = include_str!("../Cargo.toml");
    let features = manifest
        .split("[features]\n")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next())
        .expect("the manifest has features");
    for line in features.lines().filter(|line| !line.starts_with('#')) {
        let Some((feature, _)) = line.split_once(" =") else {
            continue;
        };
        if feature != "default" {
            assert!(README.contains(&format!("| `{feature}` |")), "{feature}");
        }
    }
    for mode in Mode::ALL {
        assert!(README.contains(&format!("| `{mode}`")), "{mode}");
    }
}
