//! One palette for the states of breakers, the same in every panel, and readable with every common kind of sight.
//!
//! How far two colours are apart is measured in Oklab (Ottosson, 2020), times 100, for normal sight and as people
//! without one kind of cone see them (Machado, Oliveira and Fernandes, 2009, at full severity).

use serde_json::Value;

/// The states, as their label and as people read them, and their colours.
pub(crate) const STATES: [(&str, &str, &str); 6] = [
    ("closed", "closed", "#3C9580"),
    ("half_open", "half-open", "#80D0FF"),
    ("open", "open", "#E95213"),
    ("forced_open", "forced open", "#9E2F0A"),
    ("disabled", "disabled", "#AFA9A0"),
    ("metrics_only", "metrics only", "#E6EAF0"),
];
/// The downstream is sick.
const SICK: &str = "#A352CC";
/// Look here.
const LOOK: &str = "#E0B400";

/// What normal sight, and sight without red, green or blue cones makes of linear red, green and blue.
const SIGHTS: [[[f64; 3]; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [
        [0.152_286, 1.052_583, -0.204_868],
        [0.114_503, 0.786_281, 0.099_216],
        [-0.003_882, -0.048_116, 1.051_998],
    ],
    [
        [0.367_322, 0.860_646, -0.227_968],
        [0.280_085, 0.672_501, 0.047_413],
        [-0.011_820, 0.042_940, 0.968_881],
    ],
    [
        [1.255_528, -0.076_749, -0.178_779],
        [-0.078_411, 0.930_809, 0.147_602],
        [0.004_733, 0.691_367, 0.303_900],
    ],
];
const TO_CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_LAB: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}

/// `#RRGGBB` as linear red, green and blue from 0 to 1.
fn linear(colour: &str) -> [f64; 3] {
    [1, 3, 5].map(|at| {
        let part = u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour is #RRGGBB");
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    })
}

/// The least distance of two colours over all kinds of sight.
fn apart(one: &str, other: &str) -> f64 {
    let distances = SIGHTS.iter().map(|sight| {
        let [one, other] = [one, other].map(|colour| {
            let seen = times(sight, linear(colour)).map(|part| part.clamp(0.0, 1.0));
            times(&TO_LAB, times(&TO_CONES, seen).map(f64::cbrt))
        });
        let squares = one
            .iter()
            .zip(other)
            .map(|(one, other)| (one - other).powi(2));
        100.0 * squares.sum::<f64>().sqrt()
    });
    distances.fold(f64::INFINITY, f64::min)
}

#[test]
fn the_colours_are_apart_for_every_kind_of_sight() {
    let [closed, half_open, open, forced, disabled, watching] = STATES.map(|(_, _, colour)| colour);
    let often = [closed, half_open, open, SICK, LOOK];
    let all = [
        closed, half_open, open, SICK, LOOK, forced, disabled, watching,
    ];
    let pairs = |colours: &[&str]| {
        let pairs = colours.iter().enumerate();
        let pairs = pairs.flat_map(|(at, one)| colours[..at].iter().map(|other| apart(one, other)));
        pairs.fold(f64::INFINITY, f64::min)
    };
    assert!(pairs(&often) > 13.0, "{}", pairs(&often));
    assert!(pairs(&all) > 9.0, "{}", pairs(&all));
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
