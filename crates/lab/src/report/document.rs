//! A document of headings, text, tables and pictures, written as Markdown for a pull request or as a page of HTML.
//!
//! All text is plain: what it holds is escaped, so that a title or the name of an instance cannot become a part of the
//! document.

mod markup;
mod table;

use std::fmt::Write as _;

use self::markup::{fenced, marked_down, paragraph};
pub(crate) use self::table::{Mark, Table};
use super::rendered::rendered;
use super::shell::{Shell, escaped, picture};
use crate::words::number;

/// Characters that GitHub takes for a comment or the text of a pull request, with some room.
pub(crate) const MOST: usize = 65_000;

/// Room for the sentence about what was left out.
const NOTE: usize = 120;

/// A document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    title: String,
    blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug)]
enum Block {
    Heading(String),
    Verdict(Mark, String),
    Text(String),
    Table(Table),
    Code(String),
    Picture {
        /// The SVG itself, for HTML.
        svg: String,
        /// The file beside the document, for Markdown.
        file: String,
        about: String,
    },
    /// Markdown that the program itself has written.
    Markdown(String),
    Folded(String, Box<Block>),
}

impl Document {
    /// A document without anything in it.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// The sentence that matters most.
    pub(crate) fn verdict(&mut self, mark: Mark, text: impl Into<String>) {
        self.blocks.push(Block::Verdict(mark, text.into()));
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    pub(crate) fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    /// Lines that stand as they are: a command, a file, a picture of letters.
    pub(crate) fn code(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Code(text.into()));
    }

    /// The same, to be unfolded.
    pub(crate) fn folded_code(&mut self, summary: impl Into<String>, text: impl Into<String>) {
        let code = Box::new(Block::Code(text.into()));
        self.blocks.push(Block::Folded(summary.into(), code));
    }

    /// A table to be unfolded.
    pub(crate) fn folded_table(&mut self, summary: impl Into<String>, table: Table) {
        self.blocks
            .push(Block::Folded(summary.into(), Box::new(Block::Table(table))));
    }

    /// Markdown that the program itself has written, such as the tables of a study.
    pub(crate) fn markdown_of_ours(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Markdown(text.into()));
    }

    /// A picture: in HTML itself, in Markdown the file beside it.
    pub(crate) fn picture(&mut self, file: &str, svg: String, about: impl Into<String>) {
        self.blocks.push(Block::Picture {
            svg,
            file: file.to_owned(),
            about: about.into(),
        });
    }

    /// As Markdown, the way GitHub shows it, of at most so many characters. A part that does not fit is left out, and
    /// the end says so.
    pub(crate) fn markdown(&self, most: usize) -> String {
        let mut text = format!("# {}\n", marked_down(&self.title));
        let mut room = most.saturating_sub(text.chars().count() + NOTE);
        let mut left_out = 0;
        for block in &self.blocks {
            let part = block.markdown();
            let needs = part.chars().count() + 1;
            if needs <= room {
                room -= needs;
                text.push('\n');
                text += &part;
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            let parts = if left_out == 1 {
                "1 part is"
            } else {
                "some parts are"
            };
            let _ = write!(
                text,
                "\nThis text has at most {} characters: {parts} left out, which the folder has.\n",
                number(u64::try_from(most).unwrap_or(u64::MAX))
            );
        }
        text
    }

    /// As a page that stands alone.
    pub(crate) fn html(&self) -> String {
        let mut body = format!("<h1>{}</h1>\n<main>\n", escaped(&self.title));
        for block in &self.blocks {
            body += &block.html();
        }
        body += "</main>\n";
        let shell = Shell {
            title: &self.title,
            body: &body,
        };
        shell.html()
    }
}

impl Block {
    fn markdown(&self) -> String {
        match self {
            Self::Heading(text) => format!("## {}\n", marked_down(text)),
            Self::Verdict(_, text) => format!("**{}**\n", marked_down(text)),
            Self::Text(text) => format!("{}\n", paragraph(text)),
            Self::Table(table) => table.markdown(),
            Self::Code(text) => fenced(text),
            Self::Markdown(text) => format!("{text}\n"),
            Self::Picture { file, about, .. } => format!("![{}]({file})\n", marked_down(about)),
            Self::Folded(summary, block) => format!(
                "<details>\n<summary>{}</summary>\n\n{}\n</details>\n",
                escaped(summary),
                block.markdown()
            ),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Heading(text) => format!("<h2>{}</h2>\n", escaped(text)),
            Self::Verdict(mark, text) => {
                let class = match mark {
                    Mark::Good => "verdict good",
                    Mark::Bad => "verdict bad",
                    Mark::None | Mark::Marked => "verdict",
                };
                format!("<p class=\"{class}\">{}</p>\n", escaped(text))
            }
            Self::Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Self::Table(table) => table.html(),
            Self::Code(text) => format!("<pre tabindex=\"0\">{}</pre>\n", escaped(text)),
            Self::Markdown(text) => rendered(text),
            Self::Picture { svg, about, .. } => picture(svg, about),
            Self::Folded(summary, block) => format!(
                "<details>\n<summary>{}</summary>\n{}</details>\n",
                escaped(summary),
                block.html()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_by_whole_parts() {
        let mut document = Document::new("t");
        document.text("a".repeat(300));
        document.text("b".repeat(30));

        let text = document.markdown(300);

        assert!(text.chars().count() <= 300, "{text}");
        assert!(
            text.contains(&"b".repeat(30)) && !text.contains("aaa"),
            "{text}"
        );
        assert!(
            text.ends_with("at most 300 characters: 1 part is left out, which the folder has.\n"),
            "{text}"
        );
    }

    #[test]
    fn text_cannot_become_a_part_of_the_document() {
        let mut document = Document::new("a # b");
        document.text("1. <b>not</b> a list | *x*");
        document.text("- neither");
        let mut table = Table::new(1, ["figure", "value"]);
        table.row(Mark::Marked, ["ok_p99 | `x`", "1\n2"]);
        document.table(table);
        document.code("a ``` b");

        let text = document.markdown(MOST);

        assert_eq!(
            text,
            "# a \\# b\n\n1\\. \\<b>not\\</b> a list \\| \\*x\\*\n\n\\- neither\n\n\
             | figure | value |\n| --- | ---: |\n| **ok_p99 \\| \\`x\\`** | **1 2** |\n\n\
             ````text\na ``` b\n````\n"
        );
        let html = document.html();
        assert!(
            html.contains("<p>1. &lt;b&gt;not&lt;/b&gt; a list | *x*</p>"),
            "{html}"
        );
        assert!(
            html.contains(
                "<tr class=\"marked\"><td>ok_p99 | `x`</td><td class=\"n\">1\n2</td></tr>"
            ),
            "{html}"
        );
    }
}
