//! Gradient-descent programming (GDP): cells are programmed by what the array computes.

use cim_core::{Amps, Seconds, Siemens, Stream, Tally, Volts};
use cim_device::DeviceError;
use cim_device::program::{
    CellsPreset, End, Outcome, Programmer, ProgrammerSpec, Pulse, PulseCells, PulseCellsSpec, check,
};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::product::transfer;
use crate::error::CircuitError;
use crate::wires::Wires;

/// A [`Gdp`] programmer as written in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GdpSpec {
    /// What programs the cells first, one by one.
    pub start: ProgrammerSpec,
    /// Wires of the array in which they are.
    pub wires: Wires,
    /// Largest row voltage; inputs are Gaussian with a third of it as standard deviation.
    pub peak: Volts,
    /// Products measured in one iteration.
    pub batch: u32,
    /// Iterations.
    pub iterations: u32,
    /// Share of an estimated error that one pulse is to remove.
    pub learning_rate: f64,
    /// The same in the last iteration; it falls geometrically.
    pub last_learning_rate: f64,
    /// Estimated errors below this many of their own standard errors get no pulse.
    pub dead_zone: f64,
    /// Voltage added for every iteration in which a cell is pushed the same way as before, so that
    /// cells with high thresholds move too.
    pub push: Volts,
    /// Half-width of the band in which the last estimate of a cell's error counts as reached.
    pub band: Siemens,
    /// Step of the converters that measure currents.
    pub step: Amps,
    /// Largest current that they measure; what is above is clipped and counted.
    pub full_scale: Amps,
    /// Standard deviation of one measured current, beside the read noise of the cells.
    pub noise: Amps,
    /// Time of one product.
    pub product_time: Seconds,
}

impl GdpSpec {
    /// Constants that suit cells with a name, in an array of so many rows on these wires.
    ///
    /// Voltages up to 0.2 V; converters of 12 bits over `√rows` cells at the top of the window. Cells
    /// that move gradually start from verified pulses; cells that are rewritten from one shot.
    ///
    /// # Errors
    /// [`DeviceError`] of the cells.
    pub fn suiting(
        cells: &CellsPreset,
        band: Siemens,
        rows: usize,
        wires: Wires,
    ) -> Result<Self, DeviceError> {
        let peak = Volts(0.2);
        let full_scale = peak * cells.cells.window()?.g_max * (rows as f64).sqrt();
        let gradual = matches!(cells.cells, PulseCellsSpec::Threshold(_));
        let (start, rate, push) =
            if gradual { ("ispva", 0.2, Volts(0.002)) } else { ("one-shot", 0.3, Volts::ZERO) };
        Ok(Self {
            start: cells.programmer(start, band)?,
            wires,
            peak,
            batch: 512,
            iterations: 80,
            learning_rate: rate,
            last_learning_rate: rate,
            dead_zone: 4.0,
            push,
            band,
            step: full_scale * (1.0 / 2048.0),
            full_scale,
            noise: full_scale * (1.0 / 4096.0),
            product_time: Seconds(1e-6),
        })
    }

    /// Checks the specification.
    ///
    /// # Errors
    /// [`DeviceError`] for a first programmer, wires or a constant that cannot be.
    pub fn build(self) -> Result<Gdp, DeviceError> {
        for (name, value) in [
            ("peak", self.peak.0),
            ("batch", f64::from(self.batch)),
            ("learning_rate", self.learning_rate),
            ("last_learning_rate", self.last_learning_rate),
            ("band", self.band.0),
            ("full_scale", self.full_scale.0),
        ] {
            if !(0.0 < value && value.is_finite()) {
                return Err(DeviceError::Parameter { name, value, range: "the positive numbers" });
            }
        }
        for (name, value) in [
            ("dead_zone", self.dead_zone),
            ("push", self.push.0),
            ("step", self.step.0),
            ("noise", self.noise.0),
            ("product_time", self.product_time.0),
        ] {
            if !(0.0 <= value && value.is_finite()) {
                return Err(DeviceError::Coefficient { name, value });
            }
        }
        match self.wires.check() {
            Err(CircuitError::Wires { name, resistance }) => {
                return Err(DeviceError::Coefficient { name, value: resistance.0 });
            }
            checked => checked.expect("wires have resistances only"),
        }
        Ok(Gdp { start: self.start.clone().build()?, spec: self })
    }
}

/// Programs an array by the error of its matrix-vector products.
///
/// *What it models:* pulses for all cells from noisy, quantised products of random inputs, in the
/// array as it is, wires included. Cell-by-cell schemes look at a cell alone, the others switched
/// off, and do not see what wires take from it in operation.
///
/// *Law:* per iteration `B` inputs `X`, measured `Y = X T + noise`, wanted `Y* = X G*`; the estimate
/// of every cell's error is the outer product `D = Xᵀ (Y − Y*) / (B ⟨x²⟩)`. A cell whose `|D|` is
/// above the dead zone, in units of the standard error that the residuals of its column give it,
/// gets the calibrated pulse for a change of `−η D`, counted from where it was aimed last.
///
/// *Parameters:* [`GdpSpec`].
///
/// *Source:* Büchel et al., IEDM 2022 and JETCAS 2023 (arXiv 2305.16647). The dead zone in standard
/// errors, the falling rate and the push of cells that do not follow are ours.
///
/// *Not modelled:* half-select stress, drift while programming; read noise of a cell reaches a
/// column by its share in the transfer.
pub struct Gdp {
    spec: GdpSpec,
    start: Box<dyn Programmer>,
}

impl Programmer for Gdp {
    fn name(&self) -> &'static str {
        "gdp"
    }

    fn program_chosen(
        &self,
        cells: &mut dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        chosen: ArrayView2<'_, bool>,
        at: Stream,
        tally: &mut Tally,
    ) -> Result<Outcome, DeviceError> {
        check(cells, target_s, chosen)?;
        let spec = &self.spec;
        let mut own = Tally::default();
        let mut outcome =
            self.start.program_chosen(cells, target_s, chosen, at.child("start", 0), &mut own)?;
        let shape = target_s.dim();
        let window = cells.window();
        let mut aim_s = target_s.to_owned();
        let mut streak = Array2::<i32>::zeros(shape);
        let mut pulses = [(); 2].map(|()| Array2::from_elem(shape, Pulse::NONE));
        let mut first_s = None;
        let falls = (spec.last_learning_rate / spec.learning_rate)
            .powf(1.0 / f64::from(spec.iterations.max(2) - 1));
        let mut rate = spec.learning_rate;
        for iteration in 0..spec.iterations {
            let at = at.child("iteration", u64::from(iteration));
            let found = self.measure(cells, target_s, at, &mut own);
            for pulses in &mut pulses {
                pulses.fill(Pulse::NONE);
            }
            for ((place, &error_s), &standard_s) in
                found.error_s.indexed_iter().zip(&found.standard_s)
            {
                let sign = if error_s < 0.0 { 1 } else { -1 };
                if !chosen[place] || error_s.abs() <= spec.dead_zone * standard_s {
                    continue;
                }
                let same_way = streak[place] * sign > 0;
                streak[place] = if same_way { streak[place] + sign } else { sign };
                let wanted_s = aim_s[place] - rate * error_s;
                let next_s = wanted_s.clamp(window.g_min.0, window.g_max.0);
                outcome.limited[place] += u32::from(wanted_s != next_s);
                let push_v = spec.push.0 * f64::from(streak[place].abs() - 1);
                let sent = cells.aimed(aim_s[place], next_s);
                for (pulses, mut pulse) in pulses.iter_mut().zip(sent) {
                    if !pulse.is_none() && 0.0 < pulse.volts * f64::from(sign) {
                        pulse.volts += push_v * f64::from(sign);
                    }
                    pulses[place] = pulse;
                }
                aim_s[place] = next_s;
            }
            for (k, pulses) in pulses.iter().enumerate() {
                if pulses.iter().all(Pulse::is_none) {
                    continue;
                }
                let energy_j = cells.pulse(pulses.view(), at.child("pulse", k as u64))?;
                outcome.add_pulses(pulses.view(), energy_j.view());
            }
            first_s.get_or_insert(found.error_s);
            rate *= falls;
        }
        let found = self.measure(cells, target_s, at.child("last", 0), &mut own);
        let first_s = first_s.unwrap_or_else(|| found.error_s.clone());
        let products = f64::from(spec.batch) * f64::from(spec.iterations + 1);
        let share_s = spec.product_time.0 * products / target_s.len().max(1) as f64;
        for (place, &error_s) in found.error_s.indexed_iter() {
            outcome.time_s[place] += share_s;
            if !chosen[place] {
                continue;
            }
            let moved = 0.5 * spec.band.0 < (error_s - first_s[place]).abs();
            outcome.end[place] = match error_s.abs() < spec.band.0 {
                true => End::InBand,
                false if moved => End::GivenUp,
                false => End::Stuck,
            };
        }
        outcome.held_s = cells.conductances();
        tally.adc_conversions += own.adc_conversions;
        tally.adc_clips += own.adc_clips;
        outcome.count_into(tally);
        Ok(outcome)
    }
}

/// What a batch of products says of every cell.
struct Found {
    /// Estimated error (S).
    error_s: Array2<f64>,
    /// Standard error of the estimate (S).
    standard_s: Array2<f64>,
}

impl Gdp {
    fn measure(
        &self,
        cells: &dyn PulseCells,
        target_s: ArrayView2<'_, f64>,
        at: Stream,
        tally: &mut Tally,
    ) -> Found {
        let spec = &self.spec;
        let held_s = cells.conductances();
        let batch = spec.batch as usize;
        let mut variance_s2 = held_s.mapv(|g_s| cells.read_variance(g_s));
        let transfer_s = transfer(held_s.clone(), spec.wires).expect("cells on checked wires");
        for ((variance, through), held) in variance_s2.iter_mut().zip(&transfer_s).zip(&held_s) {
            let share = if *held == 0.0 { 1.0 } else { through / held };
            *variance *= share * share;
        }
        let row_v = normals((batch, held_s.nrows()), at.child("input", 0))
            .mapv(|n| spec.peak.0 * (n / 3.0).clamp(-1.0, 1.0));
        let mut apart_a = row_v.dot(&transfer_s);
        let noise_a2 = row_v.mapv(|v| v * v).dot(&variance_s2) + spec.noise.0.powi(2);
        let noise = normals(apart_a.dim(), at.child("read", 0));
        let limit = spec.full_scale.0;
        for ((current, variance), n) in apart_a.iter_mut().zip(&noise_a2).zip(&noise) {
            *current += variance.sqrt() * n;
            tally.adc_clips += u64::from(limit < current.abs());
            *current = current.clamp(-limit, limit);
            if 0.0 < spec.step.0 {
                *current = (*current / spec.step.0).round_ties_even() * spec.step.0;
            }
        }
        tally.adc_conversions += apart_a.len() as u64;
        apart_a -= &row_v.dot(&target_s);
        let scale = row_v.iter().map(|v| v * v).sum::<f64>()
            / row_v.nrows().max(1) as f64
            / row_v.ncols().max(1) as f64
            * batch as f64;
        let error_s = row_v.t().dot(&apart_a) / scale;
        // The residual of a column acts as noise on the estimate of each of its cells.
        let column_a2: Vec<f64> =
            apart_a.columns().into_iter().map(|c| c.iter().map(|i| i * i).sum::<f64>()).collect();
        let standard_s = Array2::from_shape_fn(error_s.dim(), |(_, col)| {
            (column_a2[col] / batch as f64 / scale).sqrt()
        });
        Found { error_s, standard_s }
    }
}

/// Standard normal numbers, one address per row.
fn normals(shape: (usize, usize), at: Stream) -> Array2<f64> {
    let mut out = Array2::zeros(shape);
    let mut draws = at.normal_rows(shape.1);
    for (row, mut out) in out.rows_mut().into_iter().enumerate() {
        for (out, &n) in out.iter_mut().zip(draws.row(row)) {
            *out = f64::from(n);
        }
    }
    out
}
