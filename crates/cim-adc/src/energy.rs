//! Joules per conversion.

use cim_core::{Hertz, Joules, Volts};

use crate::error::AdcError;

/// Energy of one conversion of a state-of-the-art ADC, from an envelope fitted to Murmann's survey
/// of published converters.
///
/// With `t = ln(node / nm)` and `f` the rate in Hz: `FoM = min(213.78 − 2.8719 ln f,
/// 128.307 + 3.2205 b)` dB and `E = ½ 10^(−(FoM − SNDR)/10) exp(26.050 + 1.8800 t − 2.8291 ln b −
/// 1.4702)` pJ with `SNDR = 6.02 b + 1.76` dB. Optimistic: an envelope, not a mean.
///
/// The fit holds from 4 bits up. Below, the energy at 4 bits is returned: an upper bound, since a
/// 4-bit converter can always be read at fewer bits.
///
/// Source: envelope as used by public compute-in-memory estimators; see `docs/model.md`.
///
/// # Errors
/// [`AdcError`] for fewer than 1 or more than 16 bits, a node outside 7 to 250 nm, or a rate that is
/// not positive.
pub fn conversion(bits: u32, rate: Hertz, node_nm: f64) -> Result<Joules, AdcError> {
    crate::error::check_bits("ADC", bits, 1, 16)?;
    if !(7.0..=250.0).contains(&node_nm) {
        let expected = "a technology node of 7 to 250 nm";
        return Err(AdcError::Energy { name: "node", value: node_nm, expected });
    }
    if !(0.0 < rate.0 && rate.0.is_finite()) {
        return Err(AdcError::Energy { name: "rate", value: rate.0, expected: "a positive rate" });
    }
    let b = f64::from(bits.max(4));
    let merit_db = (213.78 - 2.8719 * rate.0.ln()).min(128.307 + 3.2205 * b);
    let sndr_db = 6.02 * b + 1.76;
    let scale = (26.050 + 1.8800 * node_nm.ln() - 2.8291 * b.ln() - 1.4702).exp();
    Ok(Joules(0.5e-12 * 10f64.powf(-(merit_db - sndr_db) / 10.0) * scale))
}

/// Energy of one conversion of a charge-redistribution DAC with binary-weighted unit capacitors:
/// `2^bits C_u V_dd²`, an upper bound over all codes.
pub fn dac_conversion(bits: u32, unit: cim_core::Farads, supply: Volts) -> Joules {
    Joules(f64::from(1u32 << bits.min(31)) * unit.0 * supply.0 * supply.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the fitted envelope at 100 MHz and below, in pJ.
    #[test]
    #[expect(clippy::approx_constant, reason = "6.28 pJ is an energy, not two pi")]
    fn energies_equal_the_published_envelope() {
        for (node_nm, row) in [
            (65.0, [3.50, 4.04, 6.49, 12.5]),
            (45.0, [1.75, 2.02, 3.25, 6.28]),
            (28.0, [0.72, 0.83, 1.33, 2.57]),
            (22.0, [0.46, 0.53, 0.85, 1.64]),
        ] {
            for (bits, want_pj) in [4, 6, 8, 10].into_iter().zip(row) {
                let got = conversion(bits, Hertz(1e8), node_nm).expect("in range").0 * 1e12;
                // Half a unit of the last printed place, and 0.2 % for the five digits to which
                // the constants of the fit are published.
                let place = if want_pj < 10.0 { 0.005 } else { 0.05 };
                let tolerance = place + 2e-3 * want_pj;
                assert!((got - want_pj).abs() <= tolerance, "{node_nm} nm {bits} b: {got}");
            }
        }
    }

    #[test]
    fn below_four_bits_the_four_bit_energy_bounds_it() {
        let at = |bits| conversion(bits, Hertz(1e7), 45.0).expect("in range");
        assert_eq!(at(3), at(4));
        assert!(at(4).0 < at(5).0);
        assert!(conversion(0, Hertz(1e7), 45.0).is_err());
        assert!(conversion(6, Hertz(1e7), 3.0).is_err());
        assert!(conversion(6, Hertz(f64::NAN), 45.0).is_err());
    }

    #[test]
    fn eight_bit_dac_of_femtofarads() {
        let energy = dac_conversion(8, cim_core::Farads(1e-15), Volts(0.9));
        assert!((energy.0 - 256e-15 * 0.81).abs() < 1e-27);
    }
}
