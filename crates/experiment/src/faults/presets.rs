//! The presets: plans available by name. Each shows one thing; all are read and checked like any other plan.

use super::Plan;

/// A plan with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// The plan, as TOML that begins with a line about what it shows.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        &[$(Preset { name: $name, text: include_str!(concat!("presets/", $name, ".toml")) }),*]
    };
}

/// All presets.
pub const ALL: &[Preset] = presets![
    "default",
    "calm",
    "flaky-10",
    "asymmetric",
    "shared-bursts",
    "independent-bursts",
    "brown-out",
    "slow-death",
    "sharded-downstream",
    "flapping",
    "metastable",
    "hang",
    "reset",
];

/// Former names of presets with the same faults, from before they had the names of the scenarios or of the effects.
const FORMER: [(&str, &str); 5] = [
    ("a-only", "asymmetric"),
    ("brownout", "brown-out"),
    ("slow-then-dead", "slow-death"),
    ("shard-outage", "sharded-downstream"),
    ("rst", "reset"),
];

/// Returns the preset called `name`, by its present or its former name.
///
/// # Errors
///
/// If there is no such preset; the message names the nearest one, or all.
pub fn preset(name: &str) -> Result<&'static Preset, String> {
    let former = FORMER.iter().find(|(former, _)| *former == name);
    let name = former.map_or(name, |(_, name)| name);
    ALL.iter()
        .find(|preset| preset.name == name)
        .ok_or_else(|| {
            let names = || ALL.iter().map(|preset| preset.name);
            if let Some(near) = crate::reading::nearest(name, names()) {
                return format!("there is no preset `{name}`; did you mean `{near}`?");
            }
            let all: Vec<&str> = names().collect();
            format!("there is no preset `{name}`; there are {}", all.join(", "))
        })
}

impl Preset {
    /// Returns what it shows, in one line.
    pub fn description(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim()
    }

    /// Returns the plan.
    ///
    /// # Panics
    ///
    /// Never: a test reads them all.
    pub fn plan(&self) -> Plan {
        Plan::parse_toml(self.text).expect("presets are valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_names_lead_to_the_same_presets() {
        for (former, name) in FORMER {
            assert_eq!(preset(former).unwrap().name, name);
        }
    }
}
