//! A colour, and how well it can be told from others.

use std::fmt;

/// What normal sight, and sight without red, green or blue cones makes of linear red, green and blue (Machado, Oliveira
/// and Fernandes, 2009, at full severity).
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
/// Linear red, green and blue to Oklab's cones, and their cube roots to its axes (Ottosson, 2020).
const TO_CONES: [[f64; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const TO_AXES: [[f64; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

/// A colour of the screen (sRGB). Displayed as `#3C9580`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// Makes the colour `0xRRGGBB`; higher bits are ignored.
    pub const fn new(hex: u32) -> Self {
        let [_, red, green, blue] = hex.to_be_bytes();
        Self([red, green, blue])
    }

    /// Returns red, green and blue.
    pub const fn parts(self) -> [u8; 3] {
        self.0
    }

    /// Returns how well text or a mark of one colour can be read on the other: from 1, not at all, to 21, black on
    /// white. WCAG 2.2 asks for 4.5 for text and for 3 for marks.
    pub fn contrast(self, other: Self) -> f64 {
        let [one, other] = [self.luminance(), other.luminance()];
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// Returns the distance of two colours in Oklab, times 100: the least over normal sight and sight without red,
    /// green or blue cones.
    pub fn apart(self, other: Self) -> f64 {
        let seen = SIGHTS.iter().map(|sight| {
            let [one, other] = [self, other].map(|colour| {
                let seen = times(sight, colour.linear()).map(|part| part.clamp(0.0, 1.0));
                times(&TO_AXES, times(&TO_CONES, seen).map(libm::cbrt))
            });
            let parts = one.iter().zip(other);
            let squares: f64 = parts
                .map(|(one, other)| (one - other) * (one - other))
                .sum();
            100.0 * squares.sqrt()
        });
        seen.fold(f64::INFINITY, f64::min)
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Linear red, green and blue from 0 to 1.
    fn linear(self) -> [f64; 3] {
        self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                libm::pow((part + 0.055) / 1.055, 2.4)
            }
        })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(one, other)| one * other).sum())
}
