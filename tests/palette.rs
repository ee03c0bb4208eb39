//! The palette of `experiment::palette`, which dashboards, style sheet and pictures share.

use std::path::Path;

use experiment::palette::{
    CLOSED, Colour, DISABLED, FORCED_OPEN, GROUNDS, HALF_OPEN, LATE, LOOK, METRICS_ONLY, MUTED,
    OPEN, SICK, TEXT,
};
use serde_json::Value;

/// The states, as their label and as people read them, and their colours as blocks.
pub(crate) const STATES: [(&str, &str, Colour); 6] = [
    ("closed", "closed", CLOSED.block),
    ("half_open", "half-open", HALF_OPEN.block),
    ("open", "open", OPEN.block),
    ("forced_open", "forced open", FORCED_OPEN.block),
    ("disabled", "disabled", DISABLED.block),
    ("metrics_only", "metrics only", METRICS_ONLY.block),
];

fn text_of(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Everything that reads like `#3C9580`.
fn colours_in(text: &str) -> Vec<String> {
    let after = text.split('#').skip(1);
    let colours = after.filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        (digits.len() == 6).then(|| format!("#{}", digits.to_uppercase()))
    });
    colours.collect()
}

/// The blocks of the style sheet that set colours: light, dark because the system is, and dark by choice.
#[test]
fn the_page_has_the_palette_in_both_themes() {
    let sheet = text_of("crates/lab/web/style.css");
    let blocks = sheet.split('}').filter(|block| block.contains("--closed:"));
    let blocks: Vec<&str> = blocks.collect();
    assert_eq!(blocks.len(), 3);

    for (block, theme) in blocks.into_iter().zip([0, 1, 1]) {
        let one_of = |tone: experiment::palette::Tone| [tone.light, tone.dark][theme];
        for (name, colour) in [
            ("closed", one_of(CLOSED)),
            ("open", one_of(OPEN)),
            ("half", one_of(HALF_OPEN)),
            ("sick", one_of(SICK)),
            ("forced", one_of(FORCED_OPEN)),
            ("off", one_of(DISABLED)),
            ("metrics", one_of(METRICS_ONLY)),
            ("late", one_of(LATE)),
            ("text", TEXT[theme]),
            ("muted", MUTED[theme]),
            ("mark", MUTED[theme]),
            ("page", GROUNDS[theme][0]),
            ("panel", GROUNDS[theme][1]),
            (
                "on-forced",
                experiment::palette::ink_on(one_of(FORCED_OPEN)),
            ),
        ] {
            let set = format!("--{name}: {colour};");
            assert!(block.contains(&set), "{theme}: {set}");
        }
    }
}

/// Neutral greys of text and lines are each picture's own.
#[test]
fn pictures_and_the_icon_take_their_colours_from_the_palette() {
    for path in [
        "crates/experiment/src/sweep/chart.rs",
        "crates/experiment/src/study/chart.rs",
    ] {
        // They take every colour from the palette, and write none.
        assert_eq!(colours_in(&text_of(path)), Vec::<String>::new(), "{path}");
    }
    let drawn = colours_in(&text_of("docs/frontier.svg"));
    for tone in [CLOSED, OPEN, HALF_OPEN, SICK] {
        for colour in [tone.light, tone.dark] {
            assert!(drawn.contains(&colour.to_string()), "{colour}: {drawn:?}");
        }
    }
    let icon = colours_in(&text_of("crates/lab/web/icon.svg"));
    let wanted = [CLOSED, OPEN, HALF_OPEN].map(|it| it.light.to_string());
    assert_eq!(icon, wanted);
}

/// What the page about dashboards says of colours.
#[test]
fn the_page_about_dashboards_names_the_colours_of_the_palette() {
    let page = text_of("docs/dashboards.md");
    let section = page.split("## Colours").nth(1).expect("a section");
    let section = section.split("\n## ").next().expect("its text");
    let all = [
        CLOSED,
        OPEN,
        HALF_OPEN,
        SICK,
        FORCED_OPEN,
        DISABLED,
        METRICS_ONLY,
        LATE,
    ];
    let blocks = all.map(|it| it.block);
    let mut wanted: Vec<String> = blocks
        .iter()
        .chain([&LOOK])
        .map(Colour::to_string)
        .collect();
    wanted.sort_unstable();
    let mut named = colours_in(section);
    named.sort_unstable();
    assert_eq!(named, wanted);
}

/// Every colour that a dashboard gives to a state by its name, with that name.
pub(crate) fn colours_of_states(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().into_iter().flatten() {
        let fields = &panel["fieldConfig"];
        let mappings = fields["defaults"]["mappings"]
            .as_array()
            .into_iter()
            .flatten();
        for shown in
            mappings.flat_map(|mapping| mapping["options"].as_object().into_iter().flatten())
        {
            if let (Some(text), Some(colour)) =
                (shown.1["text"].as_str(), shown.1["color"].as_str())
            {
                found.push((text.to_owned(), colour.to_owned()));
            }
        }
        for one in fields["overrides"].as_array().into_iter().flatten() {
            let name = one["matcher"]["options"].as_str().unwrap_or_default();
            // `/(^| )open$/` and `/→ open$/` are about names that end so.
            let name = name.trim_end_matches("$/");
            let name = name.rsplit(") ").next().unwrap_or(name);
            let name = name.trim_start_matches("/(^| )").trim_start_matches("/→ ");
            let properties = one["properties"].as_array().into_iter().flatten();
            for property in properties.filter(|property| property["id"] == "color") {
                let colour = property["value"]["fixedColor"].as_str().unwrap_or_default();
                found.push((name.to_owned(), colour.to_owned()));
            }
        }
    }
    let is_state = |name: &str| {
        STATES
            .iter()
            .any(|(label, word, _)| [label, word].contains(&&name))
    };
    found.retain(|(name, _)| is_state(name));
    found
}
