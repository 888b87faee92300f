//! Writes that are left out.

use serde::{Deserialize, Serialize};

use super::error::ReprogramError;
use super::word::WordSpec;

/// When it is drawn which cells are left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// For every write anew.
    Write,
    /// Once for every cell.
    Cell,
}

/// Which writes are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Skipping {
    /// None: weights are exact.
    #[serde(deserialize_with = "cim_core::no_keys")]
    Nothing,
    /// Bit stucking: of the writes that low bits need only a share is done. Weights are off by less
    /// than `2^low_bits` steps.
    ///
    /// Source: Farias and Kung 2024.
    Stuck {
        /// How many bits count as low.
        low_bits: u32,
        /// Share of the writes that are done, 0 to 1.
        share: f64,
        /// When it is drawn which.
        drawn: Drawn,
    },
    /// The weight that takes fewest writes among those at most `steps` off, the greatest of these: on
    /// sorted sections, which rise, that is the one that fits the next weights best, and errors are as
    /// often above as below. Ours.
    Cheapest {
        /// How far a weight may be off (steps).
        steps: u32,
    },
}

impl Skipping {
    /// Checks the rule against what it is used on.
    ///
    /// # Errors
    /// [`ReprogramError::Skipping`].
    pub fn check(self, cells: WordSpec) -> Result<(), ReprogramError> {
        let refuse = |key, value, help| Err(ReprogramError::Skipping { key, value, help });
        match self {
            Self::Stuck { low_bits, .. } if cells.bits < low_bits => {
                refuse("low_bits", low_bits.to_string(), "give up to as many as a magnitude has")
            }
            Self::Stuck { share, .. } if !(0.0..=1.0).contains(&share) => {
                refuse("share", share.to_string(), "give a fraction from 0 to 1")
            }
            Self::Cheapest { steps } if cells.top() < i32::try_from(steps).unwrap_or(i32::MAX) => {
                refuse("steps", steps.to_string(), "give up to as many as a magnitude has")
            }
            _ => Ok(()),
        }
    }

    /// Draws that one weight takes.
    pub(super) fn draws(self) -> usize {
        match self {
            Self::Stuck { low_bits, share, .. } if share < 1.0 => low_bits as usize,
            _ => 0,
        }
    }

    /// What the cells of `weight` hold in the end where they hold `held`; `uniform` are its draws.
    pub(super) fn written(self, cells: WordSpec, weight: i32, held: u16, uniform: &[f32]) -> u16 {
        let wanted = cells.word(weight, held);
        match self {
            Self::Nothing => wanted,
            Self::Stuck { share, .. } => {
                let kept = uniform
                    .iter()
                    .enumerate()
                    .filter(|(_, draw)| share <= f64::from(**draw))
                    .fold(0, |kept, (bit, _)| kept | 1 << bit);
                held & kept | wanted & !kept
            }
            Self::Cheapest { steps } => {
                let steps = steps as i32;
                let (mut best, mut least) = (wanted, u32::MAX);
                let (low, high) = (cells.least(), cells.top());
                for other in ((weight - steps).max(low)..=(weight + steps).min(high)).rev() {
                    let word = cells.word(other, held);
                    let writes = (word ^ held).count_ones();
                    if writes < least {
                        (best, least) = (word, writes);
                    }
                }
                best
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reprogram::Sign;

    const CELLS: WordSpec = WordSpec { bits: 5, sign: Sign::OwnCell };

    /// By trying every word.
    #[test]
    fn the_cheapest_weight_is_the_cheapest() {
        for steps in [0, 1, 3] {
            for weight in -31..=31_i32 {
                for held in 0..64_u16 {
                    let got = Skipping::Cheapest { steps }.written(CELLS, weight, held, &[]);
                    let off = |word: u16| CELLS.weight(word).abs_diff(weight);
                    let order = |word: u16| ((word ^ held).count_ones(), -CELLS.weight(word));
                    let best = (0..64).filter(|&word| off(word) <= steps).map(order).min();
                    assert_eq!(Some(order(got)), best, "{weight} on {held:b}, {steps}");
                }
            }
        }
    }

    #[test]
    fn stuck_cells_are_off_by_less_than_their_range() {
        for (share, draw) in [(0.0, 0.0), (0.5, 0.5), (0.5, 0.4)] {
            let stuck = Skipping::Stuck { low_bits: 3, share, drawn: Drawn::Write };
            for weight in -31..=31_i32 {
                for held in 0..64_u16 {
                    let word = stuck.written(CELLS, weight, held, &[draw; 3]);
                    assert!(CELLS.weight(word).abs_diff(weight) < 8);
                    let is_written = f64::from(draw) < share;
                    assert_eq!(
                        word & 7,
                        if is_written { weight.unsigned_abs() as u16 } else { held } & 7
                    );
                }
            }
        }
    }

    #[test]
    fn rules_that_cannot_be_are_refused() {
        let stuck = |low_bits, share| Skipping::Stuck { low_bits, share, drawn: Drawn::Cell };
        for rule in
            [stuck(6, 0.5), stuck(2, 1.5), stuck(2, f64::NAN), Skipping::Cheapest { steps: 99 }]
        {
            assert!(rule.check(CELLS).is_err(), "{rule:?}");
        }
        assert!(stuck(5, 0.0).check(CELLS).is_ok());
    }
}
