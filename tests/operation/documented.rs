//! The lines of `docs/control.md`, run as they stand there.

use std::process::Command;

use end_to_end::{read, repository};

use crate::Lab;

#[tokio::test]
async fn every_line_of_the_page_on_control_does_what_it_says() {
    let lab = Lab::start(&["--control-token", "TOKEN"]).await;
    let open = Lab::start(&[]).await;
    let page = read(&repository().join("docs/control.md"));
    let lines: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("curl "))
        .collect();
    assert!(lines.len() >= 13, "{lines:#?}");

    for line in lines {
        // What needs no token is said without one.
        let here = if line.contains("Bearer") { &lab } else { &open };
        let mut script = line.to_owned();
        for (written, service) in [
            ("localhost:9000", &here.downstream),
            ("localhost:8002", &here.instances[1]),
            ("localhost:8080", &here.api),
        ] {
            let address = service.base().trim_start_matches("http://");
            script = script.replace(written, address);
        }
        let script = script.replacen(
            "curl ",
            "curl -sS -o /dev/null -w '%{http_code}' --noproxy '*' ",
            1,
        );
        let output = Command::new("sh").args(["-c", &script]).output();
        let output = output.expect("there is a shell with curl");

        assert_eq!(String::from_utf8_lossy(&output.stdout), "200", "{line}");
    }
}
