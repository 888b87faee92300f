//! What the converters of a tile see.

use cim_core::{Scratch, Tally};
use ndarray::{Array2, ArrayView2, s};

use super::{Drive, Tile};

/// What the converters of one tile see of a few vectors, phase by phase: those of a phase below each other, in the
/// order of the vectors.
///
/// An output of the tile is `Σ phases (factor · Σ currents gains · code) + known`, which tiles below each other add up.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Codes of the row converters as they drive rows: (phases · vectors) × rows.
    pub driven: Array2<f32>,
    /// Voltages of rows (V), what drivers are off by and their noise included: (phases · vectors) × rows.
    pub row_v: Array2<f32>,
    /// Currents in front of the column converters (A), noise included: (phases · vectors) × sensed currents.
    pub sensed_a: Array2<f32>,
    /// What the converters make of them: (phases · vectors) × sensed currents.
    pub codes: Array2<i32>,
    /// Output units of a code of each sensed current, in phases of factor 1.
    pub gains: Vec<f32>,
    /// Outputs, of the tile, to which sensed currents add.
    pub outputs: Vec<usize>,
    /// What is known without a read and added digitally, in output units: vectors × outputs of the tile.
    pub known: Array2<f32>,
}

impl Tile {
    /// Room for what is seen of so many vectors in so many phases.
    pub(crate) fn unseen(&self, phases: usize, vectors: usize) -> Seen {
        let (rows, senses) = self.readout.shape();
        let lines = phases * vectors;
        Seen {
            driven: Array2::zeros((lines, rows)),
            row_v: Array2::zeros((lines, rows)),
            sensed_a: Array2::zeros((lines, senses)),
            codes: Array2::zeros((lines, senses)),
            gains: self.gains.clone(),
            outputs: self.plan.senses.iter().map(|sense| sense.output).collect(),
            known: Array2::zeros((vectors, self.plan.outputs())),
        }
    }

    /// Notes what is seen in a phase: the noise is that of [`accumulate_each`](Self::accumulate_each) of the same call.
    pub(crate) fn look(&self, drive: Drive<'_>, call: u64, scratch: &mut Scratch, seen: &mut Seen) {
        let (rows, senses) = self.readout.shape();
        let Drive { batch: vectors, codes, driven: steps, phase, phase_idx, .. } = drive;
        let own = s![phase_idx * vectors..(phase_idx + 1) * vectors, ..];
        let at = self.at.child("call", call).child("phase", phase_idx as u64);
        let mut ideal = scratch.take(codes.len());
        phase.drive(codes, &mut ideal);
        let of_rows = |values: &[f32]| -> Array2<f32> {
            let view = ArrayView2::from_shape((vectors, rows), values);
            view.expect("vectors × rows").to_owned()
        };
        seen.driven.slice_mut(own).assign(&of_rows(&ideal));
        self.dac.drive(&mut ideal);
        let driven = self.driven_v(drive, at.child("drivers", 0), scratch);
        let row_v = driven.as_deref().unwrap_or(&ideal);
        seen.row_v.slice_mut(own).assign(&of_rows(row_v));
        let mut sensed_a = scratch.take(vectors * senses);
        let mut all_a = vec![0.0; vectors * senses];
        let keep = |first: usize, block_a: &[f32]| {
            all_a[first * senses..][..block_a.len()].copy_from_slice(block_a);
        };
        if self.takes_steps() {
            self.readout.sense_steps(steps, at, &mut sensed_a, scratch, keep);
        } else {
            self.readout.sense(row_v, vectors, at, &mut sensed_a, scratch, keep);
        }
        let mut codes = vec![0; all_a.len()];
        self.codes_of(&all_a, &mut codes, &mut Tally::default());
        let drive_v = self.drives_of_zeros(phase.factor as f32, &ideal, scratch);
        let outputs = seen.known.ncols();
        let known = seen.known.as_slice_mut().expect("standard layout");
        self.add_what_is_known(phase_idx, &drive_v, (known, outputs), vectors);
        let of_senses = "vectors × sensed currents";
        let view = ArrayView2::from_shape((vectors, senses), &all_a).expect(of_senses);
        seen.sensed_a.slice_mut(own).assign(&view);
        let view = ArrayView2::from_shape((vectors, senses), &codes).expect(of_senses);
        seen.codes.slice_mut(own).assign(&view);
        scratch.give(drive_v);
        driven.into_iter().for_each(|row_v| scratch.give(row_v));
        scratch.give(sensed_a);
        scratch.give(ideal);
    }

    /// Codes of sensed currents (A, vectors × senses), each by the converter of its group.
    pub(super) fn codes_of(&self, sensed_a: &[f32], codes: &mut [i32], tally: &mut Tally) {
        let senses = self.plan.senses.len();
        match self.groups.as_slice() {
            [group] => group.adc.convert(sensed_a, codes, tally),
            groups => {
                let vectors = sensed_a.chunks_exact(senses).zip(codes.chunks_exact_mut(senses));
                for (sensed_a, codes) in vectors {
                    for group in groups {
                        let own = group.senses.clone();
                        group.adc.convert(&sensed_a[own.clone()], &mut codes[own], tally);
                    }
                }
            }
        }
    }
}
