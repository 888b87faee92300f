//! What lumping rows into segments costs, against a node for every row.

use crate::pwm::drive::Drive;
use crate::pwm::error::PwmError;
use crate::pwm::tile::PwmTile;

/// Error of the segments from one step of a burst to the next listed, over all columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepError {
    /// Step from which it holds.
    pub step: u32,
    /// Root mean square of the exact currents (A).
    pub current_rms_a: f64,
    /// Root mean square of what the segments make of them, less the exact currents (A).
    pub error_rms_a: f64,
    /// The largest such difference (A).
    pub error_max_a: f64,
}

impl PwmTile {
    /// Measures the approximation by segments in one burst of one vector at every step where a row
    /// switches, against the exact solution: one node for every row of the tile, all nodes of a
    /// column eliminated in turn, which for a ladder is Gaussian elimination of its tridiagonal
    /// nodal equations without fill.
    ///
    /// # Errors
    /// [`PwmError`] if there is no such vector or burst, or the codes are another tile's.
    pub fn segment_errors(
        &self,
        drive: &Drive,
        vector: usize,
        burst: usize,
    ) -> Result<Vec<StepError>, PwmError> {
        let exact = self.with_segments(self.spec().tile_rows)?.waveform(drive, vector, burst)?;
        let lumped = self.waveform(drive, vector, burst)?;
        let (exact_a, lumped_a) = (exact.currents(), lumped.currents());
        let steps = exact.steps().iter().zip(exact_a.rows()).zip(lumped_a.rows());
        Ok(steps
            .map(|((&step, exact_a), lumped_a)| {
                let rms = |sum: f64| (sum / exact_a.len() as f64).sqrt();
                let errors = || exact_a.iter().zip(lumped_a).map(|(exact, lumped)| lumped - exact);
                StepError {
                    step,
                    current_rms_a: rms(exact_a.iter().map(|i| i * i).sum()),
                    error_rms_a: rms(errors().map(|e| e * e).sum()),
                    error_max_a: errors().fold(0.0, |most, e| most.max(e.abs())),
                }
            })
            .collect())
    }
}
