//! The inputs of a run, as its folder keeps them: everything that is needed to run it again, and the resulting
//! settings.
//!
//! | file | what it holds |
//! |---|---|
//! | `scenario.toml` | the scenario as it was run |
//! | the file of a replayed load | beside it, under the name that the scenario uses |
//! | `breakers.toml` | the settings of every breaker, defaults included |
//! | `plan.json` | the fault plan, with the seed and how long callers wait |

use std::path::{Component, Path};

use experiment::breaker_settings::BreakerSettings;
use experiment::load::Shape;
use experiment::scenario::{Mode, Scenario, Set, set};
use experiment::values::Span;
use serde::Serialize;

use super::folder::{Folder, is_own};
use crate::failure::Failure;
use crate::shipped::Source;

/// Writes the inputs of a scenario into the folder of its result.
pub(crate) fn keep_inputs(folder: &Folder, source: &Source) -> Result<(), Failure> {
    let text = keep_replayed(folder, source)?;
    folder.write("scenario.toml", text.as_bytes())?;
    let breakers = toml::to_string(&breakers(&source.scenario));
    let breakers = breakers.map_err(|error| unwritten("breakers.toml", &error))?;
    folder.write("breakers.toml", breakers.as_bytes())?;
    let plan = serde_json::to_vec_pretty(source.scenario.faults());
    let plan = plan.map_err(|error| unwritten("plan.json", &error))?;
    folder.write("plan.json", &plan)
}

fn unwritten(file: &str, error: &dyn std::error::Error) -> Failure {
    Failure::runtime(format!("{file} cannot be written: {error}"))
}

/// Keeps the file of a replayed load under its own name, and returns the text of the scenario that finds it there.
fn keep_replayed(folder: &Folder, source: &Source) -> Result<String, Failure> {
    let Shape::Replay {
        file: Some(file), ..
    } = &source.scenario.load().shape
    else {
        return Ok(source.text.clone());
    };
    let path = source.beside(file);
    let name = Path::new(file)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let own = is_own(&name);
    // Under its own name it would take the place of a part of the result.
    let name = if own {
        format!("replayed-{name}")
    } else {
        name.into_owned()
    };
    let rates = std::fs::read(&path);
    let rates = rates
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    folder.write(&name, &rates)?;
    let mut parts = Path::new(file).components();
    let plain = matches!(
        (parts.next(), parts.next()),
        (Some(Component::Normal(_)), None)
    );
    if plain && !own {
        return Ok(source.text.clone());
    }
    // It lay elsewhere or under another name.
    let here = Set::new("load.shape", &format!("replay:{name}"));
    here.and_then(|here| set(&source.text, &[here]))
        .map_err(Failure::runtime)
}

/// The settings of all breakers; instances with the same settings are grouped.
#[derive(Serialize)]
struct Breakers {
    breaker: Vec<Same>,
}

/// Instances with the same settings.
#[derive(Serialize)]
struct Same {
    instances: Vec<String>,
    call_timeout: Span,
    mode: Mode,
    settings: BreakerSettings,
}

fn breakers(scenario: &Scenario) -> Breakers {
    let mut breaker: Vec<Same> = Vec::new();
    for name in scenario.instances() {
        let settings = scenario.breaker_of(name);
        let (call_timeout, mode) = (scenario.call_timeout_of(name), scenario.mode_of(name));
        let like = |one: &&mut Same| {
            one.settings == settings && one.call_timeout == call_timeout && one.mode == mode
        };
        match breaker.iter_mut().find(like) {
            Some(same) => same.instances.push(name.clone()),
            None => breaker.push(Same {
                instances: vec![name.clone()],
                call_timeout,
                mode,
                settings,
            }),
        }
    }
    Breakers { breaker }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_every_breaker_are_kept_with_their_defaults() {
        let text = "title = \"t\"\nduration = \"1s\"\n[instance.B.breaker]\nopen_for = \"7s\"\n\
                    [faults]\nphases = [{ name = \"p\" }]\n";
        let scenario = Scenario::parse(text).unwrap();

        let kept = toml::to_string(&breakers(&scenario)).unwrap();

        let read: toml::Table = toml::from_str(&kept).unwrap();
        let groups = read["breaker"].as_array().unwrap();
        let of = |place: usize, key: &str| groups[place]["settings"][key].to_string();
        assert_eq!(groups.len(), 2, "{kept}");
        assert_eq!(groups[0]["instances"].to_string(), "[\"A\", \"C\"]");
        assert_eq!(of(1, "open_for"), "\"7s\"");
        // Settings that were not written are there all the same, and are the same for all.
        assert_eq!(of(0, "minimum_calls"), of(1, "minimum_calls"));
    }
}
