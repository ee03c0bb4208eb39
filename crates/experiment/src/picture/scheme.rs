//! The style of a chart in the colours of the palette, on a light ground and on a dark one.
//!
//! The picture follows the reader's scheme. Each class of a tone, such as `no`, fills, and `no-line` draws lines.

use std::fmt::Write as _;

use crate::palette::{Colour, GROUNDS, LOOK, MUTED, TEXT, Tone};

/// The colours of a class on the light and on the dark ground.
pub(crate) type Pair = [Colour; 2];

/// A tone of the palette under the name of a class.
pub(crate) const fn toned(class: &'static str, tone: Tone) -> (&'static str, Pair) {
    (class, [tone.light, tone.dark])
}

/// What asks to be looked at.
pub(crate) const LOOK_HERE: (&str, Pair) = ("look", [LOOK, LOOK]);

/// The style of a chart: its own rules, which name no colour, and the colours of what all charts have and of `tones`.
pub(crate) fn scheme(rules: &str, tones: &[(&'static str, Pair)]) -> String {
    format!(
        "text{{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px}}\
         .b{{font-weight:600}}.s{{font-size:12px}}.h{{font-size:17px;font-weight:600}}\
         .halo{{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}}.grid{{stroke-opacity:0.3}}{rules}{}\
         @media(prefers-color-scheme:dark){{{}}}",
        ground(0, tones),
        ground(1, tones)
    )
}

fn ground(which: usize, tones: &[(&'static str, Pair)]) -> String {
    let ([ground, panel], text, muted) = (GROUNDS[which], TEXT[which], MUTED[which]);
    let mut style = format!(
        ".bg{{fill:{panel}}}.band{{fill:{ground}}}.ink{{fill:{text}}}.soft{{fill:{muted}}}.halo,.ring{{stroke:{panel}}}\
         .grid,.zero,.lane,.lead,.theory,.open,.link{{stroke:{muted}}}"
    );
    for (class, pair) in tones {
        let colour = pair[which];
        let _ = write!(
            style,
            ".{class}{{fill:{colour}}}.{class}-line{{stroke:{colour}}}"
        );
    }
    style
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::OPEN;

    #[test]
    fn a_scheme_has_each_tone_on_both_grounds() {
        let style = scheme(".theory{fill:none}", &[toned("no", OPEN), LOOK_HERE]);

        let (light, dark) = style
            .split_once("@media(prefers-color-scheme:dark)")
            .unwrap();
        assert!(light.contains(".theory{fill:none}"), "{style}");
        assert!(
            light.contains(".no{fill:#E95213}.no-line{stroke:#E95213}"),
            "{style}"
        );
        assert!(
            dark.contains(".no{fill:#F9A262}.no-line{stroke:#F9A262}"),
            "{style}"
        );
        assert!(dark.contains(".bg{fill:#171D24}"), "{style}");
        assert_eq!(style.matches('{').count(), style.matches('}').count());
    }
}
