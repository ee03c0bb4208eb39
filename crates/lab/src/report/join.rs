//! The page's modules as one script, because a file that is opened without a server can load no module.
//!
//! Each module becomes a function of its own that is called at once, in the order in which they need each other:
//! names of different modules never meet. `import` and `export` stand at the beginning of a line; that is all of
//! JavaScript that is understood here, and a module that has more of it is refused by a test.

use std::fmt::Write as _;

/// One script of `entry` and all that it imports, directly or not; `text_of` knows the text of a module's file.
///
/// # Errors
///
/// Which line of which module is not understood, is missing or imports in a circle.
pub(super) fn joined<'a>(
    text_of: impl Fn(&str) -> Option<&'a str>,
    entry: &str,
) -> Result<String, String> {
    let mut join = Join {
        text_of,
        under_way: Vec::new(),
        done: Vec::new(),
        script: String::from("\"use strict\";\n"),
    };
    join.add(entry)?;
    Ok(join.script)
}

struct Join<F> {
    text_of: F,
    /// Modules whose imports are being added.
    under_way: Vec<String>,
    done: Vec<String>,
    script: String,
}

impl<'a, F: Fn(&str) -> Option<&'a str>> Join<F> {
    /// Adds a module behind those that it needs.
    fn add(&mut self, name: &str) -> Result<(), String> {
        if self.done.iter().any(|done| done == name) {
            return Ok(());
        }
        if self.under_way.iter().any(|begun| begun == name) {
            return Err(format!("{name} imports itself in a circle"));
        }
        let text = (self.text_of)(name);
        let text = text.ok_or_else(|| format!("{name} is no module of the report"))?;
        let parts = Parts::of(name, text)?;
        self.under_way.push(name.to_owned());
        for (_, from) in &parts.imports {
            self.add(from)?;
        }
        self.under_way.pop();
        self.done.push(name.to_owned());
        self.write(name, &parts);
        Ok(())
    }

    fn write(&mut self, name: &str, parts: &Parts) {
        let script = &mut self.script;
        let _ = writeln!(script, "const {} = (() => {{", variable(name));
        for (names, from) in &parts.imports {
            let names = names.replace(" as ", ": ");
            let _ = writeln!(script, "const {{{names}}} = {};", variable(from));
        }
        script.push_str(&parts.body);
        let _ = writeln!(script, "return {{ {} }};\n}})();", parts.exports.join(", "));
    }
}

/// `module_report_moment` of `report-moment.js`.
fn variable(name: &str) -> String {
    let name = name.trim_end_matches(".js").replace('-', "_");
    format!("module_{name}")
}

/// A module taken apart.
#[derive(Default)]
struct Parts {
    /// What stands between the braces, and the file.
    imports: Vec<(String, String)>,
    /// The names that others may import.
    exports: Vec<String>,
    /// All but that.
    body: String,
}

impl Parts {
    fn of(name: &str, text: &str) -> Result<Self, String> {
        let mut parts = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let refused = || format!("{name}: `{line}` is not understood");
            if line.starts_with("import ") {
                let mut whole = line.to_owned();
                while !whole.contains(';') {
                    whole.push(' ');
                    whole.push_str(lines.next().ok_or_else(refused)?.trim());
                }
                parts.imports.push(import(&whole).ok_or_else(refused)?);
            } else if let Some(rest) = line.strip_prefix("export ") {
                parts.exports.push(exported(rest).ok_or_else(refused)?);
                parts.body.push_str(rest);
                parts.body.push('\n');
            } else if !line.starts_with("//") {
                parts.body.push_str(line);
                parts.body.push('\n');
            }
        }
        Ok(parts)
    }
}

/// The names and the file of `import { a, b as c } from "./file.js";`
fn import(line: &str) -> Option<(String, String)> {
    let (names, from) = line.strip_prefix("import {")?.split_once("} from \"./")?;
    let from = from.strip_suffix("\";")?;
    Some((names.to_owned(), from.to_owned()))
}

/// The name that a declaration exports; what may change later is not understood, as importers would not see it.
fn exported(declaration: &str) -> Option<String> {
    let kinds = ["const ", "function ", "async function ", "class "];
    let rest = kinds
        .iter()
        .find_map(|kind| declaration.strip_prefix(kind))?;
    let name = |letter: &char| letter.is_alphanumeric() || *letter == '_' || *letter == '$';
    let name: String = rest.chars().take_while(name).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: [(&str, &str); 3] = [
        (
            "main.js",
            "// The entry.\n\nimport { draw as paint } from \"./draw.js\";\nimport {\n  LIMIT,\n  Scale,\n} from \"./scale.js\";\n\nconst own = 1;\npaint(own, LIMIT, Scale);\n",
        ),
        (
            "draw.js",
            "import { LIMIT } from \"./scale.js\";\nconst own = 2;\nexport function draw(x) {\n  return x + own + LIMIT;\n}\n",
        ),
        (
            "scale.js",
            "export const LIMIT = 3;\nexport class Scale {}\n",
        ),
    ];

    fn joined_of(modules: &[(&'static str, &'static str)], entry: &str) -> Result<String, String> {
        let text_of = |name: &str| {
            let known = modules.iter().find(|(known, _)| *known == name);
            known.map(|(_, text)| *text)
        };
        joined(text_of, entry)
    }

    #[test]
    fn each_module_is_there_once_behind_what_it_needs_and_under_a_name_of_its_own() {
        let script = joined_of(&MODULES, "main.js").unwrap();

        let places = ["scale", "draw", "main"].map(|name| {
            let begin = format!("const module_{name} = (() => {{");
            assert_eq!(script.matches(&begin).count(), 1, "{script}");
            script.find(&begin).unwrap()
        });
        assert!(places.is_sorted(), "{script}");
        for part in [
            "const { draw: paint } = module_draw;",
            "const { LIMIT, Scale, } = module_scale;",
            "return { LIMIT, Scale };",
            "return { draw };",
        ] {
            assert!(script.contains(part), "{part}: {script}");
        }
        assert!(!script.contains("import ") && !script.contains("export "));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        for (text, why) in [
            ("import * as all from \"./scale.js\";", "main.js: `import *"),
            ("import \"./scale.js\"", "main.js: `import"),
            ("export let count = 0;", "main.js: `export let"),
            ("export { a };", "main.js: `export {"),
            ("export default 1;", "main.js: `export default"),
            ("import { a } from \"./none.js\";", "none.js is no module"),
            ("import { a } from \"./main.js\";", "main.js imports itself"),
        ] {
            let modules = [("main.js", text), ("scale.js", "")];
            let error = joined_of(&modules, "main.js").unwrap_err();
            assert!(error.starts_with(why), "{text}: {error}");
        }
    }
}
