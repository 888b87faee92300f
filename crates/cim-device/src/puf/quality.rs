//! How good keys out of cells are.

use serde::Serialize;

/// Shares of bits, one entry for each chip or pair of chips, so that intervals are over what is independent.
///
/// Source: Maiti, Gunreddy and Schaumont 2013, equations 1 to 4.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// Of each chip, the share of bits that are 1: ½ is ideal.
    pub uniformity: Vec<f64>,
    /// Of each disjoint pair of chips, the share of bits that differ: ½ is ideal.
    pub uniqueness: Vec<f64>,
    /// Of each chip, the share of bits that come back as they were enrolled: 1 is ideal.
    pub reliability: Vec<f64>,
}

impl Quality {
    /// Of enrolled responses, one a chip, and of every chip's further responses.
    ///
    /// # Panics
    /// If responses have different lengths, or none.
    pub fn of(enrolled: &[Vec<bool>], again: &[Vec<Vec<bool>>]) -> Self {
        let ones =
            |bits: &Vec<bool>| bits.iter().filter(|bit| **bit).count() as f64 / bits.len() as f64;
        let back = |(own, again): (&Vec<bool>, &Vec<Vec<bool>>)| {
            let turned: f64 = again.iter().map(|bits| differing(own, bits)).sum();
            1.0 - turned / again.len() as f64
        };
        Self {
            uniformity: enrolled.iter().map(ones).collect(),
            uniqueness: enrolled
                .chunks_exact(2)
                .map(|pair| differing(&pair[0], &pair[1]))
                .collect(),
            reliability: enrolled.iter().zip(again).map(back).collect(),
        }
    }

    /// Share of bits that do not come back.
    pub fn raw_error(&self) -> f64 {
        let chips = self.reliability.len().max(1) as f64;
        self.reliability.iter().map(|share| 1.0 - share).sum::<f64>() / chips
    }
}

/// Share of bits that differ.
fn differing(a: &[bool], b: &[bool]) -> f64 {
    assert_eq!(a.len(), b.len(), "responses of one length");
    a.iter().zip(b).filter(|(a, b)| a != b).count() as f64 / a.len() as f64
}

#[cfg(test)]
mod tests {
    use cim_core::{Seconds, Stream, Tally};

    use super::*;
    use crate::catalogue::published_names;
    use crate::puf::PairsSpec;
    use crate::spec::DeviceSpec;

    /// Cells of a pair are alike and independent, so bits are fair and those of two chips differ as often as not:
    /// binomial laws, for every published device.
    #[test]
    fn shares_of_every_published_device_follow_binomial_laws() {
        const PAIRS: usize = 4096;
        const CHIPS: usize = 8;
        for (k, device) in published_names().into_iter().enumerate() {
            let spec = PairsSpec { device: DeviceSpec::published(device), reads: 1 };
            let pairs = spec.build().expect("pairs");
            let at = Stream::root(11).child("device", k as u64);
            let (mut enrolled, mut again) = (Vec::new(), Vec::new());
            for chip in 0..CHIPS {
                let at = at.child("chip", chip as u64);
                let made = pairs.made(PAIRS, at, &mut Tally::default());
                let read = |read: u64| {
                    let bits = pairs.response(&made, Seconds::ZERO, at.child("read", read));
                    bits.expect("time zero is known")
                };
                enrolled.push(read(0));
                again.push(vec![read(1)]);
            }
            let quality = Quality::of(&enrolled, &again);
            // Six standard errors of a share of 4,096 fair bits; a dozen devices have eight and four of them.
            let tolerance = 6.0 * 0.5 / (PAIRS as f64).sqrt();
            for share in quality.uniformity.iter().chain(&quality.uniqueness) {
                assert!((share - 0.5).abs() < tolerance, "{device}: {share}");
            }
            for share in &quality.reliability {
                assert!((0.5..=1.0).contains(share), "{device}: {share}");
            }
        }
    }

    /// Two cells with Gaussian programming error s, read twice with Gaussian error r: bits differ with chance
    /// `arccos(ρ) / π`, `ρ = s² / (s² + r²)` (Sheppard 1899).
    #[test]
    fn reliability_is_sheppards() {
        const PAIRS: usize = 200_000;
        let name = "pcm";
        let spec = PairsSpec { device: DeviceSpec::published(name), reads: 1 };
        let pairs = spec.build().expect("pairs");
        let device = crate::published(name).expect("published").device;
        let s2 = device.programmed(pairs.target_s()).variance;
        let r2 = device.read_variance(pairs.target_s());
        let law = (s2 / (s2 + r2)).acos() / std::f64::consts::PI;
        assert!(0.0 < r2, "cells with read noise");
        let at = Stream::root(12);
        let made = pairs.made(PAIRS, at, &mut Tally::default());
        let [a, b] = [0, 1].map(|read| {
            let bits = pairs.response(&made, Seconds::ZERO, at.child("read", read));
            bits.expect("time zero is known")
        });
        let got = differing(&a, &b);
        // Five standard errors, and two per cent for a read noise that is not the same over the window.
        let tolerance = 5.0 * (law / PAIRS as f64).sqrt() + 0.02 * law;
        assert!((got - law).abs() < tolerance, "{got}, law {law}");
    }
}
