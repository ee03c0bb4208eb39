//! The files of the page, which are part of this program.
//!
//! Nothing is loaded from elsewhere, and the policy that goes with each file tells browsers so.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::Response;

/// The policy: the page may load and call its own files and routes, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// One file.
#[derive(Debug)]
pub(super) struct Asset {
    pub(super) path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! scripts {
    ($($name:literal),+ $(,)?) => {
        [
            Asset {
                path: "/",
                content_type: "text/html; charset=utf-8",
                text: include_str!("../../web/index.html"),
            },
            Asset {
                path: "/page/style.css",
                content_type: "text/css; charset=utf-8",
                text: include_str!("../../web/style.css"),
            },
            Asset {
                path: "/page/icon.svg",
                content_type: "image/svg+xml",
                text: include_str!("../../web/icon.svg"),
            },
            $(Asset {
                path: concat!("/page/", $name),
                content_type: SCRIPT,
                text: include_str!(concat!("../../web/", $name)),
            }),+
        ]
    };
}

/// All of them.
pub(super) static ASSETS: [Asset; 24] = scripts![
    "clock.js",
    "columns.js",
    "controls.js",
    "draw.js",
    "fleet.js",
    "keys.js",
    "lines.js",
    "log.js",
    "main.js",
    "marks.js",
    "phenomena.js",
    "pointer.js",
    "scrub.js",
    "signs.js",
    "stack.js",
    "store.js",
    "stream.js",
    "table.js",
    "timeline.js",
    "topology.js",
    "view.js",
];

/// The text of the file that the page serves under this name.
pub(crate) fn module(name: &str) -> Option<&'static str> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/page/") == Some(name));
    asset.map(|asset| asset.text)
}

impl Asset {
    pub(super) fn answer(&self) -> Response {
        let mut answer = Response::new(Body::from(self.text));
        let headers = answer.headers_mut();
        for (name, value) in [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, "no-store"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (REFERRER_POLICY, "same-origin"),
            (RESOURCE_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_module_that_is_imported_is_one_of_the_files() {
        let known: Vec<&str> = ASSETS.iter().map(|asset| asset.path).collect();
        for asset in &ASSETS {
            for line in asset
                .text
                .lines()
                .filter(|line| line.contains("} from \"./"))
            {
                let module = line.rsplit('"').nth(1).unwrap_or_default();
                let path = module.replacen('.', "/page", 1);
                assert!(known.contains(&&*path), "{}: {line}", asset.path);
            }
        }
    }

    #[test]
    fn all_presets_can_be_chosen_and_no_others() {
        let page = ASSETS[0].text;
        let select = page.split("class=\"presets\"").nth(1).unwrap();
        let select = select.split("</select>").next().unwrap();
        let chosen = select.split("<option>").skip(1);
        let chosen: Vec<&str> = chosen.filter_map(|it| it.split('<').next()).collect();
        let mut known: Vec<&str> = experiment::faults::presets::ALL
            .iter()
            .map(|preset| preset.name)
            .collect();
        known.sort_unstable();
        assert_eq!(chosen, known);
    }

    #[test]
    fn no_file_names_an_address_outside() {
        for asset in &ASSETS {
            let addresses = asset.text.match_indices("://").map(|(at, _)| at);
            for at in addresses {
                let before = &asset.text[..at];
                let line = before.lines().last().unwrap_or_default();
                let rest = &asset.text[at + 3..];
                // What people shall write in a field has three dots in place of an address.
                let named = ["www.w3.org/", "127.0.0.1", "…"];
                let named = named.iter().any(|it| rest.starts_with(it));
                assert!(named, "{}: {line}", asset.path);
            }
        }
    }
}
