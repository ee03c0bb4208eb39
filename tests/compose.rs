//! The containers around the lab: their files are accepted, pinned, bounded and local.
//!
//! No container is started here; README.md says how a user checks that.

use std::process::{Command, Output};

use end_to_end::repository;

const LINUX: [&str; 4] = [
    "-f",
    "docker-compose.observability.yml",
    "-f",
    "docker-compose.linux.yml",
];

fn config(files: &[&str]) -> Output {
    let output = Command::new("docker-compose")
        .args(files)
        .arg("config")
        .current_dir(repository())
        .output()
        .expect("docker-compose is missing: apt-get install docker-compose");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    output
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn compose_accepts_the_file_and_the_override_for_linux() {
    for files in [&LINUX[..2], &LINUX] {
        let shown = String::from_utf8(config(files).stdout).expect("text");
        for image in [
            "prom/prometheus:v3.",
            "jaegertracing/jaeger:2.",
            "grafana/grafana:13.",
        ] {
            assert!(shown.contains(image), "{image}: {shown}");
        }
        assert_eq!(shown.matches("healthcheck:").count(), 3, "{shown}");
        assert_eq!(shown.matches("memory: ").count(), 3, "{shown}");
    }
}

#[test]
fn nothing_listens_beyond_this_machine() {
    let shown = String::from_utf8(config(&LINUX[..2]).stdout).expect("text");
    let ports = shown
        .lines()
        .filter(|line| line.trim_start().starts_with("- ") && line.contains("/tcp"));
    let ports: Vec<_> = ports.collect();
    assert_eq!(ports.len(), 5, "{ports:?}");
    assert!(
        ports.iter().all(|port| port.contains("- 127.0.0.1:")),
        "{ports:?}"
    );

    let shown = String::from_utf8(config(&LINUX).stdout).expect("text");
    assert_eq!(shown.matches("network_mode: host").count(), 3, "{shown}");
    for listens in [
        "--web.listen-address=127.0.0.1:9090",
        "JAEGER_LISTEN_HOST: 127.0.0.1",
        "GF_SERVER_HTTP_ADDR: 127.0.0.1",
    ] {
        assert!(shown.contains(listens), "{listens}: {shown}");
    }
}

#[test]
fn a_container_scrapes_the_same_under_another_name() {
    let lines = |path: &str| -> Vec<String> {
        let text = read(path);
        let lines = text.lines().skip_while(|line| line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    let inside = lines("prometheus.yml");
    let inside: Vec<_> = inside
        .iter()
        .map(|line| line.replace("127.0.0.1", "host.docker.internal"))
        .collect();
    assert_eq!(lines("prometheus/docker.yml"), inside);
}

#[test]
fn what_is_mounted_and_named_exists() {
    for path in [
        "prometheus.yml",
        "prometheus/docker.yml",
        "prometheus/rules.yml",
        "grafana/provisioning/datasources/datasources.yml",
        "grafana/provisioning/dashboards/dashboards.yml",
    ] {
        assert!(!read(path).is_empty());
    }
    let files = read("docker-compose.observability.yml") + &read("docker-compose.linux.yml");
    for mount in files
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- ./"))
    {
        let path = mount.split(':').next().unwrap_or_default();
        assert!(repository().join(path).exists(), "{path}");
    }
    let home = "/var/lib/grafana/dashboards/fleet.json";
    assert!(files.contains(home) && repository().join("grafana/dashboards/fleet.json").exists());
    let sources = read("grafana/provisioning/datasources/datasources.yml");
    for words in [
        "$PROMETHEUS_URL",
        "$JAEGER_URL",
        "datasourceUid: jaeger",
        "name: trace_id",
    ] {
        assert!(sources.contains(words), "{words}");
    }
}
