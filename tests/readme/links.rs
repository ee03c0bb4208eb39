//! Links between pages, and the way from the index to each page of `docs/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use end_to_end::repository;

use crate::markdown::Page;

/// Where a link of a page leads: a path from the root of the repository.
fn target(page: &Page, link: &str) -> String {
    let path = link.split('#').next().unwrap_or_default();
    if path.is_empty() {
        return page.name.clone();
    }
    let folder = Path::new(&page.name)
        .parent()
        .expect("a page lies in a folder");
    let mut plain = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::Normal(name) => plain.push(name),
            _ => {}
        }
    }
    plain.to_string_lossy().into_owned()
}

#[test]
fn every_link_and_every_anchor_of_every_page_leads_somewhere() {
    let pages = Page::all();
    let anchors: BTreeMap<&str, BTreeSet<String>> = pages
        .iter()
        .map(|page| (&*page.name, page.anchors()))
        .collect();
    let (mut seen, mut broken) = (0, Vec::new());
    for page in &pages {
        for link in page.links() {
            seen += 1;
            let path = target(page, &link.target);
            let anchor = link.target.split_once('#').map(|(_, anchor)| anchor);
            let there = repository().join(&path).exists();
            let named = match (anchor, anchors.get(&*path)) {
                (Some(anchor), Some(known)) => known.contains(anchor),
                _ => true,
            };
            if !there || !named {
                broken.push(format!("{}:{}: {}", page.name, link.line, link.target));
            }
        }
    }

    assert!(broken.is_empty(), "lead nowhere:\n{}", broken.join("\n"));
    assert!(seen >= 200, "{seen}");
}

#[test]
fn every_page_of_the_documentation_is_reached_from_its_index() {
    let pages = Page::all();
    let mut reached = BTreeSet::from(["docs/README.md".to_owned()]);
    let mut new: Vec<&Page> = pages
        .iter()
        .filter(|page| page.name == "docs/README.md")
        .collect();
    while let Some(from) = new.pop() {
        for link in from.links() {
            let path = target(from, &link.target);
            for page in &pages {
                // A link to a folder shows all that lies in it.
                let inside = Path::new(&page.name).parent() == Some(Path::new(&path));
                if (page.name == path || inside) && reached.insert(page.name.clone()) {
                    new.push(page);
                }
            }
        }
    }

    let all = pages.iter().map(|page| &page.name);
    let lost: Vec<&String> = all
        .filter(|name| name.starts_with("docs/") && !reached.contains(*name))
        .collect();
    assert!(lost.is_empty(), "no way from docs/README.md to {lost:?}");
}
