//! What the converters of tiles see is what the grid puts out.

use std::sync::Arc;

use cim_adc::{Adc, DacSpec, Polarity};
use cim_core::{Amps, Hertz, Kelvin, MatMul, Scratch, Siemens, Stream, Tally, Volts};
use cim_crossbar::Ambient;
use cim_device::models::NoiseSpec;
use cim_device::{Conduction, Device, GaussianSpec};
use cim_tests::chip::{silent, uniforms};
use cim_tile::{FrontEnd, Grid, LayerDesign, MappingSpec, Parts, Seen, Tile};
use ndarray::Array2;

/// What is drawn afresh in every read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Noise {
    Nowhere,
    Currents,
    CurrentsAndDrivers,
}

/// Cells that are off by what programming leaves.
fn parts(mapping: MappingSpec, polarity: Polarity, noise: Noise) -> Parts {
    let us = |x: f64| Siemens(x * 1e-6);
    let device = GaussianSpec {
        g_off: us(2.0),
        g_on: us(50.0),
        programming: NoiseSpec { constant: us(1.0), ..NoiseSpec::NONE },
        read: match noise {
            Noise::Nowhere => NoiseSpec::NONE,
            _ => NoiseSpec { proportional: 0.01, ..NoiseSpec::NONE },
        },
        current_voltage: Conduction::Ohmic,
    };
    let device = device.build().expect("a device");
    let base = silent(8, 3);
    let base = Parts {
        mapping: mapping.build().expect("a mapping"),
        window: device.window(),
        device: Arc::new(device),
        dac: DacSpec { bits: 4, polarity },
        adc_bits: 6,
        ..base
    };
    if noise == Noise::Nowhere {
        return base;
    }
    let driver_noise = if noise == Noise::CurrentsAndDrivers { Volts(1e-3) } else { Volts::ZERO };
    Parts {
        adc_noise: Amps(1e-8),
        ambient: Ambient {
            temperature: Kelvin(300.0),
            bandwidth: Hertz(1e7),
            amplifier_factor: 1.0,
            fano_factor: 1.0,
        },
        front_end: FrontEnd { driver_noise, ..FrontEnd::IDEAL },
        ..base
    }
}

/// Ohm and Kirchhoff: without noise, a sensed current is that of its column's cells at the voltages of the rows, less
/// that of the column that is subtracted.
fn currents_are_of_the_cells(seen: &Seen, tile: &Tile) {
    let g = tile.array().conductances();
    for (row_v, sensed_a) in seen.row_v.rows().into_iter().zip(seen.sensed_a.rows()) {
        for (sense, &sensed_a) in tile.senses().iter().zip(sensed_a) {
            let of = |column: usize| -> f64 {
                let cells = row_v.iter().zip(g.column(column));
                cells.map(|(&v, &g)| f64::from(v) * g).sum()
            };
            let want = of(sense.plus) - sense.minus.map_or(0.0, of);
            // Eight rows at up to 0.2 V on 50 µS, in single precision.
            assert!((want - f64::from(sensed_a)).abs() < 1e-6 * 80e-6, "{sensed_a}, not {want} A");
        }
    }
}

/// Codes of all tiles, each with its gain, are the outputs of the grid; voltages and codes are within what converters
/// have, and codes are those of the currents.
#[test]
fn what_converters_see_adds_up_to_the_product() {
    let half = |rows, cols, seed| uniforms(rows, cols, -0.5, 0.5, Stream::root(seed));
    let (weights, x) = (half(19, 7, 1), half(5, 19, 2));
    for mapping in MappingSpec::registered() {
        for polarity in [Polarity::Bipolar, Polarity::Offset, Polarity::TwoPhase, Polarity::TwoRows]
        {
            for noise in [Noise::Nowhere, Noise::Currents, Noise::CurrentsAndDrivers] {
                let parts = parts(mapping, polarity, noise);
                let full_scale = Array2::from_elem(parts.full_scale_shape(19, 7), Amps(5e-5));
                let (weight_clip, input_limit, drive_gain) = (0.5, 0.5, 1.0);
                let design = LayerDesign { weight_clip, input_limit, drive_gain, full_scale };
                let (at, tally) = (Stream::root(3), &mut Tally::default());
                let grid = Grid::program(&parts, &design, weights.view(), at, tally);
                let grid = grid.expect("a grid");
                let mut y = Array2::zeros((5, 7));
                grid.apply(x.view(), 4, y.view_mut(), &mut Scratch::default(), tally);
                let (seen, factors) = (grid.seen(x.view(), 4), grid.phase_factors());
                let mut sum = Array2::<f64>::zeros((5, 7));
                let columns = parts.grid_shape(19, 7).1;
                for (tile_idx, seen) in seen.iter().enumerate() {
                    let first = tile_idx % columns * parts.outputs;
                    for ((vector, output), known) in seen.known.indexed_iter() {
                        sum[[vector, first + output]] += f64::from(*known);
                    }
                    for ((line, sense), &code) in seen.codes.indexed_iter() {
                        let (phase, vector) = (line / 5, line % 5);
                        let gain = factors[phase] * f64::from(seen.gains[sense]);
                        sum[[vector, first + seen.outputs[sense]]] += gain * f64::from(code);
                    }
                    assert!(seen.row_v.iter().all(|v| v.abs() <= 0.2 + 6.0 * 1e-3));
                    let tile = &grid.tiles()[tile_idx];
                    if noise == Noise::Nowhere {
                        currents_are_of_the_cells(seen, tile);
                    }
                    let adcs: Vec<&dyn Adc> = tile.converters().collect();
                    for (((_, sense), a), code) in seen.sensed_a.indexed_iter().zip(&seen.codes) {
                        let adc = adcs[tile.senses()[sense].full_scale_group];
                        let (least, most) = (*adc.codes().start(), *adc.codes().end());
                        let steps = f64::from(*a) / adc.step().0;
                        let within = steps.clamp(f64::from(least), f64::from(most));
                        // Half a step, in single precision.
                        assert!((within - f64::from(*code)).abs() < 0.501, "{a} A is {code}");
                    }
                }
                let size = y.iter().fold(0.0f32, |m, y| m.max(y.abs()));
                for ((place, sum), y) in sum.indexed_iter().zip(&y) {
                    // Some hundred terms, each rounded to single precision.
                    let off = (sum - f64::from(*y)).abs();
                    assert!(
                        off < 1e-5 * f64::from(size),
                        "{mapping:?} {polarity:?} {place:?}: {off} of {size}"
                    );
                }
            }
        }
    }
}
