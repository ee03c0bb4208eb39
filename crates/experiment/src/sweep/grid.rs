//! The grid of a sweep: the settings that are varied, and the cells that their values span.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::scenario::Set;
use crate::values::{Span, read_rate, read_share};

/// The most cells of one grid.
const MAX_CELLS: usize = 10_000;

/// The parts of a scenario that a user who protects a service can choose. Everything else is what the service meets.
/// That includes how long calls may take: a shorter limit makes more of them fail, so breakers would be compared with
/// another truth.
const CHOICES: &[&str] = &["breaker", "instance", "coordination", "fleet.mode"];
/// The end of an instance's key that is no choice, for the same reason.
const TIME_LIMIT: &str = ".call_timeout";

/// A setting and its values in turn, written `key=a,b,c`.
///
/// A comma within brackets, braces or quotes is a part of the value. The key is that of the scenario's file, with
/// dots.
///
/// # Examples
///
/// ```
/// use experiment::sweep::Axis;
///
/// let axis: Axis = "breaker.open_for=1s,2s,4s".parse()?;
/// assert_eq!((axis.key(), axis.values().len()), ("breaker.open_for", 3));
/// assert!("breaker.open_for=1s,1s".parse::<Axis>().unwrap_err().contains("twice"));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Axis {
    key: String,
    values: Vec<String>,
}

/// All combinations of the values of some settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<Axis>", into = "Vec<Axis>")]
pub struct Grid {
    axes: Vec<Axis>,
}

/// One combination: each varied setting with one of its values, in the order of the axes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Cell {
    settings: Vec<(String, String)>,
}

impl Axis {
    /// Returns the key, with dots.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the values, as they were written.
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let given = text.split_once('=');
        let Some((key, values)) = given.filter(|(_, values)| !values.trim().is_empty()) else {
            return Err(format!(
                "`{text}` has no values: write a key and values, such as breaker.open_for=1s,2s,4s"
            ));
        };
        let key = key.trim();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-\"".contains(letter);
        if key.is_empty() || !key.chars().all(plain) {
            return Err(format!(
                "`{key}` is not a key: write one of the scenario's file with dots, such as breaker.open_for"
            ));
        }
        Set::new(key, values)?;
        let values: Vec<String> = split(values).map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err(format!(
                "`{text}` has an empty value: write values with one comma between them"
            ));
        }
        match twice(&values, mean_the_same) {
            None => {}
            Some((first, value)) if first == value => {
                return Err(format!(
                    "{key}: `{value}` is given twice: write each value once"
                ));
            }
            Some((first, value)) => {
                return Err(format!(
                    "{key}: `{value}` is the same as `{first}`: write each value once"
                ));
            }
        }
        Ok(Self {
            key: key.to_owned(),
            values,
        })
    }
}

/// The parts between commas that stand in no bracket and no quotes.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote) = (0_i32, None);
    text.split(move |letter: char| {
        match (quote, letter) {
            (Some(open), _) => quote = (open != letter).then_some(open),
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') => return depth <= 0,
            _ => {}
        }
        false
    })
}

/// The first two that are the same.
fn twice(values: &[String], same: impl Fn(&str, &str) -> bool) -> Option<(&String, &String)> {
    let mut placed = values.iter().enumerate();
    placed.find_map(|(place, value)| {
        let first = values[..place].iter().find(|first| same(first, value))?;
        Some((first, value))
    })
}

/// Whether two texts are the same value of any key: `1s` and `1000ms`, `90` and `90.0`, `50%` and `0.5`.
fn mean_the_same(one: &str, other: &str) -> bool {
    one == other || meant(one) == meant(other)
}

/// The meaning of a text.
#[derive(PartialEq)]
enum Meant {
    Time(Span),
    Number(f64),
    Toml(toml::Value),
    Text(String),
}

fn meant(text: &str) -> Meant {
    // In a table with one key, as a value alone is no text of TOML.
    let read = toml::from_str(&format!("value = {text}"));
    let read = read
        .ok()
        .and_then(|mut table: toml::Table| table.remove("value"));
    let text = match read {
        Some(toml::Value::String(text)) => text,
        Some(toml::Value::Integer(_) | toml::Value::Float(_)) | None => text.to_owned(),
        Some(other) => return Meant::Toml(other),
    };
    if let Ok(time) = text.parse() {
        return Meant::Time(time);
    }
    match read_share(&text).or_else(|_| read_rate(&text)) {
        Ok(number) => Meant::Number(number),
        Err(_) => Meant::Text(text),
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.values.join(","))
    }
}

impl TryFrom<String> for Axis {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Axis> for String {
    fn from(axis: Axis) -> Self {
        axis.to_string()
    }
}

impl TryFrom<Vec<Axis>> for Grid {
    type Error = String;

    fn try_from(axes: Vec<Axis>) -> Result<Self, String> {
        Self::new(axes)
    }
}

impl From<Grid> for Vec<Axis> {
    fn from(grid: Grid) -> Self {
        grid.axes
    }
}

impl Grid {
    /// Makes the grid that some settings span.
    ///
    /// # Errors
    ///
    /// If there is no setting, a key occurs twice, or there are more cells than anybody would look at.
    pub fn new(axes: Vec<Axis>) -> Result<Self, String> {
        if axes.is_empty() {
            return Err(
                "nothing is varied: write a key and values, such as breaker.open_for=1s,2s"
                    .to_owned(),
            );
        }
        let keys: Vec<String> = axes.iter().map(|axis| axis.key.clone()).collect();
        if let Some((_, key)) = twice(&keys, str::eq) {
            return Err(format!(
                "{key} is varied twice: write all its values after one key"
            ));
        }
        let cells = axes
            .iter()
            .try_fold(1_usize, |cells, axis| cells.checked_mul(axis.values.len()));
        match cells {
            Some(1..=MAX_CELLS) => Ok(Self { axes }),
            cells => Err(format!(
                "{} combinations are too many: vary fewer values, up to {MAX_CELLS} combinations",
                cells.map_or("countless".to_owned(), |cells| cells.to_string())
            )),
        }
    }

    /// Returns the keys that are varied.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.axes.iter().map(Axis::key)
    }

    /// Returns the settings that are varied.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Returns all combinations; the last setting changes fastest.
    pub fn cells(&self) -> Vec<Cell> {
        let none = vec![Cell {
            settings: Vec::new(),
        }];
        self.axes.iter().fold(none, |cells, axis| {
            let longer = cells.iter().flat_map(|cell| {
                axis.values.iter().map(|value| {
                    let mut settings = cell.settings.clone();
                    settings.push((axis.key.clone(), value.clone()));
                    Cell { settings }
                })
            });
            longer.collect()
        })
    }
}

impl Cell {
    /// Returns each key with its value, in the order of the axes.
    pub fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// The same combination with `new` for `key`, if it has `old` there.
    pub(super) fn with(&self, key: &str, old: &str, new: &str) -> Option<Self> {
        let place = self
            .settings
            .iter()
            .position(|(known, value)| known == key && value == old)?;
        let mut changed = self.clone();
        new.clone_into(&mut changed.settings[place].1);
        Some(changed)
    }

    /// Returns the part that a user who protects a service can choose: settings of breakers and of coordination.
    pub fn choice(&self) -> Self {
        self.part(is_choice)
    }

    /// Returns the part that the service meets: how many instances, which load, which faults, how long calls may
    /// take. Choices can be compared only under the same condition.
    pub fn condition(&self) -> Self {
        self.part(|key| !is_choice(key))
    }

    fn part(&self, belongs: impl Fn(&str) -> bool) -> Self {
        let settings = self.settings.iter().filter(|(key, _)| belongs(key));
        Self {
            settings: settings.cloned().collect(),
        }
    }

    /// Returns the settings with only the last part of each key, if these parts are all different.
    pub fn short(&self) -> String {
        let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
        let lasts: Vec<String> = self.settings.iter().map(|(key, _)| last(key)).collect();
        let shown = self
            .settings
            .iter()
            .zip(&lasts)
            .map(|((key, value), short)| {
                let unique = lasts.iter().filter(|it| *it == short).count() == 1;
                format!("{}={value}", if unique { short } else { key })
            });
        shown.collect::<Vec<_>>().join(" ")
    }
}

impl FromIterator<(String, String)> for Cell {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(settings: T) -> Self {
        Self {
            settings: settings.into_iter().collect(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self
            .settings
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        f.write_str(&settings.collect::<Vec<_>>().join(" "))
    }
}

fn is_choice(key: &str) -> bool {
    let within = |part: &str| {
        key.strip_prefix(part)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    CHOICES.iter().any(|part| within(part)) && !key.ends_with(TIME_LIMIT)
}
