//! How an integer becomes pulses.

use serde::{Deserialize, Serialize};

use crate::pwm::error::PwmError;
use crate::pwm::integration::Integration;

/// How many bursts of pulses carry an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case", deny_unknown_fields)]
pub enum InputMode {
    /// One burst as long as the largest magnitude.
    #[serde(deserialize_with = "cim_core::no_keys")]
    OnePass,
    /// Two bursts: the low bits of the magnitude, then the others.
    Split {
        /// How many bits are low.
        low_bits: u32,
    },
    /// One short burst for each bit of the magnitude.
    #[serde(deserialize_with = "cim_core::no_keys")]
    BitWise,
}

impl InputMode {
    /// The bursts of inputs whose magnitude has `bits` bits, lowest bits first.
    ///
    /// # Errors
    /// [`PwmError::LowBits`] for a split that leaves one burst empty.
    pub fn bursts(self, bits: u32) -> Result<Vec<Burst>, PwmError> {
        match self {
            Self::OnePass => Ok(vec![Burst { low_bit: 0, bits }]),
            Self::Split { low_bits } if 0 < low_bits && low_bits < bits => {
                let low = Burst { low_bit: 0, bits: low_bits };
                Ok(vec![low, Burst { low_bit: low_bits, bits: bits - low_bits }])
            }
            Self::Split { low_bits } => Err(PwmError::LowBits { low_bits, bits }),
            Self::BitWise => Ok((0..bits).map(|low_bit| Burst { low_bit, bits: 1 }).collect()),
        }
    }
}

/// One burst of pulses: a field of bits of the inputs' magnitudes.
///
/// Law: `Σ_burst factor · part(code) = code` for every code of the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Lowest bit of the field.
    pub low_bit: u32,
    /// Width of the field.
    pub bits: u32,
}

impl Burst {
    /// Time steps of the burst, one more than its longest pulse.
    pub const fn steps(self) -> u32 {
        1 << self.bits
    }

    /// Weight of the burst in the digital sum.
    pub const fn factor(self) -> i64 {
        1 << self.low_bit
    }

    /// The part of a code that this burst carries, with the sign of the code: its pulse in steps.
    #[inline(always)]
    pub const fn part(self, code: i32) -> i32 {
        let mask = (1 << self.bits) - 1;
        let magnitude = (code.abs() >> self.low_bit) & mask;
        if code < 0 { -magnitude } else { magnitude }
    }

    /// What a code contributes to the integral of a burst, in steps and with its sign.
    #[inline(always)]
    pub(super) fn weight(self, code: i32, integration: Integration) -> f64 {
        let part = self.part(code);
        f64::from(part.signum()) * integration.weight(0, part.unsigned_abs(), self.steps())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_code_add_up_to_it() {
        let split = |low_bits| InputMode::Split { low_bits };
        for mode in [InputMode::OnePass, InputMode::BitWise, split(1), split(3), split(6)] {
            let bursts = mode.bursts(7).expect("a mode");
            for code in -127..=127 {
                let sum: i64 = bursts.iter().map(|b| b.factor() * i64::from(b.part(code))).sum();
                assert_eq!(sum, i64::from(code), "{mode:?}");
                for burst in &bursts {
                    let part = burst.part(code);
                    assert!(part.unsigned_abs() < burst.steps());
                    assert!(part == 0 || part.signum() == code.signum());
                }
            }
        }
    }

    #[test]
    fn bursts_are_as_long_as_published() {
        let steps = |mode: InputMode| -> Vec<u32> {
            mode.bursts(7).expect("a mode").into_iter().map(Burst::steps).collect()
        };
        assert_eq!(steps(InputMode::OnePass), [128]);
        assert_eq!(steps(InputMode::Split { low_bits: 3 }), [8, 16]);
        assert_eq!(steps(InputMode::BitWise), [2; 7]);
        for low_bits in [0, 7, 32] {
            let error = InputMode::Split { low_bits }.bursts(7);
            assert_eq!(error, Err(PwmError::LowBits { low_bits, bits: 7 }));
        }
    }
}
