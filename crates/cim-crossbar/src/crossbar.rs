//! Programmed cells.

use std::sync::Arc;

use cim_core::{Siemens, Stream, Tally};
use cim_device::Device;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::ambient::Ambient;
use crate::error::CircuitError;
use crate::solve::ohmic;
use crate::wires::Wires;

/// Programmed cells of one array, rows × columns, with their wires and surroundings.
///
/// Rows are driven with voltages, columns are sensed at virtual ground.
#[derive(Clone)]
pub struct Crossbar {
    g_s: Array2<f64>,
    device: Arc<dyn Device>,
    ambient: Ambient,
}

impl Crossbar {
    /// Programs an array to `target_s` (rows × columns, S) and counts what happened in `tally`.
    ///
    /// # Errors
    /// [`CircuitError`] for a conductance that cannot be, resistive wires or an impossible ambient.
    pub fn program(
        device: Arc<dyn Device>,
        wires: Wires,
        ambient: Ambient,
        target_s: ArrayView2<'_, f64>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, CircuitError> {
        wires.check_ideal()?;
        ambient.check()?;
        let (rows, cols) = target_s.dim();
        if rows == 0 || cols == 0 {
            return Err(CircuitError::Empty { rows, cols });
        }
        if let Some(((row, col), &value)) =
            target_s.indexed_iter().find(|(_, g)| !(0.0 <= **g && g.is_finite()))
        {
            return Err(CircuitError::Conductance { row, col, value });
        }
        let g_s = device.program(target_s, at, tally);
        Ok(Self { g_s, device, ambient })
    }

    /// What the cells hold, rows × columns (S).
    pub fn conductances(&self) -> ArrayView2<'_, f64> {
        self.g_s.view()
    }

    /// The kind of cell.
    pub fn device(&self) -> &dyn Device {
        self.device.as_ref()
    }

    /// The surroundings of a read.
    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// Noise-free column currents (A) for one vector of row voltages (V).
    pub fn currents(&self, row_v: ArrayView1<'_, f64>) -> Array1<f64> {
        let law = self.device.current_voltage();
        ohmic::column_currents(self.g_s.view(), row_v.mapv(|v| law.effective_v(v)).view())
    }

    /// Variance (A²) of each column's thermal noise.
    pub fn thermal_variance(&self) -> Array1<f64> {
        self.g_s
            .columns()
            .into_iter()
            .map(|g| self.ambient.thermal_variance(Siemens(g.sum())))
            .collect()
    }

    /// Variance (S²) of each cell from one read to the next: a column's read-noise variance is the
    /// sum over rows of this times the squared effective voltage.
    pub fn read_variance(&self) -> Array2<f64> {
        self.g_s.mapv(|g| self.device.read_variance(g))
    }

    /// Shot-noise variance of each cell per volt of effective drive (A²/V): a column's is the sum
    /// over rows of this times the magnitude of the effective voltage.
    pub fn shot_variance_per_volt(&self) -> Array2<f64> {
        self.g_s.mapv(|g| self.ambient.shot_variance(cim_core::Amps(g)))
    }
}
