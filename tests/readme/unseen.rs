//! Blocks that Markdown shows as code and the other tests do not read: they are refused.

use crate::markdown::Page;

/// The lines that begin such a block: other fences, fences in quotations, blocks of HTML, and lines that are indented
/// so far that they are code.
fn unseen(page: &Page) -> Vec<usize> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    let mut lists = Lists::default();
    // Whether a line before this one lets an indented block begin here.
    let (mut may_begin, mut in_code) = (true, false);
    for (number, line) in (1..).zip(page.text.lines()) {
        let line = line.replace('\t', "    ");
        let inner = line.trim_start();
        if let Some(fence) = &open {
            if inner.trim_end() == *fence {
                open = None;
            }
            continue;
        }
        if inner.is_empty() {
            (may_begin, in_code) = (true, false);
            continue;
        }
        let indent = line.len() - inner.len();
        let content = lists.content(indent, inner, may_begin);
        if may_begin && indent >= content + 4 {
            if !in_code {
                lines.push(number);
            }
            in_code = true;
            continue;
        }
        in_code = false;
        if inner.starts_with("```") {
            let fence = inner.len() - inner.trim_start_matches('`').len();
            open = Some(inner[..fence].to_owned());
        }
        let quoted = inner.trim_start_matches(['>', ' ']);
        let is_quoted_fence = inner.starts_with('>') && quoted.starts_with("```");
        if quoted.starts_with("~~~") || quoted.starts_with("<pre") || is_quoted_fence {
            lines.push(number);
        }
        may_begin = inner.starts_with('#') || inner.starts_with("```");
    }
    lines
}

/// Where the text of the lists begins that are open, the innermost last.
#[derive(Default)]
struct Lists(Vec<usize>);

impl Lists {
    /// Where the text around a line begins, once the line is taken in.
    fn content(&mut self, indent: usize, inner: &str, after_gap: bool) -> usize {
        let marker = marker(inner);
        if after_gap || marker.is_some() {
            self.0.retain(|content| *content <= indent);
        }
        let content = self.0.last().copied().unwrap_or_default();
        if let Some(width) = marker.filter(|_| indent < content + 4) {
            self.0.push(indent + width);
        }
        content
    }
}

/// How wide the marker of a list item is: `- `, `* ` or `1. `.
fn marker(inner: &str) -> Option<usize> {
    let (first, _) = inner.split_once(' ')?;
    let number = first.trim_end_matches(['.', ')']);
    let is_number = number.len() + 1 == first.len()
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit());
    (["-", "*", "+"].contains(&first) || is_number).then_some(first.len() + 1)
}

#[test]
fn every_block_of_every_page_is_fenced_with_backticks() {
    let pages = Page::all();
    let wrong: Vec<String> = pages
        .iter()
        .flat_map(|page| unseen(page).into_iter().map(move |line| (page, line)))
        .map(|(page, line)| format!("{}:{line}: fence this block with ```", page.name))
        .collect();

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn other_fences_indented_blocks_and_blocks_of_html_are_found() {
    for (text, lines) in [
        ("a\n~~~sh\nb\n~~~\n", vec![2, 4]),
        ("a\n\n    breaker-lab\n    b\n", vec![3]),
        ("a\n\n\tbreaker-lab\n", vec![3]),
        ("# A\n    breaker-lab\n", vec![2]),
        ("- a\n\n      b\n", vec![3]),
        ("1. a\n   - b\n\n         c\n\n   d\n", vec![4]),
        ("> ```sh\n> b\n> ```\n", vec![1, 3]),
        ("<pre>\nb\n</pre>\n", vec![1]),
        // None of them is code by itself.
        ("a\n    goes on\n", vec![]),
        ("- a\n\n  b\n    - c\n\n      d\n", vec![]),
        ("1. a\n\n   ```sh\n       b\n   ~~~\n   ```\n", vec![]),
        ("```text\n\n    b\n```\n", vec![]),
    ] {
        assert_eq!(unseen(&Page::new("page.md", text)), lines, "{text:?}");
    }
}
