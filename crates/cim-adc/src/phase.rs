//! How codes drive rows: signs, digits, phases.

use serde::{Deserialize, Serialize};

/// Whether a converter's codes carry a sign, and how rows are driven with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Polarity {
    /// Codes `0 ..= 2^bits − 1`.
    Unipolar,
    /// Codes `−(2^(bits−1)−1) ..= 2^(bits−1)−1`, driven with voltages of both signs.
    Bipolar,
    /// Codes `−(2^bits−1) ..= 2^bits−1` of a converter without a sign: positive codes drive their
    /// rows in a first phase, the magnitudes of negative ones theirs in a second, which is
    /// subtracted.
    TwoPhase,
    /// The same codes in one phase, on two rows an input: positive codes drive the first, the
    /// magnitudes of negative ones the second, whose cells hold the negative weights.
    TwoRows,
    /// The same codes in one phase: rows get `code + top`, and `top` times the sum of the weights,
    /// which is known, is subtracted digitally.
    Offset,
    /// The same from the other end: rows get `top − code`, which is subtracted.
    InvertedOffset,
    /// Digits of a few bits, one after another, least significant first.
    Sliced {
        /// The whole number whose digits are driven.
        code: SlicedCode,
        /// Bits of a digit, 1 to 16: what the converters need to have.
        bits: u32,
    },
}

/// A whole number of which digits drive the rows. `bits` are those of the converter's magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlicedCode {
    /// Codes `0 ..= 2^bits − 1`.
    Unsigned,
    /// Codes of both signs in two's complement; the sign is a digit of its own, driven last and
    /// subtracted.
    TwosComplement,
    /// `code + top`, as of [`Polarity::Offset`].
    Offset,
    /// Magnitudes of positive codes, then of negative ones, as of [`Polarity::TwoPhase`].
    TwoPhase,
    /// Both at a time, as of [`Polarity::TwoRows`].
    TwoRows,
}

impl Polarity {
    /// Whether codes carry a sign.
    pub const fn is_signed(self) -> bool {
        !matches!(self, Self::Unipolar | Self::Sliced { code: SlicedCode::Unsigned, .. })
    }

    /// Rows of an array that carry one input.
    pub const fn rows_per_input(self) -> usize {
        match self {
            Self::TwoRows | Self::Sliced { code: SlicedCode::TwoRows, .. } => 2,
            _ => 1,
        }
    }

    /// What is driven on the rows of an input, of codes or of what they stand for: the value itself,
    /// or on two rows its positive part and the magnitude of its negative part.
    pub fn split(self, values: &[f32], rows: &mut [f32]) {
        if self.rows_per_input() == 1 {
            rows.copy_from_slice(values);
            return;
        }
        let (pairs, _) = rows.as_chunks_mut::<2>();
        for (pair, &value) in pairs.iter_mut().zip(values) {
            *pair = [value.max(0.0), (-value).max(0.0)];
        }
    }
}

/// What of a code is driven.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taken {
    /// The code.
    Whole,
    /// What it is above zero.
    Positive,
    /// What it is below zero.
    Negative,
    /// What it is above the smallest code.
    Above { top_code: f32 },
    /// What it is below the largest code.
    Below { top_code: f32 },
    /// Bits of a whole number that is made of it.
    Digit(Digit),
}

/// Some bits of `sign · code + added`; a negative number counts as 0 or is in two's complement.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Digit {
    sign: i32,
    added: i32,
    positive: bool,
    low: u32,
    bits: u32,
    top_code: i32,
    top_driven: i32,
}

impl Digit {
    fn of(self, code: i32) -> i32 {
        let whole = self.sign * code + self.added;
        let whole = if self.positive { whole.max(0) } else { whole };
        (whole >> self.low) & ((1 << self.bits) - 1)
    }
}

/// One phase of a drive.
///
/// Law: `code = constant · top code + Σ_phase weight · driven`, and in fractions of the largest code
/// and of the largest drive `code = constant + Σ_phase factor · driven`, with the
/// [`constant`](Polarity::constant) of the drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// What one unit that is driven stands for, in codes.
    pub weight: i32,
    /// Factor with which what is sensed in the phase counts: what the largest drive stands for, in
    /// largest codes.
    pub factor: f64,
    taken: Taken,
}

impl Phase {
    /// What drives the rows in this phase, 0 to the largest drive (of either sign with voltages of
    /// both signs), for the codes of the converter.
    pub fn drive(self, codes: &[f32], driven: &mut [f32]) {
        let pairs = driven.iter_mut().zip(codes);
        match self.taken {
            Taken::Whole => driven.copy_from_slice(codes),
            Taken::Positive => pairs.for_each(|(to, &code)| *to = code.max(0.0)),
            Taken::Negative => pairs.for_each(|(to, &code)| *to = (-code).max(0.0)),
            Taken::Above { top_code } => pairs.for_each(|(to, &code)| *to = top_code + code),
            Taken::Below { top_code } => pairs.for_each(|(to, &code)| *to = top_code - code),
            Taken::Digit(digit) => {
                pairs.for_each(|(to, &code)| *to = digit.of(code as i32) as f32);
            }
        }
    }

    /// Fraction of the largest drive, for a code as a fraction of the largest one.
    pub fn fraction(self, code: f64) -> f64 {
        match self.taken {
            Taken::Whole => code,
            Taken::Positive => code.max(0.0),
            Taken::Negative => (-code).max(0.0),
            Taken::Above { .. } => 0.5 * (1.0 + code),
            Taken::Below { .. } => 0.5 * (1.0 - code),
            Taken::Digit(digit) => {
                let whole = (code * f64::from(digit.top_code)).round() as i32;
                f64::from(digit.of(whole)) / f64::from(digit.top_driven)
            }
        }
    }

    /// Whether it drives codes as they are.
    pub fn is_whole(self) -> bool {
        self.taken == Taken::Whole
    }

    /// Whether it drives digits of codes and not codes.
    pub fn is_digit(self) -> bool {
        matches!(self.taken, Taken::Digit(_))
    }
}

impl Polarity {
    /// Largest code of a converter of so many bits.
    pub const fn top_code(self, bits: u32) -> i32 {
        match self {
            Self::Bipolar => (1 << (bits - 1)) - 1,
            _ => (1 << bits) - 1,
        }
    }

    /// Largest number that drives a row.
    pub const fn top_driven(self, bits: u32) -> i32 {
        match self {
            Self::Offset | Self::InvertedOffset => 2 * self.top_code(bits),
            Self::Sliced { code, bits: digit } => {
                let all = code.bits(bits);
                (1 << if digit < all { digit } else { all }) - 1
            }
            _ => self.top_code(bits),
        }
    }

    /// What the phases leave of every code, in largest codes: −1, 0 or 1.
    pub const fn constant(self) -> i8 {
        match self {
            Self::Offset | Self::Sliced { code: SlicedCode::Offset, .. } => -1,
            Self::InvertedOffset => 1,
            _ => 0,
        }
    }

    /// The phases in which rows are driven, in their order, for codes of so many bits.
    pub fn phases(self, bits: u32) -> Vec<Phase> {
        let (top_code, top_driven) = (self.top_code(bits), self.top_driven(bits));
        let share = f64::from(top_driven) / f64::from(top_code);
        let phase = |weight: i32, taken| Phase { weight, factor: f64::from(weight) * share, taken };
        let top = top_code as f32;
        let (code, digit) = match self {
            Self::Unipolar | Self::Bipolar | Self::TwoRows => {
                return vec![phase(1, Taken::Whole)];
            }
            Self::TwoPhase => {
                return vec![phase(1, Taken::Positive), phase(-1, Taken::Negative)];
            }
            Self::Offset => return vec![phase(1, Taken::Above { top_code: top })],
            Self::InvertedOffset => return vec![phase(-1, Taken::Below { top_code: top })],
            Self::Sliced { code, bits } => (code, bits),
        };
        let of = |sign: i32, low: u32, width: u32| {
            let added = if code == SlicedCode::Offset { top_code } else { 0 };
            let positive = code == SlicedCode::TwoPhase;
            let weight = if code == SlicedCode::TwosComplement { 1 } else { sign } << low;
            let bits = width;
            let digit = Digit { sign, added, positive, low, bits, top_code, top_driven };
            phase(weight, Taken::Digit(digit))
        };
        let whole = match code {
            SlicedCode::TwosComplement => bits,
            code => code.bits(bits),
        };
        let signs: &[i32] = if code == SlicedCode::TwoPhase { &[1, -1] } else { &[1] };
        let digits = |sign: &i32| {
            let sign = *sign;
            (0..whole).step_by(digit as usize).map(move |low| of(sign, low, digit.min(whole - low)))
        };
        let mut phases: Vec<Phase> = signs.iter().flat_map(digits).collect();
        if code == SlicedCode::TwosComplement {
            let last = Phase { weight: -(1 << bits), ..of(1, bits, 1) };
            phases.push(Phase { factor: f64::from(last.weight) * share, ..last });
        }
        phases
    }
}

impl SlicedCode {
    /// Bits of the whole number.
    const fn bits(self, bits: u32) -> u32 {
        match self {
            Self::Offset | Self::TwosComplement => bits + 1,
            Self::Unsigned | Self::TwoPhase | Self::TwoRows => bits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every way to drive rows, at a few widths of digits.
    fn all() -> Vec<Polarity> {
        use Polarity::{Bipolar, InvertedOffset, Offset, Sliced, TwoPhase, TwoRows, Unipolar};
        use SlicedCode as Code;
        let codes =
            [Code::Unsigned, Code::TwosComplement, Code::Offset, Code::TwoPhase, Code::TwoRows];
        let mut all = vec![Unipolar, Bipolar, TwoPhase, TwoRows, Offset, InvertedOffset];
        all.extend(
            codes.into_iter().flat_map(|code| [1, 2, 3, 8].map(|bits| Sliced { code, bits })),
        );
        all
    }

    /// Brute force over all codes: phases and the constant add up to every code, in units and in
    /// fractions, and nothing but voltages of both signs drives below zero.
    #[test]
    fn phases_add_up_to_every_code_and_drive_what_the_converter_can() {
        for polarity in all() {
            for bits in [2, 5] {
                let top = polarity.top_code(bits);
                let least = if polarity.is_signed() { -top } else { 0 };
                let codes: Vec<f32> = (least..=top).map(|code| code as f32).collect();
                let rows_per_input = polarity.rows_per_input();
                let mut rows = vec![f32::NAN; codes.len() * rows_per_input];
                polarity.split(&codes, &mut rows);
                let constant = f64::from(polarity.constant());
                let mut sums = vec![constant * f64::from(top); rows.len()];
                let mut fractions = vec![constant; rows.len()];
                let most = polarity.top_driven(bits) as f32;
                for phase in polarity.phases(bits) {
                    let mut driven = vec![f32::NAN; rows.len()];
                    phase.drive(&rows, &mut driven);
                    let least = if polarity == Polarity::Bipolar { -most } else { 0.0 };
                    let can = |v: &f32| least <= *v && *v <= most;
                    assert!(driven.iter().all(can), "{polarity:?}: {driven:?}");
                    for (k, (row, driven)) in rows.iter().zip(driven).enumerate() {
                        sums[k] += f64::from(phase.weight) * f64::from(driven);
                        let fraction = phase.fraction(f64::from(*row) / f64::from(top));
                        let near = (fraction - f64::from(driven) / f64::from(most)).abs() < 1e-12;
                        assert!(near, "{polarity:?}: {fraction} of {row}");
                        fractions[k] += phase.factor * fraction;
                    }
                }
                // On two rows the second counts negatively, by what its cells hold.
                let signs = if rows_per_input == 2 { &[1.0, -1.0][..] } else { &[1.0] };
                for (k, code) in codes.iter().enumerate() {
                    let own = k * rows_per_input..(k + 1) * rows_per_input;
                    let of = |sums: &[f64]| -> f64 {
                        sums[own.clone()].iter().zip(signs).map(|(sum, sign)| sum * sign).sum()
                    };
                    assert_eq!(of(&sums), f64::from(*code), "{polarity:?}");
                    let off = of(&fractions) - f64::from(*code) / f64::from(top);
                    assert!(off.abs() < 1e-12, "{polarity:?}: {off}");
                }
            }
        }
    }

    #[test]
    fn a_drive_is_a_word_or_a_table_in_a_file() {
        let read = |text: &str| serde_json::from_str::<Polarity>(text);
        assert_eq!(read(r#""two-rows""#).expect("a word"), Polarity::TwoRows);
        let sliced = read(r#"{"sliced": {"code": "twos-complement", "bits": 1}}"#);
        let code = SlicedCode::TwosComplement;
        assert_eq!(sliced.expect("a table"), Polarity::Sliced { code, bits: 1 });
        assert!(read(r#"{"sliced": {"code": "offset", "bits": 1, "more": 2}}"#).is_err());
    }
}
