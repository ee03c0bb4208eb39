//! A reader of JSON and TOML that reports what is wrong with a text, where, and what was probably meant.
//!
//! Errors name the field or the place, the value and the nearest known key, in one line.

pub(crate) mod times;

use serde::de::DeserializeOwned;
use times::Times;

/// The byte order mark that some editors write at the start of a file.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Returns the text without the byte order mark that some editors write at its start. The mark means nothing in UTF-8
/// (RFC 3629 §6); left in, it would become part of the first key or number.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// The same for text that has not been found to be UTF-8.
pub fn bytes_without_mark(bytes: &[u8]) -> &[u8] {
    let mark = BYTE_ORDER_MARK.as_bytes();
    bytes.strip_prefix(mark).unwrap_or(bytes)
}

/// Reads JSON, with or without a byte order mark; the message of an error names the field.
///
/// # Errors
///
/// What is wrong, in one line, with the nearest known key where a key is unknown.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes_without_mark(bytes));
    let mut track = serde_path_to_error::Track::new();
    // The path is followed below the times, so that it has the keys as they were written.
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let value = T::deserialize(Times(tracked)).map_err(|error| {
        let field = track.path().to_string();
        if !error.is_data() {
            return not_json(bytes, &error);
        }
        let said = error.to_string();
        if field == "." {
            return in_plain_words(&said);
        }
        // The field says more than the place.
        let place = said.rfind(" at line ").unwrap_or(said.len());
        let message = in_plain_words(&said[..place]);
        match above(&field, &message) {
            "" => message,
            above => format!("{above}: {message}"),
        }
    })?;
    match deserializer.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(not_json(bytes, &error)),
    }
}

/// The field that a message is about. A key that is unknown is named in the message, and is a part of its own path.
fn above<'a>(path: &'a str, message: &str) -> &'a str {
    let unknown = message.strip_prefix("unknown key `");
    let unknown = unknown.and_then(|it| it.split('`').next());
    let above = unknown.and_then(|unknown| path.strip_suffix(unknown));
    above.unwrap_or(path).trim_end_matches('.')
}

/// The reason why a text is not JSON, with the line where it stops being JSON.
fn not_json(bytes: &[u8], error: &serde_json::Error) -> String {
    let text = String::from_utf8_lossy(bytes_without_mark(bytes));
    if text.trim().is_empty() {
        return "the text is empty: write a value in JSON".to_owned();
    }
    let line = error
        .line()
        .checked_sub(1)
        .and_then(|number| text.lines().nth(number));
    let near: String = line.unwrap_or_default().trim().chars().take(40).collect();
    let reason = error.to_string();
    let place = reason.find(" at line ").unwrap_or(reason.len());
    let why = match &reason[..place] {
        "expected ident" | "expected value" => {
            "a value is a number, true, false, null, a list, an object, or text in double quotes"
                .to_owned()
        }
        why if error.is_eof() => format!("the text ends too early ({why})"),
        why => why.to_owned(),
    };
    format!("`{near}` is not JSON{}: {why}", &reason[place..])
}

/// Reads TOML, with or without a byte order mark; the message of an error begins with `line:column: `.
///
/// # Errors
///
/// What is wrong, in one line, with the nearest known key where a key is unknown.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let text = without_mark(text);
    let mut track = serde_path_to_error::Track::new();
    let read = toml::Deserializer::parse(text).and_then(|toml| {
        // The path is followed below the times, so that it has the keys as they were written.
        T::deserialize(Times(serde_path_to_error::Deserializer::new(
            toml, &mut track,
        )))
    });
    read.map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        let (line, column) = position(text, place);
        let message = in_plain_words(&error.message().replace('\n', "; "));
        let path = track.path().to_string();
        match above(&path, &message) {
            "" => format!("{line}:{column}: {}", with_place::<T>(message)),
            field => format!("{line}:{column}: {field}: {message}"),
        }
    })
}

/// What is said about a key that is unknown at the top of a text, with the sections that have such a key.
fn with_place<T: DeserializeOwned>(message: String) -> String {
    let Some((unknown, known)) = message
        .strip_prefix("unknown key `")
        .and_then(|it| it.split_once("`; known keys are: "))
    else {
        return message;
    };
    // A section that takes any key says nothing about this one.
    let places: Vec<String> = known
        .split(", ")
        .filter(|it| has_key::<T>(it, unknown) && !has_key::<T>(it, "a-key-that-nothing-has"))
        .map(|section| format!("`{section}.{unknown}`"))
        .collect();
    if places.is_empty() {
        return message;
    }
    format!(
        "unknown key `{unknown}`; did you mean {}?",
        places.join(" or ")
    )
}

/// Whether this section of the text of a `T` has a key of this name. Its value may be wrong, and other keys be missing.
fn has_key<T: DeserializeOwned>(section: &str, key: &str) -> bool {
    match parse_toml::<T>(&format!("[{section}]\n{key:?} = 0\n")) {
        Ok(_) => true,
        Err(why) => {
            why.contains(&format!(": {section}.{key}: ")) && !why.contains("is not known")
                || why.contains("is missing")
        }
    }
}

/// Returns line and column of byte `place`, both from 1.
pub fn position(text: &str, place: usize) -> (usize, usize) {
    let before = &text[..place.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// The wording of parsers, and what it means in plain words.
const WORDS: [(&str, &str); 12] = [
    ("expected u16", "expected a whole number from 0 to 65535"),
    (
        "expected u32",
        "expected a whole number from 0 to 4294967295",
    ),
    ("expected u64", "expected a whole number from 0 on"),
    ("expected usize", "expected a whole number from 0 on"),
    ("expected f64", "expected a number"),
    (
        "invalid type: map, expected a sequence",
        "it must be a list: write [ … ], or, in TOML, double brackets around its name, such as [[phases]]",
    ),
    ("expected a sequence", "expected a list"),
    (
        "cannot recurse further; max recursion depth met",
        "values are nested too deeply",
    ),
    (
        "wanted string or table",
        "expected a name, or keys with their values",
    ),
    ("recursion limit", "keys are nested too deeply"),
    (
        "invalid type: sequence, expected a map",
        "a list is not allowed here: write keys with their values",
    ),
    (
        "invalid type: unit variant, expected newtype variant",
        "its settings are missing: write them in braces, such as { reset = {} }, or { \"reset\": {} } in JSON",
    ),
];

/// The message of a parser, in words that say what to write.
pub(crate) fn in_plain_words(message: &str) -> String {
    if let Some(field) = message.strip_prefix("missing field `") {
        let (field, rest) = field.split_once('`').unwrap_or((field, ""));
        let field = times::split(field).unwrap_or(field);
        return format!("the key `{field}` is missing{rest}");
    }
    if let Some((field, rest)) = message
        .strip_prefix("duplicate field `")
        .and_then(|it| it.split_once('`'))
    {
        return match times::split(field) {
            Some(name) => {
                format!("`{name}` and `{field}` are the same: leave one of the two out{rest}")
            }
            None => format!("the key `{field}` is given twice: leave one of the two out{rest}"),
        };
    }
    let said = with_nearest(message);
    let said = WORDS
        .iter()
        .fold(said, |said, (word, plain)| said.replace(word, plain));
    // `struct Name` and `struct variant Name::Variant`.
    match said.split_once("expected struct ") {
        None => said,
        Some((before, named)) => {
            let named = named.strip_prefix("variant ").unwrap_or(named);
            let (_, rest) = named.split_at(named.find(' ').unwrap_or(named.len()));
            format!("{before}expected keys with their values{rest}")
        }
    }
}

/// Adds the nearest known key to serde's message about an unknown key, and the nearest known name to its message
/// about a variant, which is a value or a key.
///
/// A message that this function has made stays as it is: a reader within a reader passes it on.
pub fn with_nearest(message: &str) -> String {
    if message.starts_with("unknown key `") {
        return message.to_owned();
    }
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let [unknown, known @ ..] = names.as_slice() else {
        return message.to_owned();
    };
    if !message.starts_with("unknown ") {
        return message.to_owned();
    }
    // Times are written without the unit in their name; numbers are for programs.
    let written = known.iter().map(|name| times::split(name).unwrap_or(name));
    let written: Vec<&str> = written.collect();
    let near = nearest(unknown, written.iter().chain(known).copied());
    match (near, message.starts_with("unknown variant")) {
        (None, false) if written.is_empty() => {
            format!("unknown key `{unknown}`; no key is known here")
        }
        (Some(name), false) => format!("unknown key `{unknown}`; did you mean `{name}`?"),
        (None, false) => format!(
            "unknown key `{unknown}`; known keys are: {}",
            written.join(", ")
        ),
        (Some(name), true) => format!("`{unknown}` is not known; did you mean `{name}`?"),
        (None, true) => match &*written {
            [only] => format!("`{unknown}` is not known: write `{only}`"),
            all => format!("`{unknown}` is not known: write one of {}", all.join(", ")),
        },
    }
}

/// Returns names for a message, one after another; of a long list the first few, and how many more there are.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 16;
    let shown = names.iter().take(SHOWN).map(AsRef::as_ref);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns the one of `known` that `unknown` most likely means, if any is near.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn known_keys_are_listed_when_a_reader_passes_on_what_another_said() {
        let said = with_nearest("unknown field `zzz`, expected one of `mode`, `engine`");
        assert_eq!(said, "unknown key `zzz`; known keys are: mode, engine");
        assert_eq!(with_nearest(&said), said);

        let said = with_nearest("unknown field `mod`, expected one of `mode`, `engine`");
        assert_eq!(said, "unknown key `mod`; did you mean `mode`?");
        assert_eq!(with_nearest(&said), said);

        let said = with_nearest("unknown field `zzz`, there are no fields");
        assert_eq!(said, "unknown key `zzz`; no key is known here");
    }

    #[test]
    fn a_key_that_stands_outside_its_section_is_told_where_it_belongs() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "it is only read from text")]
        struct Breaker {
            window_calls: Option<u32>,
            fallback: Option<String>,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "it is only read from text")]
        struct Whole {
            title: String,
            instance: Option<BTreeMap<String, u32>>,
            breaker: Option<Breaker>,
        }
        let refused = |text: &str| parse_toml::<Whole>(text).unwrap_err();

        assert_eq!(
            refused("title = \"x\"\nwindow_calls = 5"),
            "2:1: unknown key `window_calls`; did you mean `breaker.window_calls`?"
        );
        // Of a key that no section has, and of one that any section may have, nothing is guessed.
        let said = refused("zzz = 5");
        assert!(
            said.ends_with("known keys are: title, instance, breaker"),
            "{said}"
        );
        // The value that stands for any may be of another type.
        let said = refused("fallback = \"x\"");
        assert!(said.ends_with("did you mean `breaker.fallback`?"), "{said}");
    }

    #[test]
    fn what_is_not_json_is_shown_with_what_a_value_is() {
        let refused =
            |text: &str| parse_json::<BTreeMap<String, u32>>(text.as_bytes()).unwrap_err();
        for (text, words) in [
            (
                "forced_open",
                ["`forced_open` is not JSON", "text in double quotes"],
            ),
            (
                "{\n\"rate\": x}",
                [
                    "`\"rate\": x}` is not JSON at line 2",
                    "text in double quotes",
                ],
            ),
            ("", ["the text is empty", "write a value in JSON"]),
            (
                "{\"rate\": 5}}",
                ["`{\"rate\": 5}}`", "trailing characters"],
            ),
            ("{\"rate\": -5}", ["rate: invalid value", "-5"]),
        ] {
            let said = refused(text);
            assert!(
                words.iter().all(|word| said.contains(word)),
                "{text}: {said}"
            );
        }
    }

    #[test]
    fn a_number_reads_back_to_its_last_digit() {
        // Read by the fast way, the first becomes 0.21950679999999995.
        for number in [0.219_506_799_999_999_97, 0.103_646_946_824_829_15] {
            let written = serde_json::to_string(&number).unwrap();
            let read: f64 = parse_json(written.as_bytes()).unwrap();
            assert_eq!(read.to_bits(), f64::to_bits(number), "{written}");
        }
    }

    #[test]
    fn a_byte_order_mark_moves_no_key_and_no_column() {
        let map = BTreeMap::from([("rate".to_owned(), 5)]);

        assert_eq!(
            parse_json("\u{feff}{\"rate\": 5}".as_bytes()),
            Ok(map.clone())
        );
        assert_eq!(parse_toml("\u{feff}rate = 5"), Ok(map));
        let error = parse_toml::<BTreeMap<String, u32>>("\u{feff}rate = true").unwrap_err();
        assert!(error.starts_with("1:8: "), "{error}");
    }
}
