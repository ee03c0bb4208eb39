//! The element of a list that a part of a key names.

use crate::reading::{listed, nearest};

/// The element of a list that `name` means, by its number or by its name.
pub(super) fn element(names: &[Option<String>], name: &str, above: &str) -> Result<usize, String> {
    if let Some(place) = names
        .iter()
        .position(|known| known.as_deref() == Some(name))
    {
        return Ok(place);
    }
    if let Ok(place) = name.parse::<usize>() {
        return match names.len() {
            0 => Err(format!("{above} is empty: set it as a whole, {above}=[…]")),
            many if place < many => Ok(place),
            many => Err(format!(
                "{above} has no element {place}: write a number from 0 to {}",
                many - 1
            )),
        };
    }
    let known: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "write the number of an element, from 0".to_owned(),
        None => format!("there are {}, or write a number, from 0", listed(&known)),
    };
    Err(format!("{above} has no element `{name}`; {hint}"))
}
