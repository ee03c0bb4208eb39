//! Services as `docker-compose config` describes them, after all merges and extensions.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Map, Value};

use crate::binary::repository;

/// What a compose file says about one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Name and tag.
    pub image: String,
    /// The program and its arguments, as far as the file sets them: the entry point, then the command.
    pub arguments: Vec<String>,
    /// Variables of the environment.
    pub environment: BTreeMap<String, String>,
    /// Published ports, as `ADDRESS:PORT:PORT`.
    pub ports: Vec<String>,
    /// Files of this machine and where the container sees them.
    pub mounts: Vec<(String, String)>,
    /// `host`, or empty for a network of its own.
    pub network: String,
    /// When Docker starts it again.
    pub restart: String,
    /// The memory limit, as it is written.
    pub memory: String,
    /// The command that tells whether it is healthy.
    pub healthcheck: Vec<String>,
}

/// The services of these compose files, by name.
///
/// # Panics
/// If `docker-compose` is missing, or refuses or warns about the files.
pub fn compose(files: &[&str]) -> BTreeMap<String, Service> {
    let mut command = Command::new("docker-compose");
    for file in files {
        command.args(["-f", file]);
    }
    let output = command.arg("config").current_dir(repository()).output();
    let output = output.expect("docker-compose is missing: apt-get install docker-compose");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    let shown = String::from_utf8(output.stdout).expect("text");
    let whole = read(&shown);
    let services = whole["services"].as_object().expect("services");
    let services = services.iter();
    services
        .map(|(name, service)| (name.clone(), Service::of(service)))
        .collect()
}

impl Service {
    fn of(service: &Value) -> Self {
        let mut arguments = texts(&service["entrypoint"]);
        arguments.extend(texts(&service["command"]));
        let environment = service["environment"].as_object();
        let environment = environment.into_iter().flatten();
        let mounts = texts(&service["volumes"]);
        let mounts = mounts.iter().filter_map(|mount| {
            let mut parts = mount.split(':');
            Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
        });
        Self {
            image: text(&service["image"]),
            arguments,
            environment: environment
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            ports: texts(&service["ports"]),
            mounts: mounts.collect(),
            network: text(&service["network_mode"]),
            restart: text(&service["restart"]),
            memory: text(&service["deploy"]["resources"]["limits"]["memory"]),
            healthcheck: texts(&service["healthcheck"]["test"]),
        }
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}

/// A scalar as it reaches the container: `config` doubles each `$`.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace("$$", "$")
}

/// The part of YAML that `config` writes: blocks of mappings and lists, and scalars on one line.
fn read(yaml: &str) -> Value {
    let lines = yaml.lines().filter(|line| !line.trim().is_empty());
    let lines = lines.map(|line| {
        let text = line.trim_start();
        (line.len() - text.len(), text.to_owned())
    });
    let mut lines: Vec<(usize, String)> = lines.collect();
    lines.reverse();
    block(&mut lines, 0)
}

/// The block that begins with the last of `lines`, which are in reverse order.
fn block(lines: &mut Vec<(usize, String)>, indent: usize) -> Value {
    let mut list = Vec::new();
    let mut map = Map::new();
    while let Some((_, line)) = lines.pop_if(|(at, _)| *at == indent) {
        if let Some(item) = line.strip_prefix("- ") {
            if key_and_value(item).is_some() {
                lines.push((indent + 2, item.to_owned()));
                list.push(block(lines, indent + 2));
            } else {
                list.push(scalar(item));
            }
            continue;
        }
        if !list.is_empty() {
            // A list may stand at the indentation of the key that it belongs to; the next key ends it.
            lines.push((indent, line));
            break;
        }
        let (key, value) = key_and_value(&line).unwrap_or_else(|| panic!("not a mapping: {line}"));
        let value = match lines.last() {
            _ if !value.is_empty() => scalar(value),
            Some((at, next)) if *at > indent || *at == indent && next.starts_with("- ") => {
                let at = *at;
                block(lines, at)
            }
            _ => Value::Null,
        };
        map.insert(key.to_owned(), value);
    }
    if list.is_empty() {
        Value::Object(map)
    } else {
        Value::Array(list)
    }
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(['"', '\'']) {
        return None;
    }
    line.split_once(": ")
        .or_else(|| Some((line.strip_suffix(':')?, "")))
}

fn scalar(written: &str) -> Value {
    let quoted = |quote| {
        written
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
    };
    let inside = quoted('"').or_else(|| quoted('\'')).unwrap_or(written);
    Value::String(inside.to_owned())
}
