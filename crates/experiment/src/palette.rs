//! The palette: the colour of each state and of everything else that is drawn, for the page, the report, the
//! terminal, Grafana and pictures.
//!
//! Green works, orange rejects, blue probes, purple is an unhealthy downstream. A state has the same hue everywhere;
//! its shade depends on the background: the page has a light and a dark one, and Grafana and the terminal fill blocks
//! and write on them. The hues are those of Okabe and Ito (2008), with lightness tuned until any two shades on one
//! background can also be told apart by people without red, green or blue cones ([`Colour::apart`]). Colour never
//! stands alone: a state is also a word and a height (closed low, half-open in the middle, open full).
//!
//! The style sheet, dashboards and pictures contain these colours as text; tests compare them with this table.

mod colour;

pub use colour::Colour;

/// The colours of one thing that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tone {
    /// On the page's light ground, [`GROUNDS`].
    pub light: Colour,
    /// On the page's dark ground.
    pub dark: Colour,
    /// As a block with text on it: in Grafana, in the terminal, and in pictures.
    pub block: Colour,
}

const fn tone(light: u32, dark: u32, block: u32) -> Tone {
    Tone {
        light: Colour::new(light),
        dark: Colour::new(dark),
        block: Colour::new(block),
    }
}

/// Closed; a success, 200.
pub const CLOSED: Tone = tone(0x3C_95_80, 0x53_92_6C, 0x3C_95_80);
/// Open; a fast failure, 503.
pub const OPEN: Tone = tone(0xE9_52_13, 0xF9_A2_62, 0xE9_52_13);
/// Half-open; a probe.
pub const HALF_OPEN: Tone = tone(0x07_47_A4, 0x80_D0_FF, 0x80_D0_FF);
/// The downstream is unhealthy: a failure, 502, a phase of the fault plan, and where a breaker is wrongly closed.
pub const SICK: Tone = tone(0x80_15_49, 0xB9_83_C0, 0xA3_52_CC);
/// Forced open by an operator.
pub const FORCED_OPEN: Tone = tone(0xA9_37_1E, 0xFD_CD_AF, 0x9E_2F_0A);
/// Disabled.
pub const DISABLED: Tone = tone(0x66_65_69, 0xFA_F7_F8, 0xAF_A9_A0);
/// Metrics only. Pictures draw it with gaps, too.
pub const METRICS_ONLY: Tone = tone(0x38_30_18, 0xB4_B4_B4, 0xE6_EA_F0);
/// A failure that came too late: 504, the client gave up.
pub const LATE: Tone = tone(0x2B_04_29, 0xA5_3B_B2, 0x6F_2C_91);
/// A mark for attention, only in Grafana and in the terminal.
pub const LOOK: Colour = Colour::new(0xE0_B4_00);

/// Text, and everything else that is no state: marks of orders, lines.
pub const TEXT: [Colour; 2] = [Colour::new(0x1B_22_2B), Colour::new(0xE6_EA_F0)];
/// Text that is less important.
pub const MUTED: [Colour; 2] = [Colour::new(0x55_60_6E), Colour::new(0xA3_AE_BB)];
/// The page and its panels: light, then dark.
pub const GROUNDS: [[Colour; 2]; 2] = [
    [Colour::new(0xF6_F7_F9), Colour::new(0xFF_FF_FF)],
    [Colour::new(0x0F_14_19), Colour::new(0x17_1D_24)],
];
/// What is written on a block: the darker, unless the lighter is read better.
pub const INKS: [Colour; 2] = [Colour::new(0x11_11_11), Colour::new(0xFF_FF_FF)];

/// Returns the ink that is easiest to read on a block.
///
/// # Examples
///
/// ```
/// use experiment::palette::{INKS, OPEN, SICK, ink_on};
///
/// assert_eq!(ink_on(OPEN.block), INKS[0]);
/// assert_eq!(ink_on(SICK.block), INKS[1]);
/// ```
pub fn ink_on(block: Colour) -> Colour {
    let [dark, light] = INKS;
    if dark.contrast(block) >= light.contrast(block) {
        dark
    } else {
        light
    }
}

#[cfg(test)]
mod tests;
