//! Parts of a chip, designs of a layer, and numbers to put on them.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, MatMul, Scratch, Siemens, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::{Ideal, Window};
use cim_tile::{Differential, LayerDesign, Parts, Targets, full_scale};
use ndarray::{Array2, ArrayView2};

pub use cim_laws::draws::{integers, normals, uniforms};

/// Parts without any noise: ideal cells of 1 to 100 µS, 0.2 V, 16-bit converters with a sign.
pub fn silent(rows: usize, outputs: usize) -> Parts {
    let window = Window::new(Siemens(1e-6), Siemens(100e-6)).expect("a window");
    Parts {
        device: Arc::new(Ideal { window }),
        mapping: Arc::new(Differential::FINE),
        window,
        read_voltage: Volts(0.2),
        dac: DacSpec { bits: 16, polarity: Polarity::Bipolar },
        adc_bits: 16,
        adc_noise: Amps::ZERO,
        ambient: Ambient::SILENT,
        wires: Wires::NONE,
        front_end: cim_tile::FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows,
        outputs,
    }
}

/// Parts without any noise all of whose numbers are dyadic: 4-bit inputs, 2⁻⁶ V a code, a window
/// of 2⁻¹⁴ S. With dyadic weights, limits and full scales every product and sum is exact in `f32`.
pub fn dyadic(rows: usize, outputs: usize, adc_bits: u32) -> Parts {
    let window = Window::new(Siemens(2f64.powi(-17)), Siemens(2f64.powi(-17) + 2f64.powi(-14)));
    let window = window.expect("a window");
    Parts {
        device: Arc::new(Ideal { window }),
        window,
        read_voltage: Volts(15.0 / 64.0),
        dac: DacSpec { bits: 4, polarity: Polarity::Unipolar },
        adc_bits,
        ..silent(rows, outputs)
    }
}

/// A design for ohmic cells with the same full scale, in output units, for every tile.
pub fn design(
    parts: &Parts,
    (inputs, outputs): (usize, usize),
    weight_clip: f32,
    input_limit: f32,
    full_scale: f64,
) -> LayerDesign {
    let empty = Array2::from_elem((0, 0), Amps::ZERO);
    let mut design = LayerDesign { weight_clip, input_limit, drive_gain: 1.0, full_scale: empty };
    let amps = Amps(full_scale * design.amps_per_output(parts));
    design.full_scale = Array2::from_elem(parts.full_scale_shape(inputs, outputs), amps);
    design
}

/// A design for ohmic cells whose full scales are the largest currents of the programmed weights.
pub fn worst_case(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    weight_clip: f32,
    input_limit: f32,
) -> LayerDesign {
    let mut design = design(parts, weights.dim(), weight_clip, input_limit, 1.0);
    let amps_per_weight = design.amps_per_weight(parts);
    design.full_scale = full_scale::worst_case(parts, weights, weight_clip, amps_per_weight);
    design
}

/// `x · W` as carried by `product`, and what was counted.
pub fn carried(product: &dyn MatMul, x: ArrayView2<'_, f32>, call: u64) -> (Array2<f32>, Tally) {
    let mut y = Array2::zeros((x.nrows(), product.shape().1));
    let mut tally = Tally::default();
    product.apply(x, call, y.view_mut(), &mut Scratch::default(), &mut tally);
    (y, tally)
}
