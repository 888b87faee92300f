//! The chip: pairs of cells that pulses write, read through tiles forward and transposed.

use std::sync::Arc;

use cim_core::{Amps, MatMul, Scratch, Seconds, Stream, Tally};
use cim_device::program::{Pulse, PulseCells, Rewritten};
use cim_dynamics::spiking::{Arrays, Feedback, Network, Written, rows_in_sequence};
use cim_tile::full_scale::worst_case;
use cim_tile::{Grid, LayerDesign, Parts};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::held::Held;
use super::spec::Spec;
use crate::error::StudyError;

/// One matrix on its cells.
struct Matrix {
    /// Rows × twice the columns: rising and falling cells of a pair side by side.
    cells: Rewritten,
    /// What was last asked for.
    written: Array2<f32>,
    /// Weight that stands for the whole window.
    clip: f32,
    /// Largest input, or none where every batch is scaled to its largest.
    limit: Option<f32>,
}

/// All matrices of a network on their cells.
pub struct Chip<'a> {
    spec: &'a Spec,
    /// What arrays are read with.
    parts: Parts,
    matrices: Vec<Matrix>,
    at: Stream,
    /// Reads and writes so far: a new number for the noise of each.
    moment: u64,
    /// Since the first writing.
    age: Seconds,
    /// Pairs written since then.
    pub pairs_written: u64,
    /// Pulses and rows of these; for how many sequences, the chip does not know.
    pub written: Written,
    /// Energy of these pulses by the cells' own law (J).
    pub energy_j: f64,
    /// What reads counted.
    pub tally: Tally,
}

impl<'a> Chip<'a> {
    /// Fresh cells, written once to the weights of `network`.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn new(spec: &'a Spec, network: &Network, at: Stream) -> Result<Self, StudyError> {
        let parts = spec.parts()?;
        let matrix = |(l, w): (usize, &Array2<f32>)| {
            let largest = w.iter().fold(f32::MIN_POSITIVE, |most, w| most.max(w.abs()));
            let size = (w.nrows(), 2 * w.ncols());
            let at = at.child("cells", l as u64);
            Ok(Matrix {
                cells: Rewritten::fresh(parts.device.clone(), size, spec.pulses, at)?,
                written: Array2::from_elem(w.dim(), f32::NAN),
                clip: spec.ranges.weight as f32 * largest,
                // Spikes are 0 or 1.
                limit: Some(if l == 0 { spec.ranges.input as f32 } else { 1.0 }),
            })
        };
        let matrices = network.weights().enumerate().map(matrix);
        let matrices = matrices.collect::<Result<Vec<_>, StudyError>>()?;
        let parts = Parts { device: Arc::new(Held(parts.device.clone())), ..parts };
        let mut chip = Self {
            spec,
            parts,
            matrices,
            at,
            moment: 0,
            age: Seconds::ZERO,
            pairs_written: 0,
            written: Written::default(),
            energy_j: 0.0,
            tally: Tally::default(),
        };
        chip.write(network)?;
        (chip.pairs_written, chip.written, chip.energy_j) = (0, Written::default(), 0.0);
        Ok(chip)
    }

    /// Lets time pass: cells drift by the law of the device.
    ///
    /// # Errors
    /// [`StudyError`] for a time at which nothing is known of the device.
    pub fn wait(&mut self, elapsed: Seconds) -> Result<(), StudyError> {
        self.age += elapsed;
        for matrix in &mut self.matrices {
            matrix.cells.wait(elapsed, self.at)?;
        }
        Ok(())
    }

    /// Writes the pairs that are further from `wanted` than the threshold: one cell to what the weight asks
    /// for, the other to the bottom of the window, a pulse or two each, without looking.
    ///
    /// # Errors
    /// [`StudyError`] for weights of another shape.
    pub fn write(&mut self, wanted: &Network) -> Result<(), StudyError> {
        self.moment += 1;
        let at = self.at.child("write", self.moment);
        let mut rows = 0;
        for (l, (matrix, wanted)) in self.matrices.iter_mut().zip(wanted.weights()).enumerate() {
            let window = matrix.cells.window();
            let threshold = self.spec.adaptation.write_threshold as f32 * matrix.clip;
            let held = matrix.cells.conductances();
            let mut pulses = [0, 1].map(|_| Array2::from_elem(held.dim(), Pulse::NONE));
            let mut changed = Array2::from_elem(wanted.dim(), false);
            let mut asked = Vec::new();
            for ((row, col), &w) in wanted.indexed_iter() {
                let before = matrix.written[(row, col)];
                // What was never written is not a number.
                if (w - before).abs() <= threshold {
                    continue;
                }
                matrix.written[(row, col)] = w;
                changed[(row, col)] = true;
                self.pairs_written += 1;
                self.tally.weights_clipped += u64::from(matrix.clip < w.abs());
                let share = f64::from(w / matrix.clip).clamp(-1.0, 1.0);
                for (side, share) in [share.max(0.0), (-share).max(0.0)].into_iter().enumerate() {
                    let place = (row, 2 * col + side);
                    let target = window.g_min.0 + share * window.span().0;
                    let aimed = matrix.cells.aimed(held[place], target);
                    (pulses[0][place], pulses[1][place]) = (aimed[0], aimed[1]);
                    asked.push((place, target));
                    for pulse in aimed.iter().filter(|pulse| !pulse.is_none()) {
                        self.written.sets += u64::from(0.0 < pulse.volts);
                        self.written.resets += u64::from(pulse.volts < 0.0);
                    }
                }
            }
            rows = rows.max(rows_in_sequence(changed.view()));
            for (k, pulses) in pulses.iter().enumerate() {
                let at = at.child("matrix", l as u64).child("pulse", k as u64);
                self.energy_j += matrix.cells.pulse(pulses.view(), at)?.sum();
            }
            let held = matrix.cells.conductances();
            for &(place, target) in &asked {
                let inside = window.g_min.0 <= held[place] && held[place] <= window.g_max.0;
                self.tally.cells_programmed += 1;
                self.tally.cells_outside_window += u64::from(!inside);
                self.tally.cells_at_zero += u64::from(held[place] == 0.0 && 0.0 < target);
            }
        }
        self.written.rows += rows;
        Ok(())
    }

    /// Arrays that read the cells as they are now.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn arrays(&mut self) -> Result<Arrays, StudyError> {
        self.moment += 1;
        let at = self.at.child("read", self.moment);
        let mut arrays = Arrays { forward: Vec::new(), transposed: Vec::new() };
        // Cells that hold what they hold are not programmed: writing counts them.
        let uncounted = &mut Tally::default();
        for (l, matrix) in self.matrices.iter().enumerate() {
            let weights = matrix.weights();
            let (at, parts) = (at.child("matrix", l as u64), self.parts.of_layer(l));
            let mut grid = |weights: ArrayView2<'_, f32>, limit, label| {
                let (scales, at) = ((matrix.clip, limit), at.child(label, 0));
                let grid = array(self.spec, &parts, weights, scales, at, uncounted);
                grid.map(|grid| boxed(grid, limit))
            };
            arrays.forward.push(grid(weights.view(), matrix.limit, "forward")?);
            let transposed = weights.t().as_standard_layout().into_owned();
            arrays.transposed.push(grid(transposed.view(), None, "transposed")?);
        }
        Ok(arrays)
    }

    /// Fixed matrices of feedback on arrays of the same cells, written once, with the weights, and as old as they are.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn feedback(&mut self, matrices: &[Array2<f32>]) -> Result<Feedback, StudyError> {
        let parts = self.spec.parts()?;
        let mut fixed = Vec::new();
        for (l, b) in matrices.iter().enumerate() {
            let clip = b.iter().fold(f32::MIN_POSITIVE, |most, b| most.max(b.abs()));
            let at = self.at.child("feedback", l as u64);
            let (parts, tally) = (parts.of_layer(l), &mut self.tally);
            let grid = array(self.spec, &parts, b.view(), (clip, None), at, tally)?;
            fixed.push(boxed(grid.aged(self.age)?, None));
        }
        Ok(Feedback(fixed))
    }
}

impl Matrix {
    /// What the cells hold, as weights.
    fn weights(&self) -> Array2<f32> {
        let (held, span) = (self.cells.conductances(), self.cells.window().span().0);
        Array2::from_shape_fn(self.written.dim(), |(row, col)| {
            let difference = held[(row, 2 * col)] - held[(row, 2 * col + 1)];
            (difference / span) as f32 * self.clip
        })
    }
}

/// A matrix on tiles.
fn array(
    spec: &Spec,
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    (weight_clip, limit): (f32, Option<f32>),
    at: Stream,
    tally: &mut Tally,
) -> Result<Grid, StudyError> {
    let (rows, cols) = parts.full_scale_shape(weights.nrows(), weights.ncols());
    let design = LayerDesign {
        weight_clip,
        input_limit: limit.unwrap_or(1.0),
        drive_gain: 1.0,
        full_scale: Array2::from_elem((rows, cols), Amps(1.0)),
    };
    let share = spec.ranges.full_scale;
    let worst = worst_case(parts, weights, weight_clip, design.amps_per_weight(parts));
    let full_scale = worst.mapv(|amps| share * amps);
    let design = LayerDesign { full_scale, ..design };
    Ok(Grid::program(parts, &design, weights, at, tally)?)
}

/// A grid as it is used: without a limit of its inputs, scaled to them.
fn boxed(grid: Grid, limit: Option<f32>) -> Box<dyn MatMul> {
    match limit {
        Some(_) => Box::new(grid),
        None => Box::new(Scaled(grid)),
    }
}

/// A grid whose inputs are scaled to the largest of each vector, digitally.
struct Scaled(Grid);

impl MatMul for Scaled {
    fn shape(&self) -> (usize, usize) {
        self.0.shape()
    }

    fn apply(
        &self,
        x: ArrayView2<'_, f32>,
        call: u64,
        mut y: ArrayViewMut2<'_, f32>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) {
        let largest: Vec<f32> =
            x.outer_iter().map(|x| x.iter().fold(0.0_f32, |most, x| most.max(x.abs()))).collect();
        let mut scaled = x.to_owned();
        for (mut row, &most) in scaled.outer_iter_mut().zip(&largest) {
            if most > 0.0 {
                row /= most;
            }
        }
        self.0.apply(scaled.view(), call, y.view_mut(), scratch, tally);
        for (mut row, &most) in y.outer_iter_mut().zip(&largest) {
            row *= most;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::spiking_har::SpikingHar;
    use crate::study::Study;

    fn spec() -> Spec {
        parse(SpikingHar::PRESET).expect("parses")
    }

    fn held(chip: &Chip<'_>) -> Vec<Array2<f32>> {
        chip.matrices.iter().map(Matrix::weights).collect()
    }

    /// Three weights of the first matrix move, two of them in one row; one by less than is written.
    #[test]
    fn pulses_and_rows_are_those_of_the_pairs_that_are_off() {
        let spec = spec();
        let mut network = spec.network(6, 7, Stream::root(3)).expect("a network");
        let mut chip = Chip::new(&spec, &network, Stream::root(4)).expect("a chip");
        let clip = chip.matrices[0].clip;
        let first = network.weights_mut().next().expect("a matrix");
        for place in [(2, 3), (2, 9), (40, 1)] {
            first[place] -= 0.1 * clip * first[place].signum();
        }
        first[(7, 7)] += 0.5 * spec.adaptation.write_threshold as f32 * clip;
        chip.write(&network).expect("written");
        let Written { sets, resets, rows, .. } = chip.written;
        assert_eq!((chip.pairs_written, sets + resets, rows), (3, 6, 2));
        // All pairs were written once at first.
        let cells: usize = network.weights().map(|w| 2 * w.len()).sum();
        assert_eq!(chip.tally.cells_programmed, cells as u64 + 6);
        let outside = chip.matrices.iter().flat_map(|matrix| {
            let window = matrix.cells.window();
            let inside = move |g: &f64| window.g_min.0 <= *g && *g <= window.g_max.0;
            matrix.cells.conductances().into_iter().filter(move |g| !inside(g))
        });
        // A cell that was written again may have been outside before.
        assert!(outside.count() as u64 <= chip.tally.cells_outside_window);
        assert!(0 < chip.tally.cells_outside_window);
        // The other cell of each pair is lowered to the bottom.
        assert!(3 <= resets && 0.0 < chip.energy_j);
        chip.write(&network).expect("nothing to write");
        assert_eq!((chip.pairs_written, chip.written.rows), (3, 2));
    }

    /// Wan's cells spread by 0.6 to 3.3 µS more in a day, of a window of 39.3 µS; two of them are a weight.
    #[test]
    fn cells_drift_by_their_own_law_and_not_without_time() {
        let spec = spec();
        let network = spec.network(6, 7, Stream::root(3)).expect("a network");
        let mut chip = Chip::new(&spec, &network, Stream::root(4)).expect("a chip");
        let before = held(&chip);
        chip.wait(Seconds::ZERO).expect("no time");
        assert_eq!(held(&chip), before);
        chip.wait(Seconds(86_400.0)).expect("a day");
        for ((after, before), matrix) in held(&chip).iter().zip(&before).zip(&chip.matrices) {
            let change = (after - before) / matrix.clip;
            let rms = change.iter().map(|d| d * d).sum::<f32>() / change.len() as f32;
            assert!((0.01..0.1).contains(&rms.sqrt()), "{}", rms.sqrt());
        }
        assert!(chip.wait(Seconds(86_400.0)).is_err(), "two days are beyond the fit");
    }
}
