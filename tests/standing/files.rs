//! Files and numbers without bounds, which are refused with the limit before anything starts.

use end_to_end::Process;

#[tokio::test]
async fn a_file_that_never_ends_is_refused_wherever_a_file_can_be_named() {
    for arguments in [
        &[
            "load",
            "--target",
            "A=http://127.0.0.1:1",
            "--shape",
            "replay:/dev/zero",
        ][..],
        &["unreliable", "--faults", "/dev/zero"],
        &["unreliable", "--config", "/dev/zero"],
        &["run", "/dev/zero"],
        &["compare", "/dev/zero"],
        &["faults", "set", "/dev/zero"],
        &["faults", "patch", "/dev/zero"],
        &["faults", "dry-run", "/dev/zero"],
    ] {
        let ended = Process::run(arguments).await;

        assert_eq!(ended.status.code(), Some(2), "{arguments:?}: {ended:#?}");
        let said = ended.stderr.join("\n");
        assert!(
            said.contains("/dev/zero") && said.contains("the limit for such a file"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn more_workers_than_can_be_are_refused() {
    for part in [
        &["unreliable"][..],
        &["instance", "A"],
        &["load", "--target", "A=http://127.0.0.1:1"],
    ] {
        let ended = Process::run(&[part, &["--workers", "40000"]].concat()).await;

        assert_eq!(ended.status.code(), Some(2), "{ended:#?}");
        let said = ended.stderr.join("\n");
        assert!(
            said.contains("--workers") && said.contains("from 0 to 256"),
            "{said}"
        );
    }
}
