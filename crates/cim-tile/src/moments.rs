//! Closed-form error model: mean and variance of every sensed current, source by source.
//!
//! Nothing is drawn here. Programming, thermal and shot noise, rounding and clipping are exact for
//! the models of `cim-device`, `cim-crossbar` and `cim-adc` as long as the current in front of a
//! converter is Gaussian, which many cells make it. Read noise is that of the targets: first order
//! in the programming error. The datapath itself may join read and shot noise within 1 % of the
//! variance at full drive, see `cim_crossbar::Readout::driven_within`.
//!
//! Source: error terms of a differential column as in `docs/model.md`, *Error model*.

use cim_core::{Amps, Siemens};
use ndarray::{Array1, Array2, ArrayView2, s};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::{LayerDesign, Parts};
use crate::mapping::{Differential, Mapping};
use crate::quantize;
use crate::tile::targets;

/// Variance (A²) of one sensed current by source, averaged over the calibration samples, and the
/// power of what it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ColumnErrors {
    /// Power of the ideal current (A²).
    pub signal: f64,
    /// Thermal noise of the cells and the amplifier.
    pub thermal: f64,
    /// Shot noise, as far as it exceeds the thermal noise that the cells have at rest.
    pub shot: f64,
    /// Programming error of the cells, about its mean.
    pub programming: f64,
    /// Power of the mean error: cells that cannot be negative, superlinear cells.
    pub distortion: f64,
    /// Read noise of the cells.
    pub read: f64,
    /// Input-referred noise of the converter.
    pub input: f64,
    /// Rounding to codes.
    pub quantisation: f64,
    /// Currents beyond the full scale.
    pub clipping: f64,
}

impl ColumnErrors {
    /// Names and variances of the sources, in a fixed order.
    pub fn sources(&self) -> [(&'static str, f64); 8] {
        [
            ("thermal", self.thermal),
            ("shot", self.shot),
            ("programming", self.programming),
            ("distortion", self.distortion),
            ("read", self.read),
            ("ADC input", self.input),
            ("quantisation", self.quantisation),
            ("clipping", self.clipping),
        ]
    }

    /// Sum over the sources (A²).
    pub fn total(&self) -> f64 {
        self.sources().iter().map(|(_, v)| v).sum()
    }

    fn add_scaled(&mut self, other: &Self, scale: f64) {
        self.signal += scale * other.signal;
        self.thermal += scale * other.thermal;
        self.shot += scale * other.shot;
        self.programming += scale * other.programming;
        self.distortion += scale * other.distortion;
        self.read += scale * other.read;
        self.input += scale * other.input;
        self.quantisation += scale * other.quantisation;
        self.clipping += scale * other.clipping;
    }
}

/// Errors of one tile.
#[derive(Clone, Debug, PartialEq)]
pub struct TileErrors {
    /// Row tile and column tile.
    pub place: (usize, usize),
    /// One entry per sensed current.
    pub columns: Vec<ColumnErrors>,
    /// Mean of the converted current, samples × sensed (A).
    pub mean_a: Array2<f64>,
    /// Variance of the converted current, samples × sensed (A²), over chips and reads.
    pub variance: Array2<f64>,
    /// Ideal current, samples × sensed (A).
    pub ideal_a: Array2<f64>,
    /// Standard deviation in front of the converter, samples × sensed (A).
    pub analog_sigma_a: Array2<f64>,
}

/// Errors of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerErrors {
    /// Tiles, row tiles outermost.
    pub tiles: Vec<TileErrors>,
    /// Current (A) of one output unit.
    pub amps_per_output: f64,
}

impl LayerErrors {
    /// Closed-form errors of `weights` on `parts` under `design`, for the drives of `calibration`.
    ///
    /// # Errors
    /// [`TileError`] for weights or parts that cannot be.
    pub fn of(
        parts: &Parts,
        design: &LayerDesign,
        weights: ArrayView2<'_, f32>,
        calibration: &Calibration,
    ) -> Result<Self, TileError> {
        parts.check()?;
        let mapping = Differential::FINE;
        let top = mapping.top_weight();
        let levels = quantize::weights(weights, design.weight_clip, top, &mut Default::default())?;
        let (inputs, outputs) = weights.dim();
        let mut tiles = Vec::new();
        for (place, &full_scale) in design.full_scale.indexed_iter() {
            let rows = place.0 * parts.rows..inputs.min((place.0 + 1) * parts.rows);
            let cols = place.1 * parts.outputs..outputs.min((place.1 + 1) * parts.outputs);
            let plan = mapping.plan(levels.slice(s![rows.clone(), cols]))?;
            let target_s = targets(&plan, parts.window.g_min.0, parts.window.span().0);
            let drive = calibration.drive.slice(s![.., rows]);
            tiles.push(tile_errors(parts, design.drive_gain, place, full_scale, &target_s, drive));
        }
        Ok(Self { tiles, amps_per_output: design.amps_per_output(parts) })
    }

    /// Variance of each output in squared output units, averaged over samples: its own tiles only.
    pub fn output_variance(&self) -> Array1<f64> {
        self.sum_over_row_tiles(|tile| tile.variance.mean_axis(ndarray::Axis(0)).expect("samples"))
            / self.amps_per_output.powi(2)
    }

    /// Mean squared error of each output in squared output units, averaged over samples, with the
    /// mean errors of the row tiles added before squaring.
    pub fn output_error(&self) -> Array1<f64> {
        let shift = self.sum_over_row_tiles(|tile| &tile.mean_a - &tile.ideal_a);
        let power = shift.mapv(|e| e * e).mean_axis(ndarray::Axis(0)).expect("samples");
        self.output_variance() + power / self.amps_per_output.powi(2)
    }

    /// Errors of all outputs added up over tiles, per unit of the power of the layer's output.
    pub fn shares(&self) -> ColumnErrors {
        let ideal = self.sum_over_row_tiles(|tile| tile.ideal_a.clone());
        let power: f64 = ideal.mapv(|i| i * i).sum() / ideal.nrows().max(1) as f64;
        let mut sum = ColumnErrors::default();
        for column in self.tiles.iter().flat_map(|tile| &tile.columns) {
            sum.add_scaled(column, 1.0 / power.max(f64::MIN_POSITIVE));
        }
        sum
    }

    /// Adds up over row tiles and puts column tiles side by side.
    fn sum_over_row_tiles<D>(
        &self,
        f: impl Fn(&TileErrors) -> ndarray::Array<f64, D>,
    ) -> ndarray::Array<f64, D>
    where
        D: ndarray::Dimension + ndarray::RemoveAxis,
    {
        let mut sums: Vec<ndarray::Array<f64, D>> = Vec::new();
        for tile in &self.tiles {
            match sums.get_mut(tile.place.1) {
                Some(sum) => *sum += &f(tile),
                None => sums.push(f(tile)),
            }
        }
        let views: Vec<_> = sums.iter().map(|a| a.view()).collect();
        let last = ndarray::Axis(views[0].ndim() - 1);
        ndarray::concatenate(last, &views).expect("equal numbers of samples")
    }
}

fn tile_errors(
    parts: &Parts,
    drive_gain: f64,
    place: (usize, usize),
    full_scale: Amps,
    target_s: &Array2<f64>,
    drive: ArrayView2<'_, f64>,
) -> TileErrors {
    let law = parts.device.current_voltage();
    let volts = parts.read_voltage.0;
    let linear_v = drive.mapv(|u| u * volts * drive_gain);
    let effective_v = drive.mapv(|u| law.effective_v(u * volts));
    let square_v2 = effective_v.mapv(|e| e * e);
    let shot_v = drive.mapv(|u| parts.ambient.shot_v(law, u * volts));

    let programmed =
        |f: fn(cim_device::Moments) -> f64| target_s.mapv(|g| f(parts.device.programmed(g)));
    let mean_s = programmed(|m| m.mean);
    let spread_s2 = programmed(|m| m.variance);
    let read_s2 = target_s.mapv(|g| parts.device.read_variance(g));
    let shot_a2_v = mean_s.mapv(|g| parts.ambient.shot_variance(Amps(g)));

    let ideal_a = linear_v.dot(&pairs(target_s, -1.0));
    let mean_a = effective_v.dot(&pairs(&mean_s, -1.0));
    let programming = square_v2.dot(&pairs(&spread_s2, 1.0));
    let read = square_v2.dot(&pairs(&read_s2, 1.0));
    let shot = shot_v.dot(&pairs(&shot_a2_v, 1.0));
    let thermal: Vec<f64> = pairs(&mean_s, 1.0)
        .columns()
        .into_iter()
        .map(|g| parts.ambient.thermal_variance(Siemens(g.sum() * law.slope_at_rest())))
        .collect();
    let input = parts.adc_noise.0.powi(2);

    let steps = f64::from(parts.adc_steps());
    let step = full_scale.0 * 2.0 / steps;
    let top = 0.5 * (steps - 1.0);
    let samples = ideal_a.nrows().max(1) as f64;
    let mut columns = vec![ColumnErrors::default(); ideal_a.ncols()];
    let (mut variance, mut converted_a) = (ideal_a.clone(), ideal_a.clone());
    let mut analog_sigma_a = ideal_a.clone();
    for ((sample, col), &ideal) in ideal_a.indexed_iter() {
        let at = (sample, col);
        let analog = programming[at] + read[at] + shot[at] + thermal[col] + input;
        let after = converted(mean_a[at], analog.sqrt(), step, top);
        variance[at] = after.variance;
        converted_a[at] = after.mean;
        analog_sigma_a[at] = analog.sqrt();
        columns[col].add_scaled(
            &ColumnErrors {
                signal: ideal * ideal,
                thermal: thermal[col],
                shot: shot[at],
                programming: programming[at],
                distortion: (mean_a[at] - ideal).powi(2),
                read: read[at],
                input,
                quantisation: after.rounded,
                clipping: after.clipped,
            },
            1.0 / samples,
        );
    }
    TileErrors { place, columns, mean_a: converted_a, variance, ideal_a, analog_sigma_a }
}

fn pairs(cells: &Array2<f64>, sign: f64) -> Array2<f64> {
    let (plus, minus) = (cells.slice(s![.., ..;2]), cells.slice(s![.., 1..;2]));
    &plus + &(&minus * sign)
}

/// A Gaussian after a uniform converter.
struct Converted {
    mean: f64,
    variance: f64,
    /// Mean square of what rounding changed.
    rounded: f64,
    /// Mean square of what clipping took away.
    clipped: f64,
}

/// Noise of this many steps and more sees rounding as a uniform error: the next term of the
/// characteristic function is `exp(−2π² 0.8²) = 3e-6` of the rounding variance.
const UNIFORM_ERROR_STEPS: f64 = 0.8;
/// Standard deviations beyond which a threshold counts as certain (6e-16).
const CERTAIN: f64 = 8.0;

/// Upper tail probability and density of the standard normal at `z`.
fn normal_tail(z: f64) -> (f64, f64) {
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    (0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2), density)
}

/// Moments of a Gaussian behind a mid-tread converter with codes `−top ..= top`: exact threshold by
/// threshold for little noise, clipped Gaussian plus uniform rounding error for much.
fn converted(mean: f64, sigma: f64, step: f64, top: f64) -> Converted {
    let clipped = clipping(mean, sigma, top * step);
    if sigma >= UNIFORM_ERROR_STEPS * step {
        let rounded = clipped.inside * step * step / 12.0;
        return Converted {
            mean: clipped.mean,
            variance: clipped.variance + rounded,
            rounded,
            clipped: clipped.lost,
        };
    }
    // Codes that are sure to be reached, then thresholds that may be passed one after another.
    let first = ((mean - CERTAIN * sigma) / step + 0.5).floor().clamp(-top, top);
    let (mut count, mut square, mut cross) = (0.0, 0.0, 0.0);
    let mut code = first;
    while code < top {
        let threshold = (code + 0.5) * step;
        let z = if sigma > 0.0 { (threshold - mean) / sigma } else { f64::INFINITY };
        if z > CERTAIN {
            break;
        }
        let (passed, density) = normal_tail(z);
        square += (2.0 * (code - first) + 1.0) * passed;
        cross += (mean - clipped.mean) * passed + sigma * density;
        count += passed;
        code += 1.0;
    }
    let variance = step * step * (square - count * count).max(0.0);
    let mean_code = step * (first + count);
    // E[(q − x)²] over everything, from E q², E q x and E x²; what is not clipping is rounding.
    let offset = step * first - clipped.mean;
    let q_minus_m_square = offset * offset + 2.0 * offset * step * count + step * step * square;
    let q_minus_m_x = offset * (mean - clipped.mean) + step * cross;
    let x_square = sigma * sigma + (mean - clipped.mean).powi(2);
    let error = (q_minus_m_square - 2.0 * q_minus_m_x + x_square).max(0.0);
    Converted {
        mean: mean_code,
        variance,
        rounded: (error - clipped.lost).max(0.0),
        clipped: clipped.lost,
    }
}

/// A Gaussian after clipping to `[-limit, limit]`.
struct Clipped {
    mean: f64,
    variance: f64,
    /// Probability of not clipping.
    inside: f64,
    /// Mean square of what clipping took away.
    lost: f64,
}

fn clipping(mean: f64, sigma: f64, limit: f64) -> Clipped {
    if sigma == 0.0 {
        let kept = mean.clamp(-limit, limit);
        let inside = if mean.abs() <= limit { 1.0 } else { 0.0 };
        return Clipped { mean: kept, variance: 0.0, inside, lost: (mean - kept).powi(2) };
    }
    let (above, below) = ((limit - mean) / sigma, (limit + mean) / sigma);
    if above.min(below) > CERTAIN {
        return Clipped { mean, variance: sigma * sigma, inside: 1.0, lost: 0.0 };
    }
    // Moments of the excess over a limit z standard deviations away: E[(n − z)₊] and its square.
    let excess = |z: f64| {
        let (tail, density) = normal_tail(z);
        (tail, density - z * tail, (1.0 + z * z) * tail - z * density)
    };
    let (tail_up, first_up, second_up) = excess(above);
    let (tail_down, first_down, second_down) = excess(below);
    // clip(n) = n − (n − a)₊ + (−n − b)₊; the two excesses never meet and E[n (n − z)₊] = Q(z).
    let shift = first_down - first_up;
    let square = 1.0 + second_up + second_down - 2.0 * (tail_up + tail_down);
    Clipped {
        mean: mean + sigma * shift,
        variance: (sigma * sigma * (square - shift * shift)).max(0.0),
        inside: (1.0 - tail_up - tail_down).max(0.0),
        lost: sigma * sigma * (second_up + second_down),
    }
}

#[cfg(test)]
mod tests {
    use cim_core::Stream;

    use super::*;

    /// Against a Monte Carlo of a million draws through the converter's own law: five standard
    /// errors of a mean, and of a variance of at most four times the fourth power of sigma.
    #[test]
    fn moments_behind_a_converter_are_exact() {
        let n = 1_000_000;
        let mut draws = vec![0.0f32; n];
        Stream::root(3).fill_standard_normal(0, &mut draws);
        let (step, top) = (0.25, 7.0);
        for (mean, sigma) in [
            (0.0, 1.0),
            (0.9, 0.4),
            (-2.0, 1.0),
            (0.1, 0.01),
            (0.1, 0.08),
            (1.9, 0.15),
            (0.3, 0.19),
        ] {
            let got = converted(mean, sigma, step, top);
            let (mut q1, mut q2, mut e2) = (0.0, 0.0, 0.0);
            for &z in &draws {
                let x = mean + sigma * f64::from(z);
                let q = step * (x / step).clamp(-top, top).round_ties_even();
                q1 += q / n as f64;
                q2 += q * q / n as f64;
                e2 += (q - x).powi(2) / n as f64;
            }
            let error = 5.0 * (sigma + step) / (n as f64).sqrt();
            assert!((got.mean - q1).abs() < error, "{mean} {sigma}: mean {} {q1}", got.mean);
            let variance = q2 - q1 * q1;
            let bound = 2.0 * (sigma + step) * error;
            assert!(
                (got.variance - variance).abs() < bound,
                "{mean} {sigma}: {} {variance}",
                got.variance
            );
            let lost = got.rounded + got.clipped;
            // Much noise: rounding beside clipped currents is not counted, at most half a step each.
            let beside = if sigma < 0.2 { 0.0 } else { 0.02 * step * step };
            assert!((lost - e2).abs() < bound + beside, "{mean} {sigma}: {lost} {e2}");
        }
    }

    #[test]
    fn without_noise_the_converter_is_its_own_law() {
        for (mean, code) in [(3.0, 7.0), (-9.0, -7.0), (0.1, 0.0), (0.15, 1.0), (-0.4, -2.0)] {
            let got = converted(mean, 0.0, 0.25, 7.0);
            assert_eq!((got.mean, got.variance), (0.25 * code, 0.0), "{mean}");
        }
    }
}
