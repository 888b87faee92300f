//! Which effect works with which mapping, found by trying: chips with the effect are further from the
//! product than chips without it, by as much as the closed form says.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{
    Amps, Hertz, Kelvin, MatMul, Ohms, Scratch, Seconds, Siemens, Stream, Tally, Volts,
};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, Device, EffectSpec, GaussianSpec, StuckSpec, Window, published};
use ndarray::Array2;
use serde::Serialize;

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::front_end::FrontEnd;
use crate::full_scale::worst_case;
use crate::grid::{Grid, LayerDesign, Parts, Targets};
use crate::mapping::{LOW_BIT, LowBit, Mapping, MappingSpec, Numbers};
use crate::moments::LayerErrors;

/// Inputs and outputs of what is tried, on tiles of half as many.
const SHAPE: (usize, usize) = (24, 6);
/// Vectors that drive it.
const SAMPLES: usize = 16;
/// Chips of every trial: mean squared errors are then known to 10 % and better.
const CHIPS: u64 = 120;
/// What an effect raises the squared error by at least.
const RAISED: f64 = 1.25;
/// How far the closed form may be from chips, either way.
const APART: f64 = 1.4;

/// A mapping with a drive, by name.
#[derive(Clone)]
pub struct Carried {
    /// Its name.
    pub name: String,
    mapping: Arc<dyn Mapping>,
    drive: DacSpec,
    /// What weights and inputs are, where it is made for few.
    numbers: Option<Numbers>,
}

impl Carried {
    /// Every registered mapping at the first numbers that laws are tested at, and every published one
    /// for binary and ternary networks.
    ///
    /// # Errors
    /// None: what is registered can be built.
    pub fn all() -> Result<Vec<Self>, TileError> {
        let mut all: Vec<Self> = Vec::new();
        for spec in MappingSpec::registered() {
            if all.iter().any(|carried| carried.name == spec.kind()) {
                continue;
            }
            let drive = DacSpec { bits: 8, polarity: Polarity::Unipolar };
            let (name, mapping) = (spec.kind().to_owned(), spec.build()?);
            all.push(Self { name, mapping, drive, numbers: None });
        }
        for low_bit in &LOW_BIT {
            let LowBit { key, mapping, numbers, .. } = low_bit;
            let (name, mapping) = ((*key).to_owned(), mapping.build()?);
            all.push(Self { name, mapping, drive: low_bit.dac(), numbers: Some(*numbers) });
        }
        Ok(all)
    }
}

impl Carried {
    /// What is found of every effect of [`TRIED`] with this mapping; all draws come from below `at`.
    ///
    /// # Errors
    /// As [`attempt`].
    pub fn found(&self, at: Stream) -> Result<Vec<Found>, TileError> {
        TRIED.iter().map(|effect| attempt(self, effect, at)).collect()
    }
}

/// Something that keeps chips from being exact.
#[derive(Clone, Copy)]
pub struct Tried {
    /// Its name.
    pub name: &'static str,
    /// Makes parts have it.
    to: fn(&mut Parts),
    /// Factor on the full scales.
    full_scale: f64,
    /// When chips are looked at.
    after: Seconds,
}

const fn tried(name: &'static str, to: fn(&mut Parts)) -> Tried {
    Tried { name, to, full_scale: 1.0, after: Seconds::ZERO }
}

/// Every effect that is tried.
pub const TRIED: [Tried; 12] = [
    tried("programming", |p| p.device = gaussian(4.0, 0.0, Conduction::Ohmic)),
    tried("stuck cells", |p| p.device = stuck()),
    Tried { after: Seconds(86_400.0), ..tried("age", |p| p.device = drifting(&mut p.window)) },
    tried("read noise", |p| p.device = gaussian(0.0, 4.0, Conduction::Ohmic)),
    tried("conduction", |p| {
        p.device = gaussian(0.0, 0.0, Conduction::Sinh { scale: Volts(0.15) });
    }),
    tried("thermal noise", |p| p.ambient = noise(300.0, 0.0)),
    tried("shot noise", |p| p.ambient = noise(1e-3, 1.0)),
    tried("wires", |p| p.wires = Wires::new(Ohms(60.0), Ohms(60.0))),
    tried("ADC noise", |p| p.adc_noise = Amps(5e-6)),
    tried("ADC rounding", |p| p.adc_bits = 4),
    Tried { full_scale: 0.4, ..tried("ADC clips", |_| ()) },
    tried("front end", |p| p.front_end = front_end()),
];

/// Mean squared errors of outputs without and with an effect (squared units of outputs).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Of chips.
    pub chips: [f64; 2],
    /// By the closed form, which is of chips that do not age.
    pub closed_form: Option<[f64; 2]>,
}

impl Found {
    /// Whether chips have the effect, and as large as the closed form says.
    pub fn works(&self) -> bool {
        let [without, with] = self.chips;
        let agrees = |[_, closed]: [f64; 2]| with <= APART * closed && closed <= APART * with;
        RAISED * without < with && self.closed_form.is_none_or(agrees)
    }
}

/// Tries an effect with a mapping; all draws come from below `at`.
///
/// # Errors
/// [`TileError`] for parts that cannot be, which is a fault of ours.
pub fn attempt(carried: &Carried, effect: &Tried, at: Stream) -> Result<Found, TileError> {
    let (weights, x) = numbers(carried, at);
    let mut parts = plain(carried);
    if effect.after != Seconds::ZERO {
        // The same cells, looked at at once and later.
        (effect.to)(&mut parts);
        let design = design(&parts, &weights, 1.0);
        let mse = |after| measured(&parts, &design, (&weights, &x), after, at);
        let chips = [mse(Seconds::ZERO)?, mse(effect.after)?];
        return Ok(Found { chips, closed_form: None });
    }
    let of = |parts: &Parts, factor: f64| -> Result<[f64; 2], TileError> {
        let design = design(parts, &weights, factor);
        let chips = measured(parts, &design, (&weights, &x), Seconds::ZERO, at)?;
        let calibration = Calibration::new(x.view(), design.input_limit, &parts.check()?);
        let closed = LayerErrors::of(parts, &design, weights.view(), &calibration)?;
        Ok([chips, closed.output_error().sum()])
    };
    let [chips, closed] = of(&parts, 1.0)?;
    (effect.to)(&mut parts);
    let [chips_with, closed_with] = of(&parts, effect.full_scale)?;
    Ok(Found { chips: [chips, chips_with], closed_form: Some([closed, closed_with]) })
}

/// Parts with nothing but the rounding of fine converters.
fn plain(carried: &Carried) -> Parts {
    Parts {
        device: gaussian(0.0, 0.0, Conduction::Ohmic),
        mapping: carried.mapping.clone(),
        window: Window { g_min: us(10.0), g_max: us(90.0) },
        read_voltage: Volts(0.2),
        dac: carried.drive,
        adc_bits: 12,
        adc_noise: Amps::ZERO,
        ambient: Ambient::SILENT,
        wires: Wires::NONE,
        front_end: FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows: SHAPE.0 / 2 * carried.drive.polarity.rows_per_input(),
        outputs: SHAPE.1 / 2,
    }
}

/// Weights (inputs × outputs) and inputs (samples × inputs), up to 1, that mapping and drive carry
/// without rounding.
fn numbers(carried: &Carried, at: Stream) -> (Array2<f32>, Array2<f32>) {
    let uniform = |rows: usize, cols: usize, at: Stream| {
        let mut values = vec![0.0; rows * cols];
        at.fill_uniform(0, &mut values);
        Array2::from_shape_vec((rows, cols), values).expect("rows × cols numbers")
    };
    let (w, x) = (at.child("weights", 0), at.child("inputs", 0));
    let (w, x) = (uniform(SHAPE.0, SHAPE.1, w), uniform(SAMPLES, SHAPE.0, x));
    let Some(numbers) = carried.numbers else {
        let top = carried.mapping.top_weight() as f32;
        return (w.mapv(|u| ((2.0 * u - 1.0) * top).round() / top), x);
    };
    let all = numbers.all();
    let pick = |u: f32| all[(u * all.len() as f32) as usize % all.len()] as f32;
    (w.mapv(pick), x.mapv(pick))
}

fn design(parts: &Parts, weights: &Array2<f32>, factor: f64) -> LayerDesign {
    let full_scale = Array2::from_elem((0, 0), Amps::ZERO);
    let mut design =
        LayerDesign { weight_clip: 1.0, input_limit: 1.0, drive_gain: 1.0, full_scale };
    let amps = design.amps_per_weight(parts);
    design.full_scale = worst_case(parts, weights.view(), 1.0, amps).mapv(|fs| fs * factor);
    design
}

/// Mean squared error of chips, summed over outputs.
fn measured(
    parts: &Parts,
    design: &LayerDesign,
    (weights, x): (&Array2<f32>, &Array2<f32>),
    after: Seconds,
    at: Stream,
) -> Result<f64, TileError> {
    let exact = x.mapv(f64::from).dot(&weights.mapv(f64::from));
    let (mut sum, mut tally, mut scratch) = (0.0, Tally::default(), Scratch::default());
    let mut y = Array2::zeros(exact.dim());
    for chip in 0..CHIPS {
        let at = at.child("chip", chip);
        let grid = Grid::program(parts, design, weights.view(), at, &mut tally)?;
        let grid = if after == Seconds::ZERO { grid } else { grid.aged(after)? };
        grid.apply(x.view(), 0, y.view_mut(), &mut scratch, &mut tally);
        let off = y.iter().zip(&exact).map(|(&y, exact)| (f64::from(y) - exact).powi(2));
        sum += off.sum::<f64>();
    }
    Ok(sum / (CHIPS * SAMPLES as u64) as f64)
}

fn us(micro: f64) -> Siemens {
    Siemens(micro * 1e-6)
}

fn gaussian(programming: f64, read: f64, current_voltage: Conduction) -> Arc<dyn Device> {
    let noise = |constant| NoiseSpec { constant: us(constant), ..NoiseSpec::NONE };
    let (programming, read) = (noise(programming), noise(read));
    let (g_off, g_on) = (us(1.0), us(120.0));
    let spec = GaussianSpec { g_off, g_on, programming, read, current_voltage };
    Arc::new(spec.build().expect("a window and noise that can be"))
}

fn stuck() -> Arc<dyn Device> {
    let (low, high) = (us(2.0), us(100.0));
    let stuck = StuckSpec::Random { share_low: 0.03, share_high: 0.03, low, high };
    let device = gaussian(0.0, 0.0, Conduction::Ohmic);
    EffectSpec::Stuck(stuck).build(device).expect("shares and conductances that can be")
}

/// A published phase-change cell, and its window.
fn drifting(window: &mut Window) -> Arc<dyn Device> {
    let device = published("pcm").expect("a published device").device;
    *window = device.window();
    device
}

fn noise(kelvin: f64, fano_factor: f64) -> Ambient {
    let (temperature, bandwidth) = (Kelvin(kelvin), Hertz(3e12));
    Ambient { temperature, bandwidth, amplifier_factor: 0.0, fano_factor }
}

/// Gains, amplifiers and drivers that are off.
fn front_end() -> FrontEnd {
    let (amplifier_offset, driver_noise) = (Volts(4e-3), Volts(4e-3));
    FrontEnd { amplifier_offset, gain_spread: 0.04, driver_noise, ..FrontEnd::IDEAL }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moments::LayerCurrents;

    /// What stands in front of converters is one thing, whether its converters are looked at or not: to the
    /// bit, with every mapping and every effect.
    #[test]
    fn currents_in_front_of_converters_are_those_of_the_whole_closed_form() {
        for carried in Carried::all().expect("registered") {
            let (weights, x) = numbers(&carried, Stream::root(3));
            for effect in &TRIED {
                let mut parts = plain(&carried);
                (effect.to)(&mut parts);
                let design = design(&parts, &weights, effect.full_scale);
                let dac = parts.check().expect("parts that can be");
                let calibration = Calibration::new(x.view(), design.input_limit, &dac);
                let whole = LayerErrors::of(&parts, &design, weights.view(), &calibration);
                let currents = LayerCurrents::of(&parts, &design, weights.view(), &calibration);
                let (whole, currents) = (whole.expect("errors"), currents.expect("currents"));
                assert_eq!(currents.amps_per_output, whole.amps_per_output);
                assert_eq!(currents.tiles.len(), whole.tiles.len());
                for (own, whole) in currents.tiles.iter().zip(&whole.tiles) {
                    let name = format!("{} with {}", effect.name, carried.name);
                    assert_eq!(own.place, whole.place, "{name}");
                    assert_eq!(own.exact_a, whole.exact_a, "{name}");
                    assert_eq!(own.ideal_a, whole.ideal_a, "{name}");
                    assert_eq!(own.phases, whole.phases, "{name}");
                }
            }
        }
    }
}
