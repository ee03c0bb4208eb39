//! Tests of the palette: its colours can be told apart.

use super::*;

/// What is seen most, and all of it.
const OFTEN: [Tone; 4] = [CLOSED, OPEN, HALF_OPEN, SICK];
const ALL: [Tone; 7] = [CLOSED, OPEN, HALF_OPEN, SICK, FORCED_OPEN, DISABLED, LATE];

fn least_distance(colours: &[Colour]) -> f64 {
    let pairs = colours.iter().enumerate().flat_map(|(at, one)| {
        let earlier = colours[..at].iter();
        earlier.map(|other| one.apart(*other))
    });
    pairs.fold(f64::INFINITY, f64::min)
}

#[test]
fn states_of_the_page_are_apart_for_every_kind_of_sight() {
    let light =
        |tones: &[Tone]| least_distance(&tones.iter().map(|it| it.light).collect::<Vec<_>>());
    let dark = |tones: &[Tone]| least_distance(&tones.iter().map(|it| it.dark).collect::<Vec<_>>());
    for (ground, often, all) in [
        ("light", light(&OFTEN), light(&ALL)),
        ("dark", dark(&OFTEN), dark(&ALL)),
    ] {
        let wanted = if ground == "light" { 13.5 } else { 11.5 };
        assert!(often >= wanted, "{ground}: {often}");
        assert!(all >= 9.9, "{ground}: {all}");
    }
}

#[test]
fn no_two_states_share_a_colour_on_any_ground() {
    let states = [CLOSED, OPEN, HALF_OPEN, FORCED_OPEN, DISABLED, METRICS_ONLY];
    for (ground, colours) in [
        ("light", states.map(|it| it.light)),
        ("dark", states.map(|it| it.dark)),
        ("block", states.map(|it| it.block)),
    ] {
        let least = least_distance(&colours);
        assert!(least >= 8.0, "{ground}: {least}");
    }
}

#[test]
fn blocks_are_apart_for_every_kind_of_sight() {
    let often = [CLOSED, OPEN, HALF_OPEN, SICK].map(|it| it.block);
    let all = [FORCED_OPEN, DISABLED, METRICS_ONLY, LATE].map(|it| it.block);

    assert!(least_distance(&[&often[..], &[LOOK]].concat()) >= 13.0);
    assert!(least_distance(&[&often[..], &all[..], &[LOOK]].concat()) >= 9.0);
}

#[test]
fn marks_stand_out_and_text_is_read_on_every_ground_of_the_page() {
    for (theme, grounds) in GROUNDS.iter().enumerate() {
        for ground in grounds {
            for tone in ALL.iter().chain([&METRICS_ONLY]) {
                let mark = [tone.light, tone.dark][theme];
                let contrast = mark.contrast(*ground);
                assert!(contrast >= 3.0, "{mark} on {ground}: {contrast}");
            }
            for text in [TEXT[theme], MUTED[theme]] {
                let contrast = text.contrast(*ground);
                assert!(contrast >= 4.5, "{text} on {ground}: {contrast}");
            }
        }
    }
}

#[test]
fn words_are_read_on_every_block() {
    let shades = ALL.iter().chain([&METRICS_ONLY]);
    let blocks = shades.flat_map(|it| [it.block, it.light, it.dark]);
    for block in blocks.chain([LOOK]) {
        let contrast = ink_on(block).contrast(block);
        assert!(contrast >= 4.5, "{block}: {contrast}");
    }
}

/// The example of the Web Content Accessibility Guidelines, and a pair that differs for normal sight alone.
#[test]
fn contrast_and_distance_are_what_their_sources_say() {
    let [black, white] = [Colour::new(0), Colour::new(0xFF_FF_FF)];
    assert!((black.contrast(white) - 21.0).abs() < 1e-9);
    assert!((white.contrast(Colour::new(0x77_77_77)) - 4.48).abs() < 0.01);
    assert!((black.apart(white) - 100.0).abs() < 0.1);
    let [red, green] = [Colour::new(0xC0_50_40), Colour::new(0x70_80_30)];
    assert!(red.apart(green) < 10.0, "{}", red.apart(green));
    assert_eq!(red.to_string(), "#C05040");
}
