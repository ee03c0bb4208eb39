//! Commands as somebody types them into a shell.

/// A command of its words; a word with letters that mean something to a shell stands in quotes.
pub(crate) fn command<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "._-/=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_a_shell_stands_in_quotes() {
        assert_eq!(
            command([
                "breaker-lab",
                "sweep",
                "--vary",
                "breaker.open_for=1s,2s",
                "a b",
                "it's",
                "p99(B)",
                ""
            ]),
            "breaker-lab sweep --vary breaker.open_for=1s,2s 'a b' 'it'\\''s' 'p99(B)' ''"
        );
    }
}
