//! The network, images and chips that are timed.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, Hertz, Kelvin, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::models::{GaussianSpec, NoiseSpec};
use cim_device::{Conduction, Device};
use cim_nn::{Dataset, Layer, Network};
use cim_tile::{Grid, LayerDesign, Mapping, MappingSpec, Parts, Targets};
use ndarray::Array2;

/// 784-256-128-10 with random weights.
pub fn network() -> Network {
    Network::new(&[784, 256, 128, 10], Stream::root(1)).expect("a network")
}

/// 784-256 with random weights.
pub fn layer() -> Network {
    Network::new(&[784, 256], Stream::root(1)).expect("a network")
}

/// Images of random pixels, four in five of them black.
pub fn images(count: usize) -> Dataset {
    let mut values = vec![0.0_f32; count * 784];
    Stream::root(2).fill_uniform(0, &mut values);
    let pixels = values.iter().map(|u| ((u - 0.8).max(0.0) * 1275.0) as u8).collect();
    let labels = (0..count).map(|i| (i % 10) as u8).collect();
    Dataset::new(pixels, labels, 28, 28, 10).expect("images")
}

/// Noise that follows the state of the cells and the drive.
#[derive(Clone, Copy)]
pub struct StateNoise {
    /// Read noise relative to the conductance.
    pub read: f64,
    /// Fano factor of the shot noise.
    pub fano_factor: f64,
    /// Bandwidth of thermal and shot noise.
    pub bandwidth: Hertz,
}

/// The network on tiles of 128 rows with 8-bit converters, programming, thermal and converter
/// noise, and `state` noise.
pub fn chip(network: &Network, state: StateNoise) -> Vec<Grid> {
    chip_on(network, state, Wires::NONE)
}

/// The same on `wires`.
pub fn chip_on(network: &Network, state: StateNoise, wires: Wires) -> Vec<Grid> {
    chip_with(network, state, wires, 128)
}

/// The same on tiles of `rows`.
pub fn chip_with(network: &Network, state: StateNoise, wires: Wires, rows: usize) -> Vec<Grid> {
    chip_of(network, state, wires, rows, Arc::new(cim_tile::Differential::FINE))
}

/// The same whose weights are cut into slices of one bit.
pub fn sliced(network: &Network, state: StateNoise, slices: usize) -> Vec<Grid> {
    let text =
        serde_json::json!({ "kind": "bit-sliced-differential", "slices": slices, "bits": 1 });
    let mapping: MappingSpec = serde_json::from_value(text).expect("a mapping");
    chip_of(network, state, Wires::NONE, 128, mapping.build().expect("a few bits"))
}

fn chip_of(
    network: &Network,
    state: StateNoise,
    wires: Wires,
    rows: usize,
    mapping: Arc<dyn Mapping>,
) -> Vec<Grid> {
    let parts = parts_of(state, wires, rows, mapping);
    let program = |(layer_idx, layer): (usize, &Layer)| {
        let at = Stream::root(3).child("layer", layer_idx as u64);
        let design = design(&parts, layer_idx, layer);
        Grid::program(&parts, &design, layer.weights.view(), at, &mut Tally::default())
    };
    let grids = network.layers().iter().enumerate().map(program);
    grids.collect::<Result<_, _>>().expect("a chip")
}

/// What chips of [`chip`] are made of.
pub fn noisy(state: StateNoise) -> Parts {
    parts_of(state, Wires::NONE, 128, Arc::new(cim_tile::Differential::FINE))
}

/// How a layer uses them.
pub fn design(parts: &Parts, layer_idx: usize, layer: &Layer) -> LayerDesign {
    let (inputs, outputs) = layer.weights.dim();
    LayerDesign {
        weight_clip: 0.3,
        input_limit: if layer_idx == 0 { 1.0 } else { 4.0 },
        drive_gain: 1.0,
        full_scale: Array2::from_elem(parts.full_scale_shape(inputs, outputs), Amps(1e-4)),
    }
}

fn parts_of(state: StateNoise, wires: Wires, rows: usize, mapping: Arc<dyn Mapping>) -> Parts {
    let device = GaussianSpec {
        g_off: Siemens(2e-6),
        g_on: Siemens(50e-6),
        programming: NoiseSpec { constant: Siemens(3e-6), ..NoiseSpec::NONE },
        read: NoiseSpec { proportional: state.read, ..NoiseSpec::NONE },
        current_voltage: Conduction::Ohmic,
    };
    let device = device.build().expect("a device");
    Parts {
        mapping,
        window: device.window(),
        device: Arc::new(device),
        read_voltage: Volts(0.2),
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        adc_bits: 8,
        adc_noise: Amps(1e-7),
        ambient: Ambient {
            temperature: Kelvin(300.0),
            bandwidth: state.bandwidth,
            amplifier_factor: 1.0,
            fano_factor: state.fano_factor,
        },
        wires,
        front_end: cim_tile::FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows,
        outputs: 128,
    }
}
