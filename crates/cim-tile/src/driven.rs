//! What ideal converters put on the rows of a few tiles.

use cim_adc::{Code, Dac, Inputs, Phase};
use cim_core::{IntegerMatrix, Scratch, Tally};

use crate::grid::Grid;
use crate::tile::{Drive, Tile};

/// The rows of tiles side by side, which are driven together.
pub(crate) struct Driven {
    batch: usize,
    rows: usize,
    /// Codes of the converters; empty where they are encoded as steps.
    codes: Vec<f32>,
    /// Empty where nothing but steps is looked at.
    row_v: Vec<f32>,
    /// Empty where no tile takes whole numbers.
    steps: Vec<i16>,
    /// Whether a tile takes volts.
    volts: bool,
}

impl Driven {
    /// Encodes inputs of a grid (vectors × inputs) for a row of its tiles. `looked` says whether the codes themselves are
    /// looked at.
    pub fn of(
        grid: &Grid,
        row_tile: usize,
        x: &[f32],
        looked: bool,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Self {
        let tiles = &grid.tiles[row_tile * grid.column_tiles..][..grid.column_tiles];
        let (polarity, limit) = (grid.dac.polarity(), grid.input_limit);
        let first = row_tile * grid.tile_inputs;
        let own = first..grid.inputs.min(first + grid.tile_inputs);
        let (batch, rows) = (x.len() / grid.inputs, own.len() * polarity.rows_per_input());
        let (whole, volts) =
            (tiles.iter().any(Tile::takes_steps), tiles.iter().any(Tile::takes_volts));
        let width = if whole { IntegerMatrix::padded(rows) } else { 0 };
        let mut steps = scratch.take_driven(batch * width);
        let inputs = Inputs { values: x, stride: grid.inputs, own };
        let whole = matches!(grid.phases.as_slice(), [phase] if phase.is_whole());
        let [one_row, coded] =
            [polarity.rows_per_input() == 1, looked || tiles.iter().any(Tile::takes_codes)];
        if whole && one_row && !volts && !coded {
            grid.dac.encode_vectors(inputs, limit, (&mut steps, width), tally);
            return Self { batch, rows, codes: Vec::new(), row_v: Vec::new(), steps, volts };
        }
        let mut codes = scratch.take(batch * rows);
        if one_row {
            grid.dac.encode_vectors(inputs, limit, (&mut codes, rows), tally);
        } else {
            let mut parts = scratch.take(batch * rows);
            for (to, from) in parts.chunks_exact_mut(rows).zip(x.chunks_exact(grid.inputs)) {
                polarity.split(&from[inputs.own.clone()], to);
            }
            grid.dac.encode(&parts, limit, &mut codes, tally);
            scratch.give(parts);
        }
        Self { batch, rows, codes, row_v: scratch.take(batch * rows), steps, volts }
    }

    /// What is driven in a phase.
    pub fn by(&mut self, dac: &Dac, phase: Phase, phase_idx: usize) -> Drive<'_> {
        let Self { batch, rows, codes, row_v, steps, volts } = self;
        // Where there are no codes, steps are what is driven.
        if !codes.is_empty() {
            let copied = *volts || !phase.is_whole();
            if copied {
                phase.drive(codes, row_v);
            }
            if !steps.is_empty() {
                let values: &[f32] = if copied { row_v } else { codes };
                pulp::Arch::new().dispatch(ToIntegers { rows: *rows, values, steps });
            }
            if *volts {
                dac.drive(row_v);
            }
        }
        Drive { batch: *batch, codes, driven: steps, row_v, phase, phase_idx }
    }

    /// Gives the buffers back.
    pub fn give(self, scratch: &mut Scratch) {
        [self.codes, self.row_v].into_iter().for_each(|buffer| scratch.give(buffer));
        scratch.give_driven(self.steps);
    }
}

/// Whole numbers as integers, rows made even, compiled for the vectors of the machine.
struct ToIntegers<'a> {
    rows: usize,
    values: &'a [f32],
    steps: &'a mut [i16],
}

impl pulp::NullaryFnOnce for ToIntegers<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { rows, values, steps } = self;
        let vectors = steps.chunks_exact_mut(IntegerMatrix::padded(rows));
        for (steps, values) in vectors.zip(values.chunks_exact(rows)) {
            steps.iter_mut().zip(values).for_each(|(to, &value)| *to = i16::nearest(value));
            steps[rows..].fill(0);
        }
    }
}
