//! The currents of a burst step by step, by the circuit of each moment.

use cim_core::Seconds;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::pwm::burst::Burst;
use crate::pwm::drive::Drive;
use crate::pwm::error::PwmError;
use crate::pwm::integration::Integration;
use crate::pwm::tile::{PwmTile, Side};

/// Currents of all columns during one burst of one vector.
///
/// A current holds from its step to the next one listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Waveform {
    steps: Vec<u32>,
    total: u32,
    current_a: Array2<f64>,
}

impl Waveform {
    /// Steps at which the circuit was solved, ascending from 0.
    pub fn steps(&self) -> &[u32] {
        &self.steps
    }

    /// Steps of the burst.
    pub fn total_steps(&self) -> u32 {
        self.total
    }

    /// Currents (A) from each of these steps on, solved steps × columns.
    pub fn currents(&self) -> ArrayView2<'_, f64> {
        self.current_a.view()
    }

    /// Charge of every column (C).
    pub fn charges(&self, integration: Integration, time_step: Seconds) -> Array1<f64> {
        let mut charge_c = Array1::zeros(self.current_a.ncols());
        for (k, (&from, current_a)) in self.steps.iter().zip(self.current_a.rows()).enumerate() {
            let to = self.steps.get(k + 1).copied().unwrap_or(self.total);
            charge_c.scaled_add(integration.weight(from, to, self.total) * time_step.0, &current_a);
        }
        charge_c
    }
}

impl PwmTile {
    /// Steps through one burst of one vector, without read noise. Steps in which no row switches
    /// are skipped, since nothing changes in them.
    ///
    /// # Errors
    /// [`PwmError`] if there is no such vector or burst, or the codes are another tile's.
    pub fn waveform(
        &self,
        drive: &Drive,
        vector: usize,
        burst: usize,
    ) -> Result<Waveform, PwmError> {
        let (codes, burst) = self.vector_and_burst(drive, vector, burst)?;
        let ends = codes.iter().map(|&code| burst.part(code).unsigned_abs());
        let mut steps: Vec<u32> = std::iter::once(0).chain(ends).collect();
        steps.sort_unstable();
        steps.dedup();
        Ok(self.step_through(codes, burst, steps))
    }

    /// The same, and every step is solved: slower, for checks.
    ///
    /// # Errors
    /// [`PwmError`] if there is no such vector or burst, or the codes are another tile's.
    pub fn waveform_at_every_step(
        &self,
        drive: &Drive,
        vector: usize,
        burst: usize,
    ) -> Result<Waveform, PwmError> {
        let (codes, burst) = self.vector_and_burst(drive, vector, burst)?;
        Ok(self.step_through(codes, burst, (0..burst.steps()).collect()))
    }

    fn vector_and_burst<'a>(
        &self,
        drive: &'a Drive,
        vector: usize,
        index: usize,
    ) -> Result<(ArrayView1<'a, i32>, Burst), PwmError> {
        if !self.accepts(drive) {
            return Err(PwmError::Foreign { drive_top: drive.top_code(), top: self.top_code() });
        }
        let count = self.bursts.len();
        let burst = self.bursts.get(index).copied();
        let burst = burst.ok_or(PwmError::Index { name: "burst", index, count })?;
        Ok((drive.vector(vector)?, burst))
    }

    fn step_through(&self, codes: ArrayView1<'_, i32>, burst: Burst, steps: Vec<u32>) -> Waveform {
        let mut parts: Vec<(usize, i32)> =
            codes.iter().map(|&code| burst.part(code)).enumerate().collect();
        parts.retain(|(_, part)| *part != 0);
        parts.sort_by_key(|(_, part)| std::cmp::Reverse(part.unsigned_abs()));
        let mut current_a = Array2::zeros((steps.len(), self.shape().1));
        for side in &self.sides {
            let mut on_side = Array2::zeros((steps.len(), side.g_s.ncols()));
            let walk = Walk { tile: self, side, parts: &parts, steps: &steps, out: &mut on_side };
            pulp::Arch::new().dispatch(walk);
            current_a.slice_mut(ndarray::s![.., side.first..;side.stride]).assign(&on_side);
        }
        Waveform { steps, total: burst.steps(), current_a }
    }
}

/// One way of columns through all steps, compiled for the vectors of the machine.
///
/// From the last step to the first, since no pulse lasts to the end: pulses are switched on and
/// never off. A switch changes the source of its row's segment; the ladder is solved again from the
/// farthest segment that changed to the ADC.
struct Walk<'a> {
    tile: &'a PwmTile,
    side: &'a Side,
    /// Rows with a pulse, the longest first.
    parts: &'a [(usize, i32)],
    steps: &'a [u32],
    /// Steps × columns (A).
    out: &'a mut Array2<f64>,
}

impl pulp::NullaryFnOnce for Walk<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { tile, side, parts, steps, out } = self;
        let spec = &tile.spec;
        let (up_v, down_v) = (spec.v_hi.0 - spec.v_mid.0, spec.v_lo.0 - spec.v_mid.0);
        // Voltages count from where the ADC holds the column.
        let mut vg_a = &side.g_s * (spec.v_mid.0 - spec.v_read.0);
        let mut arriving_a = vec![0.0; vg_a.len()];
        let vg_a = vg_a.as_slice_mut().expect("standard layout");
        let (mut begun, mut first) = (0, 0);
        for (&step, mut current_a) in steps.iter().zip(out.rows_mut()).rev() {
            while let Some(&(row, part)) = parts.get(begun)
                && step < part.unsigned_abs()
            {
                switch(side, vg_a, row, if part > 0 { (up_v, down_v) } else { (down_v, up_v) });
                first = first.min(side.segment[row]);
                begun += 1;
            }
            let current_a = current_a.as_slice_mut().expect("standard layout");
            side.ladder.collapse(vg_a, first, &mut arriving_a, current_a);
            // The last stage is cheap; all before it is kept unless a row switches.
            first = side.g_s.nrows() - 1;
        }
    }
}

/// Changes the voltages of a row's two lines.
#[inline(always)]
fn switch(side: &Side, vg_a: &mut [f64], row: usize, (plus_v, minus_v): (f64, f64)) {
    let cols = side.g_s.ncols();
    let node = &mut vg_a[side.segment[row] * cols..][..cols];
    let (g_plus, g_minus) = (side.g_plus.row(row), side.g_minus.row(row));
    let g_plus = g_plus.to_slice().expect("standard layout");
    let g_minus = g_minus.to_slice().expect("standard layout");
    for ((vg, &plus), &minus) in node.iter_mut().zip(g_plus).zip(g_minus) {
        *vg += plus_v * plus + minus_v * minus;
    }
}
