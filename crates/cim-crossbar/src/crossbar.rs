//! Programmed cells.

use std::sync::Arc;

use cim_core::{Seconds, Siemens, Stream, Tally};
use cim_device::Device;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::ambient::Ambient;
use crate::error::CircuitError;
use crate::sensed::Sensed;
use crate::solve::ohmic;
use crate::wired::Wired;
use crate::wires::Wires;

/// Programmed cells of one array, rows × columns, with their wires and surroundings.
///
/// Rows are driven with voltages, columns are sensed at virtual ground.
///
/// An array is programmed once and looked at at any time: it keeps what it was programmed to and the
/// address of its programming, of which [`aged`](Self::aged) is a function.
#[derive(Clone)]
pub struct Crossbar {
    /// What the cells hold now.
    g_s: Arc<Array2<f64>>,
    /// What they held when they were programmed; the same matrix as long as no time has passed.
    programmed_s: Arc<Array2<f64>>,
    /// Time since then.
    elapsed: Seconds,
    /// Address of the programming, if it is known.
    life: Option<Stream>,
    wires: Wires,
    wired: Wired,
    device: Arc<dyn Device>,
    ambient: Ambient,
}

impl Crossbar {
    /// Programs an array to `target_s` (rows × columns, S) and counts what happened in `tally`.
    ///
    /// # Errors
    /// [`CircuitError`] for a conductance, wires or an ambient that cannot be, and
    /// [`CircuitError::Device`] for a target outside the window of the device.
    pub fn program(
        device: Arc<dyn Device>,
        wires: Wires,
        ambient: Ambient,
        target_s: ArrayView2<'_, f64>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Self, CircuitError> {
        check(target_s)?;
        device.window().check_targets(target_s)?;
        let g_s = device.program(target_s, at, tally);
        Ok(Self::held(g_s, device, wires, ambient)?.programmed_at(at))
    }

    /// An array whose cells hold `g_s` (rows × columns, S) already.
    ///
    /// How they came to do so is not known, so it cannot age before it is told the address of its
    /// programming ([`programmed_at`](Self::programmed_at)). What is held may lie outside the window of
    /// the device, as programming errors do.
    ///
    /// # Errors
    /// [`CircuitError`] for a conductance, wires or an ambient that cannot be.
    pub fn holding(
        g_s: Array2<f64>,
        device: Arc<dyn Device>,
        wires: Wires,
        ambient: Ambient,
    ) -> Result<Self, CircuitError> {
        check(g_s.view())?;
        Self::held(g_s, device, wires, ambient)
    }

    /// As [`holding`](Self::holding), of conductances that can be.
    fn held(
        g_s: Array2<f64>,
        device: Arc<dyn Device>,
        wires: Wires,
        ambient: Ambient,
    ) -> Result<Self, CircuitError> {
        ambient.check()?;
        device.current_voltage().check_separable()?;
        let shot = ambient.shot_variance(cim_core::Amps(1.0)) > 0.0;
        // What noise sees of the cells' voltages is asked of wires that take any.
        let noisy =
            !wires.are_ideal() && (shot || g_s.iter().any(|&g| device.read_variance(g) > 0.0));
        let wired = if noisy { Wired::with_noise } else { Wired::new }(&g_s, wires)?;
        let g_s = Arc::new(g_s);
        let (programmed_s, elapsed, life) = (g_s.clone(), Seconds::ZERO, None);
        Ok(Self { g_s, programmed_s, elapsed, life, wires, wired, device, ambient })
    }

    /// The same array as programmed at the address `at`, below which whatever is frozen in its cells
    /// for life is drawn. Cells that are programmed once more start a new life and need a new address.
    #[must_use]
    pub fn programmed_at(self, at: Stream) -> Self {
        Self { life: Some(at), ..self }
    }

    /// The same array `elapsed` after it was programmed (not after it was last looked at): its cells
    /// and their read noise at that time, on the same wires.
    ///
    /// It is a function of what was programmed, so ageing to one time and then to another is ageing
    /// to the other, to the bit, and at time zero it is what was programmed.
    ///
    /// # Errors
    /// [`CircuitError::Device`] for a time that is negative or at which nothing is known of the
    /// device, and [`CircuitError::NoLife`] for cells whose programming has no address.
    pub fn aged(&self, elapsed: Seconds) -> Result<Self, CircuitError> {
        self.device.fitted_times().check(elapsed)?;
        if elapsed == self.elapsed {
            return Ok(self.clone());
        }
        let at = self.life.ok_or(CircuitError::NoLife { elapsed })?;
        let g_s = Arc::new(self.device.aged(self.programmed_s.view(), elapsed, at)?);
        let wired = Wired::new(&g_s, self.wires)?;
        Ok(Self { g_s, elapsed, wired, ..self.clone() })
    }

    /// Time since the array was programmed.
    pub fn elapsed(&self) -> Seconds {
        self.elapsed
    }

    /// What the cells held when they were programmed, rows × columns (S).
    pub fn programmed(&self) -> ArrayView2<'_, f64> {
        self.programmed_s.view()
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

    /// Its wires.
    pub fn wires(&self) -> Wires {
        self.wires
    }

    /// Column currents per effective row voltage, rows × columns (S): the conductances, less what
    /// the wires take.
    pub fn transfer(&self) -> ArrayView2<'_, f64> {
        self.wired.transfer_s(&self.g_s)
    }

    /// Noise-free column currents (A) for one vector of row voltages (V).
    ///
    /// Exact for ohmic cells and for ideal wires. Cells of another law on resistive wires are taken
    /// at the voltage of their row, see [`Wired::largest_law_error`].
    pub fn currents(&self, row_v: ArrayView1<'_, f64>) -> Array1<f64> {
        let law = self.device.current_voltage();
        ohmic::column_currents(self.transfer(), row_v.mapv(|v| law.effective_v(v)).view())
    }

    /// Conductances (S) between the ends of columns, columns × columns with zeros on the diagonal;
    /// none on ideal wires, where columns do not see each other.
    pub fn between_ends(&self) -> Option<ArrayView2<'_, f64>> {
        self.wired.between_ends()
    }

    /// Variance (A²) of the thermal noise of each sensed current, wires included: the noise of a
    /// passive network is that of the conductance seen at its ends (Nyquist 1928), of the
    /// difference of two columns that of both and twice what joins them.
    pub fn thermal_variances(&self, sensed: &[Sensed]) -> Vec<f64> {
        let columns_s = self.wired.columns_s(&self.g_s);
        let at_rest = self.device.current_voltage().slope_at_rest();
        let of = |sensed: &Sensed| {
            let conductance = match sensed.minus {
                None => columns_s[sensed.plus],
                Some(minus) => {
                    let between = self.wired.between(sensed.plus, minus);
                    columns_s[sensed.plus] + columns_s[minus] + 2.0 * between
                }
            };
            self.ambient.thermal_variance(Siemens(conductance * at_rest))
        };
        sensed.iter().map(of).collect()
    }

    /// Variance (S²) of each cell from one read to the next, as its column sees it: a column's
    /// read-noise variance is the sum over rows of this times the squared effective voltage.
    ///
    /// With wires this is first order in the cell's change, with its voltage and its effect on the
    /// column between those of a lone and of a fully driven array (see [`Wired`]).
    pub fn read_variance(&self) -> Array2<f64> {
        let (programmed_s, aged_s) = (self.programmed_s.view(), self.g_s.view());
        let mut variance = self.device.read_variances_aged(programmed_s, aged_s, self.elapsed);
        self.wired.scale(&mut variance, |drive, effect| (drive * effect).powi(2));
        variance
    }

    /// Shot-noise variance of each cell per effective volt of it ([`Ambient::shot_v`]) (A²/V), as its
    /// column sees it: beyond its thermal noise a column has the sum over rows of this times that.
    pub fn shot_variance_per_volt(&self) -> Array2<f64> {
        let mut variance = self.g_s.mapv(|g| self.ambient.shot_variance(cim_core::Amps(g)));
        self.wired.scale(&mut variance, |drive, effect| drive * effect * effect);
        variance
    }
}

/// Refuses an array without cells, and conductances (rows × columns, S) that cannot be.
fn check(g_s: ArrayView2<'_, f64>) -> Result<(), CircuitError> {
    let (rows, cols) = g_s.dim();
    if rows == 0 || cols == 0 {
        return Err(CircuitError::Empty { rows, cols });
    }
    let possible = |g: f64| (0.0..f64::INFINITY).contains(&g);
    // All of them without a branch; then which.
    if g_s.fold(true, |fine, g| fine & possible(*g)) {
        return Ok(());
    }
    match g_s.indexed_iter().find(|(_, g)| !possible(**g)) {
        None => Ok(()),
        Some(((row, col), &value)) => Err(CircuitError::Conductance { row, col, value }),
    }
}
