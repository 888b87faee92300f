//! Transistors, capacitors, power and area of a learner, from counts.

use cim_core::{Amps, Farads, Joules, Volts};

use super::learner::LearnerSpec;

/// What is counted of a learner, before it is priced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bill {
    /// Transistors.
    pub transistors: usize,
    /// Capacitance of all weights.
    pub capacitance: Farads,
    /// Current of all branches, at weights, inputs and errors of the sizes given.
    pub current: Amps,
}

/// What things cost; ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Supply.
    pub supply: Volts,
    /// Capacitors (F/µm²).
    pub density_f_per_um2: f64,
}

impl Prices {
    /// 1.2 V, 2 fF/µm².
    pub const TYPICAL: Self = Self { supply: Volts(1.2), density_f_per_um2: 2e-15 };
}

/// Transistors of one product: five of the loop and its follower, two of the mirror behind it.
const PRODUCT: usize = 7;
/// Transistors of one cell: seven of a product, one that stores, one that leaks.
const CELL: usize = 9;
/// Transistors of the error's rectifier, differential pair and mirrors, once per unit.
const ERROR: usize = 12;

impl Bill {
    /// Counts a unit of `weights` weights whose mean sizes of weights, inputs and errors are given (1 is the
    /// unit current).
    ///
    /// Not counted: converters, reference generators, wiring.
    pub fn of(spec: &LearnerSpec, weights: usize, mean: [f64; 3]) -> Self {
        let [weight, input, error] = mean;
        let unit = spec.unit.0;
        // Loop of a product: two factors, a unit and the product; the mirror doubles the product.
        let product = |a: f64, b: f64| unit * (a + b + 1.0 + 2.0 * a * b);
        let forward = 2.0 * product(weight / 2.0, input);
        let back = 4.0 * product(error / 2.0, input / 2.0);
        let cell = 2.0
            * (unit * weight / 2.0
                + unit * error * input / 4.0
                + 2.0 * spec.rate_bias().0
                + spec.leak_bias().0);
        Self {
            transistors: weights * (6 * PRODUCT + 2 * CELL) + ERROR,
            capacitance: 2.0 * weights as f64 * spec.capacitance,
            current: Amps(weights as f64 * (forward + back + cell) + unit * (4.0 * error + 2.0)),
        }
    }

    /// Area of gates and capacitors (µm²), wiring aside.
    pub fn area_um2(&self, spec: &LearnerSpec, prices: &Prices) -> f64 {
        self.transistors as f64 * spec.transistors.area_um2
            + self.capacitance.0 / prices.density_f_per_um2
    }

    /// Power in watts.
    pub fn power_w(&self, prices: &Prices) -> f64 {
        self.current.0 * prices.supply.0
    }

    /// Energy of one presentation.
    pub fn energy(&self, spec: &LearnerSpec, prices: &Prices) -> Joules {
        Joules(self.power_w(prices) * spec.rule.presentation.0)
    }
}
