//! The registry of conventions as it is written, without what OpenTelemetry's own registry adds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::yaml::parse;

/// An attribute that the registry defines.
#[derive(Debug)]
pub(crate) struct Attribute {
    /// Its name.
    pub(crate) key: String,
    /// `string`, `int` or another type; enumerations of texts are `string`.
    pub(crate) kind: String,
    /// The values of an enumeration; empty for what is none.
    pub(crate) members: Vec<String>,
    /// What it says.
    pub(crate) brief: String,
}

/// A metric: one that the registry defines, or one of OpenTelemetry's with what the lab adds.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Its name in OpenTelemetry.
    pub(crate) name: String,
    /// Its name in Prometheus.
    pub(crate) prometheus: String,
    /// `counter`, `updowncounter`, `gauge` or `histogram`; nothing for one of OpenTelemetry's.
    pub(crate) instrument: Option<String>,
    /// Its unit; nothing for one of OpenTelemetry's.
    pub(crate) unit: Option<String>,
    /// What it says.
    pub(crate) brief: String,
    /// Label in Prometheus and attribute.
    pub(crate) labels: Vec<(String, String)>,
}

/// What carries attributes: a span, an event, a link.
#[derive(Clone, Debug)]
pub(crate) struct Carrier {
    /// `span`, `event`, `link` or `refinement`.
    pub(crate) what: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// The kind of a span.
    pub(crate) kind: Option<String>,
    /// The attributes that it carries, defined here or by OpenTelemetry.
    pub(crate) attributes: Vec<String>,
}

/// Everything that the files say.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) carriers: Vec<Carrier>,
    /// Every definition, as it is written, with the file that it stands in.
    pub(crate) definitions: Vec<(String, Value)>,
}

impl Registry {
    /// Reads all files beside the package `telemetry`.
    pub(crate) fn read() -> Self {
        let files = documents();
        let all = |section: &'static str| {
            let named = files
                .values()
                .flat_map(move |document| list(document, section));
            named.collect::<Vec<&Value>>()
        };
        let definitions = files.iter().flat_map(|(name, document)| {
            let sections = document.as_object().into_iter().flatten();
            let lists = sections.filter_map(|(_, section)| section.as_array());
            lists
                .flatten()
                .map(|definition| (name.clone(), definition.clone()))
        });
        let labels = labels(&all("attributes"));
        let metric = |written: &&Value| metric(written, &labels);
        Self {
            attributes: all("attributes").into_iter().map(attribute).collect(),
            metrics: all("metrics")
                .iter()
                .chain(&all("metric_refinements"))
                .map(metric)
                .collect(),
            carriers: [
                carriers("span", "type", &all("spans")),
                carriers("event", "name", &all("events")),
                carriers("link", "id", &all("attribute_groups")),
                carriers("refinement", "id", &all("span_refinements")),
            ]
            .concat(),
            definitions: definitions.collect(),
        }
    }

    /// The attribute called `key`.
    pub(crate) fn attribute(&self, key: &str) -> &Attribute {
        let found = self.attributes.iter().find(|known| known.key == key);
        found.unwrap_or_else(|| panic!("the registry lacks {key}"))
    }
}

impl Metric {
    /// The kind that Prometheus shows: it does not tell a sum that goes up and down from a gauge.
    pub(crate) fn shown_as(&self) -> Option<&str> {
        let instrument = self.instrument.as_deref()?;
        Some(match instrument {
            "updowncounter" => "gauge",
            other => other,
        })
    }
}

/// The folder of the registry.
pub(crate) fn folder() -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut folders = crates.map(|folder| folder.join("crates/telemetry/conventions/registry"));
    folders
        .find(|folder| folder.is_dir())
        .expect("the registry is in the tree")
}

/// The files of the registry by their names, in their order.
fn documents() -> BTreeMap<String, Value> {
    let mut documents = BTreeMap::new();
    for part in ["circuit_breaker", "lab"] {
        for entry in std::fs::read_dir(folder().join(part)).expect("the folder is there") {
            let path = entry.expect("the folder can be listed").path();
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            documents.insert(format!("{part}/{name}"), parse(&text));
        }
    }
    documents
}

/// The list at `key`; an empty one where there is none.
fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn attribute(written: &Value) -> Attribute {
    let kind = &written["type"];
    let members = list(kind, "members").iter();
    Attribute {
        key: text(&written["key"]),
        kind: kind.as_str().unwrap_or("string").to_owned(),
        members: members.map(|member| text(&member["value"])).collect(),
        brief: text(&written["brief"]),
    }
}

/// The labels of attributes in Prometheus.
fn labels(attributes: &[&Value]) -> BTreeMap<String, String> {
    let labels = attributes.iter().filter_map(|written| {
        let label = written["annotations"]["prometheus"]["label"].as_str()?;
        Some((text(&written["key"]), label.to_owned()))
    });
    labels.collect()
}

/// Labels are what is always there: an attribute that is left to choice is none.
fn metric(written: &Value, labels: &BTreeMap<String, String>) -> Metric {
    let shown = |used: &&Value| used["requirement_level"] != "opt_in";
    let label = |used: &Value| {
        let key = text(&used["ref"]);
        let own = used["annotations"]["prometheus"]["label"].as_str();
        let label = own.map(str::to_owned).or_else(|| labels.get(&key).cloned());
        let label = label.unwrap_or_else(|| panic!("{key} is no label in Prometheus"));
        (label, key)
    };
    let name = ["name", "ref"].map(|key| text(&written[key])).concat();
    Metric {
        prometheus: text(&written["annotations"]["prometheus"]["name"]),
        instrument: written["instrument"].as_str().map(str::to_owned),
        unit: written["unit"].as_str().map(str::to_owned),
        brief: text(&written["brief"]),
        labels: list(written, "attributes")
            .iter()
            .filter(shown)
            .map(label)
            .collect(),
        name,
    }
}

fn carriers(what: &'static str, name: &str, all: &[&Value]) -> Vec<Carrier> {
    let carriers = all.iter().map(|written| Carrier {
        what,
        name: text(&written[name]),
        kind: written["kind"].as_str().map(str::to_owned),
        attributes: list(written, "attributes")
            .iter()
            .map(|used| text(&used["ref"]))
            .collect(),
    });
    carriers.collect()
}
