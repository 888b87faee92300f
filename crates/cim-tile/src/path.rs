//! The datapath as training sees it: errors of stored weights, ranges and steps of outputs, noise.

use cim_core::Amps;
use ndarray::Array2;

use crate::grid::{LayerDesign, Parts};
use crate::mapping::Mapping;
use crate::moments::{ColumnErrors, LayerErrors};

/// Variance of a stored weight in squared weight units, `c0 + c1 |w| + c2 w² + cm / (|w| + w0)`:
/// the programming errors of all cells that carry it, each as often as it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StoredVariance {
    /// Constant part.
    pub c0: f64,
    /// Per unit of magnitude.
    pub c1: f64,
    /// Per squared unit of magnitude.
    pub c2: f64,
    /// Part that falls with magnitude.
    pub cm: f64,
    /// Where it would be infinite.
    pub w0: f64,
}

/// Magnitudes at which a mapping is looked at, 0 and the clip among them.
const MAGNITUDES: usize = 257;

impl StoredVariance {
    /// Of weights with the clip `weight_clip` on `parts`, from the device's law from above.
    ///
    /// How far a weight raises its cells, and the square of that, are taken as the parabola in its
    /// magnitude that is nearest over all weights of either sign. That is exact for pairs, and for
    /// an offset column on average over both signs; digits of slices are what they are on average.
    pub fn of(parts: &Parts, weight_clip: f32) -> Self {
        let law = parts.device.program_variance().posynomial;
        let (g_min, span) = (parts.window.g_min.0, parts.window.span().0);
        let per_siemens = f64::from(weight_clip) / span;
        let cells = Cells::of(parts.mapping.as_ref());
        let [p0, p1, p2] = cells.parabola(|raised| raised);
        let [q0, q1, q2] = cells.parabola(|raised| raised * raised);
        let (resting, falling) =
            if law.am > 0.0 { cells.inverse(g_min / span) } else { (0.0, 0.0) };
        // A law that falls with conductance has no cells at 0 S; any other may, and then 0 / 0 is no noise.
        let at_rest = if law.am > 0.0 { resting * law.am / g_min } else { 0.0 };
        let bottom = cells.count * (law.a0 + g_min * (law.a1 + g_min * law.a2)) + at_rest;
        let slope = law.a1 + 2.0 * law.a2 * g_min;
        let raised = span * (slope * p0 + span * law.a2 * q0);
        let reach = parts.mapping.reach().powi(2);
        Self {
            c0: (bottom + raised) * (per_siemens * per_siemens) / reach,
            c1: (slope * p1 + span * law.a2 * q1) * per_siemens / reach,
            c2: (law.a2 * q2 + slope * p2 / span) / reach,
            cm: falling * law.am * per_siemens.powi(3) / reach,
            w0: g_min * per_siemens,
        }
    }

    /// At a weight.
    pub fn at(&self, weight: f64) -> f64 {
        let m = weight.abs();
        let falling = if self.cm == 0.0 { 0.0 } else { self.cm / (m + self.w0) };
        self.c0 + m * (self.c1 + m * self.c2) + falling
    }
}

/// The cells of weights of a few magnitudes and both signs, as a mapping raises them.
struct Cells {
    /// For each weight its magnitude in units of the clip, and cells: how far raised, in windows,
    /// and how often the square of their error counts.
    weights: Vec<(f64, Vec<(f64, f64)>)>,
    /// How often the errors of all cells of a weight count.
    count: f64,
}

/// Figures of a mapping are rounded to this share of the number of its cells, so that a mapping
/// that is exactly of a form is found to be.
const EXACT: f64 = 1e-9;

impl Cells {
    fn of(mapping: &dyn Mapping) -> Self {
        let last = (MAGNITUDES - 1) as f64;
        let signed = Array2::from_shape_fn((1, 2 * MAGNITUDES), |(_, k)| {
            let magnitude = (k / 2) as f64 / last;
            if k % 2 == 0 { magnitude } else { -magnitude }
        });
        let raised = mapping.raised(signed.view(), 1.0);
        let columns = mapping.layout(2 * MAGNITUDES).columns_of_outputs();
        let weights: Vec<_> = signed
            .iter()
            .zip(&columns)
            .map(|(weight, columns)| {
                let cells = columns.iter().map(|&(c, factor)| (raised[[0, c]], factor * factor));
                (weight.abs(), cells.collect())
            })
            .collect();
        let count = columns[0].iter().map(|(_, factor)| factor * factor).sum();
        Self { weights, count }
    }

    /// Least squares of the sum over cells of `f` of how far they are raised, over functions of the
    /// magnitude of the weight.
    fn fit<const N: usize>(
        &self,
        f: impl Fn(f64) -> f64,
        basis: impl Fn(f64) -> [f64; N],
    ) -> [f64; N] {
        let (mut normal, mut right) = ([[0.0; N]; N], [0.0; N]);
        for (magnitude, cells) in &self.weights {
            let value: f64 = cells.iter().map(|&(raised, count)| count * f(raised)).sum();
            let b = basis(*magnitude);
            for i in 0..N {
                right[i] += b[i] * value;
                for j in 0..N {
                    normal[i][j] += b[i] * b[j];
                }
            }
        }
        let unit = EXACT * self.count;
        solve(normal, right).map(|x| (x / unit).round() / (1.0 / EXACT) * self.count)
    }

    /// `[p0, p1, p2]` of the nearest `p0 + p1 m + p2 m²`.
    fn parabola(&self, f: impl Fn(f64) -> f64) -> [f64; 3] {
        self.fit(f, |m| [1.0, m, m * m])
    }

    /// Numbers of cells `(resting, falling)` by which the sum over cells of `1 / (bottom + raised)`
    /// is nearest to `resting / bottom + falling / (bottom + m)`.
    fn inverse(&self, bottom: f64) -> (f64, f64) {
        let of = |m: f64| bottom / (bottom + m);
        let [resting, falling] = self.fit(of, |m| [1.0, of(m)]);
        if falling < 0.0 || !falling.is_finite() {
            let [resting] = self.fit(of, |_| [1.0]);
            return (resting, 0.0);
        }
        (resting, falling)
    }
}

/// Solves a small, positive definite system by elimination.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for k in 0..N {
        let pivot = a[k];
        for i in (0..N).filter(|&i| i != k) {
            let share = a[i][k] / pivot[k];
            a[i].iter_mut().zip(pivot).skip(k).for_each(|(to, above)| *to -= share * above);
            b[i] -= share * b[k];
        }
    }
    std::array::from_fn(|k| b[k] / a[k][k])
}

impl LayerDesign {
    /// Full scale of every tile (row tiles × column tiles) in output units: what an output can be
    /// when all its currents, in all phases, are at theirs.
    pub fn output_ranges(&self, parts: &Parts) -> Array2<f64> {
        let weights = group_weights(parts);
        let phases = parts.dac.polarity.phases().len() as f64;
        let amps = self.amps_per_output(parts);
        self.over_groups(&weights, |weight, full_scale| weight * full_scale)
            .mapv(|sum| sum * phases / amps)
    }

    /// Largest code of the one converter over [`output_ranges`](Self::output_ranges) that rounds as
    /// much as the converters of all currents of an output together: `top` of one of them, on
    /// average over tiles.
    pub fn output_top(&self, parts: &Parts) -> f64 {
        let weights = group_weights(parts);
        let phases = parts.dac.polarity.phases().len() as f64;
        let sum = self.over_groups(&weights, |weight, fs| weight * fs);
        let square = self.over_groups(&weights, |weight, fs| (weight * fs).powi(2));
        let shares = sum.iter().zip(&square).map(|(sum, square)| sum / square.sqrt());
        let share = shares.sum::<f64>() / sum.len().max(1) as f64;
        (f64::from(parts.adc_steps() / 2) * share * phases.sqrt()).round()
    }

    /// The same design with other ranges of the outputs (row tiles × column tiles, output units);
    /// full scales of a tile keep their proportions.
    #[must_use]
    pub fn with_output_ranges(mut self, parts: &Parts, ranges: &Array2<f32>) -> Self {
        let amps = self.amps_per_output(parts) / parts.dac.polarity.phases().len() as f64;
        let weights = group_weights(parts);
        let present = self.over_groups(&weights, |weight, full_scale| weight * full_scale);
        for ((row, col), full_scale) in self.full_scale.indexed_iter_mut() {
            let tile = [row, col / weights.len()];
            *full_scale = Amps(f64::from(ranges[tile]) * amps * (full_scale.0 / present[tile]));
        }
        self
    }

    /// Sums over the full-scale groups of every tile, row tiles × column tiles.
    fn over_groups(&self, weights: &[f64], f: impl Fn(f64, f64) -> f64) -> Array2<f64> {
        let groups = weights.len();
        let (rows, cols) = self.full_scale.dim();
        let own = |row, col, group| self.full_scale[[row, col * groups + group]].0;
        Array2::from_shape_fn((rows, cols / groups), |(row, col)| {
            weights.iter().enumerate().map(|(group, weight)| f(*weight, own(row, col, group))).sum()
        })
    }
}

/// By how much the currents of an output in each full-scale group count.
fn group_weights(parts: &Parts) -> Vec<f64> {
    let mut weights = vec![0.0; parts.mapping.full_scale_groups()];
    for sense in parts.mapping.layout(1).senses {
        weights[sense.full_scale_group] += sense.weight.unsigned_abs() as f64;
    }
    weights
}

impl LayerErrors {
    /// Standard deviation (output units) of what an output gets beside the programming errors of its
    /// cells, rounding and clipping: noise of reads, and what the front end of a chip is off by; on
    /// average over the outputs of each tile (row tiles × column tiles).
    ///
    /// Offsets, gains and non-linearities stay for the life of a chip. Training draws them afresh, as
    /// it does the errors of cells: it is for any chip.
    pub fn read_sigma(&self) -> Array2<f64> {
        let last = self.tiles.last().map_or((0, 0), |tile| (tile.place.0 + 1, tile.place.1 + 1));
        let mut sigma = Array2::zeros(last);
        for tile in &self.tiles {
            let front_end = |c: &ColumnErrors| {
                c.offset + c.gain + c.driver + c.dac_nonlinearity + c.adc_nonlinearity
            };
            let of = |c: &ColumnErrors| c.thermal + c.shot + c.read + c.input + front_end(c);
            let steady: f64 = tile.columns.iter().map(of).sum();
            sigma[tile.place] = (steady / tile.columns.len() as f64).sqrt() / self.amps_per_output;
        }
        sigma
    }

    /// Standard deviation (output units) of an output about its mean, over chips and reads: the root
    /// of the mean variance.
    pub fn output_sigma(&self) -> f64 {
        let variance = self.output_variance();
        (variance.sum() / variance.len() as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_adc::{DacSpec, Polarity};
    use cim_core::{Siemens, Stream, Tally, Volts};
    use cim_crossbar::{Ambient, Wires};
    use cim_device::models::NoiseSpec;
    use cim_device::{Conduction, GaussianSpec, Window};

    use super::*;
    use crate::grid::Targets;
    use crate::mapping::MappingSpec;

    fn parts(spec: MappingSpec, programming: NoiseSpec) -> Parts {
        let us = |x: f64| Siemens(x * 1e-6);
        let device = GaussianSpec {
            g_off: us(1.0),
            g_on: us(400.0),
            programming,
            read: NoiseSpec::NONE,
            current_voltage: Conduction::Ohmic,
        };
        Parts {
            device: Arc::new(device.build().expect("a device")),
            mapping: spec.build().expect("a mapping"),
            window: Window::new(us(40.0), us(140.0)).expect("a window"),
            read_voltage: Volts(0.2),
            dac: DacSpec { bits: 8, polarity: Polarity::Unipolar },
            adc_bits: 8,
            adc_noise: Amps::ZERO,
            ambient: Ambient::SILENT,
            wires: Wires::NONE,
            front_end: crate::FrontEnd::IDEAL,
            targets: Targets::Nominal,
            rows: 8,
            outputs: 8,
        }
    }

    /// Weights of all magnitudes and both signs, programmed on many chips: the mean variance over
    /// weights. Sample variances of 256 × 400 numbers are within 5 √(2/102,400) = 2 % of theirs; all
    /// of an offset column share one cell of each chip, which makes that 5 √(2/400)/2 = 18 %.
    #[test]
    fn the_variance_of_stored_weights_is_that_of_programmed_chips() {
        let us = |x: f64| Siemens(x * 1e-6);
        let none = NoiseSpec::NONE;
        let chips = 400;
        for spec in MappingSpec::registered() {
            for noise in [
                NoiseSpec { constant: us(1.0), ..none },
                NoiseSpec { proportional: 0.02, ..none },
                NoiseSpec { linear: us(0.02), ..none },
            ] {
                let parts = parts(spec, noise);
                let clip = 0.8f32;
                let law = StoredVariance::of(&parts, clip);
                let top = parts.mapping.top_weight();
                let weights = Array2::from_shape_fn((1, 256), |(_, k)| {
                    (f64::from(top) * (k as f64 / 127.5 - 1.0)).round() as i32
                });
                let plan = parts.mapping.plan(weights.view()).expect("weights");
                let targets = plan.targets(parts.window);
                let unit = parts.window.span().0 * parts.mapping.reach() / f64::from(clip);
                let columns = plan.columns_of_outputs();
                let (mut square, mut tally) = (0.0, Tally::default());
                for chip in 0..chips {
                    let at = Stream::root(5).child("chip", chip);
                    let off = parts.device.program(targets.view(), at, &mut tally) - &targets;
                    for cells in &columns {
                        let error: f64 = cells.iter().map(|&(c, f)| f * off[[0, c]]).sum();
                        square += (error / unit).powi(2);
                    }
                }
                let got = square / (chips * 256) as f64;
                let want: f64 = weights
                    .iter()
                    .map(|w| law.at(f64::from(*w) / f64::from(top) * f64::from(clip)))
                    .sum::<f64>()
                    / 256.0;
                let shared = matches!(spec, MappingSpec::OffsetColumn(_));
                let within = if shared { 0.18 } else { 0.02 };
                assert!((got / want - 1.0).abs() < within, "{spec:?} {noise:?}: {got} for {want}");
            }
        }
    }

    /// Cells that can be off: what training sees of a weight is a number in a window from 0 S as well, and
    /// hardly another than in a window from just above it.
    #[test]
    fn a_window_from_zero_has_a_variance() {
        let us = |x: f64| Siemens(x * 1e-6);
        let noise = NoiseSpec { constant: us(1.0), linear: us(0.01), ..NoiseSpec::NONE };
        for spec in MappingSpec::registered() {
            let at = |bottom_us: f64| {
                let mut parts = parts(spec, noise);
                parts.window = Window::new(us(bottom_us), us(100.0 + bottom_us)).expect("a window");
                StoredVariance::of(&parts, 0.8)
            };
            let (off, above) = (at(0.0), at(1e-6));
            for weight in [0.0, 0.1, 0.8] {
                let (off, above) = (off.at(weight), above.at(weight));
                assert!((off / above - 1.0).abs() < 1e-6, "{spec:?}: {off} and {above}");
            }
        }
    }

    /// `2 (a0 + …) + am / g_min` at rest and what one raised cell adds: the law of a pair, written
    /// out.
    #[test]
    fn pairs_have_the_law_of_one_raised_and_one_resting_cell() {
        let us = |x: f64| Siemens(x * 1e-6);
        let noise = NoiseSpec {
            constant: us(1.0),
            proportional: 0.02,
            inverse: us(0.25),
            inverse_at: us(2.0),
            linear: us(0.01),
        };
        let parts = parts(MappingSpec::registered()[0], noise);
        let law = parts.device.program_variance().posynomial;
        let got = StoredVariance::of(&parts, 0.5);
        let cell = |g: f64| law.a0 + law.a1 * g + law.a2 * g * g + law.am / g;
        let (g_min, span) = (parts.window.g_min.0, parts.window.span().0);
        for weight in [0.0, 0.1, -0.3, 0.5] {
            let want =
                (cell(g_min) + cell(g_min + span * f64::abs(weight) / 0.5)) * (0.5 / span).powi(2);
            let off = (got.at(weight) / want - 1.0).abs();
            assert!(off < 1e-12, "{weight}: {} for {want}", got.at(weight));
        }
    }

    #[test]
    fn ranges_of_outputs_are_taken_and_given_back() {
        for spec in MappingSpec::registered() {
            let parts = parts(spec, NoiseSpec::NONE);
            let (rows, cols) = parts.full_scale_shape(20, 12);
            let full_scale = Array2::from_shape_fn((rows, cols), |(row, col)| {
                Amps(1e-6 * (1 + row + 3 * col) as f64)
            });
            let design =
                LayerDesign { weight_clip: 0.5, input_limit: 2.0, drive_gain: 1.0, full_scale };
            let ranges = design.output_ranges(&parts);
            assert_eq!(ranges.dim(), parts.grid_shape(20, 12));
            let other = design.clone().with_output_ranges(&parts, &ranges.mapv(|r| 2.0 * r as f32));
            for (a, b) in other.full_scale.iter().zip(&design.full_scale) {
                assert!((a.0 / b.0 / 2.0 - 1.0).abs() < 1e-6, "{spec:?}: {a} for twice {b}");
            }
            let top = design.output_top(&parts);
            assert!(127.0 <= top, "{spec:?}: more converters round no more than one: {top}");
        }
    }
}
