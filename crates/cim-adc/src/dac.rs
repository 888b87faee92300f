//! The DAC: numbers to codes to volts.

use cim_core::{Tally, Volts};
use serde::{Deserialize, Serialize};

use crate::error::{AdcError, check_bits};

/// Whether a converter's codes carry a sign, and how rows are driven with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Polarity {
    /// Codes `0 ..= 2^bits − 1`.
    Unipolar,
    /// Codes `−(2^(bits−1)−1) ..= 2^(bits−1)−1`, driven with voltages of both signs.
    Bipolar,
    /// Codes `−(2^bits−1) ..= 2^bits−1` of a converter without a sign: positive codes drive their
    /// rows in a first phase, the magnitudes of negative ones theirs in a second, which is
    /// subtracted.
    TwoPhase,
}

/// One phase of a drive: `Σ_phase factor · driven = code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Factor with which what is sensed in the phase counts.
    pub factor: i8,
    /// Whether rows rest whose code has the other sign than `factor`.
    pub one_sided: bool,
}

impl Phase {
    /// Codes that drive the rows in this phase, for the codes of the converter.
    pub fn drive(self, codes: &[f32], driven: &mut [f32]) {
        if self.one_sided {
            let factor = f32::from(self.factor);
            driven.iter_mut().zip(codes).for_each(|(to, &code)| *to = (factor * code).max(0.0));
        } else {
            driven.copy_from_slice(codes);
        }
    }
}

impl Polarity {
    /// The phases in which rows are driven, in their order.
    pub const fn phases(self) -> &'static [Phase] {
        match self {
            Self::Unipolar | Self::Bipolar => &[Phase { factor: 1, one_sided: false }],
            Self::TwoPhase => {
                &[Phase { factor: 1, one_sided: true }, Phase { factor: -1, one_sided: true }]
            }
        }
    }

    /// Whether codes carry a sign.
    pub const fn is_signed(self) -> bool {
        !matches!(self, Self::Unipolar)
    }
}

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
    /// Levels that a converter has: magnitudes without voltages of both signs, codes with.
    pub const fn levels(self) -> usize {
        match self.polarity {
            Polarity::Unipolar | Polarity::TwoPhase => 1 << self.bits,
            Polarity::Bipolar => (1 << self.bits) - 1,
        }
    }

    /// Largest code of a resolution that can be.
    pub const fn top_code(self) -> i32 {
        match self.polarity {
            Polarity::Unipolar | Polarity::TwoPhase => (1 << self.bits) - 1,
            Polarity::Bipolar => (1 << (self.bits - 1)) - 1,
        }
    }

    /// Checks the specification; `read_voltage` is what the largest code drives.
    ///
    /// # Errors
    /// [`AdcError::Bits`] for an unusable resolution.
    pub fn build(self, read_voltage: Volts) -> Result<Dac, AdcError> {
        let least = if self.polarity == Polarity::Bipolar { 2 } else { 1 };
        check_bits("DAC", self.bits, least, 16)?;
        let high = self.top_code();
        let low = if self.polarity.is_signed() { -high } else { 0 };
        Ok(Dac { low, high, read_voltage })
    }
}

/// Digital-to-analog converter: `v = V · code / top`, codes rounded to nearest, ties to even.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dac {
    low: i32,
    high: i32,
    read_voltage: Volts,
}

impl Dac {
    /// Largest code.
    pub fn top_code(&self) -> i32 {
        self.high
    }

    /// Voltage of the largest code.
    pub fn read_voltage(&self) -> Volts {
        self.read_voltage
    }

    /// Codes (as floats, exact) of values `x` whose `limit` is the largest code. What leaves the
    /// range is clipped and counted.
    pub fn encode(&self, x: &[f32], limit: f32, codes: &mut [f32], tally: &mut Tally) {
        let (low, high) = (self.low as f32, self.high as f32);
        let scale = high / limit;
        let clips = pulp::Arch::new().dispatch(Encode { scale, low, high, x, codes });
        tally.dac_conversions += x.len() as u64;
        tally.dac_clips += u64::from(clips);
    }

    /// Turns codes into the volts (V) that they drive, in place.
    pub fn drive(&self, values: &mut [f32]) {
        let volts_per_code = self.voltage(1.0).0 as f32;
        pulp::Arch::new().dispatch(Drive { volts_per_code, values });
    }

    /// Volts of a code.
    pub fn voltage(&self, code: f32) -> Volts {
        self.read_voltage * (f64::from(code) / f64::from(self.high))
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

/// The law over a slice, compiled for the vectors of the machine; returns the number of clips.
struct Encode<'a> {
    scale: f32,
    low: f32,
    high: f32,
    x: &'a [f32],
    codes: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Encode<'_> {
    type Output = u32;

    #[inline(always)]
    fn call(self) -> u32 {
        let Self { scale, low, high, x, codes } = self;
        let mut clips = 0;
        for (code, &x) in codes.iter_mut().zip(x) {
            let wanted = x * scale;
            clips += u32::from(wanted < low - 0.5) + u32::from(high + 0.5 < wanted);
            // Comparisons and not `clamp`, which spends as much again on NaN; there is none.
            let kept = if wanted < high { wanted } else { high };
            *code = if kept > low { kept } else { low }.round_ties_even();
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
    fn phases_add_up_to_the_code_and_drive_what_the_converter_can() {
        for polarity in [Polarity::Unipolar, Polarity::Bipolar, Polarity::TwoPhase] {
            let codes: &[f32] =
                if polarity.is_signed() { &[5.0, -3.0, 0.0] } else { &[5.0, 3.0, 0.0] };
            let mut sums = [0.0; 3];
            for phase in polarity.phases() {
                let mut driven = [f32::NAN; 3];
                phase.drive(codes, &mut driven);
                let can = |v: &f32| polarity == Polarity::Bipolar || 0.0 <= *v;
                assert!(driven.iter().all(can), "{polarity:?}: {driven:?}");
                let counted = driven.map(|v| f32::from(phase.factor) * v);
                sums.iter_mut().zip(counted).for_each(|(sum, v)| *sum += v);
            }
            assert_eq!(sums, codes, "{polarity:?}");
        }
    }

    #[test]
    fn impossible_resolutions_are_refused() {
        for bits in [0, 17, 33] {
            assert!(DacSpec { bits, polarity: Polarity::Unipolar }.build(Volts(0.2)).is_err());
        }
        assert!(DacSpec { bits: 1, polarity: Polarity::Bipolar }.build(Volts(0.2)).is_err());
    }
}
