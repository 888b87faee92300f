//! Colours that colour-blind readers can tell apart, the same in every picture.
//!
//! Source: Okabe and Ito 2008, "Color universal design"; the grey and the text colours are ours.

use plotters::style::RGBColor;

use crate::report::chart::Tone;

/// What a study compares with first: vermilion.
pub const NAIVE: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
/// What a study is about: blue.
pub const FULL: RGBColor = RGBColor(0x00, 0x72, 0xB2);
/// References: dark grey.
pub const DIGITAL: RGBColor = RGBColor(0x4A, 0x4A, 0x4A);
/// What lies between the two: sky blue.
pub const BETWEEN: RGBColor = RGBColor(0x8C, 0xC6, 0xEA);
/// Text and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x26, 0x2B);
/// Secondary text.
pub const MUTED: RGBColor = RGBColor(0x5B, 0x63, 0x6B);
/// Grid lines.
pub const GRID: RGBColor = RGBColor(0xE3, 0xE6, 0xEA);

/// Colours of parts and layers, none of which means a design.
const PARTS: [RGBColor; 7] = [
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xF0, 0xE4, 0x42),
    RGBColor(0x99, 0x99, 0x99),
    RGBColor(0x8A, 0x5A, 0x2B),
];

/// The colour that says this.
pub fn tone(tone: Tone) -> RGBColor {
    match tone {
        Tone::Subject => FULL,
        Tone::Baseline => NAIVE,
        Tone::Between => BETWEEN,
        Tone::Reference => DIGITAL,
        Tone::Goal => PARTS[2],
    }
}

/// Colour of the part or layer with this index.
pub fn part(index: usize) -> RGBColor {
    PARTS[index % PARTS.len()]
}

/// Dark to bright, evenly to the eye and for colour-blind readers.
///
/// Source: nine points of the map "viridis" (van der Walt and Smith 2015, public domain).
const MAP: [RGBColor; 9] = [
    RGBColor(0x44, 0x01, 0x54),
    RGBColor(0x47, 0x2D, 0x7B),
    RGBColor(0x3B, 0x52, 0x8B),
    RGBColor(0x2C, 0x72, 0x8E),
    RGBColor(0x21, 0x91, 0x8C),
    RGBColor(0x28, 0xAE, 0x80),
    RGBColor(0x5E, 0xC9, 0x62),
    RGBColor(0xAD, 0xDC, 0x30),
    RGBColor(0xFD, 0xE7, 0x25),
];

/// Colour of one of `levels` levels of a map, the lowest dark.
pub fn level(level: usize, levels: usize) -> RGBColor {
    let place = (MAP.len() - 1) as f64 * level as f64 / levels.saturating_sub(1).max(1) as f64;
    let first = (place as usize).min(MAP.len() - 2);
    let (RGBColor(r0, g0, b0), RGBColor(r1, g1, b1)) = (MAP[first], MAP[first + 1]);
    let mix = |a: u8, b: u8| {
        (f64::from(a) + (place - first as f64) * (f64::from(b) - f64::from(a))).round() as u8
    };
    RGBColor(mix(r0, r1), mix(g0, g1), mix(b0, b1))
}

/// Colour of the line with this index; seven of them before one returns, which with the six shapes
/// of marks makes forty-two lines that differ.
pub fn line(index: usize) -> RGBColor {
    const LINES: [RGBColor; 7] = [FULL, NAIVE, PARTS[2], PARTS[3], PARTS[0], PARTS[1], PARTS[6]];
    LINES[index % LINES.len()]
}
