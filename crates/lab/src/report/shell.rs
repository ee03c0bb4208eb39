//! The shell of a page that stands alone: head, content security policy, style and escaping.
//!
//! Such a page is one file. It opens offline, asks nobody for anything, and runs no script.
//! Pictures are SVG in `data:` addresses, so that the styles of several pictures do not meet.

use super::policy::policy;

/// How every report begins, so that nothing else is taken for one and replaced.
pub(super) const BEGINNING: &str = "<!doctype html>\n<!-- breaker-lab report -->\n";

/// The palette of the live page, and the shape of text and tables.
const STYLE: &str = "\
:root{color-scheme:light dark;--text:#1B222B;--muted:#55606E;--page:#F6F7F9;--panel:#FFFFFF;--line:#DDE2E8;\
--closed:#3C9580;--open:#E95213;--half:#0747A4;--sick:#801549;--good-text:#23705E;--bad-text:#B23A08}\
@media(prefers-color-scheme:dark){:root{--text:#E6EAF0;--muted:#A3AEBB;--page:#0F1419;--panel:#171D24;--line:#2B343F;\
--closed:#53926C;--open:#F9A262;--half:#80D0FF;--sick:#B983C0;--good-text:#7CC29A;--bad-text:#F9A262}}\
*{box-sizing:border-box}\
body{margin:0 auto;max-width:1200px;padding:20px 16px 48px;background:var(--page);color:var(--text);\
font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums}\
h1{font-size:22px;line-height:1.25;margin:0 0 8px}h2{font-size:17px;margin:28px 0 8px}h3{font-size:15px;margin:20px 0 6px}\
p{margin:6px 0;max-width:78ch}.verdict{font-size:17px;font-weight:600;padding:8px 12px;background:var(--panel);border:1px solid var(--line);\
border-left:6px solid var(--muted);border-radius:6px}.verdict.good{border-left-color:var(--closed)}\
.verdict.bad{border-left-color:var(--open)}.muted{color:var(--muted)}a{color:var(--half)}\
.scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--line);border-radius:6px;margin:8px 0}\
table{border-collapse:collapse;width:100%;font-size:14px}caption{text-align:left;padding:6px 10px;color:var(--muted)}\
th,td{padding:5px 10px;text-align:left;border-top:1px solid var(--line);vertical-align:top}\
td:first-child,th:first-child{position:sticky;left:0;background:var(--panel);white-space:nowrap}\
thead th{border-top:0;color:var(--muted);font-weight:600}.n{text-align:right;white-space:nowrap}\
tr.marked td{font-weight:600}tr.bad td:first-child{color:var(--bad-text);font-weight:600}\
tr.good td:first-child{color:var(--good-text);font-weight:600}\
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}\
pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:10px 12px;overflow-x:auto;line-height:1.35}\
img{display:block;max-width:100%;height:auto;margin:8px 0;border:1px solid var(--line);border-radius:6px}\
details{margin:8px 0}summary{cursor:pointer}\
:focus-visible{outline:2px solid var(--half);outline-offset:1px}\
@media print{body{max-width:none;background:#fff}.scroll,pre{overflow:visible}}";

/// A page that stands alone, without scripts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shell<'a> {
    /// Its title, as text.
    pub(crate) title: &'a str,
    /// What stands in it, as HTML.
    pub(crate) body: &'a str,
}

impl Shell<'_> {
    /// The whole file.
    pub(crate) fn html(&self) -> String {
        // Pictures alone come from elsewhere than the text: from addresses that hold them.
        let policy = format!("{}; img-src data:", policy(&[STYLE], &[]));
        format!(
            "{BEGINNING}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<title>{}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            escaped(&policy),
            escaped(self.title),
            self.body
        )
    }
}

/// Text as HTML and XML have it, in attributes, too.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no way to write other control characters.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                escaped.push('\u{FFFD}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// An SVG as a picture of a page; `about` is read out to who cannot see it.
pub(crate) fn picture(svg: &str, about: &str) -> String {
    format!(
        "<img src=\"data:image/svg+xml,{}\" alt=\"{}\">\n",
        percent_encoded(svg),
        escaped(about)
    )
}

/// Text as a `data:` address has it.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::with_capacity(text.len() + text.len() / 8);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'~' | b'/' | b':' | b';' | b',' | b'=' | b'(' | b')' | b' '
            | b'!' | b'*' => {
                encoded.push(char::from(byte));
            }
            other => {
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_title_says_it_stays_text() {
        let shell = Shell {
            title: "<script>alert('1')</script> & \"x\"\u{1}",
            body: "",
        };

        let html = shell.html();

        assert!(!html.contains("<script"), "{html}");
        assert!(
            html.contains("<title>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;\u{FFFD}</title>"),
            "{html}"
        );
        assert!(
            html.contains("content=\"default-src &#39;none&#39;; script-src &#39;none&#39;; style-src &#39;sha256-"),
            "{html}"
        );
    }

    #[test]
    fn a_picture_is_an_address_without_letters_that_mean_something() {
        let html = picture("<svg a=\"#%\">ä\n</svg>", "a \"picture\"");

        assert_eq!(
            html,
            "<img src=\"data:image/svg+xml,%3Csvg a=%22%23%25%22%3E%C3%A4%0A%3C/svg%3E\" \
             alt=\"a &quot;picture&quot;\">\n"
        );
    }

    #[test]
    fn colours_are_those_of_the_palette() {
        use experiment::palette::{CLOSED, HALF_OPEN, MUTED, OPEN, SICK, TEXT};

        for (name, [light, dark]) in [
            ("closed", [CLOSED.light, CLOSED.dark]),
            ("open", [OPEN.light, OPEN.dark]),
            ("half", [HALF_OPEN.light, HALF_OPEN.dark]),
            ("sick", [SICK.light, SICK.dark]),
            ("text", TEXT),
            ("muted", MUTED),
        ] {
            for colour in [light, dark] {
                let rule = format!("--{name}:{colour};");
                assert!(STYLE.contains(&rule), "{rule}");
            }
        }
    }
}
