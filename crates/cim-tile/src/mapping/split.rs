//! How the bits of a weight are cut into the parts that cells hold.

use serde::{Deserialize, Serialize};

use super::MappingError;

/// Most bits of a weight: products with 16-bit inputs are then summed exactly.
const MOST_BITS: u32 = 16;

/// Bits of the parts of a weight, most significant part first, such as `[1, 3, 4]`: 1 to 16 in all,
/// parts of at most 8.
///
/// Every part has the whole window to itself: its largest digit is the top of it. A digit of a part
/// of `b` bits is therefore `raise` levels of which [`top_level`](Self::top_level), the
/// least common multiple of all `2^b − 1`, are the window, and what a part counts is a whole number
/// in units of which a weight of 1 is [`unit`](Self::unit). Parts of equal size have a unit of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct Split {
    /// Bits of every part, then zeros.
    bits: [u8; MOST_BITS as usize],
    parts: usize,
}

/// One part of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Bits of the weight below it.
    pub shift: u32,
    /// Its bits.
    pub bits: u32,
    /// Levels of a cell per digit.
    pub raise: i32,
    /// Factor with which its level differences count.
    pub weight: i64,
}

impl Part {
    /// Level of a cell that holds this part of a magnitude.
    pub fn level(&self, magnitude: i32) -> i32 {
        ((magnitude >> self.shift) & ((1 << self.bits) - 1)) * self.raise
    }
}

impl Split {
    /// A split into parts of these bits.
    ///
    /// # Errors
    /// [`MappingError::Split`] for no part, an empty or a large one, or too many bits in all.
    pub fn new(parts: &[u32]) -> Result<Self, MappingError> {
        let total = parts.iter().try_fold(0u32, |sum, bits| sum.checked_add(*bits));
        let fits = parts.iter().all(|bits| (1..=8).contains(bits));
        if parts.is_empty() || !fits || total.is_none_or(|total| MOST_BITS < total) {
            return Err(MappingError::Split { parts: parts.to_vec() });
        }
        Ok(Self::cut(parts))
    }

    /// The same of numbers that are known to fit.
    pub(crate) const fn cut(parts: &[u32]) -> Self {
        let mut bits = [0; MOST_BITS as usize];
        let mut k = 0;
        while k < parts.len() {
            bits[k] = parts[k] as u8;
            k += 1;
        }
        Self { bits, parts: parts.len() }
    }

    /// The bits behind which parts end, bit 0 for the first of the weight: a number for every split, above 0.
    pub(super) fn ends(self) -> u16 {
        let parts = self.bits.into_iter().take(self.parts);
        let ends = parts.scan(0, |end, bits| {
            *end += u32::from(bits);
            Some(1 << (*end - 1))
        });
        ends.sum()
    }

    /// The split whose parts end there; none of 0.
    pub(super) fn of_ends(ends: u16) -> Option<Self> {
        let (mut parts, mut begin) = (Vec::new(), 0);
        for end in (1..=MOST_BITS).filter(|end| ends >> (end - 1) & 1 == 1) {
            parts.push(end - begin);
            begin = end;
        }
        Self::new(&parts).ok()
    }

    /// Checks that the parts are those of a weight of so many `bits`.
    ///
    /// # Errors
    /// [`MappingError::Sum`] otherwise, naming the mapping.
    pub(super) fn check_sum(self, mapping: &'static str, bits: u32) -> Result<(), MappingError> {
        let sum = self.total();
        if sum == bits {
            return Ok(());
        }
        Err(MappingError::Sum { mapping, parts: self.into(), sum, bits })
    }

    /// Bits of all parts.
    pub fn total(self) -> u32 {
        self.bits.iter().map(|bits| u32::from(*bits)).sum()
    }

    /// Number of parts.
    pub fn count(self) -> usize {
        self.parts
    }

    /// Level that stands for the top of the window.
    pub fn top_level(self) -> i32 {
        self.common() as i32
    }

    /// What a weight of 1 counts.
    pub fn unit(self) -> i64 {
        self.common() / self.tops().fold(0, greatest_common_divisor)
    }

    /// The parts, most significant first.
    pub(super) fn parts(self) -> impl Iterator<Item = Part> + Clone {
        let (common, unit, mut shift) = (self.common(), self.unit(), self.total());
        self.bits.into_iter().take(self.parts).map(move |bits| {
            let bits = u32::from(bits);
            shift -= bits;
            let raise = common / ((1 << bits) - 1);
            Part { shift, bits, raise: raise as i32, weight: (unit << shift) / raise }
        })
    }

    /// Largest digit of every part.
    fn tops(self) -> impl Iterator<Item = i64> {
        self.bits.into_iter().take(self.parts).map(|bits| (1 << bits) - 1)
    }

    /// Least common multiple of the largest digits: below 2¹⁶, as their product is.
    fn common(self) -> i64 {
        self.tops().fold(1, |common, top| common / greatest_common_divisor(common, top) * top)
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl TryFrom<Vec<u32>> for Split {
    type Error = MappingError;

    fn try_from(parts: Vec<u32>) -> Result<Self, MappingError> {
        Self::new(&parts)
    }
}

impl From<Split> for Vec<u32> {
    fn from(split: Split) -> Self {
        split.bits.into_iter().take(split.parts).map(u32::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brute force over every magnitude: parts count what their bits are worth, in whole units, and
    /// the largest digit of each is the top of the window.
    #[test]
    fn parts_of_any_size_add_up_to_the_magnitude() {
        for parts in [&[1, 3, 4][..], &[8], &[1, 1, 1, 1], &[2, 2], &[5, 1], &[3, 2, 1], &[1, 7]] {
            let split = Split::new(parts).expect("a split");
            assert_eq!(Vec::from(split), parts);
            assert_eq!(Split::of_ends(split.ends()), Some(split));
            for magnitude in 0..1 << split.total() {
                let of = |part: Part| part.weight * i64::from(part.level(magnitude));
                let sum: i64 = split.parts().map(of).sum();
                assert_eq!(sum, split.unit() * i64::from(magnitude), "{parts:?}");
            }
            let all = (1 << split.total()) - 1;
            assert!(split.parts().all(|part| part.level(all) == split.top_level()), "{parts:?}");
        }
        assert_eq!(Split::new(&[2, 2]).expect("equal parts").unit(), 1);
    }

    #[test]
    fn impossible_splits_are_refused() {
        for parts in [&[][..], &[0], &[9], &[8, 8, 1], &[1, 0, 2], &[u32::MAX, 2]] {
            let error = Split::new(parts).expect_err("no split");
            assert!(error.to_string().contains(&format!("{parts:?}")), "{error}");
        }
    }
}
