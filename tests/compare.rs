//! `compare` shows figures, and says when they must not be believed.

use std::path::Path;

use end_to_end::Process;

#[tokio::test]
async fn a_run_that_is_not_valid_is_named_with_status_3_by_run_and_by_compare() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare-invalid");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let scenario = |name: &str, limit: &str| {
        let path = folder.join(format!("{name}.toml"));
        let text = format!(
            "title = \"{name}\"\nduration = \"1s\"\n\
             [load]\nrate = 50\nlateness_limit = \"{limit}\"\n\
             [faults]\nphases = [{{ name = \"calm\" }}]\n"
        );
        std::fs::write(&path, text).expect("the scenario can be written");
        path.to_str().expect("paths of tests are plain").to_owned()
    };
    let out = |name: &str| {
        let path = folder.join(name);
        path.to_str().expect("paths of tests are plain").to_owned()
    };
    let (valid, late) = (out("valid"), out("late"));

    let ran = Process::run(&["run", &scenario("fine", "1h"), "--out", &valid]).await;
    let ran_late = Process::run(&["run", &scenario("late", "1ns"), "--out", &late]).await;
    let compared = Process::run(&["compare", &valid, &late]).await;
    let with_itself = Process::run(&["compare", &valid, &valid]).await;

    assert_eq!(ran.status.code(), Some(0), "{ran:#?}");
    assert_eq!(with_itself.status.code(), Some(0), "{with_itself:#?}");
    for (ended, words) in [(ran_late, ""), (compared, "late, run 1 is not valid: ")] {
        assert_eq!(ended.status.code(), Some(3), "{ended:#?}");
        let why = ended.stderr.last().expect("a reason");
        assert!(
            why.contains(words) && why.contains("lateness_limit = 1ns"),
            "{why}"
        );
    }
}
