//! The names in the code, which are exactly those of the registry.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use experiment::faults::WrittenEffect;
use fusebox::{Cause, HoldStage, Outcome, RejectReason, State};
use fusebox_fleet::host::{
    Apart, Direction, FallbackReason, HeardVerdict, LeaseOutcome, MessageKind,
};
use fusebox_fleet::{Mode, Opinion, Order, ProbeResult};
use telemetry::{Definition, names};

use crate::registry::Registry;

/// The files that have the names of what spans carry.
const NAMES: [&str; 3] = [
    "telemetry/src/trace/attributes.rs",
    "fusebox-prometheus/src/fleet/attributes.rs",
    "fusebox-prometheus/src/span_events/attributes.rs",
];
/// The namespaces that are ours.
const OURS: [&str; 3] = ["circuit_breaker.", "unreliable_service.", "load_generator."];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below `folder` with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be listed").path();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if endings.contains(&&*ending) {
            found.push(path);
        }
    }
    found
}

/// The names of ours in a text: what comes after the namespace, up to what cannot be part of a name.
fn names_in(text: &str) -> BTreeSet<&str> {
    let part = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.';
    let mut found = BTreeSet::new();
    for namespace in OURS {
        for (place, _) in text.match_indices(namespace) {
            let before = text[..place].bytes().next_back();
            if before.is_some_and(|byte| part(byte) || byte == b'/') {
                continue;
            }
            let rest = &text[place..];
            let end = rest.bytes().position(|byte| !part(byte));
            let name = rest[..end.unwrap_or(rest.len())].trim_end_matches('.');
            let is_file = [".rs", ".yaml"].iter().any(|ending| name.ends_with(ending));
            if name.len() > namespace.len() && !is_file {
                found.insert(name);
            }
        }
    }
    found
}

#[test]
fn what_spans_events_and_links_carry_is_in_the_registry_and_nothing_else() {
    let registry = Registry::read();
    let root = root();
    let text = NAMES.map(|file| std::fs::read_to_string(root.join("crates").join(file)).unwrap());
    let text = text.concat();
    let literals = text.split('"').skip(1).step_by(2);
    let ours = |name: &&str| OURS.iter().any(|namespace| name.starts_with(namespace));
    let in_code: BTreeSet<&str> = literals.filter(ours).collect();

    let carriers = registry.carriers.iter();
    let carriers = carriers.filter(|it| ["span", "event"].contains(&it.what));
    let carried = registry.carriers.iter().flat_map(|it| &it.attributes);
    let expected = carriers.map(|it| &it.name).chain(carried);
    let expected: BTreeSet<&str> = expected.map(|name| &**name).filter(ours).collect();

    assert_eq!(in_code, expected);
}

#[test]
fn the_names_of_what_spans_carry_stand_in_the_code_once() {
    let root = root();
    for file in files(&root.join("crates"), &["rs"]) {
        let place = file.strip_prefix(root.join("crates")).unwrap().to_owned();
        let is_source = place.components().any(|part| part.as_os_str() == "src");
        if !is_source || NAMES.iter().any(|names| place == Path::new(names)) {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            assert!(names_in(line).is_empty(), "{}: {line}", place.display());
        }
    }
}

#[test]
fn every_name_of_ours_in_code_tests_pages_and_dashboards_is_in_the_registry() {
    let registry = Registry::read();
    let attributes = registry.attributes.iter().map(|it| &it.key);
    let carriers = registry.carriers.iter().map(|it| &it.name);
    let metrics = registry.metrics.iter().map(|it| &it.name);
    let known: BTreeSet<&str> = attributes
        .chain(carriers)
        .chain(metrics)
        .map(|it| &**it)
        .collect();
    // Words that begin names.
    let begins = |name: &str| known.iter().any(|it| it.starts_with(&format!("{name}.")));

    let root = root();
    let endings = ["rs", "md", "json", "yml", "yaml", "sh", "py"];
    let mut places = vec![root.join("README.md")];
    for folder in [
        "benches",
        "crates",
        "docs",
        "grafana",
        "prometheus",
        "scripts",
        "tests",
    ] {
        places.extend(files(&root.join(folder), &endings));
    }
    for file in places {
        let text = std::fs::read_to_string(&file).unwrap();
        for name in names_in(&text) {
            let place = file.display();
            assert!(known.contains(name) || begins(name), "{place}: {name}");
        }
    }
}

#[test]
fn the_members_of_enumerations_are_those_of_the_code() {
    let registry = Registry::read();
    let members = |key: &str| registry.attribute(key).members.clone();
    let states: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    let reasons: Vec<&str> = RejectReason::ALL.iter().map(|it| it.as_str()).collect();
    let causes: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.as_str());
    let outcomes: Vec<&str> = outcomes.chain(["rejected"]).collect();
    let of_load =
        experiment::outcome::ClientOutcome::ALL.map(experiment::outcome::ClientOutcome::as_str);

    assert_eq!(members("circuit_breaker.state"), states);
    assert_eq!(members("circuit_breaker.transition.from"), states);
    assert_eq!(members("circuit_breaker.transition.to"), states);
    assert_eq!(members("circuit_breaker.reject.reason"), reasons);
    assert_eq!(members("circuit_breaker.transition.cause"), causes);
    assert_eq!(members("circuit_breaker.outcome"), outcomes);
    assert_eq!(
        members("circuit_breaker.link"),
        [telemetry::trace::attributes::OPENING]
    );
    assert_eq!(members("load_generator.outcome"), of_load);
}

#[test]
fn the_members_of_enumerations_about_a_fleet_are_those_of_the_code() {
    let registry = Registry::read();
    let members = |key: &str| {
        let key = format!("circuit_breaker.fleet.{key}");
        registry.attribute(&key).members.clone()
    };
    let stages = HoldStage::ALL.iter().map(|stage| stage.as_str());
    let stages: Vec<&str> = stages.chain(["none"]).collect();
    let orders = [Order::Automatic, Order::ForceOpen, Order::Disable].map(Order::as_str);

    assert_eq!(members("stage"), stages);
    assert_eq!(members("order"), orders);
    assert_eq!(members("mode"), Mode::ALL.map(Mode::as_str));
    assert_eq!(members("opinion"), Opinion::ALL.map(Opinion::as_str));
    assert_eq!(
        members("verdict"),
        HeardVerdict::ALL.map(HeardVerdict::as_str)
    );
    assert_eq!(
        members("probe.result"),
        ProbeResult::ALL.map(ProbeResult::as_str)
    );
    let words = |all: &mut dyn Iterator<Item = &'static str>| all.collect::<Vec<_>>();
    let apart = words(&mut Apart::ALL.iter().map(|it| it.as_str()));
    let fallbacks = words(&mut FallbackReason::ALL.iter().map(|it| it.as_str()));
    let leases = words(&mut LeaseOutcome::ALL.iter().map(|it| it.as_str()));
    let kinds = words(&mut MessageKind::ALL.iter().map(|it| it.as_str()));
    let directions = words(&mut Direction::ALL.iter().map(|it| it.as_str()));
    assert_eq!(members("apart.reason"), apart);
    assert_eq!(members("fallback.reason"), fallbacks);
    assert_eq!(members("lease.outcome"), leases);
    assert_eq!(members("message.kind"), kinds);
    assert_eq!(members("message.direction"), directions);
}

#[test]
fn the_effects_of_faults_are_those_that_a_plan_may_have() {
    // The refusal of an unknown effect lists those that are known.
    let refused = serde_json::from_str::<WrittenEffect>(r#"{"nothing": {}}"#).unwrap_err();
    let refused = refused.to_string();
    let known = refused.split('`').skip(1).step_by(2).skip(1);
    let known: BTreeSet<&str> = known.filter(|effect| *effect != "bandwidth").collect();

    let registry = Registry::read();
    let members = &registry
        .attribute("unreliable_service.fault.effect")
        .members;
    let members: BTreeSet<&str> = members.iter().map(|it| &**it).collect();

    let full = BTreeSet::from(["full"]);
    assert_eq!(members, known.union(&full).copied().collect());
}

#[test]
fn the_note_about_trips_lists_the_causes_that_open_a_breaker() {
    let registry = Registry::read();
    let trips = registry
        .definitions
        .iter()
        .map(|(_, definition)| definition);
    let mut trips = trips.filter(|definition| definition["name"] == "circuit_breaker.trips");
    let trips = trips.next().unwrap();
    let mut attributes = trips["attributes"].as_array().unwrap().iter();
    let note = attributes.find_map(|used| used["note"].as_str()).unwrap();

    let listed: Vec<&str> = note.split('`').skip(1).step_by(2).collect();
    let causes: Vec<&str> = Cause::TRIPS.iter().map(|cause| cause.as_str()).collect();
    assert_eq!(listed, causes);
}

#[test]
fn the_metrics_of_the_code_are_those_of_the_registry() {
    let registry = Registry::read();
    let library = fusebox_prometheus::names::REGISTRIES;
    let all = names::ALL.iter().chain([&library]).copied().flatten();
    let rows = |rows: &mut Vec<String>| {
        rows.sort_unstable();
        rows.join("\n")
    };

    let mut in_code: Vec<String> = all.clone().map(row).collect();
    let mut expected: Vec<String> = registry
        .metrics
        .iter()
        .map(|metric| {
            let name = &*metric.prometheus;
            // What OpenTelemetry defines, it defines there.
            let known = all.clone().find(|definition| definition.name == name);
            let known = known.map(|definition| definition.kind.as_str());
            let kind = metric.shown_as().or(known).unwrap_or_default();
            let labels = metric.labels.iter().map(|(label, _)| &**label);
            let labels = labels.collect::<Vec<_>>().join(",");
            format!("{name} {kind} [{labels}] {}", metric.brief)
        })
        .collect();

    assert_eq!(rows(&mut in_code), rows(&mut expected));
}

fn row(definition: &Definition) -> String {
    let Definition {
        name,
        kind,
        labels,
        help,
        ..
    } = definition;
    format!("{name} {} [{}] {help}", kind.as_str(), labels.join(","))
}
