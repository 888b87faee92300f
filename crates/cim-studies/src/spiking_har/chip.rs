//! The chip: pairs of cells that pulses write, read through tiles forward and transposed.

use std::sync::Arc;

use cim_core::{Amps, MatMul, Scratch, Stream, Tally};
use cim_device::program::{Pulse, PulseCells, Rewritten};
use cim_dynamics::spiking::{Arrays, Feedback, Network};
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
    /// Pairs written since the chip was made.
    pub pairs_written: u64,
    /// Energy of all pulses (J).
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
        let (pairs_written, energy_j, tally) = (0, 0.0, Tally::default());
        let parts = Parts { device: Arc::new(Held(parts.device.clone())), ..parts };
        let mut chip =
            Self { spec, parts, matrices, at, moment: 0, pairs_written, energy_j, tally };
        chip.write(network)?;
        (chip.pairs_written, chip.energy_j) = (0, 0.0);
        Ok(chip)
    }

    /// Writes the pairs that are further from `wanted` than the threshold: one cell to what the weight asks
    /// for, the other to the bottom of the window, a pulse or two each, without looking.
    ///
    /// # Errors
    /// [`StudyError`] for weights of another shape.
    pub fn write(&mut self, wanted: &Network) -> Result<(), StudyError> {
        self.moment += 1;
        let at = self.at.child("write", self.moment);
        for (l, (matrix, wanted)) in self.matrices.iter_mut().zip(wanted.weights()).enumerate() {
            let window = matrix.cells.window();
            let threshold = self.spec.adaptation.write_threshold as f32 * matrix.clip;
            let held = matrix.cells.conductances();
            let mut pulses = [0, 1].map(|_| Array2::from_elem(held.dim(), Pulse::NONE));
            for ((row, col), &w) in wanted.indexed_iter() {
                let before = matrix.written[(row, col)];
                // What was never written is not a number.
                if (w - before).abs() <= threshold {
                    continue;
                }
                matrix.written[(row, col)] = w;
                self.pairs_written += 1;
                let share = f64::from(w / matrix.clip).clamp(-1.0, 1.0);
                for (side, share) in [share.max(0.0), (-share).max(0.0)].into_iter().enumerate() {
                    let place = (row, 2 * col + side);
                    let target = window.g_min.0 + share * window.span().0;
                    let aimed = matrix.cells.aimed(held[place], target);
                    (pulses[0][place], pulses[1][place]) = (aimed[0], aimed[1]);
                }
            }
            for (k, pulses) in pulses.iter().enumerate() {
                let at = at.child("matrix", l as u64).child("pulse", k as u64);
                self.energy_j += matrix.cells.pulse(pulses.view(), at)?.sum();
            }
        }
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
        for (l, matrix) in self.matrices.iter().enumerate() {
            let weights = matrix.weights();
            let (at, parts) = (at.child("matrix", l as u64), self.parts.of_layer(l));
            let grid = |weights: ArrayView2<'_, f32>, limit, label| {
                array(self.spec, &parts, weights, (matrix.clip, limit), at.child(label, 0))
            };
            arrays.forward.push(grid(weights.view(), matrix.limit, "forward")?);
            let transposed = weights.t().as_standard_layout().into_owned();
            arrays.transposed.push(grid(transposed.view(), None, "transposed")?);
        }
        Ok(arrays)
    }

    /// Fixed matrices of feedback on arrays of the same cells, written once.
    ///
    /// # Errors
    /// [`StudyError`] for parts that cannot be.
    pub fn feedback(&self, matrices: &[Array2<f32>]) -> Result<Feedback, StudyError> {
        let parts = self.spec.parts()?;
        let of = |(l, b): (usize, &Array2<f32>)| {
            let clip = b.iter().fold(f32::MIN_POSITIVE, |most, b| most.max(b.abs()));
            let at = self.at.child("feedback", l as u64);
            array(self.spec, &parts.of_layer(l), b.view(), (clip, None), at)
        };
        Ok(Feedback(matrices.iter().enumerate().map(of).collect::<Result<_, StudyError>>()?))
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
) -> Result<Box<dyn MatMul>, StudyError> {
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
    let grid = Grid::program(parts, &design, weights, at, &mut Tally::default())?;
    Ok(match limit {
        Some(_) => Box::new(grid),
        None => Box::new(Scaled(grid)),
    })
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
