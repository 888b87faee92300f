//! Full scales of a layer's tiles from a policy.

use std::ops::Range;

use cim_adc::range::percentile_of_magnitude;
use cim_adc::{FullScale, Polarity};
use cim_core::Amps;
use ndarray::{Array2, ArrayView2, Axis, s};

use crate::calibration::Calibration;
use crate::error::TileError;
use crate::grid::Parts;
use crate::mapping::Plan;
use crate::rows;

/// Largest sensed current that the programmed weights can draw, in the shape of
/// [`Parts::full_scale_shape`].
///
/// With rows driven by voltages of one sign that is, over the currents of a full-scale group, the
/// largest sum of what cells of one sign add; of both signs the largest sum of magnitudes. Of two rows
/// of one input only one is driven at a time.
///
/// `amps_per_unit` is the current of one unit of weight at full drive, sensed with weight 1; weights
/// beyond `clip` count as `clip`. A tile without weights gets the current of one full cell.
pub fn worst_case(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
) -> Array2<Amps> {
    // Of the rows of an input at most one is driven.
    let rows_per_input = parts.dac.polarity.rows_per_input();
    per_group(parts, weights, clip, amps_per_unit, |sensed, _, _| {
        let inputs = sensed.axis_chunks_iter(Axis(0), rows_per_input);
        let mut most = vec![(0.0, 0.0); sensed.ncols()];
        for rows in inputs {
            for ((up, down), w) in most.iter_mut().zip(rows.columns()) {
                *up += w.iter().fold(0.0, |most: f64, w| most.max(*w));
                *down -= w.iter().fold(0.0, |least: f64, w| least.min(*w));
            }
        }
        let of = |(up, down): (f64, f64)| match parts.dac.polarity {
            Polarity::Bipolar => up + down,
            // In every phase any set of inputs may rest.
            _ => up.max(down),
        };
        most.into_iter().map(of).fold(0.0, f64::max)
    })
}

/// Percentile of the magnitude of the currents of every full-scale group on calibration data, all
/// phases together, in the shape of [`Parts::full_scale_shape`]. A silent tile gets the current of
/// one full cell.
pub fn percentile(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
    percentile: f64,
) -> Array2<Amps> {
    let drive = calibration.phases_stacked(parts.dac);
    per_group(parts, weights, clip, amps_per_unit, |sensed, rows, _| {
        let sums = drive.slice(s![.., rows]).dot(&sensed);
        let values: Vec<f64> = sums.iter().copied().collect();
        percentile_of_magnitude(&values, percentile).unwrap_or(0.0)
    })
}

/// The range of least mean squared error between the converter's values and the currents of every
/// full-scale group on calibration data, all phases together, in the shape of
/// [`Parts::full_scale_shape`]. A silent tile gets the current of one full cell.
///
/// Searched among [`MSE_POINTS`] equal parts of the largest current: what rounds too coarsely and what
/// clips are both seen, noise is not.
pub fn mse_optimal(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
) -> Array2<Amps> {
    let drive = calibration.phases_stacked(parts.dac);
    let top = f64::from(parts.adc_steps() / 2);
    per_group(parts, weights, clip, amps_per_unit, |sensed, rows, (steps, positive)| {
        let (steps, lowest) = (f64::from(steps), if positive { 0.0 } else { -top });
        let highest = lowest + 2.0 * top;
        let sums: Vec<f64> = drive.slice(s![.., rows]).dot(&sensed).iter().copied().collect();
        let largest = sums.iter().fold(0.0_f64, |most, current| most.max(current.abs()));
        let error = |range: f64| {
            let step = 2.0 * range / steps;
            pulp::Arch::new().dispatch(SquaredError { step, lowest, highest, currents: &sums })
        };
        let ranges = (1..=MSE_POINTS).map(|k| largest * k as f64 / MSE_POINTS as f64);
        let found = ranges.map(|range| (range, error(range)));
        found.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(range, _)| range)
    })
}

/// Squared error of a converter on currents, all in the unit of its step; compiled for the vectors of the machine, and
/// summed in the order of the currents.
struct SquaredError<'a> {
    step: f64,
    lowest: f64,
    highest: f64,
    currents: &'a [f64],
}

impl pulp::NullaryFnOnce for SquaredError<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let Self { step, lowest, highest, currents } = self;
        let (mut sum, mut squares) = (0.0, [0.0; 64]);
        for currents in currents.chunks(squares.len()) {
            for (square, y) in squares.iter_mut().zip(currents) {
                let code = (y / step).round_ties_even();
                let kept = if code < highest { code } else { highest };
                let off = if kept > lowest { kept } else { lowest } * step - y;
                *square = off * off;
            }
            squares[..currents.len()].iter().for_each(|square| sum += square);
        }
        sum
    }
}

/// Ranges that [`mse_optimal`] tries.
pub const MSE_POINTS: usize = 96;

/// Full scales of a layer under `policy`, in the shape of [`Parts::full_scale_shape`]; `optimised`
/// are those of the convex program, in the same order, and are what [`FullScale::Optimised`] takes.
///
/// # Errors
/// [`TileError::Converter`] for impossible numbers in the policy, [`TileError::FullScales`] if the
/// policy asks for optimised full scales of another shape.
pub fn by_policy(
    policy: FullScale,
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
    optimised: ArrayView2<'_, Amps>,
) -> Result<Array2<Amps>, TileError> {
    policy.check()?;
    let (rows, cols) = parts.full_scale_shape(weights.nrows(), weights.ncols());
    match policy {
        FullScale::WorstCase => Ok(worst_case(parts, weights, clip, amps_per_unit)),
        FullScale::Percentile { percentile: at } => {
            Ok(percentile(parts, weights, clip, amps_per_unit, calibration, at))
        }
        FullScale::MseOptimal => Ok(mse_optimal(parts, weights, clip, amps_per_unit, calibration)),
        FullScale::Fixed { full_scale } => Ok(Array2::from_elem((rows, cols), full_scale)),
        FullScale::Optimised if optimised.dim() == (rows, cols) => Ok(optimised.to_owned()),
        FullScale::Optimised => {
            let (got_rows, got_cols) = optimised.dim();
            Err(TileError::FullScales { got_rows, got_cols, rows, cols })
        }
    }
}

/// Currents of one full-scale group of a tile on calibration data.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCurrents {
    /// Where its full scale stands in the shape of [`Parts::full_scale_shape`].
    pub place: (usize, usize),
    /// Output of the whole matrix that each of its currents adds to.
    pub outputs: Vec<usize>,
    /// By how much each of them counts there.
    pub counts: Vec<i64>,
    /// Currents (A) on ideal wires of cells that hold what they are to, (phases · samples) × currents, phase by
    /// phase.
    pub currents_a: Array2<f64>,
}

/// Calls `visit` with the currents of every full-scale group on calibration data, row tiles outermost: what
/// [`percentile`] and [`mse_optimal`] look at. Arguments as there.
pub fn for_each_group_of_currents(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    calibration: &Calibration,
    mut visit: impl FnMut(GroupCurrents),
) {
    let drive = calibration.phases_stacked(parts.dac);
    let amps_per_raised = amps_per_unit / parts.mapping.reach();
    for_each_group(parts, weights, clip, |group| {
        let currents_a = drive.slice(s![.., group.rows]).dot(&group.sensed) * amps_per_raised;
        let senses = &group.plan.senses[group.plan.senses_of_group(group.number)];
        let outputs = senses.iter().map(|sense| group.first_output + sense.output).collect();
        let counts = senses.iter().map(|sense| sense.weight).collect();
        visit(GroupCurrents { place: group.place, outputs, counts, currents_a });
    });
}

/// A full scale for every group from the weights that its currents carry (rows × currents, in units
/// of which `clip` is the whole window), the rows of its tile, and its converter (steps over both
/// signs, and whether it begins at zero); `largest` is in those units.
fn per_group(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    amps_per_unit: f64,
    largest: impl Fn(ArrayView2<'_, f64>, Range<usize>, (u32, bool)) -> f64,
) -> Array2<Amps> {
    let amps_per_raised = amps_per_unit / parts.mapping.reach();
    let (inputs, outputs) = weights.dim();
    let mut full_scale = Array2::from_elem(parts.full_scale_shape(inputs, outputs), Amps::ZERO);
    for_each_group(parts, weights, clip, |Group { place, plan, number, sensed, rows, .. }| {
        let converter = (parts.adc_steps_of(plan, number), parts.is_positive(plan, number));
        let found = largest(sensed, rows, converter);
        let found = if found > 0.0 { found } else { f64::from(clip) };
        full_scale[place] = Amps(found * amps_per_raised);
    });
    full_scale
}

/// One full-scale group of a tile.
struct Group<'a> {
    /// Where its full scale stands.
    place: (usize, usize),
    /// Output of the matrix that is the first of its tile.
    first_output: usize,
    plan: &'a Plan,
    /// Its number in the tile.
    number: usize,
    /// What its currents carry, rows × currents, in units of which the weight clip is the whole window.
    sensed: ArrayView2<'a, f64>,
    /// Rows of the layer that its tile has.
    rows: Range<usize>,
}

/// Calls `visit` with every full-scale group, row tiles outermost.
fn for_each_group(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    clip: f32,
    mut visit: impl FnMut(Group<'_>),
) {
    let clip = f64::from(clip);
    let groups = parts.mapping.full_scale_groups();
    let bottom = parts.window.g_min.0 / parts.window.span().0 * clip;
    let (row_tiles, column_tiles) = parts.grid_shape(weights.nrows(), weights.ncols());
    for place in (0..row_tiles).flat_map(|row| (0..column_tiles).map(move |col| (row, col))) {
        let (inputs, cols) = parts.block(place, weights.dim());
        let (first_output, plan) = (cols.start, parts.mapping.layout(cols.len()));
        let block = weights.slice(s![inputs.clone(), cols]).mapv(f64::from);
        let block = rows::weights(parts.dac.polarity, block.view());
        let rows = rows::of_inputs(parts.dac.polarity, inputs);
        let mut sensed = plan.combine(parts.mapping.raised(block.view(), clip).view(), -1.0);
        for (mut column, sense) in sensed.columns_mut().into_iter().zip(&plan.senses) {
            if sense.minus.is_none() {
                column += bottom;
            }
        }
        for number in 0..groups {
            let own = plan.senses_of_group(number);
            visit(Group {
                place: (place.0, place.1 * groups + number),
                first_output,
                plan: &plan,
                number,
                sensed: sensed.slice(s![.., own]),
                rows: rows.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cim_adc::DacSpec;
    use cim_core::{Siemens, Volts};
    use cim_crossbar::{Ambient, Wires};
    use cim_device::{Ideal, Window};
    use ndarray::array;

    use super::*;
    use crate::mapping::{Differential, MappingSpec};

    fn parts(polarity: Polarity) -> Parts {
        let window = Window::new(Siemens(0.0), Siemens(1.0)).expect("a window");
        Parts {
            device: Arc::new(Ideal { window }),
            mapping: Arc::new(Differential::FINE),
            window,
            read_voltage: Volts(1.0),
            dac: DacSpec { bits: 8, polarity },
            adc_bits: 8,
            adc_noise: Amps::ZERO,
            ambient: Ambient::SILENT,
            wires: Wires::NONE,
            front_end: crate::FrontEnd::IDEAL,
            targets: crate::grid::Targets::Nominal,
            rows: 2,
            outputs: 2,
        }
    }

    #[test]
    fn the_worst_case_depends_on_the_signs_of_the_drive() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5], [3.0, 0.0]];
        let of = |polarity| worst_case(&parts(polarity), w.view(), 1.0, 2.0);
        // Two row tiles; the weight 3 counts as the clip 1.
        assert_eq!(of(Polarity::Unipolar), array![[Amps(1.5)], [Amps(2.0)]]);
        assert_eq!(of(Polarity::Bipolar), array![[Amps(2.5)], [Amps(2.0)]]);
    }

    #[test]
    fn every_current_of_every_mapping_stays_within_its_worst_case_and_one_touches_it() {
        let mut values = vec![0.0f32; 2 * 3];
        cim_core::Stream::root(4).fill_uniform(0, &mut values);
        let w = Array2::from_shape_vec((2, 3), values).expect("6 weights").mapv(|u| 2.0 * u - 1.0);
        let window = Window::new(Siemens(2.0), Siemens(5.0)).expect("a window");
        for spec in MappingSpec::registered() {
            for polarity in [Polarity::Unipolar, Polarity::Bipolar, Polarity::TwoPhase] {
                let mapping = spec.build().expect("a mapping");
                let parts = Parts { mapping, window, outputs: 3, ..parts(polarity) };
                let amps_per_weight = window.span().0 * parts.mapping.reach();
                let got = worst_case(&parts, w.view(), 1.0, amps_per_weight);
                // By brute force over the corners of what may drive two rows.
                let top = f64::from(parts.mapping.top_weight());
                let whole = w.mapv(|w| (f64::from(w) * top).round() as i32);
                let plan = parts.mapping.plan(whole.view()).expect("weights");
                let currents = plan.combine(plan.targets(window).view(), -1.0);
                let least = if polarity == Polarity::Bipolar { -1.0 } else { 0.0 };
                let mut want = vec![0.0f64; parts.mapping.full_scale_groups()];
                for drive in [[1.0, 1.0], [1.0, least], [least, 1.0], [0.0, 1.0], [1.0, 0.0]] {
                    let drive = ndarray::Array1::from(drive.to_vec());
                    for (current, sense) in drive.dot(&currents).iter().zip(&plan.senses) {
                        let most = &mut want[sense.full_scale_group];
                        *most = most.max(current.abs());
                    }
                }
                for (got, want) in got.iter().zip(&want) {
                    // Fine levels are rounded to 2⁻¹⁶ of the window.
                    let near = (got.0 / want - 1.0).abs() < 1e-3 || *want == 0.0;
                    assert!(near, "{spec:?} {polarity:?}: {got} for {want} A");
                }
            }
        }
    }

    /// The largest of a group's currents is its hundredth percentile, for every mapping, and they add up to the
    /// product of each output.
    #[test]
    fn currents_of_groups_are_those_that_ranges_are_of() {
        let mut values = vec![0.0f32; 5 * 3];
        cim_core::Stream::root(4).fill_uniform(0, &mut values);
        let w = Array2::from_shape_vec((5, 3), values).expect("15 weights").mapv(|u| 2.0 * u - 1.0);
        let mut drive = vec![0.0f32; 20 * 5];
        cim_core::Stream::root(5).fill_uniform(0, &mut drive);
        let drive = Array2::from_shape_vec((20, 5), drive).expect("100 drives").mapv(f64::from);
        let calibration = Calibration::exact(drive.clone());
        for spec in MappingSpec::registered() {
            let mapping = spec.build().expect("a mapping");
            let parts = Parts { mapping, ..parts(Polarity::Unipolar) };
            let amps = 2.0;
            let want = percentile(&parts, w.view(), 1.0, amps, &calibration, 100.0);
            let mut seen = Array2::from_elem(want.dim(), Amps::ZERO);
            let mut sums = Array2::<f64>::zeros((20, 3));
            let factor = amps / parts.mapping.reach() / f64::from(parts.mapping.top_level());
            for_each_group_of_currents(&parts, w.view(), 1.0, amps, &calibration, |group| {
                let GroupCurrents { place, outputs, counts, currents_a } = group;
                let most = currents_a.iter().fold(0.0_f64, |most, a| most.max(a.abs()));
                seen[place] = Amps(most);
                let (cols, number) = (2 * (place.1 / parts.mapping.full_scale_groups()), place.1);
                let plan = parts.mapping.layout(2.min(3 - cols));
                let own = plan.senses_of_group(number % parts.mapping.full_scale_groups());
                let rows = 2 * place.0..5.min(2 * place.0 + 2);
                let driven = drive.slice(s![.., rows]).sum_axis(Axis(1));
                for (k, sense) in plan.senses[own].iter().enumerate() {
                    let zero = f64::from(sense.zero) * factor;
                    let own = currents_a.column(k).to_owned() - &(&driven * zero);
                    sums.column_mut(outputs[k]).scaled_add(counts[k] as f64, &own);
                }
            });
            for (seen, want) in seen.iter().zip(&want) {
                // A group without weights carries nothing, and has the range of a full cell.
                let largest = if seen.0 == 0.0 { amps / parts.mapping.reach() } else { seen.0 };
                assert!((largest / want.0 - 1.0).abs() < 1e-12, "{spec:?}: {seen} for {want}");
            }
            // Weights are rounded to half a level, five of them.
            let top = f64::from(parts.mapping.top_weight());
            let off = &sums - &(drive.dot(&w.mapv(f64::from)) * amps);
            let most = 5.0 * amps * 0.5 / top * (1.0 + 1e-9);
            assert!(off.iter().all(|off| off.abs() <= most), "{spec:?}: {off} beyond {most}");
        }
    }

    #[test]
    fn the_hundredth_percentile_is_the_largest_current_seen() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5]];
        let calibration = Calibration::exact(array![[1.0, 0.0], [0.5, 1.0]]);
        let parts = parts(Polarity::Unipolar);
        // Currents per unit: 0.5, −0.25; 0.25 − 0.75, −0.125 − 0.5.
        let got = percentile(&parts, w.view(), 1.0, 2.0, &calibration, 100.0);
        assert_eq!(got, array![[Amps(1.25)]]);
    }

    /// The converter itself is the judge; currents go to it in single precision, whose rounding moves
    /// a current across the end of a step now and then: hence one part in 10,000.
    #[test]
    fn no_other_range_has_a_smaller_squared_error() {
        let mut drive = vec![0.0f32; 200 * 2];
        cim_core::Stream::root(9).fill_uniform(0, &mut drive);
        let drive = Array2::from_shape_vec((200, 2), drive).expect("400 drives").mapv(f64::from);
        let drive = drive.mapv(|u| u.powi(4));
        let calibration = Calibration::exact(drive.clone());
        let w = array![[0.5f32, -0.25], [-0.75, 1.0]];
        for bits in [2, 3, 6] {
            let parts = Parts { adc_bits: bits, ..parts(Polarity::Unipolar) };
            let amps = 2.0;
            let got = mse_optimal(&parts, w.view(), 1.0, amps, &calibration)[[0, 0]].0;
            let currents: Vec<f32> =
                drive.dot(&w.mapv(f64::from)).iter().map(|y| (amps * y) as f32).collect();
            let error = |range: f64| {
                let input_noise = Amps::ZERO;
                let spec = cim_adc::UniformSpec { bits, full_scale: Amps(range), input_noise };
                let adc = spec.build().expect("a converter");
                let mut codes = vec![0; currents.len()];
                cim_adc::Adc::convert(&adc, &currents, &mut codes, &mut Default::default());
                let step = cim_adc::Adc::step(&adc).0;
                let off = codes.iter().zip(&currents);
                off.map(|(&code, &y)| (f64::from(code) * step - f64::from(y)).powi(2)).sum::<f64>()
            };
            let largest = currents.iter().fold(0.0f32, |m, y| m.max(y.abs()));
            let best = (1..=MSE_POINTS)
                .map(|k| error(f64::from(largest) * k as f64 / MSE_POINTS as f64))
                .fold(f64::INFINITY, f64::min);
            assert!(error(got) <= best * (1.0 + 1e-4), "{bits} bits: {} over {best}", error(got));
        }
    }

    #[test]
    fn every_policy_gives_one_full_scale_a_tile() {
        let w = array![[0.5f32, -0.25], [-0.75, -0.5], [1.0, 0.0]];
        let calibration = Calibration::exact(array![[1.0, 0.0, 0.0], [0.5, 1.0, 0.5]]);
        let parts = parts(Polarity::Unipolar);
        let chosen = array![[Amps(3.0)], [Amps(4.0)]];
        let of = |policy, optimised: &Array2<Amps>| {
            by_policy(policy, &parts, w.view(), 1.0, 2.0, &calibration, optimised.view())
        };
        assert_eq!(of(FullScale::WorstCase, &chosen), Ok(array![[Amps(1.5)], [Amps(2.0)]]));
        let all = FullScale::Percentile { percentile: 100.0 };
        assert_eq!(of(all, &chosen), Ok(array![[Amps(1.25)], [Amps(1.0)]]));
        let fixed = FullScale::Fixed { full_scale: Amps(7.0) };
        assert_eq!(of(fixed, &chosen), Ok(array![[Amps(7.0)], [Amps(7.0)]]));
        assert_eq!(of(FullScale::Optimised, &chosen), Ok(chosen.clone()));
        let short = array![[Amps(3.0)]];
        assert!(matches!(of(FullScale::Optimised, &short), Err(TileError::FullScales { .. })));
        let empty = FullScale::Fixed { full_scale: Amps(0.0) };
        assert!(matches!(of(empty, &chosen), Err(TileError::Converter(_))));
    }
}
