//! The graph of a crate's modules: who knows whom, and the circles in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use crate::drawing::Uses;
use crate::source::{Parts, Source};

/// How many re-exports are followed; more than anybody writes, so that two that lead to each other end.
const STEPS: u32 = 20;

/// The modules of a crate by their paths; the root's is empty.
#[derive(Debug, Default)]
pub(crate) struct Crate(BTreeMap<Parts, Source>);

/// Modules side by side of which each one knows the others, if by way of others.
#[derive(Debug)]
pub(crate) struct Circle {
    /// The module that they lie in.
    pub(crate) within: String,
    pub(crate) members: Vec<String>,
    /// Who knows whom.
    arrows: Vec<String>,
}

impl Crate {
    /// Reads a crate from its root, `lib.rs` or `main.rs`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = Self::default();
        let folder = root.parent().expect("a file lies in a folder");
        modules.read_below(&Parts::new(), root, folder);
        modules
    }

    /// Modules that lie elsewhere (`#[path]`) belong to whom they lie with.
    fn read_below(&mut self, module: &Parts, file: &Path, folder: &Path) {
        let Ok(text) = fs::read_to_string(file) else {
            return;
        };
        let source = Source::of(&text);
        for child in &source.children {
            let path = [&module[..], std::slice::from_ref(child)].concat();
            let file = folder.join(format!("{child}.rs"));
            self.read_below(&path, &file, &folder.join(child));
        }
        self.0.insert(module.clone(), source);
    }

    /// A crate of these modules and texts.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let parts = |path: &str| {
            path.split("::")
                .filter(|it| !it.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let all: BTreeMap<Parts, Source> = files
            .iter()
            .map(|(path, text)| (parts(path), Source::of(text)))
            .collect();
        let declared = |path: &Parts| match path.split_last() {
            None => true,
            Some((name, parent)) => all.get(parent).is_some_and(|it| it.children.contains(name)),
        };
        let known: BTreeSet<Parts> = all.keys().filter(|path| declared(path)).cloned().collect();
        Self(
            all.into_iter()
                .filter(|(path, _)| known.contains(path))
                .collect(),
        )
    }

    /// All circles, folder by folder.
    pub(crate) fn circles(&self) -> Vec<Circle> {
        let arrows = self.arrows();
        let parents: BTreeSet<&[String]> = self
            .0
            .keys()
            .filter_map(|path| path.split_last().map(|(_, parent)| parent))
            .collect();
        let circles = parents
            .into_iter()
            .flat_map(|parent| Neighbours::of(parent, &arrows).circles(&parent.join("::")));
        circles.collect()
    }

    /// Whom each of the top modules knows, itself or by what lies below it.
    pub(crate) fn top(&self) -> Uses {
        let mut neighbours = Neighbours::of(&[], &self.arrows()).0;
        let tops = self.0.keys().filter(|path| path.len() == 1);
        tops.map(|path| {
            let known = neighbours.remove(&path[0]).unwrap_or_default();
            (path[0].clone(), known.into_keys().collect())
        })
        .collect()
    }

    /// Pairs of modules of which the first knows the second.
    fn arrows(&self) -> BTreeSet<(&Parts, Parts)> {
        let mut arrows = BTreeSet::new();
        for (module, source) in &self.0 {
            for path in &source.paths {
                if let Some(found) = self.module_of(module, path, STEPS) {
                    arrows.insert((module, found));
                }
            }
        }
        arrows
    }

    /// The module in which a path leads that is written in `from`; none if it leads out of the crate.
    fn module_of(&self, from: &Parts, path: &[String], steps: u32) -> Option<Parts> {
        let steps = steps.checked_sub(1)?;
        let mut module = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" | "super" => {
                while let Some("self" | "super") = rest.first().map(String::as_str) {
                    if rest[0] == "super" {
                        module.pop();
                    }
                    rest = &rest[1..];
                }
            }
            first => {
                if !self.0.contains_key(&child(from, first)) {
                    let import = self.0[from].imports.get(first)?;
                    let path = [import, &rest[1..]].concat();
                    return if *import == [first] {
                        None
                    } else {
                        self.module_of(from, &path, steps)
                    };
                }
            }
        }
        while let Some((name, after)) = rest.split_first() {
            let below = child(&module, name);
            if self.0.contains_key(&below) {
                module = below;
                rest = after;
                continue;
            }
            let import = self
                .0
                .get(&module)
                .and_then(|source| source.imports.get(name));
            let passed_on =
                import.and_then(|import| self.module_of(&module, &[import, after].concat(), steps));
            return Some(passed_on.unwrap_or(module));
        }
        Some(module)
    }
}

fn child(module: &[String], name: &str) -> Parts {
    [module, &[name.to_owned()]].concat()
}

/// Modules side by side, by their names: whom each knows, and by which arrow.
#[derive(Debug, Default)]
struct Neighbours(BTreeMap<String, BTreeMap<String, String>>);

impl Neighbours {
    /// The modules in `parent`, each with all that lies below it.
    fn of(parent: &[String], arrows: &BTreeSet<(&Parts, Parts)>) -> Self {
        let side = |path: &[String]| path.strip_prefix(parent)?.first().cloned();
        let mut neighbours = Self::default();
        for (from, to) in arrows {
            if let (Some(one), Some(other)) = (side(from), side(to))
                && one != other
            {
                let known = neighbours.0.entry(one).or_default();
                let arrow = || format!("{} -> {}", from.join("::"), to.join("::"));
                known.entry(other).or_insert_with(arrow);
            }
        }
        neighbours
    }

    /// All that `one` knows, directly or by way of others.
    fn reached_from(&self, one: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![one];
        while let Some(next) = open.pop() {
            for other in self.0.get(next).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(other.as_str()) {
                    open.push(other);
                }
            }
        }
        reached
    }

    fn circles(&self, within: &str) -> Vec<Circle> {
        let all = self
            .0
            .keys()
            .map(|one| (one.as_str(), self.reached_from(one)));
        let all: BTreeMap<&str, BTreeSet<&str>> = all.collect();
        let mutual = |one: &str, other: &str| all.get(other).is_some_and(|it| it.contains(one));
        let mut circles: Vec<Circle> = Vec::new();
        for (one, reached) in &all {
            let is_done = circles
                .iter()
                .any(|it| it.members.iter().any(|name| name == one));
            if !reached.contains(one) || is_done {
                continue;
            }
            let members = reached.iter().filter(|other| mutual(one, other));
            let members: Vec<String> = members.map(ToString::to_string).collect();
            circles.push(Circle {
                within: within.to_owned(),
                arrows: self.arrows_among(&members),
                members,
            });
        }
        circles
    }

    fn arrows_among(&self, members: &[String]) -> Vec<String> {
        let from = self.0.iter().filter(|(name, _)| members.contains(name));
        let to = from.flat_map(|(_, known)| known);
        let to = to.filter(|(name, _)| members.contains(name));
        to.map(|(_, arrow)| arrow.clone()).collect()
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in `{}`:", self.members.join(", "), self.within)?;
        self.arrows
            .iter()
            .try_for_each(|arrow| write!(f, "\n    {arrow}"))
    }
}
