//! Markdown of our own tables rendered as HTML: headings, paragraphs, tables, lists, bold and code.
//!
//! It is no reader of Markdown at large: what a study writes is all that it knows. Everything else stays text.

use std::fmt::Write as _;

use super::shell::escaped;

/// The text as HTML.
pub(super) fn rendered(markdown: &str) -> String {
    let mut html = String::new();
    for block in markdown.split("\n\n") {
        let lines: Vec<&str> = block
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        match &*lines {
            [] => {}
            [head, rest @ ..] if head.starts_with('#') => {
                let text = head.trim_start_matches('#');
                // The title of the page stands above.
                let level = (head.len() - text.len()).clamp(2, 4);
                let _ = writeln!(html, "<h{level}>{}</h{level}>", inline(text.trim()));
                html += &rendered(&rest.join("\n"));
            }
            [head, sides, rows @ ..] if head.starts_with('|') && sides.starts_with("|--") => {
                html += &table(head, sides, rows);
            }
            items if items.iter().all(|item| item.starts_with("- ")) => {
                let items = items
                    .iter()
                    .map(|item| format!("<li>{}</li>", inline(&item[2..])));
                let _ = writeln!(html, "<ul>{}</ul>", items.collect::<String>());
            }
            lines => {
                let _ = writeln!(html, "<p>{}</p>", inline(&lines.join(" ")));
            }
        }
    }
    html
}

fn table(head: &str, sides: &str, rows: &[&str]) -> String {
    let right: Vec<bool> = cells(sides)
        .iter()
        .map(|side| side.ends_with(':'))
        .collect();
    let class = |place: usize| {
        let is_number = right.get(place).copied().unwrap_or(false);
        if is_number { " class=\"n\"" } else { "" }
    };
    let row = |line: &str, tag: &str| {
        let placed = cells(line).into_iter().enumerate();
        let cells =
            placed.map(|(place, cell)| format!("<{tag}{}>{}</{tag}>", class(place), inline(&cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let body: String = rows.iter().map(|line| row(line, "td")).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<thead>{}</thead>\n<tbody>\n{body}</tbody></table></div>\n",
        row(head, "th").replace("<th", "<th scope=\"col\"")
    )
}

/// The cells of a row.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Bold and code within a line.
fn inline(text: &str) -> String {
    let mut html = String::new();
    let mut is_bold = false;
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            let _ = write!(html, "<code>{}</code>", escaped(part));
            continue;
        }
        for (number, part) in part.split("**").enumerate() {
            if number > 0 {
                is_bold = !is_bold;
                html += if is_bold { "<strong>" } else { "</strong>" };
            }
            html += &escaped(part);
        }
    }
    html + if is_bold { "</strong>" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_headings_lists_bold_and_code_are_rendered_and_the_rest_is_text() {
        let text = "## A <b>\n\nOne `p < 1`\ntwo.\n\n| a | b |\n|---|---:|\n| x | **1** |\n\n- one\n- two\n";

        assert_eq!(
            rendered(text),
            "<h2>A &lt;b&gt;</h2>\n<p>One <code>p &lt; 1</code> two.</p>\n\
             <div class=\"scroll\" tabindex=\"0\"><table>\n\
             <thead><tr><th scope=\"col\">a</th><th scope=\"col\" class=\"n\">b</th></tr>\n</thead>\n<tbody>\n\
             <tr><td>x</td><td class=\"n\"><strong>1</strong></td></tr>\n</tbody></table></div>\n\
             <ul><li>one</li><li>two</li></ul>\n"
        );
    }

    #[test]
    fn bold_may_hold_code() {
        assert_eq!(
            inline("**`x`** (time)"),
            "<strong><code>x</code></strong> (time)"
        );
    }
}
