//! The Markdown pages of the tree: their fenced blocks with the comments before them, their headings and their links.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use end_to_end::{read, repository};

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path, from the root of the repository.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) page: String,
    /// The line of the page in which its text begins.
    pub(crate) line: usize,
    /// What stands behind the opening fence.
    pub(crate) language: String,
    /// The HTML comments directly before it, each without its signs.
    pub(crate) comments: Vec<String>,
    pub(crate) text: String,
}

/// A link to something in the tree.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) line: usize,
    pub(crate) target: String,
}

impl Page {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let (name, text) = (name.to_owned(), text.to_owned());
        Self { name, text }
    }

    /// All pages of the tree.
    pub(crate) fn all() -> Vec<Self> {
        let mut pages = Vec::new();
        gather(repository(), &mut pages);
        pages.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(pages.len() >= 30, "{}", pages.len());
        pages
    }

    /// Whether a command of the tree writes it.
    pub(crate) fn is_generated(&self) -> bool {
        self.name.starts_with("docs/examples/")
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut comments = Vec::new();
        let mut open: Option<(usize, String, Block)> = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            let inner = line.trim_start();
            if let Some((indent, fence, mut block)) = open.take() {
                if inner.trim_end() == fence {
                    blocks.push(block);
                } else {
                    let kept = line.len() - inner.len();
                    block.text.push_str(&line[kept.min(indent)..]);
                    block.text.push('\n');
                    open = Some((indent, fence, block));
                }
            } else if inner.starts_with("```") {
                let language = inner.trim_start_matches('`');
                let fence = &inner[..inner.len() - language.len()];
                let block = Block {
                    page: self.name.clone(),
                    line: number + 1,
                    language: language.trim().to_owned(),
                    comments: std::mem::take(&mut comments),
                    text: String::new(),
                };
                open = Some((line.len() - inner.len(), fence.to_owned(), block));
            } else if let Some(comment) = comment(inner) {
                comments.push(comment);
            } else {
                comments.clear();
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.name);
        blocks
    }

    /// The text without blocks and without what stands between backticks, line for line.
    fn prose(&self) -> String {
        let mut prose = String::new();
        let (mut in_block, mut in_code) = (false, false);
        for line in self.text.lines() {
            let is_fence = line.trim_start().starts_with("```");
            if line.trim().is_empty() {
                in_code = false;
            }
            if !is_fence && !in_block {
                let mut previous = ' ';
                for letter in line.chars() {
                    if letter == '`' {
                        in_code ^= previous != '`';
                    } else if !in_code {
                        prose.push(letter);
                    }
                    previous = letter;
                }
            }
            in_block ^= is_fence;
            prose.push('\n');
        }
        prose
    }

    /// The links that do not leave the tree.
    pub(crate) fn links(&self) -> Vec<Link> {
        let prose = self.prose();
        let mut links = Vec::new();
        for (before, after) in [
            ("](", ')'),
            ("src=\"", '"'),
            ("srcset=\"", '"'),
            ("href=\"", '"'),
        ] {
            for (place, _) in prose.match_indices(before) {
                let target = prose[place + before.len()..].split(after).next();
                let target = target.unwrap_or_default().trim();
                links.push(Link {
                    line: prose[..place].lines().count().max(1),
                    target: target
                        .split_whitespace()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                });
            }
        }
        // `[words]: target`, but not a footnote.
        for (line, text) in (1..).zip(prose.lines()) {
            let definition = text.strip_prefix('[').filter(|rest| !rest.starts_with('^'));
            if let Some((_, target)) = definition.and_then(|rest| rest.split_once("]: ")) {
                let target = target.trim().to_owned();
                links.push(Link { line, target });
            }
        }
        links.retain(|link| !link.target.contains("://") && !link.target.starts_with("mailto:"));
        links
    }

    /// What a link can name behind `#`, as GitHub makes it of each heading.
    pub(crate) fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        let mut in_block = false;
        for line in self.text.lines() {
            in_block ^= line.trim_start().starts_with("```");
            let heading = line.trim_start_matches('#');
            let level = line.len() - heading.len();
            if in_block || !(1..=6).contains(&level) || !heading.starts_with(' ') {
                continue;
            }
            let anchor = anchor(heading);
            let again = (1..).map(|number| format!("{anchor}-{number}"));
            let free = std::iter::once(anchor.clone()).chain(again);
            let mut free = free.filter(|name| !anchors.contains(name));
            let name = free.next().expect("numbers do not end");
            anchors.insert(name);
        }
        anchors
    }
}

impl Block {
    /// Where a line of it stands, for a message.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

fn gather(folder: &Path, pages: &mut Vec<Page>) {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    for entry in entries {
        let path = entry.expect("the entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A link to a folder would lead out of the tree, or round and round.
        if path.is_dir() && !path.is_symlink() {
            let foreign = ["target", "node_modules", "runs"].contains(&&*name);
            if !foreign && !name.starts_with('.') {
                gather(&path, pages);
            }
        } else if name.ends_with(".md") {
            let name = path.strip_prefix(repository()).expect("it lies below");
            pages.push(Page::new(&name.to_string_lossy(), &read(&path)));
        }
    }
}

fn comment(line: &str) -> Option<String> {
    let inside = line.trim_end().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inside.trim().to_owned())
}

fn anchor(heading: &str) -> String {
    // Of a link only the words are a part of it.
    let parts = heading.trim().split("](").enumerate();
    let parts = parts.map(|(number, part)| match part.split_once(')') {
        Some((_, rest)) if number > 0 => rest,
        _ => part,
    });
    let words = parts.collect::<String>().to_lowercase();
    let kept = words.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter => letter.is_alphanumeric().then_some(letter),
    });
    kept.collect()
}

#[test]
fn a_block_has_its_language_its_place_and_the_comments_directly_before_it() {
    let page = Page::new(
        "page.md",
        "<!-- far -->\nwords\n<!-- one -->\n<!-- two -->\n  ```sh\n  a\n    b\n  ```\n```\nc\n```\n",
    );

    let [first, second] = &page.blocks()[..] else {
        panic!("{:?}", page.blocks());
    };

    assert_eq!((&*first.language, first.line), ("sh", 6));
    assert_eq!(first.comments, ["one", "two"]);
    assert_eq!(first.text, "a\n  b\n");
    assert_eq!((&*second.language, &*second.text), ("", "c\n"));
    assert!(second.comments.is_empty(), "{:?}", second.comments);
}

#[test]
fn links_are_those_of_the_prose_and_anchors_those_of_the_headings() {
    let page = Page::new(
        "page.md",
        "# A `b`, [c](d.md)\n[x](y.md#z) and `[no](code)`\n```text\n# [no](block)\n```\n## A\n## A\n\
         [r]: ref.md\n[^1]: note\n<img src=\"i.png\"> [out](https://example.com)\n",
    );

    let targets: Vec<String> = page.links().into_iter().map(|link| link.target).collect();

    assert_eq!(targets, ["d.md", "y.md#z", "i.png", "ref.md"]);
    let anchors: Vec<String> = page.anchors().into_iter().collect();
    assert_eq!(anchors, ["a", "a-1", "a-b-c"]);
}
