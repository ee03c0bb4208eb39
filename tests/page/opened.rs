//! `--open` shows the page in the user's browser, which a script stands in for.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use end_to_end::{FREE_PORTS, Process, empty_folder, eventually, text};

/// A folder with a program that opens pages, which does `does`.
fn programs(name: &str, does: &str) -> std::path::PathBuf {
    let folder = empty_folder(env!("CARGO_TARGET_TMPDIR"), name);
    for program in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
        let path = folder.join(program);
        fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("it can be written");
        fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("it is ours");
    }
    folder
}

fn lab(path: &Path, flags: &[&str]) -> Process {
    Process::start_in(&[("PATH", text(path))], flags)
}

#[tokio::test]
async fn the_page_of_the_lab_and_of_a_run_is_opened_where_it_is() {
    let whole = [&FREE_PORTS, &["--plain", "--open"][..]].concat();
    let out = empty_folder(env!("CARGO_TARGET_TMPDIR"), "opened-out");
    fs::remove_dir(&out).unwrap();
    let run = [
        "run",
        "flapping",
        "--set",
        "duration=5s",
        "--plain",
        "--open",
        "--out",
        text(&out),
    ];
    for (name, flags) in [("whole", &whole[..]), ("run", &run)] {
        let folder = programs(
            &format!("opened-{name}"),
            "echo \"$1\" > \"${0%/*}/$$.opened\"",
        );
        let lab = lab(&folder, flags);
        let url = lab.url("  lab ").await;

        let opened = eventually("a browser is asked", async || {
            let files = fs::read_dir(&folder)
                .unwrap()
                .map(|file| file.unwrap().path());
            let mut opened = files.filter(|file| file.extension().is_some_and(|it| it == "opened"));
            let asked = fs::read_to_string(opened.next()?).unwrap();
            asked.ends_with('\n').then_some(asked)
        })
        .await;

        assert_eq!(opened.trim(), format!("{url}/"), "{name}");
    }
}

#[tokio::test]
async fn a_machine_without_a_browser_is_told_in_one_line_and_the_lab_goes_on() {
    let folder = programs("opened-none", "exit 3");
    let flags = [&FREE_PORTS, &["--plain", "--open"][..]].concat();
    let lab = lab(&folder, &flags);
    let url = lab.url("  lab ").await;

    let line = eventually("the log says so", async || {
        let log = lab.log();
        log.into_iter()
            .find(|line| line.contains("cannot open a browser"))
    })
    .await;

    assert!(line.contains(&url), "{line}");
    let second = |lines: Vec<String>| {
        lines
            .iter()
            .filter(|line| line.contains("  downstream "))
            .count()
    };
    let before = second(lab.lines());
    eventually("it goes on", async || {
        (second(lab.lines()) > before).then_some(())
    })
    .await;
    assert_eq!(lab.log().len(), 1, "{:?}", lab.log());
}

#[tokio::test]
async fn nothing_is_opened_where_nobody_asks_and_no_part_without_a_page_can_be_asked() {
    let folder = programs("opened-not", "touch \"${0%/*}/opened\"");
    let flags = [&FREE_PORTS, &["--plain", "--duration", "2s"][..]].concat();

    let ended = lab(&folder, &flags).ended(Duration::from_secs(20)).await;

    assert!(ended.status.success(), "{ended:#?}");
    assert!(!folder.join("opened").exists());
    for part in ["unreliable", "instance", "load", "simulate"] {
        let refused = Process::run(&[part, "--open"]).await;
        assert_eq!(refused.status.code(), Some(2), "{part}: {refused:#?}");
    }
}
