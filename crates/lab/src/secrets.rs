//! Text without the users and passwords of the URLs in it.

/// The replacement of a secret, as in traces.
pub(crate) const HIDDEN: &str = "REDACTED";

/// Returns `text` with [`HIDDEN`] in place of the user and password of every URL in it. Text that only looks like one
/// is hidden, too, because refused text need not be a URL.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut words = text.split_inclusive([' ', '`', '\'', '"', '<', '>', '\n']);
    words.by_ref().map(without_password).collect()
}

/// Returns the same for text that is no URL but may contain one: `me@host` alone stays unchanged.
pub(crate) fn without_url_passwords(text: &str) -> String {
    let words = text.split_inclusive([' ', '`', '\'', '"', '<', '>', '\n']);
    words
        .map(|word| {
            if word.contains("://") {
                without_password(word)
            } else {
                word.to_owned()
            }
        })
        .collect()
}

fn without_password(word: &str) -> String {
    let start = word.find("://").map_or(0, |place| place + "://".len());
    let rest = &word[start..];
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    // A password that has one of these unescaped ends too early: what stands before it is no port.
    let (_, port) = authority.rsplit_once(':').unwrap_or_default();
    let is_port = authority.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    let is_whole = authority.contains('@') || is_port;
    let place = if is_whole { authority } else { rest }.rfind('@');
    // A user alone is hidden as well: some services take a token in its place.
    match place {
        Some(at) => format!("{}{HIDDEN}:{HIDDEN}{}", &word[..start], &rest[at..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_are_hidden_in_any_text() {
        for (text, shown) in [
            ("`ftp://a:b@h/x@y`", "`ftp://REDACTED:REDACTED@h/x@y`"),
            ("a:b@h", "REDACTED:REDACTED@h"),
            ("no URL, 'http://h/@x'", "no URL, 'http://h/@x'"),
            ("http://a:b/c@h", "http://REDACTED:REDACTED@h"),
            ("http://a:b#c@h", "http://REDACTED:REDACTED@h"),
            ("http://a:b?c@h/x", "http://REDACTED:REDACTED@h/x"),
            ("http://[::1]/x@y", "http://[::1]/x@y"),
            ("http://h:80/x@y", "http://h:80/x@y"),
            (
                "http://a:b@h http://c@i",
                "http://REDACTED:REDACTED@h http://REDACTED:REDACTED@i",
            ),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
