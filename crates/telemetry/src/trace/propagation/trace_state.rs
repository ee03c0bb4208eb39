//! `tracestate`: the data that tracing systems pass on to their own parts, one member for each.

use http::HeaderValue;

use super::trimmed;

/// The most members of a list. Empty ones, which mean nothing, are not counted.
const MEMBERS: usize = 32;
/// The most characters of a key, and of a value.
const CHARACTERS: usize = 256;

/// A valid list in its shortest form: members as they came and in their order, no space around them, no
/// empty ones. Nothing is cut off for its length: services bound all headers of a request together.
///
/// Members with the same key are all kept, as the specification allows: they are others' members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TraceState(String);

impl TraceState {
    /// Reads all lines of the header as one list. A list with anything wrong in it is an empty one.
    pub(super) fn read<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        Self::parse(lines).unwrap_or_default()
    }

    fn parse<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Option<Self> {
        let mut list = String::new();
        let mut count = 0;
        let lines = lines.into_iter();
        let members = lines.flat_map(|line| line.as_bytes().split(|letter| *letter == b','));
        for member in members.map(trimmed).filter(|member| !member.is_empty()) {
            count += 1;
            if count > MEMBERS || !is_member(member) {
                return None;
            }
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(str::from_utf8(member).ok()?);
        }
        Some(Self(list))
    }

    /// Keys and values, in order.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .split(',')
            .filter_map(|member| member.split_once('='))
    }

    /// The header in one line, if there is anything to say.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let list = Some(&self.0).filter(|list| !list.is_empty())?;
        HeaderValue::from_str(list).ok()
    }
}

/// Whether a member is a key, an equals sign, and a value.
fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|letter| *letter == b'=') else {
        return false;
    };
    is_key(&member[..equals]) && is_value(&member[equals + 1..])
}

/// The grammar of level 2, which allows every key of level 1 too: there, the part before an `@` was
/// the tenant of a system, with limits of its own.
fn is_key(key: &[u8]) -> bool {
    let plain = |letter: &u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let allowed = |letter: &u8| plain(letter) || b"_-*/@".contains(letter);
    key.first().is_some_and(plain) && key.len() <= CHARACTERS && key.iter().all(allowed)
}

/// Space at the end is not there any more, since it is taken for space around the member.
fn is_value(value: &[u8]) -> bool {
    let printable = |letter: &u8| matches!(letter, b' '..=b'~') && *letter != b'=';
    !value.is_empty() && value.len() <= CHARACTERS && value.iter().all(printable)
}

#[cfg(test)]
mod tests;
