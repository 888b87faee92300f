//! The DAC: numbers to codes to volts.

use std::ops::Range;

use cim_core::{Tally, Volts};
use serde::{Deserialize, Serialize};

use crate::error::{AdcError, check_bits};
use crate::phase::{Phase, Polarity};

/// A [`Dac`] as written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DacSpec {
    /// Resolution, 1 to 16 bits (2 to 16 with voltages of both signs).
    pub bits: u32,
    /// Whether codes carry a sign, and how rows are driven with it.
    pub polarity: Polarity,
}

impl DacSpec {
    /// Levels that a converter has: what drives a row, of either sign with voltages of both signs.
    pub const fn levels(self) -> usize {
        match self.polarity {
            Polarity::Bipolar => (1 << self.bits) - 1,
            _ => self.top_driven() as usize + 1,
        }
    }

    /// Largest code of a resolution that can be.
    pub const fn top_code(self) -> i32 {
        self.polarity.top_code(self.bits)
    }

    /// Largest number that drives a row.
    pub const fn top_driven(self) -> i32 {
        self.polarity.top_driven(self.bits)
    }

    /// Resolution of what drives a row: that of a digit, where digits are driven.
    pub const fn driven_bits(self) -> u32 {
        match self.polarity {
            Polarity::Sliced { .. } => (self.top_driven() + 1).trailing_zeros(),
            _ => self.bits,
        }
    }

    /// The phases in which rows are driven, in their order.
    pub fn phases(self) -> Vec<Phase> {
        self.polarity.phases(self.bits)
    }

    /// Checks the specification; `read_voltage` is what the largest code drives.
    ///
    /// # Errors
    /// [`AdcError::Bits`] for an unusable resolution.
    pub fn build(self, read_voltage: Volts) -> Result<Dac, AdcError> {
        let least = if self.polarity == Polarity::Bipolar { 2 } else { 1 };
        check_bits("DAC", self.bits, least, 16)?;
        if let Polarity::Sliced { bits, .. } = self.polarity {
            check_bits("digit", bits, 1, 16)?;
        }
        let high = self.top_code();
        let signed = self.polarity.is_signed() && self.polarity.rows_per_input() == 1;
        let low = if signed { -high } else { 0 };
        Ok(Dac { low, high, driven: self.top_driven(), polarity: self.polarity, read_voltage })
    }
}

/// Digital-to-analog converter: `v = V · driven / top`, codes rounded to nearest, ties to even.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dac {
    low: i32,
    high: i32,
    /// Largest number that drives a row.
    driven: i32,
    polarity: Polarity,
    read_voltage: Volts,
}

impl Dac {
    /// Largest code.
    pub fn top_code(&self) -> i32 {
        self.high
    }

    /// Largest number that drives a row.
    pub fn top_driven(&self) -> i32 {
        self.driven
    }

    /// How codes drive rows.
    pub fn polarity(&self) -> Polarity {
        self.polarity
    }

    /// Voltage of the largest drive.
    pub fn read_voltage(&self) -> Volts {
        self.read_voltage
    }

    /// Codes (as floats, exact) of values `x` whose `limit` is the largest code, one for each row: on
    /// two rows an input, of its parts ([`Polarity::split`]). What leaves the range is clipped and
    /// counted.
    pub fn encode(&self, x: &[f32], limit: f32, codes: &mut [f32], tally: &mut Tally) {
        let x = Inputs { values: x, stride: x.len(), own: 0..x.len() };
        let width = codes.len();
        self.encode_vectors(x, limit, (codes, width), tally);
    }

    /// As [`encode`](Self::encode) of each of several vectors, into codes of so many rows a vector; rows beyond the
    /// inputs get 0.
    ///
    /// # Panics
    /// If there are fewer rows than inputs.
    pub fn encode_vectors<C: Code>(
        &self,
        x: Inputs<'_>,
        limit: f32,
        (codes, rows): (&mut [C], usize),
        tally: &mut Tally,
    ) {
        if x.own.is_empty() {
            return;
        }
        let (low, high) = (self.low as f32, self.high as f32);
        let scale = high / limit;
        let conversions = x.own.len() * (codes.len() / rows);
        let clips = pulp::Arch::new().dispatch(Encode { scale, low, high, x, codes, rows });
        tally.dac_conversions += conversions as u64;
        tally.dac_clips += u64::from(clips);
    }

    /// Turns what is driven into volts (V), in place.
    pub fn drive(&self, values: &mut [f32]) {
        let volts_per_code = self.voltage(1.0).0 as f32;
        pulp::Arch::new().dispatch(Drive { volts_per_code, values });
    }

    /// Volts of what is driven.
    pub fn voltage(&self, driven: f32) -> Volts {
        self.read_voltage * (f64::from(driven) / f64::from(self.driven))
    }
}

/// Codes to volts, compiled for the vectors of the machine.
struct Drive<'a> {
    volts_per_code: f32,
    values: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Drive<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.values.iter_mut().for_each(|v| *v *= self.volts_per_code);
    }
}

/// What codes are kept as.
pub trait Code: Copy {
    /// The whole number nearest to a value, ties to even.
    fn nearest(value: f32) -> Self;
}

impl Code for f32 {
    #[inline(always)]
    fn nearest(value: f32) -> Self {
        value.round_ties_even()
    }
}

impl Code for i16 {
    #[inline(always)]
    fn nearest(value: f32) -> Self {
        /// 1.5 · 2²³: adding it leaves the nearest whole number in the lowest bits.
        const ROUND: f32 = 12_582_912.0;
        (value + ROUND).to_bits() as Self
    }
}

/// Some inputs of each of several vectors.
#[derive(Clone, Debug)]
pub struct Inputs<'a> {
    /// The vectors, one after another.
    pub values: &'a [f32],
    /// Values of one vector.
    pub stride: usize,
    /// Those that are inputs.
    pub own: Range<usize>,
}

/// The law over vectors, compiled for the vectors of the machine; returns the number of clips.
struct Encode<'a, C> {
    scale: f32,
    low: f32,
    high: f32,
    x: Inputs<'a>,
    codes: &'a mut [C],
    rows: usize,
}

impl<C: Code> pulp::NullaryFnOnce for Encode<'_, C> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        let Self { scale, low, high, x: Inputs { values, stride, own }, codes, rows } = self;
        let mut clips = 0;
        for (codes, x) in codes.chunks_exact_mut(rows).zip(values.chunks_exact(stride)) {
            let (codes, beyond) = codes.split_at_mut(own.len());
            beyond.fill(C::nearest(0.0));
            for (code, &x) in codes.iter_mut().zip(&x[own.clone()]) {
                let wanted = x * scale;
                // Comparisons and not `clamp`, which spends as much again on NaN; there is none.
                let kept = if wanted < high { wanted } else { high };
                let kept = if kept > low { kept } else { low };
                clips += u32::from((wanted - kept).abs() > 0.5);
                *code = C::nearest(kept);
            }
        }
        clips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_pixels_pass_unchanged() {
        let dac =
            DacSpec { bits: 8, polarity: Polarity::Unipolar }.build(Volts(0.2)).expect("valid");
        let pixels: Vec<f32> = (0..=255).map(|p| p as f32 / 255.0).collect();
        let mut codes = vec![0.0; 256];
        let mut tally = Tally::default();
        dac.encode(&pixels, 1.0, &mut codes, &mut tally);
        assert!(codes.iter().enumerate().all(|(p, &code)| code == p as f32));
        assert_eq!((tally.dac_conversions, tally.dac_clips), (256, 0));
        assert_eq!(dac.voltage(255.0), Volts(0.2));
    }

    #[test]
    fn values_outside_the_range_are_clipped_and_counted() {
        let spec = DacSpec { bits: 4, polarity: Polarity::Bipolar };
        let dac = spec.build(Volts(0.1)).expect("valid");
        let (mut codes, mut tally) = ([0.0; 4], Tally::default());
        dac.encode(&[2.0, -2.0, 0.5, -0.1], 1.0, &mut codes, &mut tally);
        assert_eq!((codes, tally.dac_clips), ([7.0, -7.0, 4.0, -1.0], 2));
        let phases = DacSpec { bits: 3, polarity: Polarity::TwoPhase }.build(Volts(0.1));
        phases.expect("valid").encode(&[2.0, -2.0, 0.5, -0.1], 1.0, &mut codes, &mut tally);
        assert_eq!((codes, tally.dac_clips), ([7.0, -7.0, 4.0, -1.0], 4));
        tally.dac_clips = 2;
        let unipolar = DacSpec { bits: 4, polarity: Polarity::Unipolar }.build(Volts(0.1));
        unipolar.expect("valid").encode(&[-1.0], 1.0, &mut codes[..1], &mut tally);
        assert_eq!((codes[0], tally.dac_clips), (0.0, 3));
    }

    #[test]
    fn some_inputs_of_vectors_are_encoded_one_by_one() {
        let dac =
            DacSpec { bits: 4, polarity: Polarity::Bipolar }.build(Volts(0.1)).expect("valid");
        // Two vectors of four values, of which the middle ones are inputs; three rows, so that codes can be even.
        let values = [9.0, 0.5, -2.0, 9.0, -9.0, 1.0, 0.2, -9.0];
        let x = Inputs { values: &values, stride: 4, own: 1..3 };
        let (mut codes, mut tally) = ([5_i16; 6], Tally::default());
        dac.encode_vectors(x.clone(), 1.0, (&mut codes, 3), &mut tally);
        assert_eq!(codes, [4, -7, 0, 7, 1, 0]);
        assert_eq!((tally.dac_conversions, tally.dac_clips), (4, 1));
        let mut floats = [5.0_f32; 6];
        dac.encode_vectors(x, 1.0, (&mut floats, 3), &mut tally);
        assert_eq!(floats, [4.0, -7.0, 0.0, 7.0, 1.0, 0.0]);
    }

    #[test]
    fn impossible_resolutions_are_refused() {
        for bits in [0, 17, 33] {
            assert!(DacSpec { bits, polarity: Polarity::Unipolar }.build(Volts(0.2)).is_err());
        }
        assert!(DacSpec { bits: 1, polarity: Polarity::Bipolar }.build(Volts(0.2)).is_err());
    }
}
