//! A source file as far as modules go: the children that it declares, what it imports, and the paths in it.

use std::collections::BTreeMap;

/// A path in parts: `crate`, `load`, `Record`.
pub(crate) type Parts = Vec<String>;

/// What one file says of modules.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The modules that it declares.
    pub(crate) children: Vec<String>,
    /// What each imported name stands for.
    pub(crate) imports: BTreeMap<String, Parts>,
    /// All paths, those of imports with them.
    pub(crate) paths: Vec<Parts>,
}

impl Source {
    pub(crate) fn of(text: &str) -> Self {
        let tokens = without_tests(&tokens(text));
        let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        let mut source = Self::default();
        let mut place = 0;
        while place < tokens.len() {
            match tokens[place..] {
                ["mod", name, ";", ..] => {
                    source.children.push(name.to_owned());
                    place += 3;
                }
                // `use<'a>` in a type is no import.
                ["use", first, ..] if is_name(first) || ["{", "::"].contains(&first) => {
                    place += 1;
                    source.import(&[], &tokens, &mut place);
                }
                [first, "::", ..] if is_name(first) && !follows_path(&tokens, place) => {
                    let path = path(&tokens, &mut place);
                    source.paths.push(path);
                }
                _ => place += 1,
            }
        }
        source
    }

    /// Takes in one branch of a `use`, from its first token to behind its last one.
    fn import(&mut self, before: &[String], tokens: &[&str], place: &mut usize) {
        let mut parts = before.to_vec();
        while let Some(&token) = tokens.get(*place) {
            match token {
                "{" => {
                    *place += 1;
                    while tokens
                        .get(*place)
                        .is_some_and(|token| !["}", ";"].contains(token))
                    {
                        self.import(&parts, tokens, place);
                        if tokens.get(*place) == Some(&",") {
                            *place += 1;
                        }
                    }
                    *place += 1;
                    return;
                }
                "as" => {
                    let name = tokens.get(*place + 1).copied().unwrap_or_default();
                    self.name(name, parts);
                    *place += 2;
                    return;
                }
                "," | ";" | "}" => break,
                // Those are the module itself, or all that is in it.
                "::" | "*" => {}
                name if name == "self" && !parts.is_empty() => {}
                name => parts.push(name.to_owned()),
            }
            *place += 1;
        }
        let name = parts.last().cloned().unwrap_or_default();
        self.name(&name, parts);
    }

    fn name(&mut self, name: &str, parts: Parts) {
        self.paths.push(parts.clone());
        self.imports.insert(name.to_owned(), parts);
    }
}

/// The path that begins at `place`, which then is behind it.
fn path(tokens: &[&str], place: &mut usize) -> Parts {
    let mut parts = vec![tokens[*place].to_owned()];
    *place += 1;
    while let ["::", name, ..] = tokens[*place..] {
        if !is_name(name) {
            break;
        }
        parts.push(name.to_owned());
        *place += 2;
    }
    parts
}

fn follows_path(tokens: &[&str], place: usize) -> bool {
    let before = place.checked_sub(1).map(|before| tokens[before]);
    before.is_some_and(|token| ["::", ".", "$"].contains(&token))
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Names, `::`, and single letters of anything else, without comments and texts.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        if let Some(length) = skipped(rest) {
            rest = &rest[length..];
        } else if is_part(first) {
            let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            rest = &rest[length..];
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            rest = &rest[2..];
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    tokens
}

/// The length of the comment, text or letter that `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    let up_to = |begin: usize, end: &str| {
        let found = rest[begin..].find(end);
        found.map_or(rest.len(), |place| begin + place + end.len())
    };
    if rest.starts_with("//") {
        return Some(up_to(2, "\n"));
    }
    if rest.starts_with("/*") {
        return Some(up_to(2, "*/"));
    }
    let raw = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'));
    if let Some(raw) = raw {
        let marks = raw.len() - raw.trim_start_matches('#').len();
        if raw[marks..].starts_with('"') {
            let begin = rest.len() - raw.len() + marks + 1;
            return Some(up_to(begin, &format!("\"{}", "#".repeat(marks))));
        }
    }
    if rest.starts_with('"') {
        return Some(text_length(rest));
    }
    // A letter, and no lifetime.
    let mut letters = rest.strip_prefix('\'')?.char_indices();
    match letters.next()? {
        (_, '\\') => Some(up_to(3, "'")),
        _ => letters
            .next()
            .filter(|(_, after)| *after == '\'')
            .map(|(place, _)| place + 2),
    }
}

fn text_length(rest: &str) -> usize {
    let mut escaped = false;
    for (place, letter) in rest.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return place + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// Leaves out items that are there for tests only.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        let end = attribute_end(tokens, place);
        if end.is_some_and(|end| is_for_tests(&tokens[place..end])) {
            place = item_end(tokens, end.unwrap_or(place));
        } else {
            kept.push(tokens[place].clone());
            place += 1;
        }
    }
    kept
}

/// Behind the attribute that begins at `place`.
fn attribute_end(tokens: &[String], place: usize) -> Option<usize> {
    let begins = tokens.get(place)? == "#" && tokens.get(place + 1)? == "[";
    begins.then(|| closed(tokens, place + 1))
}

fn is_for_tests(attribute: &[String]) -> bool {
    let is = |place: usize, name: &str| attribute.get(place).is_some_and(|token| token == name);
    let tested = (0..attribute.len())
        .filter(|place| is(*place, "test"))
        .any(|place| !is(place.wrapping_sub(2), "not"));
    is(2, "cfg") && tested
}

/// Behind the item that begins at `place`, with its other attributes.
fn item_end(tokens: &[String], mut place: usize) -> usize {
    while let Some(end) = attribute_end(tokens, place) {
        place = end;
    }
    let is_import = tokens[place..].iter().take(6).any(|token| token == "use");
    while place < tokens.len() {
        match &*tokens[place] {
            ";" => return place + 1,
            "{" if is_import => place = closed(tokens, place),
            "{" => return closed(tokens, place),
            _ => place += 1,
        }
    }
    place
}

/// Behind the bracket that closes the one at `place`.
fn closed(tokens: &[String], place: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, token) in tokens[place..].iter().enumerate() {
        match &**token {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place + offset + 1;
        }
    }
    tokens.len()
}
