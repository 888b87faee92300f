//! Read noise of phase-change memory within one product, at nanosecond pulse lengths.

use cim_core::{Seconds, Siemens};

use crate::error::DeviceError;

/// Read noise of a pair of phase-change cells for one vector of inputs encoded as pulse lengths.
///
/// *What it models:* noise of the difference of two cells averaged over the pulses of one product,
/// drawn afresh for every product; longer pulses average more.
///
/// *Law:* with `x = log10(mean pulse length in ns)` and `G = |G⁺ − G⁻|` in µS,
/// `σ = slope(x) G + offset(x)` µS, both polynomials of degree 4. A vector without any pulse draws
/// no current and has no noise.
///
/// *Parameters:* the mean pulse length of the vector, zeros included.
///
/// *Source:* Luquin et al., arXiv 2506.00004, 2025, in the form of its public code in aihwkit,
/// whose codes of one nanosecond give means from 1/rows to 127 ns. Residual of the fit: not stated.
///
/// *Not modelled:* what is left to the slow model: drift, and noise slower than one product. Below
/// 1 ns the polynomials are used as the source uses them, outside the table it prints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NanosecondRead {
    slope: f64,
    offset_s: f64,
}

/// Powers 4 to 0.
const SLOPE: [f64; 5] = [2.1926e-4, -1.87352e-3, 6.55714e-3, -1.46159e-2, 2.578764e-2];
const OFFSET_US: [f64; 5] = [1.11906e-3, -9.08577e-3, 3.07015e-2, -6.77079e-2, 1.17763e-1];

impl NanosecondRead {
    /// No noise, as for a vector of zeros.
    pub const SILENT: Self = Self { slope: 0.0, offset_s: 0.0 };

    /// The noise of a vector of inputs with this mean pulse length.
    ///
    /// # Errors
    /// [`DeviceError::Parameter`] for a length that is negative or not finite.
    pub fn of(mean_pulse: Seconds) -> Result<Self, DeviceError> {
        if !(0.0 <= mean_pulse.0 && mean_pulse.is_finite()) {
            let (name, range) = ("mean pulse length", "zero and the positive, finite numbers");
            return Err(DeviceError::Parameter { name, value: mean_pulse.0, range });
        }
        if mean_pulse == Seconds::ZERO {
            return Ok(Self::SILENT);
        }
        let x = libm::log10(mean_pulse.0 * 1e9);
        let polynomial = |powers: [f64; 5]| powers.into_iter().fold(0.0, |sum, c| sum * x + c);
        Ok(Self { slope: polynomial(SLOPE), offset_s: 1e-6 * polynomial(OFFSET_US) })
    }

    /// Standard deviation of a pair whose conductances differ by `difference`, of either sign.
    pub fn sigma(&self, difference: Siemens) -> Siemens {
        Siemens(self.slope * difference.0.abs() + self.offset_s)
    }

    /// Noise per unit of conductance difference.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// Noise of a pair of equal conductances.
    pub fn offset(&self) -> Siemens {
        Siemens(self.offset_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pulse length (ns), slope, offset, sigma at 5 µS and at 15 µS (µS), to the digits printed.
    #[test]
    fn slopes_and_offsets_are_those_of_the_table() {
        for (ns, slope, offset, at_5, at_15) in [
            (1.0, 0.0258, 0.1178, 0.247, 0.505),
            (10.0, 0.0161, 0.0728, 0.153, 0.314),
            (100.0, 0.0113, 0.0504, 0.107, 0.220),
            (128.0, 0.0109, 0.0485, 0.103, 0.212),
        ] {
            let noise = NanosecondRead::of(Seconds(ns * 1e-9)).expect("a length");
            assert!((noise.slope() - slope).abs() < 5.1e-5, "{ns} ns: {}", noise.slope());
            assert!((noise.offset().0 * 1e6 - offset).abs() < 5.1e-5, "{ns} ns");
            for (g, sigma) in [(5e-6, at_5), (-15e-6, at_15)] {
                assert!((noise.sigma(Siemens(g)).0 * 1e6 - sigma).abs() < 5.1e-4, "{ns} ns");
            }
        }
    }

    #[test]
    fn a_vector_of_zeros_is_silent_and_a_negative_length_is_refused() {
        assert_eq!(NanosecondRead::of(Seconds::ZERO), Ok(NanosecondRead::SILENT));
        assert_eq!(NanosecondRead::SILENT.sigma(Siemens(1e-5)), Siemens::ZERO);
        for bad in [-1e-9, f64::NAN, f64::INFINITY] {
            assert!(NanosecondRead::of(Seconds(bad)).is_err());
        }
    }
}
