//! What is wrong with this text, where, and what is meant?
//!
//! Errors name the field or the place, the value and the nearest known key, in one line.

use serde::de::DeserializeOwned;

/// Reads JSON; the message of an error names the field.
///
/// # Errors
///
/// What is wrong, in one line, with the nearest known key where a key is unknown.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let what = with_nearest(&error.inner().to_string());
        if field == "." {
            what
        } else {
            format!("{field}: {what}")
        }
    })?;
    match deserializer.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads TOML; the message of an error begins with `line:column: `.
///
/// # Errors
///
/// What is wrong, in one line, with the nearest known key where a key is unknown.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        let (line, column) = position(text, place);
        let message = error.message().replace('\n', "; ");
        format!("{line}:{column}: {}", with_nearest(&message))
    })
}

/// Line and column of byte `place`, both from 1.
pub fn position(text: &str, place: usize) -> (usize, usize) {
    let before = &text[..place.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Adds the nearest known key to serde's message about an unknown one.
pub fn with_nearest(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let [unknown, known @ ..] = names.as_slice() else {
        return message.to_owned();
    };
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`; known are: {}", known.join(", ")),
    }
}

/// The one of `known` that is most likely meant by `unknown`, if any is near.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
