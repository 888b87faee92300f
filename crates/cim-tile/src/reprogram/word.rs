//! Weights as bits of cells.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use super::error::ReprogramError;

/// Where the sign of a weight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// In a cell of its own beside the magnitude, which is counted. Zero has either sign, whichever
    /// its cell holds already.
    OwnCell,
    /// Not on these cells: they hold magnitudes.
    Elsewhere,
}

/// The cells of one weight: its magnitude, one bit a cell, and perhaps its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordSpec {
    /// Bits of a magnitude, 1 to 15.
    pub bits: u32,
    /// Where the sign is.
    pub sign: Sign,
}

impl WordSpec {
    /// Checks the number of bits.
    ///
    /// # Errors
    /// [`ReprogramError::Bits`].
    pub fn check(self) -> Result<(), ReprogramError> {
        let Self { bits, .. } = self;
        if (1..=15).contains(&bits) { Ok(()) } else { Err(ReprogramError::Bits { bits }) }
    }

    /// Largest magnitude.
    pub fn top(self) -> i32 {
        (1 << self.bits) - 1
    }

    /// Smallest weight.
    pub fn least(self) -> i32 {
        match self.sign {
            Sign::OwnCell => -self.top(),
            Sign::Elsewhere => 0,
        }
    }

    /// Cells of one weight.
    pub fn cells(self) -> usize {
        self.bits as usize + usize::from(self.sign == Sign::OwnCell)
    }

    /// What the cells of a weight are to hold where they hold `held`, bit `b` of the magnitude in bit
    /// `b`, the sign above.
    pub(super) fn word(self, weight: i32, held: u16) -> u16 {
        let sign = 1 << self.bits;
        let magnitude = weight.unsigned_abs() as u16;
        match (self.sign, weight) {
            (Sign::OwnCell, 0) => held & sign,
            (Sign::OwnCell, ..0) => magnitude | sign,
            _ => magnitude,
        }
    }

    /// The weight (steps) that cells stand for which conduct so much of the way from one state to the other.
    pub(super) fn conducted(self, shares: ArrayView1<'_, f32>) -> f64 {
        let bits = shares.iter().take(self.bits as usize).enumerate();
        let magnitude: f64 = bits.map(|(bit, &share)| f64::from(1 << bit) * f64::from(share)).sum();
        let is_negative = shares.get(self.bits as usize).is_some_and(|sign| 0.5 < *sign);
        if is_negative { -magnitude } else { magnitude }
    }

    /// The weight that the states of cells stand for.
    #[cfg(test)]
    pub(super) fn weight(self, word: u16) -> i32 {
        let magnitude = i32::from(word) & self.top();
        if i32::from(word) > self.top() { -magnitude } else { magnitude }
    }

    /// How weights lie on cells, in errors.
    fn mapping(self) -> &'static str {
        match self.sign {
            Sign::OwnCell => "bits of magnitudes beside signs",
            Sign::Elsewhere => "bits of magnitudes without signs",
        }
    }

    /// Refuses weights of a layer that the cells do not hold.
    ///
    /// # Errors
    /// [`ReprogramError::Weight`] with the first of them.
    pub(super) fn accept(
        self,
        layer: u64,
        weights: ArrayView2<'_, i32>,
    ) -> Result<(), ReprogramError> {
        let (least, most) = (self.least(), self.top());
        let outside = |weight: i32| !(least..=most).contains(&weight);
        match weights.indexed_iter().find(|(_, weight)| outside(**weight)) {
            None => Ok(()),
            Some(((row, col), &weight)) => {
                let mapping = self.mapping();
                Err(ReprogramError::Weight { mapping, layer, weight, row, col, least, most })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_comes_back_whatever_was_held() {
        for sign in [Sign::OwnCell, Sign::Elsewhere] {
            let cells = WordSpec { bits: 4, sign };
            for weight in cells.least()..=cells.top() {
                for held in 0..1 << cells.cells() {
                    let word = cells.word(weight, held);
                    assert_eq!(cells.weight(word), weight);
                    assert!(u32::from(word) < 1 << cells.cells());
                }
            }
        }
        assert!(WordSpec { bits: 16, sign: Sign::Elsewhere }.check().is_err());
    }
}
