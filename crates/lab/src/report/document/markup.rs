//! Plain text in Markdown: what would mean something is escaped.

/// Text in Markdown that means nothing but itself, on one line.
pub(super) fn marked_down(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        match letter {
            // Within a word it means nothing, and names of figures would be hard to read.
            '_' if is_word(before) && is_word(letters.peek().copied()) => escaped.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '|' | '~' | '#' | '&' | '$' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
        before = Some(letter);
    }
    escaped
}

fn is_word(letter: Option<char>) -> bool {
    letter.is_some_and(char::is_alphanumeric)
}

/// A paragraph that cannot begin a list, whatever its first word is.
pub(super) fn paragraph(text: &str) -> String {
    let text = marked_down(text.trim_start());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let begins_list = text.starts_with(['-', '+', '=', '>']);
    match text.as_bytes().get(digits) {
        Some(b'.' | b')') if digits > 0 => format!("{}\\{}", &text[..digits], &text[digits..]),
        _ if begins_list => format!("\\{text}"),
        _ => text,
    }
}

/// Lines in a fence that none of them ends.
pub(super) fn fenced(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max();
    let fence = "`".repeat((longest.unwrap_or(0) + 1).max(3));
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}
