//! The commands of a block, as a shell takes them.

use crate::markdown::Block;

/// One command, with all lines that it goes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The line of the page in which it begins.
    pub(crate) line: usize,
    /// Without its comment.
    pub(crate) text: String,
}

/// The languages whose blocks are commands.
pub(crate) fn is_shell(block: &Block) -> bool {
    ["sh", "console"].contains(&&*block.language)
}

/// The first line of a text that is a command for whoever reads it, also behind variables.
pub(crate) fn command_in(text: &str) -> Option<&str> {
    text.lines().map(str::trim).find(|line| {
        let is_variable = |word: &&str| {
            let name = word.split_once('=').map_or("", |(name, _)| name);
            !name.is_empty()
                && name
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'_')
        };
        let mut words = line.split_whitespace().skip_while(is_variable);
        let first = words.next().unwrap_or_default();
        // Not the program's name in a table or a drawing.
        let is_name = line.contains("  ") && !line.contains(" #")
            || words.next().is_some_and(|word| word.starts_with('('));
        let script = first.strip_prefix("./").unwrap_or(first);
        !is_name && PROGRAMS.contains(&first) || script.starts_with("scripts/")
    })
}

/// What the pages' readers type, and the sign of a terminal.
const PROGRAMS: [&str; 13] = [
    "$",
    "bash",
    "breaker-lab",
    "cargo",
    "curl",
    "docker",
    "docker-compose",
    "git",
    "prometheus",
    "promtool",
    "redis-server",
    "rustup",
    "weaver",
];

/// The commands of a block: a line each, but for a backslash at its end and for loops.
pub(crate) fn commands(block: &Block) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for (line, text) in (block.line..).zip(block.text.lines()) {
        let text = without_comment(text);
        let (text, more) = match text.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (text, false),
        };
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => {
                let is_loop = command.text.starts_with("for ");
                command.text.push(if is_loop { '\n' } else { ' ' });
                command.text.push_str(text.trim());
            }
            None if text.trim().is_empty() => continue,
            None => commands.push(Command {
                line,
                text: text.trim().to_owned(),
            }),
        }
        let whole = commands.last().map_or("", |command| &command.text);
        goes_on = more || whole.starts_with("for ") && !whole.ends_with("done");
    }
    commands
}

/// A line up to the `#` that begins a comment: at its start or behind a space, and not between quotes.
fn without_comment(line: &str) -> &str {
    let (mut quote, mut previous) = (None, ' ');
    for (place, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if previous == ' ' => return line[..place].trim_end(),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        previous = letter;
    }
    line.trim_end()
}

/// What follows the program in a command that runs it, and does nothing else.
pub(crate) fn arguments_of(command: &str) -> Option<&str> {
    let arguments = match command.strip_prefix("cargo run --release") {
        Some("") => "",
        Some(rest) => rest.trim_start().strip_prefix("-- ")?,
        None => command.strip_prefix("breaker-lab ")?,
    };
    let unquoted = arguments.split('\'').step_by(2).collect::<String>();
    (!unquoted.contains(['|', ';', '>', '&'])).then_some(arguments)
}

/// The words of a command; what stands between quotes is one.
pub(crate) fn words(command: &str) -> Vec<&str> {
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(place, part)| -> Vec<&str> {
        if place % 2 == 1 {
            vec![part]
        } else {
            part.split_whitespace().collect()
        }
    });
    words.collect()
}

/// The word behind a flag.
pub(crate) fn value<'a>(words: &[&'a str], flag: &str) -> Option<&'a str> {
    let place = words.iter().position(|word| *word == flag)?;
    words.get(place + 1).copied()
}

#[test]
fn a_command_has_all_its_lines_and_no_comment() {
    let block = Block {
        page: "page.md".to_owned(),
        line: 7,
        language: "sh".to_owned(),
        comments: Vec::new(),
        text: "a --b 'x # y'   # why\n\nc \\\n  d\nfor e in f\ndo g\ndone\n# nothing\nh#i\n"
            .to_owned(),
    };

    let commands: Vec<(usize, String)> = commands(&block)
        .into_iter()
        .map(|command| (command.line, command.text))
        .collect();

    let expected = [
        (7, "a --b 'x # y'"),
        (9, "c d"),
        (11, "for e in f\ndo g\ndone"),
        (15, "h#i"),
    ];
    assert_eq!(
        commands,
        expected.map(|(line, text)| (line, text.to_owned()))
    );
}

#[test]
fn only_a_command_that_is_the_program_alone_has_its_arguments() {
    assert_eq!(arguments_of("cargo run --release"), Some(""));
    assert_eq!(arguments_of("cargo run --release -- load"), Some("load"));
    assert_eq!(
        arguments_of("breaker-lab load --assert 'a < b; c'"),
        Some("load --assert 'a < b; c'")
    );
    assert_eq!(arguments_of("breaker-lab man run | man -l -"), None);
    assert_eq!(arguments_of("cargo run -p fusebox --example minimal"), None);
}

#[test]
fn a_command_is_found_in_any_line_of_a_text() {
    for text in [
        "cargo run",
        "RUST_LOG=debug A=b breaker-lab load",
        "figure  mean\n  curl localhost:8080\n",
        "$ anything",
        "a\nredis-server --port 6379",
        "prometheus --config.file=prometheus.yml",
        "docker compose up",
        "docker-compose up",
        "x\n./scripts/test.sh",
    ] {
        assert!(command_in(text).is_some(), "{text}");
    }
    for text in [
        "prometheus: x\n",
        "open  curl\n",
        "curl  7 ms",
        "breaker-lab (the binary)",
        "rate = 7",
        "a $ b",
    ] {
        assert_eq!(command_in(text), None);
    }
}
