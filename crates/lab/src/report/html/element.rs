//! Elements of the report: text that is escaped exactly once, tables, and links to moments.

use std::fmt;
use std::fmt::Write as _;

use crate::report::shell::escaped;

/// A piece of HTML.
#[derive(Clone, Debug)]
pub(super) struct Html(String);

impl Html {
    /// Text, whatever it holds.
    pub(super) fn text(text: impl AsRef<str>) -> Self {
        Self(escaped(text.as_ref()))
    }

    /// HTML that is whole already.
    pub(super) fn whole(html: String) -> Self {
        Self(html)
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Links to moments of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    /// The number of the run, where there are several.
    pub(super) run: Option<usize>,
}

impl Moments {
    /// The address of an instant.
    fn address(self, at_s: f64) -> String {
        let run = self.run.map(|run| format!("run={run}&amp;"));
        format!("#{}t={at_s}", run.unwrap_or_default())
    }

    /// An instant that leads to itself.
    pub(super) fn at(self, at_s: f64) -> Html {
        self.saying(at_s, &clock(at_s))
    }

    /// Text that leads to an instant.
    pub(super) fn saying(self, at_s: f64, text: &str) -> Html {
        Html(format!(
            "<a href=\"{}\">{}</a>",
            self.address(at_s),
            escaped(text)
        ))
    }
}

/// `1:05.300`: minutes, seconds and milliseconds since the start.
fn clock(at_s: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "instants of a run are not below 0"
    )]
    let millis = (at_s.max(0.0) * 1000.0 + 1e-6).floor() as u64;
    format!(
        "{}:{:02}.{:03}",
        millis / 60_000,
        millis / 1000 % 60,
        millis % 1000
    )
}

/// A table. The first column names its row; so many columns are text, and the others numbers.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) caption: &'a str,
    pub(super) head: &'a [&'a str],
    pub(super) text_columns: usize,
    pub(super) rows: Vec<Vec<Html>>,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = |place| {
            if place < self.text_columns {
                ""
            } else {
                " class=\"n\""
            }
        };
        let caption = escaped(self.caption);
        writeln!(
            f,
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption>"
        )?;
        f.write_str("<thead><tr>")?;
        for (place, name) in self.head.iter().enumerate() {
            write!(
                f,
                "<th scope=\"col\"{}>{}</th>",
                class(place),
                escaped(name)
            )?;
        }
        f.write_str("</tr></thead>\n<tbody>\n")?;
        for row in &self.rows {
            f.write_str("<tr>")?;
            for (place, cell) in row.iter().enumerate() {
                match place {
                    0 => write!(f, "<th scope=\"row\">{cell}</th>")?,
                    _ => write!(f, "<td{}>{cell}</td>", class(place))?,
                }
            }
            f.write_str("</tr>\n")?;
        }
        f.write_str("</tbody></table></div>\n")
    }
}

/// A section with a heading.
pub(super) fn section(class: &str, heading: &str, content: &str) -> String {
    let mut html = String::new();
    let _ = write!(
        html,
        "<section class=\"{class}\">\n<h2>{}</h2>\n{content}</section>\n",
        escaped(heading)
    );
    html
}

/// A paragraph of text.
pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_name_holds_it_is_text_in_its_cell() {
        let table = Table {
            caption: "a \"b\"",
            head: &["<i>"],
            text_columns: 1,
            rows: vec![vec![Html::text("</table><script>"), Html::text("1 & 2")]],
        };

        let html = table.to_string();

        assert!(html.contains("aria-label=\"a &quot;b&quot;\""), "{html}");
        assert!(html.contains("<th scope=\"col\">&lt;i&gt;</th>"), "{html}");
        assert!(
            html.contains(
                "<th scope=\"row\">&lt;/table&gt;&lt;script&gt;</th><td class=\"n\">1 &amp; 2</td>"
            ),
            "{html}"
        );
    }

    #[test]
    fn a_link_to_a_moment_names_its_run_where_there_are_several() {
        let alone = Moments { run: None }.at(65.3004);
        let second = Moments { run: Some(2) }.saying(3.25, "B opened.");

        assert_eq!(alone.to_string(), "<a href=\"#t=65.3004\">1:05.300</a>");
        assert_eq!(
            second.to_string(),
            "<a href=\"#run=2&amp;t=3.25\">B opened.</a>"
        );
    }
}
