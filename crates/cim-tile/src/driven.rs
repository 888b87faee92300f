//! What ideal converters put on the rows of a few tiles.

use cim_adc::{Dac, Phase};
use cim_core::{IntegerMatrix, Scratch};

use crate::tile::{Drive, Tile};

/// Buffers for the rows of tiles side by side, which are driven together.
pub(crate) struct Driven {
    rows: usize,
    row_v: Vec<f32>,
    /// Empty where no tile takes whole numbers.
    steps: Vec<i16>,
    /// Whether a tile takes volts.
    volts: bool,
}

impl Driven {
    /// For `tiles` of so many `rows`, and vectors of a batch.
    pub fn of(tiles: &[Tile], (batch, rows): (usize, usize), scratch: &mut Scratch) -> Self {
        let whole = tiles.iter().any(Tile::takes_steps);
        let width = if whole { IntegerMatrix::padded(rows) } else { 0 };
        let (row_v, steps) = (scratch.take(batch * rows), scratch.take_driven(batch * width));
        Self { rows, row_v, steps, volts: tiles.iter().any(Tile::takes_volts) }
    }

    /// What converters make of `codes` (batch × rows) in a phase.
    pub fn by<'a>(
        &'a mut self,
        dac: &Dac,
        phase: Phase,
        phase_idx: usize,
        codes: &'a [f32],
    ) -> Drive<'a> {
        let Self { rows, row_v, steps, volts } = self;
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
        Drive { codes, driven: &self.steps, row_v: &self.row_v, phase, phase_idx }
    }

    /// Gives the buffers back.
    pub fn give(self, scratch: &mut Scratch) {
        scratch.give(self.row_v);
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
        /// 1.5 · 2²³: adding it leaves a whole number in the lowest bits.
        const SHIFT: f32 = 12_582_912.0;
        let Self { rows, values, steps } = self;
        let vectors = steps.chunks_exact_mut(IntegerMatrix::padded(rows));
        for (steps, values) in vectors.zip(values.chunks_exact(rows)) {
            steps
                .iter_mut()
                .zip(values)
                .for_each(|(to, value)| *to = (value + SHIFT).to_bits() as i16);
            steps[rows..].fill(0);
        }
    }
}
