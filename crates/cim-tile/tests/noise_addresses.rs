//! No two products share their noise: every chip, layer, tile, call and image draws its own.

use std::sync::Arc;

use cim_adc::{DacSpec, Polarity};
use cim_core::{Amps, MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_crossbar::{Ambient, Wires};
use cim_device::{Device, Ideal, Window};
use cim_tile::{Grid, LayerDesign, Parts, Targets};
use ndarray::Array2;

const ROWS: usize = 16;
const OUTPUTS: usize = 128;
const IMAGES: usize = 40;

/// A layer without weights on `row_tiles` × `column_tiles` tiles: its output is nothing but the
/// noise in front of its converters, on 2¹⁶ levels over ten standard deviations.
fn silent_layer(row_tiles: usize, column_tiles: usize, at: Stream) -> Grid {
    let window = Window::new(Siemens(1e-6), Siemens(50e-6)).expect("a window");
    let device: Arc<dyn Device> = Arc::new(Ideal { window });
    let parts = Parts {
        device,
        mapping: Arc::new(cim_tile::Differential::FINE),
        window,
        read_voltage: Volts(0.2),
        dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
        adc_bits: 16,
        adc_noise: Amps(1e-6),
        ambient: Ambient::SILENT,
        wires: Wires::NONE,
        front_end: cim_tile::FrontEnd::IDEAL,
        targets: Targets::Nominal,
        rows: ROWS,
        outputs: OUTPUTS,
    };
    let design = LayerDesign {
        weight_clip: 1.0,
        input_limit: 1.0,
        drive_gain: 1.0,
        full_scale: Array2::from_elem((row_tiles, column_tiles), Amps(1e-5)),
    };
    let weights = Array2::zeros((row_tiles * ROWS, column_tiles * OUTPUTS));
    Grid::program(&parts, &design, weights.view(), at, &mut Tally::default()).expect("a grid")
}

fn output(grid: &Grid, call: u64) -> Array2<f32> {
    let (inputs, outputs) = grid.shape();
    let (x, mut y) = (Array2::zeros((IMAGES, inputs)), Array2::zeros((IMAGES, outputs)));
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    grid.apply(x.view(), call, y.view_mut(), &mut scratch, &mut tally);
    y
}

/// Unit vectors of 128 draws: one for every chip, layer, call, image and column tile.
fn noise_vectors() -> Vec<Vec<f32>> {
    let mut vectors = Vec::new();
    for (chip, layer) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let at = Stream::root(5).child("chip", chip).child("layer", layer);
        let grid = silent_layer(1, 2, at);
        for call in 0..2 {
            for image in output(&grid, call).rows() {
                for tile in image.to_vec().chunks_exact(OUTPUTS) {
                    let norm = tile.iter().map(|v| v * v).sum::<f32>().sqrt();
                    vectors.push(tile.iter().map(|v| v / norm).collect());
                }
            }
        }
    }
    vectors
}

#[test]
fn chips_layers_calls_images_and_column_tiles_draw_their_own_noise() {
    let vectors = noise_vectors();
    assert_eq!(vectors.len(), 4 * 2 * IMAGES * 2);
    for (i, a) in vectors.iter().enumerate() {
        for (j, b) in vectors[..i].iter().enumerate() {
            let correlation: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            // 6.8 standard deviations of 1 / √128, for 2e5 pairs: false alarm below 3e-6.
            assert!(correlation.abs() < 0.6, "vectors {j} and {i}: {correlation}");
        }
    }
}

#[test]
fn the_noise_of_row_tiles_adds_up_in_variance() {
    let variance = |row_tiles| {
        let y = output(&silent_layer(row_tiles, 1, Stream::root(6)), 0);
        f64::from(y.mapv(|v| v * v).mean().expect("images"))
    };
    // Shared noise would add up in amplitude: 9 and not 3. Six standard errors of 5,120 draws.
    let ratio = variance(3) / variance(1);
    assert!((ratio / 3.0 - 1.0).abs() < 6.0 * (4.0 / 5120_f64).sqrt(), "{ratio}");
}

#[test]
fn a_call_can_be_repeated() {
    let grid = silent_layer(2, 2, Stream::root(7));
    assert_eq!(output(&grid, 3), output(&grid, 3));
    assert_ne!(output(&grid, 3), output(&grid, 4));
}
