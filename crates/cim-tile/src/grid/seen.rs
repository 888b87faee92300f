//! What the converters of all tiles of a grid see.

use cim_core::{Scratch, Tally};
use ndarray::ArrayView2;

use super::Grid;
use crate::driven::Driven;
use crate::tile::Seen;

impl Grid {
    /// What the converters of each tile, row tiles outermost, see when `x` (vectors × inputs) goes through: the same
    /// drives, noise and codes as [`apply`](cim_core::MatMul::apply) of `x` with the same `call` has.
    ///
    /// # Panics
    /// If `x` has other inputs than the grid.
    pub fn seen(&self, x: ArrayView2<'_, f32>, call: u64) -> Vec<Seen> {
        assert_eq!(x.ncols(), self.inputs, "shapes");
        let (vectors, polarity) = (x.nrows(), self.dac.polarity());
        let (scratch, tally) = (&mut Scratch::default(), &mut Tally::default());
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let mut all = Vec::with_capacity(self.tiles.len());
        for (row_tile, tiles) in self.tiles.chunks_exact(self.column_tiles).enumerate() {
            let first = row_tile * self.tile_inputs;
            let own = first..self.inputs.min(first + self.tile_inputs);
            let rows = own.len() * polarity.rows_per_input();
            let (mut inputs, mut codes) = (vec![0.0; vectors * rows], vec![0.0; vectors * rows]);
            for (to, from) in inputs.chunks_exact_mut(rows).zip(x.chunks_exact(self.inputs)) {
                polarity.split(&from[own.clone()], to);
            }
            self.dac.encode(&inputs, self.input_limit, &mut codes, tally);
            let mut seen: Vec<Seen> =
                tiles.iter().map(|tile| tile.unseen(self.phases.len(), vectors)).collect();
            let mut driven = Driven::of(tiles, (vectors, rows), scratch);
            for (phase_idx, phase) in self.phases.iter().enumerate() {
                let drive = driven.by(&self.dac, *phase, phase_idx, &codes);
                for (tile, seen) in tiles.iter().zip(&mut seen) {
                    tile.look(drive, call, scratch, seen);
                }
            }
            driven.give(scratch);
            all.extend(seen);
        }
        all
    }

    /// Factors with which the outputs of each phase add.
    pub fn phase_factors(&self) -> Vec<f64> {
        self.phases.iter().map(|phase| phase.factor).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_adc::{DacSpec, Polarity};
    use cim_core::{Amps, Hertz, Kelvin, MatMul, Siemens, Stream, Volts};
    use cim_crossbar::{Ambient, Wires};
    use cim_device::models::NoiseSpec;
    use cim_device::{Conduction, Device, GaussianSpec};
    use ndarray::Array2;

    use super::*;
    use crate::mapping::MappingSpec;
    use crate::{FrontEnd, LayerDesign, Parts, Targets};

    fn uniform(rows: usize, cols: usize, at: Stream) -> Array2<f32> {
        let mut values = vec![0.0; rows * cols];
        at.fill_uniform(0, &mut values);
        Array2::from_shape_vec((rows, cols), values).expect("rows × cols values") - 0.5
    }

    fn parts(mapping: MappingSpec, polarity: Polarity, drivers_are_off: bool) -> Parts {
        let us = |x: f64| Siemens(x * 1e-6);
        let device = GaussianSpec {
            g_off: us(2.0),
            g_on: us(50.0),
            programming: NoiseSpec { constant: us(1.0), ..NoiseSpec::NONE },
            read: NoiseSpec { proportional: 0.01, ..NoiseSpec::NONE },
            current_voltage: Conduction::Ohmic,
        };
        let device = device.build().expect("a device");
        let driver_noise = if drivers_are_off { Volts(1e-3) } else { Volts::ZERO };
        Parts {
            mapping: mapping.build().expect("a mapping"),
            window: device.window(),
            device: Arc::new(device),
            read_voltage: Volts(0.2),
            dac: DacSpec { bits: 4, polarity },
            adc_bits: 6,
            adc_noise: Amps(1e-8),
            ambient: Ambient {
                temperature: Kelvin(300.0),
                bandwidth: Hertz(1e7),
                amplifier_factor: 1.0,
                fano_factor: 1.0,
            },
            wires: Wires::NONE,
            front_end: FrontEnd { driver_noise, ..FrontEnd::IDEAL },
            targets: Targets::Nominal,
            rows: 8,
            outputs: 3,
        }
    }

    /// Codes of all tiles, each with its gain, are the outputs of the grid; voltages and codes are within what converters
    /// have, and codes are those of the currents.
    #[test]
    fn what_converters_see_adds_up_to_the_product() {
        let (weights, x) = (uniform(19, 7, Stream::root(1)), uniform(5, 19, Stream::root(2)));
        for mapping in MappingSpec::registered() {
            for polarity in
                [Polarity::Bipolar, Polarity::Offset, Polarity::TwoPhase, Polarity::TwoRows]
            {
                for drivers_are_off in [false, true] {
                    let parts = parts(mapping, polarity, drivers_are_off);
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
                    let columns = grid.column_tiles;
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
                        assert!(seen.driven.iter().all(|code| code.fract() == 0.0));
                        let steps: Vec<f64> =
                            grid.tiles[tile_idx].converters().map(|adc| adc.step().0).collect();
                        for (a, code) in seen.sensed_a.iter().zip(&seen.codes) {
                            let off = |step: &f64| (f64::from(*a) / step - f64::from(*code)).abs();
                            // Half a step, or what is beyond the last.
                            let clips = 5e-5 <= a.abs() * 1.01;
                            assert!(clips || steps.iter().any(|step| off(step) < 0.51));
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
}
