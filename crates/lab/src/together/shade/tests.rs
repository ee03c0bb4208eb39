use super::*;

const OFTEN: [Shade; 5] = [
    Shade::Closed,
    Shade::Open,
    Shade::HalfOpen,
    Shade::Sick,
    Shade::Look,
];
const RARE: [Shade; 3] = [Shade::ForcedOpen, Shade::Disabled, Shade::MetricsOnly];

fn blocks() -> impl Iterator<Item = Block> {
    OFTEN.into_iter().chain(RARE).filter_map(Shade::block)
}

fn least_distance(colours: &[Colour]) -> f64 {
    let pairs = colours.iter().enumerate();
    let pairs = pairs.flat_map(|(at, one)| colours[..at].iter().map(|other| one.apart(*other)));
    pairs.fold(f64::INFINITY, f64::min)
}

#[test]
fn the_environment_tells_how_many_colours_there_are() {
    for (no_color, term, colorterm, depth) in [
        (None, Some("xterm"), None, Depth::Sixteen),
        (None, None, None, Depth::Sixteen),
        (None, Some("xterm-256color"), None, Depth::Table),
        (None, Some("xterm-256color"), Some("truecolor"), Depth::True),
        (None, Some("xterm"), Some("24bit"), Depth::True),
        (
            Some("1"),
            Some("xterm-256color"),
            Some("truecolor"),
            Depth::Plain,
        ),
        (Some(""), Some("xterm"), None, Depth::Sixteen),
    ] {
        let told = Depth::told(
            no_color.map(OsStr::new),
            term.map(OsStr::new),
            colorterm.map(OsStr::new),
        );
        assert_eq!(told, depth, "{no_color:?} {term:?} {colorterm:?}");
    }
}

#[test]
fn the_table_of_256_keeps_words_readable_and_states_apart() {
    let listed: Vec<Colour> = blocks().map(|block| listed(block.table)).collect();
    for colour in &listed {
        let contrast = ink_on(*colour).contrast(*colour);
        assert!(contrast >= 4.5, "{colour}: {contrast}");
    }
    let often = least_distance(&listed[..OFTEN.len()]);
    assert!(often >= 10.0, "{often}");
    for (block, colour) in blocks().zip(&listed) {
        let off = block.colour.apart(*colour);
        assert!(off < 10.0, "{} is shown as {colour}: {off}", block.colour);
    }
}

/// The values of xterm, and of the text console of a PC. Users who change them read the words.
#[test]
fn the_sixteen_keep_words_readable_and_no_two_shades_are_the_same() {
    let xterm = [
        0x00_0000, 0xCD_0000, 0x00_CD00, 0xCD_CD00, 0x00_00EE, 0xCD_00CD, 0x00_CDCD, 0xE5_E5E5,
        0x7F_7F7F, 0xFF_0000, 0x00_FF00, 0xFF_FF00, 0x5C_5CFF, 0xFF_00FF, 0x00_FFFF, 0xFF_FFFF,
    ];
    let console = [
        0x00_0000, 0xAA_0000, 0x00_AA00, 0xAA_5500, 0x00_00AA, 0xAA_00AA, 0x00_AAAA, 0xAA_AAAA,
        0x55_5555, 0xFF_5555, 0x55_FF55, 0xFF_FF55, 0x55_55FF, 0xFF_55FF, 0x55_FFFF, 0xFF_FFFF,
    ];
    for sixteen in [xterm, console] {
        let colour = |code: u8| {
            let place = match code {
                30..=37 => code - 30,
                40..=47 => code - 40,
                90..=97 => code - 82,
                _ => code - 92,
            };
            Colour::new(sixteen[usize::from(place)])
        };
        for block in blocks() {
            let [back, ink] = block.sixteen;
            let contrast = colour(back).contrast(colour(ink));
            assert!(contrast >= 4.5, "{back} {ink}: {contrast}");
        }
        let states = [Shade::Closed, Shade::Open, Shade::HalfOpen].map(|shade| {
            let block = shade.block().unwrap();
            colour(block.sixteen[0])
        });
        let apart = least_distance(&states);
        assert!(apart >= 8.0, "{apart}");
    }
    let mut backs: Vec<u8> = blocks().map(|block| block.sixteen[0]).collect();
    backs.sort_unstable();
    backs.dedup();
    assert_eq!(backs.len(), OFTEN.len() + RARE.len());
}

#[test]
fn each_depth_has_its_own_codes_and_none_without_colours() {
    let codes = |shade: Shade, depth| shade.codes(depth);
    assert_eq!(codes(Shade::Open, Depth::Plain), None);
    assert_eq!(
        codes(Shade::Open, Depth::Sixteen).as_deref(),
        Some("30;101")
    );
    let table = codes(Shade::Open, Depth::Table);
    assert_eq!(table.as_deref(), Some("38;5;16;48;5;166"));
    let all = codes(Shade::Open, Depth::True);
    assert_eq!(all.as_deref(), Some("38;2;17;17;17;48;2;233;82;19"));
    let marks = [Depth::Plain, Depth::Sixteen, Depth::Table, Depth::True];
    let marks = marks.map(|depth| Shade::HalfOpen.mark(depth).unwrap_or_default());
    assert_eq!(marks, ["", "36", "38;5;117", "38;2;128;208;255"]);
    assert_eq!(codes(Shade::Faint, Depth::Plain).as_deref(), Some("2"));
}
