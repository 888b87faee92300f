//! The front end of a tile as written in a file.

use cim_adc::{AdcError, DacSpec, Nonlinearity};
use cim_core::{Volts, Watts};
use serde::{Deserialize, Serialize};

use super::calibration::ColumnCalibration;
use super::drivers::Drivers;
use crate::error::TileError;

/// Drivers, amplifiers and converters of every tile, as far as they are not ideal.
///
/// Rows drive all columns with one voltage, so the current of a column can only be subtracted from
/// that of another after it has left its own summing node: *each sensed column has an amplifier of its
/// own*, a pair has two, and an offset column has one that all outputs share. The sensed current (the
/// difference) has one gain, and is converted by the converter of its full-scale group. Each tile has
/// its own row converters and drivers.
///
/// Law, with `G_c` the conductance that the end of column `c` sees and `f` the cells' law:
///
/// ```text
/// row voltage      v_j = V (code + INL_j(code)) / top + σ_driver n          n afresh in every read
/// sensed current   (1 + ε) (I₊(v) − I₋(v) − V₊ G₊ + V₋ G₋)
/// ```
///
/// Sources: an amplifier per column, Hu et al., *Dot-product engine*, DAC 2016, and Li et al., Nature
/// Electronics 1, 52, 2018; one converter that takes the columns of a tile in turn, Shafiee et al.,
/// *ISAAC*, ISCA 2016.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// Offset of the amplifiers of columns (V): the standard deviation over amplifiers, zero or more.
    /// Fixed for the life of a chip.
    pub amplifier_offset: Volts,
    /// Relative standard deviation of the gain of sensed currents (1), zero or more. Fixed for the
    /// life of a chip.
    pub gain_spread: f64,
    /// Noise of each row's driver, rms (V), zero or more; drawn afresh in every read. All columns of
    /// the tile see the same.
    pub driver_noise: Volts,
    /// Integral non-linearity of the row converters. Fixed for the life of a chip.
    pub dac_integral: Nonlinearity,
    /// Integral non-linearity of the column converters. Fixed for the life of a chip.
    pub adc_integral: Nonlinearity,
    /// Differential non-linearity of the column converters: standard deviation of the width of a code
    /// (LSB), zero or more, from thresholds that are off independently by `1/√2` of it. Fixed for
    /// the life of a chip.
    pub adc_differential: f64,
    /// What is measured of offsets and gains and taken away.
    pub calibration: ColumnCalibration,
    /// How rows are fed.
    pub drivers: Drivers,
    /// Power that the driver of a row takes at rest, during a read (W), zero or more.
    pub driver_power: Watts,
    /// Power that the amplifier of a column takes beyond its bias at the full scale, during a read
    /// (W), zero or more.
    pub amplifier_power: Watts,
    /// Leakage of a tile during its reads (W), zero or more.
    pub leakage: Watts,
}

impl FrontEnd {
    /// Straight, silent, without loss.
    pub const IDEAL: Self = Self {
        amplifier_offset: Volts::ZERO,
        gain_spread: 0.0,
        driver_noise: Volts::ZERO,
        dac_integral: Nonlinearity::NONE,
        adc_integral: Nonlinearity::NONE,
        adc_differential: 0.0,
        calibration: ColumnCalibration::None,
        drivers: Drivers::Lossless,
        driver_power: Watts::ZERO,
        amplifier_power: Watts::ZERO,
        leakage: Watts::ZERO,
    };

    /// Whether it is [`IDEAL`](Self::IDEAL), to the letter.
    pub fn is_ideal(&self) -> bool {
        *self == Self::IDEAL
    }

    /// Whether numbers go through it as they are, whatever power it takes.
    pub fn is_exact(&self) -> bool {
        self.residual_offset() == Volts::ZERO
            && self.residual_gain() == 0.0
            && self.driver_noise == Volts::ZERO
            && self.dac_integral.is_none()
            && self.has_straight_adc()
    }

    /// Whether column converters are uniform.
    pub(crate) fn has_straight_adc(&self) -> bool {
        self.adc_integral.is_none() && self.adc_differential == 0.0
    }

    /// The same front end, fed as it is and taking as much power, but [exact](Self::is_exact).
    #[must_use]
    pub fn exact(&self) -> Self {
        let Self { drivers, driver_power, amplifier_power, leakage, .. } = *self;
        Self { drivers, driver_power, amplifier_power, leakage, ..Self::IDEAL }
    }

    /// Checks every number; `dac` and `adc_bits` say how many levels tables are to have.
    ///
    /// # Errors
    /// [`TileError::FrontEnd`] naming the key, or [`TileError::Converter`] for a table that does not
    /// fit.
    pub fn check(&self, dac: DacSpec, adc_bits: u32) -> Result<(), TileError> {
        // Largest values of anything that would still be called by these names.
        let numbers = [
            ("amplifier_offset", self.amplifier_offset.0, 1.0, self.amplifier_offset.to_string()),
            ("gain_spread", self.gain_spread, 1.0, self.gain_spread.to_string()),
            ("driver_noise", self.driver_noise.0, 1.0, self.driver_noise.to_string()),
            ("adc_differential", self.adc_differential, 1e3, self.adc_differential.to_string()),
            ("driver_power", self.driver_power.0, 1e3, self.driver_power.to_string()),
            ("amplifier_power", self.amplifier_power.0, 1e3, self.amplifier_power.to_string()),
            ("leakage", self.leakage.0, 1e3, self.leakage.to_string()),
        ];
        for (key, value, most, shown) in numbers {
            let help = match key {
                "gain_spread" => "give 0 to 1",
                "adc_differential" => "give 0 to 1000 LSB",
                "amplifier_offset" | "driver_noise" => "give 0 V to 1 V",
                _ => "give 0 W to 1 kW",
            };
            TileError::front_end((0.0..=most).contains(&value), key, shown, help)?;
        }
        self.calibration.check()?;
        cim_adc::uniform::check_bits(adc_bits)?;
        let table = |key, checked: Result<(), AdcError>| {
            checked.map_err(|error| TileError::FrontEnd {
                key,
                value: error.to_string(),
                help: "give one finite deviation for every level, or sigma_lsb",
            })
        };
        table("dac_integral", self.dac_integral.check_levels("DAC", dac.levels()))?;
        let thresholds = cim_adc::uniform::thresholds(adc_bits);
        table("adc_integral", self.adc_integral.check_levels("ADC", thresholds))
    }

    /// Standard deviation of the offsets that are left after the calibration (V).
    pub fn residual_offset(&self) -> Volts {
        self.calibration.residual_offset(self.amplifier_offset)
    }

    /// Relative standard deviation of the gains that is left after the calibration (1).
    pub fn residual_gain(&self) -> f64 {
        self.calibration.residual_gain(self.gain_spread)
    }

    /// Mean squared error of a row's voltage by its converter, in squared steps of the converter
    /// (LSB²), for codes that are anywhere in the range.
    pub fn dac_mean_square_lsb2(&self) -> f64 {
        self.dac_integral.mean_square_lsb2()
    }

    /// Mean squared error of the thresholds of a column converter (LSB²), integral and differential,
    /// for currents that are anywhere in the range.
    pub fn adc_mean_square_lsb2(&self) -> f64 {
        self.adc_integral.mean_square_lsb2() + 0.5 * self.adc_differential.powi(2)
    }
}

impl Default for FrontEnd {
    fn default() -> Self {
        Self::IDEAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_alone_makes_it_inexact_and_power_does_not() {
        let fed = FrontEnd {
            drivers: Drivers::Supply,
            driver_power: Watts(1e-6),
            amplifier_power: Watts(2e-6),
            leakage: Watts(3e-6),
            // Measures nothing of nothing.
            calibration: ColumnCalibration::Zero {
                reads: 4,
                offset_noise: Volts::ZERO,
                offset_step: Volts(1e-3),
            },
            adc_integral: Nonlinearity::TableLsb(vec![0.0; 14]),
            ..FrontEnd::IDEAL
        };
        assert!(FrontEnd::IDEAL.is_exact() && fed.is_exact());
        let noisy = ColumnCalibration::Zero {
            reads: 4,
            offset_noise: Volts(1e-3),
            offset_step: Volts::ZERO,
        };
        let off = Nonlinearity::SigmaLsb(0.1);
        for erring in [
            FrontEnd { amplifier_offset: Volts(1e-3), ..fed.clone() },
            FrontEnd { gain_spread: 0.01, ..fed.clone() },
            FrontEnd { driver_noise: Volts(1e-3), ..fed.clone() },
            FrontEnd { dac_integral: off.clone(), ..fed.clone() },
            FrontEnd { adc_integral: off, ..fed.clone() },
            FrontEnd { adc_differential: 0.1, ..fed.clone() },
            FrontEnd { calibration: noisy, ..fed.clone() },
        ] {
            assert!(!erring.is_exact(), "{erring:?}");
            let exact = erring.exact();
            assert!(exact.is_exact());
            let powers = |f: &FrontEnd| (f.drivers, f.driver_power, f.amplifier_power, f.leakage);
            assert_eq!(powers(&exact), powers(&fed));
        }
    }
}
