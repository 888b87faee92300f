//! The circuit: weights as currents, their logarithms as voltages of capacitors.

use cim_core::{Amps, Farads, Kelvin, Seconds, Stream};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::device::{Bias, Transistors, capacitor_noise, thermal_voltage};
use super::sgdr::Sgdr;
use super::task::{Task, Trajectory, rounded};
use crate::DynamicsError;
use crate::error::{positive, within};
use crate::runge_kutta::{Steps, Tolerance, integrate};

/// Temperature at which biases are set.
const REFERENCE: Kelvin = Kelvin(300.0);

/// Converters between the learner and the digital world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Converters {
    /// Inputs, targets and weights pass as they are.
    Exact,
    /// Inputs and targets come from, and weights are read by, converters of so many bits.
    Bits(u32),
}

/// A unit whose weights learn in the log domain.
///
/// # What it models
/// Each weight is the difference of two currents; each current flows in a transistor whose gate a capacitor
/// holds. A translinear loop divides the gradient's current by the weight's, which makes the exponential
/// cell a linear one, and the leak of the capacitor is the decay of L2.
///
/// # Law
/// `dI/dt = κ / (C U_T) (I_b I_g − I_leak I)` for both currents of a weight, with
/// `η / T = κ I_b / (C U_T)` and `η λ / T = κ I_leak / (C U_T)`. Signed inputs and errors are split as
/// `x± = (±x + √(x² + 4 f²)) / 2`, `f` the least current; `I_g` of the rising and the falling current are
/// `e₋ x₊ + e₊ x₋` and `e₊ x₊ + e₋ x₋`.
///
/// # Parameters
/// Mismatch draws a gain of four junctions for each product and of one for each bias; the output
/// conductance lets charge and leak depend on the capacitor's voltage; noise is `√(kT/C)`, relaxing with
/// the leak.
///
/// # Source
/// Tageldeen et al. 2025 (arXiv 2501.13181) for the idea; Frey 1993 for the cell; the circuit is ours.
///
/// # Not modelled
/// Settling of loops, flicker noise, supply noise. The error's rectifier is a function, not a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnerSpec {
    /// The rule that the circuit is to follow.
    pub rule: Sgdr,
    /// Capacitor of each current.
    pub capacitance: Farads,
    /// Current of a weight, input or error of one.
    pub unit: Amps,
    /// Least current `f` of a split.
    pub least: Amps,
    /// Its devices.
    pub transistors: Transistors,
    /// Temperature of the run; biases are set for 300 K.
    pub temperature: Kelvin,
    /// What biases do with temperature.
    pub bias: Bias,
    /// Share of `√(kT/C)` that is present: 1, or 0 for a silent circuit.
    pub noise: f64,
    /// Converters around it.
    pub converters: Converters,
}

impl LearnerSpec {
    /// A circuit without imperfections for a rule: 1 pF, 100 nA, 300 K.
    pub const fn ideal(rule: Sgdr) -> Self {
        Self {
            rule,
            capacitance: Farads(1e-12),
            unit: Amps(100e-9),
            least: Amps(1e-12),
            transistors: Transistors {
                early_per_v: 0.0,
                mismatch_v_um: 0.0,
                ..Transistors::TYPICAL
            },
            temperature: REFERENCE,
            bias: Bias::Constant,
            noise: 0.0,
            converters: Converters::Exact,
        }
    }

    /// Current `I_b` that sets the learning rate, at 300 K.
    pub fn rate_bias(&self) -> Amps {
        let scale = self.capacitance.0 * thermal_voltage(REFERENCE).0 / self.transistors.kappa;
        Amps(self.rule.rate * scale / self.rule.presentation.0)
    }

    /// Current `I_leak` that sets the decay, at 300 K.
    pub fn leak_bias(&self) -> Amps {
        self.rule.decay * self.rate_bias()
    }

    /// The decay that a leak of the least current enforces: a volatile weight cannot do with less.
    pub fn least_decay(&self) -> f64 {
        self.least / self.rate_bias()
    }

    /// Time constant with which a weight is forgotten, at 300 K; infinite without leak.
    pub fn memory(&self) -> Seconds {
        self.rule.presentation / (self.rule.rate * self.rule.decay)
    }

    /// Checks everything once, and draws the mismatch of a circuit of `weights` weights.
    ///
    /// # Errors
    /// [`DynamicsError`] for parameters without physical meaning, and a rate bias at or above the unit.
    pub fn build(self, weights: usize, at: Stream) -> Result<Learner, DynamicsError> {
        self.rule.check()?;
        self.transistors.check()?;
        positive("the capacitance", self.capacitance.0, self.capacitance)?;
        positive("the unit of current", self.unit.0, self.unit)?;
        within("the temperature in kelvin", self.temperature.0, 200.0, 450.0)?;
        within("the share of noise", self.noise, 0.0, 1.0)?;
        within("the least current over the unit", self.least / self.unit, 1e-12, 0.1)?;
        within("the rate's bias over the unit", self.rate_bias() / self.unit, 1e-12, 1.0)?;
        if let Converters::Bits(bits) = self.converters {
            within("bits of the converters", f64::from(bits), 1.0, 52.0)?;
        }
        let spread = self.transistors.spread(self.temperature);
        let mut draws = vec![0.0_f32; GAINS * weights];
        at.child("mismatch", 0).fill_standard_normal(0, &mut draws);
        // Products have four junctions in their loop, biases one.
        let junctions = |k: usize| if k % GAINS < PRODUCTS { 2.0 } else { 1.0 };
        let gain = |(k, z): (usize, &f32)| (spread * junctions(k) * f64::from(*z)).exp();
        let gains = draws.iter().enumerate().map(gain).collect();
        Ok(Learner { spec: self, gains, at })
    }
}

/// Gains of a weight: two forward products, four products of the gradient; then two biases of each current.
const PRODUCTS: usize = 6;
const GAINS: usize = PRODUCTS + 4;

/// What a weight's devices make of its currents, the rising one first.
pub(super) struct Mismatch {
    /// Gains of the forward products.
    pub carried: [f64; 2],
    /// Gains of the products that charge each current, of an input of zero or above.
    pub charged: [f64; 2],
    /// Gains of charge and leak.
    pub biases: [[f64; 2]; 2],
}

/// Rates of learning and of forgetting (1/s), and `U_T / κ` (V).
pub(super) struct Pace {
    learn: f64,
    forget: f64,
    volts: f64,
}

/// A checked circuit with its mismatch.
#[derive(Clone, Debug, PartialEq)]
pub struct Learner {
    spec: LearnerSpec,
    /// Weights × [`GAINS`].
    gains: Vec<f64>,
    at: Stream,
}

impl Learner {
    /// What it was built from.
    pub const fn spec(&self) -> &LearnerSpec {
        &self.spec
    }

    /// Number of weights.
    pub(super) const fn weights(&self) -> usize {
        self.gains.len() / GAINS
    }

    /// Gains by which mismatch sets a weight's devices off.
    pub(super) fn mismatch(&self, weight: usize) -> Mismatch {
        let g = &self.gains[weight * GAINS..];
        Mismatch {
            carried: [g[0], g[1]],
            charged: [g[2], g[4]],
            biases: [[g[6], g[7]], [g[8], g[9]]],
        }
    }

    /// Learns for so many presentations, from the least currents; weights are what converters read.
    ///
    /// The currents of a presentation follow each other through the error, so they are integrated.
    ///
    /// # Errors
    /// [`DynamicsError`] for a task with another number of weights, and equations that are too stiff.
    pub fn run(&self, task: &Task, presentations: usize) -> Result<Trajectory, DynamicsError> {
        Ok(self.learn(task, presentations)?.0)
    }

    /// As [`run`](Self::run); also the last weights as the circuit's own products carry them, which differ from
    /// what converters read where devices do not match.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn learn(
        &self,
        task: &Task,
        presentations: usize,
    ) -> Result<(Trajectory, Vec<f64>), DynamicsError> {
        let n = task.weights();
        crate::error::fits("weights of the task", n, self.weights())?;
        let spec = &self.spec;
        let seen = match spec.converters {
            Converters::Exact => task.clone(),
            Converters::Bits(bits) => task.converted(bits),
        };
        let least = spec.least / spec.unit;
        let mut currents = vec![least; 2 * n];
        let mut weights = Array2::<f64>::zeros((presentations + 1, n));
        let (mut steps, mut z) = (Steps::default(), vec![0.0_f32; 2 * n]);
        let tolerance = Tolerance { error: 1e-8, max_steps: 100_000 };
        for step in 0..presentations {
            let (x, y) = seen.sample(step);
            let x = x.to_vec();
            let slope = |_: f64, a: &[f64], out: &mut [f64]| self.slope(task, &x, y, a, out);
            let end = spec.rule.presentation.0;
            integrate(slope, 0.0, end, tolerance, &mut currents, &mut steps)?;
            self.disturb(step, &mut currents, &mut z);
            let mut row = weights.row_mut(step + 1);
            row.iter_mut().zip(currents.chunks(2)).for_each(|(w, pair)| *w = pair[0] - pair[1]);
        }
        if let Converters::Bits(bits) = spec.converters {
            let full = weights.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
            weights.mapv_inplace(|w| rounded(w, full, bits));
        }
        let carried = (0..n).map(|k| self.product(k, &currents)).collect();
        Ok((Trajectory { weights }, carried))
    }

    /// Derivatives of all currents, in units of the unit current; pairs of rising and falling.
    fn slope(&self, task: &Task, x: &[f64], y: f64, a: &[f64], out: &mut [f64]) {
        let sum: f64 = (0..x.len()).map(|k| x[k] * self.product(k, a)).sum();
        let error = self.split(task.unit().output(sum) - y);
        let pace = self.pace();
        for (k, x) in x.iter().enumerate() {
            let pair = self.cell(k, error, self.split(*x), a, &pace);
            out[2 * k..2 * k + 2].copy_from_slice(&pair);
        }
    }

    /// A signed number as the two currents of a split, in units.
    pub(super) fn split(&self, value: f64) -> [f64; 2] {
        let least = self.spec.least / self.spec.unit;
        let root = (value * value + 4.0 * least * least).sqrt();
        [0.5 * (root + value), 0.5 * (root - value)]
    }

    /// Weight `k` of the pairs `a` as its forward products carry it.
    pub(super) fn product(&self, k: usize, a: &[f64]) -> f64 {
        let g = &self.gains[k * GAINS..];
        a[2 * k] * g[0] - a[2 * k + 1] * g[1]
    }

    /// What all cells share at the circuit's temperature.
    pub(super) fn pace(&self) -> Pace {
        let LearnerSpec { temperature, capacitance, transistors, bias, .. } = self.spec;
        let volts = thermal_voltage(temperature).0 / transistors.kappa;
        let follow = match bias {
            Bias::Constant => 1.0,
            Bias::Ptat => temperature / REFERENCE,
        };
        let rate = |bias: Amps| bias.0 / (capacitance.0 * volts) * follow;
        let [learn, forget] = [self.spec.rate_bias(), self.spec.leak_bias()].map(rate);
        Pace { learn, forget, volts }
    }

    /// Derivatives of the pair of weight `k`, driven by the splits of an error and of an input.
    pub(super) fn cell(
        &self,
        k: usize,
        [e_up, e_down]: [f64; 2],
        [x_up, x_down]: [f64; 2],
        a: &[f64],
        &Pace { learn, forget, volts }: &Pace,
    ) -> [f64; 2] {
        let (g, early) = (&self.gains[k * GAINS..], self.spec.transistors.early_per_v);
        let drive = [
            e_down * x_up * g[2] + e_up * x_down * g[3],
            e_up * x_up * g[4] + e_down * x_down * g[5],
        ];
        [0, 1].map(|side| {
            let [charge, leak] = [g[6 + 2 * side], g[7 + 2 * side]];
            let now = a[2 * k + side];
            // The capacitor's voltage above that of a unit current.
            let above = if early == 0.0 { 0.0 } else { early * volts * now.max(1e-12).ln() };
            learn * charge * (1.0 - above) * drive[side] - forget * leak * (1.0 + above) * now
        })
    }

    /// Moves all currents by the noise of their capacitors over one presentation.
    pub(super) fn disturb(&self, step: usize, currents: &mut [f64], z: &mut [f32]) {
        let spec = &self.spec;
        if spec.noise == 0.0 {
            return;
        }
        let Pace { forget, volts, .. } = self.pace();
        let forgotten = 1.0 - (-2.0 * forget * spec.rule.presentation.0).exp();
        let rms_v = spec.noise * capacitor_noise(spec.temperature, spec.capacitance).0;
        let sigma = rms_v / volts * forgotten.sqrt();
        self.at.child("noise", step as u64).fill_standard_normal(0, z);
        currents.iter_mut().zip(&*z).for_each(|(a, z)| *a *= (sigma * f64::from(*z)).exp());
    }
}
