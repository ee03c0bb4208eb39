//! Single keys of a scenario's file that are set to other values before it is read.
//!
//! The text itself is changed and keeps its comments and its order, so the scenario that was run can be kept, read
//! and run again. A value is read as TOML; where the key takes text, bare words are text.

use std::fmt;
use std::str::FromStr;

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

use super::Written;
use super::element::element;
use crate::reading::{parse_toml, times, without_mark};

/// The most parts of a key, more than twice as many as the deepest key of a scenario has.
const MAX_PARTS: usize = 32;
/// How many letters of a key a message shows.
const SHOWN: usize = 40;

/// One key of a scenario and its new value, written `breaker.open_for=2s`.
///
/// The parts of the key are separated by dots. An element of a list is named by its number, from 0, or by its `name`:
/// `faults.phases.1.failure_ratio=0.4`, `faults.phases.outage.for=30s`. A part that contains a dot is put in double
/// quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    path: Vec<String>,
    key: String,
    value: String,
}

impl Set {
    /// Makes the setting of `value` for this key.
    ///
    /// # Errors
    ///
    /// If the key or the value is missing.
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        let (key, value) = (key.trim(), value.trim());
        let path = parts(key).filter(|path| !path.iter().any(String::is_empty));
        let Some(path) = path else {
            return Err(format!(
                "`{key}` is not a key: write its parts with dots between them, such as breaker.open_for"
            ));
        };
        if path.len() > MAX_PARTS {
            let shown: String = key.chars().take(SHOWN).collect();
            return Err(format!(
                "`{shown}…` is not a key: it has {} parts, and none has more than {MAX_PARTS}",
                path.len()
            ));
        }
        if value.is_empty() {
            return Err(format!(
                "`{key}` has no value: write one after it, such as breaker.open_for=2s"
            ));
        }
        Ok(Self {
            path,
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }

    /// Returns the key, as it was written.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the parts of the key.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// Returns the value, as it was written.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The values that the text may mean: as TOML, and as text.
    fn values(&self) -> Result<Vec<Value>, String> {
        let text = Value::from(self.value.as_str());
        match self.value.parse::<Value>() {
            Ok(Value::String(text)) => Ok(vec![Value::String(text)]),
            Ok(other) => Ok(vec![other, text]),
            Err(error) if self.value.starts_with(['[', '{', '"', '\'']) => {
                let what = error.to_string();
                let what = what.lines().last().unwrap_or_default().trim();
                Err(format!("`{}` is not TOML: {what}", self.value))
            }
            Err(_) => Ok(vec![text]),
        }
    }
}

impl FromStr for Set {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` has no value: write KEY=VALUE, such as breaker.open_for=2s")
        })?;
        Self::new(key, value)
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// The parts of a key; `phases[1]` is the same as `phases.1`. `None` if a quote is not closed.
fn parts(key: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in key.chars() {
        match letter {
            '"' => quoted = !quoted,
            '.' | '[' if !quoted => parts.push(String::new()),
            ']' if !quoted => {}
            letter => parts.last_mut()?.push(letter),
        }
    }
    (!quoted).then_some(parts)
}

/// Returns the text of a scenario with these keys set, in order; everything else stays as it was written.
///
/// # Errors
///
/// What is wrong with the text as it is, with `line:column:`; or what is wrong with a setting, which the message
/// names: an unknown key with the nearest known one, or a value that the key cannot have. Whether the parts fit each
/// other is checked when the text is read.
///
/// # Examples
///
/// ```
/// use experiment::scenario::set;
///
/// let text = "title = \"t\"\nduration = \"1s\" # short\n[faults]\nphases = [{ name = \"calm\" }]\n";
/// let changed = set(text, &["duration=5s".parse()?])?;
/// assert!(changed.contains("duration = \"5s\" # short"));
/// let error = set(text, &["durration=5s".parse()?]).unwrap_err();
/// assert!(error.contains("did you mean `duration`?"), "{error}");
/// # Ok::<(), String>(())
/// ```
pub fn set(text: &str, sets: &[Set]) -> Result<String, String> {
    if sets.is_empty() {
        return Ok(text.to_owned());
    }
    let mut text = without_mark(text).to_owned();
    read(&text)?;
    if text.parse::<DocumentMut>().is_err() {
        text = with_quoted_seed(&text);
    }
    let mut first_error = None;
    for set in sets {
        match with(&text, set) {
            Ok(Changed { text: changed, why }) => {
                text = changed;
                first_error =
                    first_error.or(why.map(|what| blamed(std::slice::from_ref(set), &what)));
            }
            Err(what) => return Err(blamed(std::slice::from_ref(set), &what)),
        }
    }
    // What one key makes impossible, a later one may mend.
    match (read(&text), first_error) {
        (Ok(_), _) => Ok(text),
        (Err(_), Some(what)) => Err(what),
        (Err(what), None) => Err(blamed(sets, &what)),
    }
}

/// Returns the message about a text in which these keys were set, with the keys and values as on a command line; the
/// message itself if nothing was set.
pub fn blamed(sets: &[Set], what: &str) -> String {
    if sets.is_empty() {
        return what.to_owned();
    }
    let sets: Vec<_> = sets.iter().map(|set| format!("--set {set}")).collect();
    let what = without_place(what.trim_start());
    format!(" {}: {what}", sets.join(" "))
}

/// A message without `line:column: `, because the changed text is not the user's file.
fn without_place(message: &str) -> &str {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = message.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(line), Some(column), Some(what)) if number(line) && number(column) => {
            what.trim_start()
        }
        _ => message,
    }
}

fn read(text: &str) -> Result<Written, String> {
    parse_toml(text)
}

/// The text with its seed in quotes if that is above 2^63 − 1: the reader of a scenario accepts such a number, but
/// TOML has none, and TOML editors refuse it.
pub(super) fn with_quoted_seed(text: &str) -> String {
    let above_tables = text.find("\n[").unwrap_or(text.len());
    let (head, rest) = text.split_at(above_tables);
    let lines = head.split_inclusive('\n').map(|line| {
        let seed = line.split_once('=').filter(|(key, _)| key.trim() == "seed");
        let number = seed.and_then(|(_, value)| value.split_whitespace().next());
        match number.filter(|it| it.parse::<u64>().is_ok() && it.parse::<i64>().is_err()) {
            Some(number) => line.replacen(number, &format!("\"{number}\""), 1),
            None => line.to_owned(),
        }
    });
    lines.chain([rest.to_owned()]).collect()
}

/// A text with one key set, and why it cannot be read, if that is so.
struct Changed {
    text: String,
    why: Option<String>,
}

fn with(text: &str, set: &Set) -> Result<Changed, String> {
    let mut changed = Vec::new();
    for value in set.values()? {
        let mut document: DocumentMut = text.parse().map_err(|_| "it is not TOML".to_owned())?;
        put(document.as_item_mut(), &set.path, "", &value)?;
        let text = document.to_string();
        let why = read(&text).err();
        if why.is_none() {
            return Ok(Changed { text, why });
        }
        changed.push(Changed { text, why });
    }
    Ok(changed.swap_remove(0))
}

/// Puts a value where `path` leads from `item`, which is called `above`.
fn put(item: &mut Item, path: &[String], above: &str, value: &Value) -> Result<(), String> {
    let here = |name: &str| match above {
        "" => name.to_owned(),
        above => format!("{above}.{name}"),
    };
    let [name, below @ ..] = path else {
        replace(item, value.clone());
        return Ok(());
    };
    if item.is_table_like() {
        let dotted = item.as_table().is_some_and(Table::is_dotted);
        let Some(table) = item.as_table_like_mut() else {
            return Ok(());
        };
        if below.is_empty() {
            without_twins(table, name);
        }
        if table.get(name).is_none() {
            let mut new = Table::new();
            new.set_dotted(dotted);
            table.insert(name, Item::Table(new));
        }
        return match table.get_mut(name) {
            Some(next) => put(next, below, &here(name), value),
            None => Ok(()),
        };
    }
    if let Some(tables) = item.as_array_of_tables_mut() {
        let place = element(&names_of_tables(tables), name, above)?;
        let Some(table) = tables.get_mut(place) else {
            return Ok(());
        };
        let mut one = Item::Table(std::mem::take(table));
        put(&mut one, below, &here(name), value)?;
        if let Item::Table(changed) = one {
            *table = changed;
            return Ok(());
        }
        return Err(format!("{} has keys: set one of them", here(name)));
    }
    if let Some(values) = item.as_array_mut() {
        let place = element(&names_of_values(values), name, above)?;
        let Some(old) = values.get_mut(place) else {
            return Ok(());
        };
        let mut one = Item::Value(old.clone());
        put(&mut one, below, &here(name), value)?;
        if let Ok(changed) = one.into_value() {
            *old = changed;
        }
        return Ok(());
    }
    Err(format!(
        "{above} is {}, and nothing is below it: set it as a whole, {above}=…",
        item.to_string().trim()
    ))
}

/// Replaces a value, and keeps the comment behind it.
fn replace(item: &mut Item, mut value: Value) {
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

/// A time may be written under two names, `for` and `for_ms`; this removes the other one.
fn without_twins(table: &mut dyn TableLike, name: &str) {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys.iter().filter(|key| *key != name) {
        let same = times::split(key) == Some(name) || times::split(name) == Some(key);
        if same && table.get(key).is_some_and(Item::is_value) {
            table.remove(key);
        }
    }
}

fn names_of_tables(tables: &ArrayOfTables) -> Vec<Option<String>> {
    let name = |table: &Table| Some(table.get("name")?.as_str()?.to_owned());
    tables.iter().map(name).collect()
}

fn names_of_values(values: &Array) -> Vec<Option<String>> {
    let name = |value: &Value| Some(value.as_inline_table()?.get("name")?.as_str()?.to_owned());
    values.iter().map(name).collect()
}
