//! The containers around the lab: their files are accepted, pinned, bounded, local, and differ between
//! platforms in the network alone.
//!
//! No container is started here. `scripts/stack.sh` starts the programs with the flags of these files and looks
//! at the sockets themselves; how it ends where it cannot is tested here.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::LazyLock;

use end_to_end::{Service, compose, repository};

type Services = BTreeMap<String, Service>;

// `docker-compose` takes its time, so each file is read once.
static DESKTOP: LazyLock<Services> =
    LazyLock::new(|| compose(&["docker-compose.observability.yml"]));
static LINUX: LazyLock<Services> = LazyLock::new(|| compose(&["docker-compose.linux.yml"]));

fn platforms() -> [(&'static str, &'static Services); 2] {
    [("Docker Desktop", &DESKTOP), ("Linux", &LINUX)]
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(services: &Services) -> Vec<&str> {
    services.keys().map(String::as_str).collect()
}

#[test]
fn every_service_is_pinned_bounded_watched_and_started_again_after_a_failure() {
    for (platform, services) in platforms() {
        assert_eq!(names(services), ["grafana", "jaeger", "prometheus"]);
        for (name, service) in services {
            let (_, tag) = service.image.split_once(':').expect("a tag");
            assert_eq!(tag.split('.').count(), 3, "{platform}: {}", service.image);
            assert!(!service.memory.is_empty(), "{platform}: {name}");
            assert!(
                service.healthcheck.contains(&"wget".to_owned()),
                "{platform}: {name}"
            );
            assert_eq!(service.restart, "on-failure", "{platform}: {name}");
        }
    }
}

#[test]
fn jaeger_keeps_no_more_traces_than_its_memory_holds() {
    for (platform, services) in platforms() {
        let jaeger = &services["jaeger"];
        let most = "--set=extensions.jaeger_storage.backends.some_storage.memory.max_traces=20000";
        assert!(
            jaeger.arguments.contains(&most.to_owned()),
            "{platform}: {:?}",
            jaeger.arguments
        );
    }
}

#[test]
fn the_platforms_differ_in_the_network_alone() {
    for (name, on_desktop) in &*DESKTOP {
        let on_linux = &LINUX[name];
        let network = ["JAEGER_LISTEN_HOST", "JAEGER_URL", "PROMETHEUS_URL"];
        let without = |service: &Service| {
            let mut same = service.clone();
            same.ports.clear();
            same.network.clear();
            same.arguments
                .retain(|argument| !argument.starts_with("--web.listen-address="));
            same.environment
                .retain(|name, _| !network.contains(&&**name) && name != "GF_SERVER_HTTP_ADDR");
            for (file, _) in &mut same.mounts {
                // A container scrapes the same under another name; a test below compares the two.
                *file = file.replace("prometheus/docker.yml", "prometheus.yml");
            }
            same.mounts.sort();
            same
        };
        assert_eq!(without(on_desktop), without(on_linux), "{name}");
    }
}

#[test]
fn nothing_is_meant_to_listen_beyond_this_machine() {
    let mut published = BTreeSet::new();
    for (name, service) in &*DESKTOP {
        assert_eq!(service.network, "", "{name}");
        published.extend(service.ports.iter().cloned());
    }
    let expected = ["3000", "4317", "4318", "9090", "16686"]
        .map(|port| format!("127.0.0.1:{port}:{port}/tcp"));
    assert_eq!(published, expected.into());

    let linux = &*LINUX;
    for (name, service) in linux {
        assert_eq!(service.network, "host", "{name}");
        // Docker discards published ports there, and warns.
        assert_eq!(service.ports, <[String; 0]>::default(), "{name}");
    }
    let listens = "--web.listen-address=127.0.0.1:9090".to_owned();
    assert!(linux["prometheus"].arguments.contains(&listens));
    assert_eq!(
        linux["grafana"].environment["GF_SERVER_HTTP_ADDR"],
        "127.0.0.1"
    );
    assert_eq!(
        linux["jaeger"].environment["JAEGER_LISTEN_HOST"],
        "127.0.0.1"
    );
    for kind in ["http", "grpc"] {
        let flag =
            format!("--set=extensions.jaeger_query.{kind}.endpoint=${{env:JAEGER_LISTEN_HOST}}:");
        let mut arguments = linux["jaeger"].arguments.iter();
        assert!(arguments.any(|it| it.starts_with(&flag)), "{flag}");
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
    for (platform, services) in platforms() {
        for (name, service) in services {
            for (here, _) in &service.mounts {
                assert!(
                    std::path::Path::new(&here).exists(),
                    "{platform}: {name}: {here}"
                );
            }
        }
    }
    let home = &LINUX["grafana"].environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"];
    assert_eq!(home, "/var/lib/grafana/dashboards/fleet.json");
    assert!(repository().join("grafana/dashboards/fleet.json").exists());
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

/// Jaeger's module stayed at version 1 when the program became version 2: v1.76.0 is 2.13.0, and so on.
const MINOR_OF_JAEGER_1: u32 = 63;

#[test]
fn the_images_are_of_the_versions_that_the_stack_is_run_with() {
    for (name, module) in [
        ("jaeger", "github.com/jaegertracing/jaeger"),
        ("prometheus", "github.com/prometheus/prometheus"),
    ] {
        let file = read(&format!("scripts/stack/{name}/go.mod"));
        let mut required = file
            .lines()
            .filter_map(|line| line.trim().strip_prefix(module)?.strip_prefix(" v"));
        let version = required.next().expect("the module is required");
        let version = version.split(' ').next().unwrap_or_default();
        let mut parts = version
            .split('.')
            .map(|part| part.parse::<u32>().expect("a number"));
        let [major, minor, patch] = std::array::from_fn(|_| parts.next().unwrap_or_default());
        let released = match (name, major) {
            ("jaeger", 1) => format!("2.{}.{patch}", minor - MINOR_OF_JAEGER_1),
            // v0.316.0 is 3.16.0.
            ("prometheus", 0) => format!("v{}.{}.{patch}", minor / 100, minor % 100),
            other => panic!("{other:?} {version}"),
        };
        let (_, tag) = LINUX[name].image.split_once(':').expect("a tag");
        assert_eq!(tag, released, "{name}");
    }
}

/// What becomes of `scripts/stack.sh --build`, in a copy of its own, when Go says these words and fails.
fn built_where_go_says(name: &str, words: &str) -> Output {
    let folder = std::env::temp_dir().join(format!("breaker-lab-{name}-{}", std::process::id()));
    let repository = repository();
    for module in ["jaeger", "prometheus"] {
        let inside = format!("scripts/stack/{module}");
        std::fs::create_dir_all(folder.join(&inside)).expect("a temporary folder can be made");
        for file in ["go.mod", "go.sum"] {
            let file = format!("{inside}/{file}");
            std::fs::copy(repository.join(&file), folder.join(&file)).expect("it can be copied");
        }
    }
    let script = folder.join("scripts/stack.sh");
    std::fs::copy(repository.join("scripts/stack.sh"), &script).expect("it can be copied");
    // Bash reads this before the script; a function goes before a program.
    let go = r#"go() { [ "$1" = list ] || return 0; echo "$WORDS" >&2; return 1; }"#;
    let before = folder.join("before.sh");
    std::fs::write(&before, go).expect("a temporary file can be written");
    let mut command = Command::new("bash");
    command.arg(&script).arg("--build");
    command.env("BASH_ENV", &before).env("WORDS", words);
    let output = command.output().expect("bash runs");
    std::fs::remove_dir_all(folder).expect("the folder is ours");
    output
}

#[test]
fn the_stack_is_skipped_where_its_programs_cannot_be_fetched_and_fails_where_they_are_others() {
    for (name, words, status) in [
        ("proxy", "dial tcp 10.0.0.1:443: i/o timeout", 3),
        (
            "old",
            "go: go.mod requires go >= 1.26.7 (running go 1.24)",
            3,
        ),
        ("sum", "verifying module: checksum mismatch", 1),
        ("mod", "go: updates to go.mod needed", 1),
    ] {
        let ended = built_where_go_says(name, words);
        assert_eq!(ended.status.code(), Some(status), "{words}: {ended:?}");
        let said = String::from_utf8(ended.stderr).expect("text");
        assert!(said.contains(words), "{said}");
        assert_eq!(said.contains("cannot be fetched"), status == 3, "{said}");
    }
}
