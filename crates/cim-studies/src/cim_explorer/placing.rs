//! Thresholds of converters, placed by histograms of currents on calibration data.

use cim_adc::{Ladder, Placed};
use cim_core::Amps;
use cim_opt::{Bin, OptError, Placing, place_each};
use cim_tile::full_scale::{GroupCurrents, for_each_group_of_currents};
use cim_tile::{Calibration, Parts};
use ndarray::{Array1, ArrayView2};

use super::range::{Errors, SharedBy};
use crate::error::StudyError;

/// What is asked of the thresholds of a product's converters.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// Whose thresholds are equal.
    pub shared_by: SharedBy,
    /// Which errors count how much.
    pub errors: Errors,
}

/// Bins of a histogram. Currents of pairs of two levels on up to 128 rows are each a bin of their own; on 256 rows, of
/// two levels a step apart, two may share one.
const BINS: usize = 512;
/// What the error of a sum far from any decision counts, against one at it: decisions far from those of
/// calibration data are met too.
const FLOOR: f64 = 0.02;

/// For each number of `codes`, a converter for each full-scale group of each tile, in the order of their full
/// scales.
///
/// `margins` (vectors × outputs) says how far sums on calibration data are from where something is decided
/// otherwise, in output units; `amps` is the current of one of them.
///
/// # Errors
/// [`StudyError`] for currents that are no numbers.
pub fn placed(
    parts: &Parts,
    weights: ArrayView2<'_, f32>,
    amps: f64,
    calibration: &Calibration,
    margins: ArrayView2<'_, f32>,
    thresholds: Thresholds,
    codes: &[usize],
) -> Result<Vec<Vec<Placed>>, StudyError> {
    let mut groups = Vec::new();
    let keep = |group| groups.push(group);
    for_each_group_of_currents(parts, weights, 1.0, amps, calibration, keep);
    let shared_by = thresholds.shared_by;
    let mut found = ladders(&groups, shared_by, codes, |_, _| 1.0)?;
    if thresholds.errors == Errors::Decisions {
        for (found, codes) in found.iter_mut().zip(codes) {
            let sigma = errors_of_outputs(parts, weights.ncols(), amps, &groups, found);
            let weight = |vector: usize, output: usize| {
                let off = f64::from(margins[[vector % margins.nrows(), output]]) / sigma[output];
                FLOOR + (-0.5 * off * off).exp()
            };
            *found = ladders(&groups, shared_by, &[*codes], weight)?.swap_remove(0);
        }
    }
    // A silent tile gets the current of one full cell, as under every policy.
    let cell_a = amps / parts.mapping.reach();
    let of_groups = |groups: Vec<Vec<Placing>>| -> Result<Vec<Placed>, StudyError> {
        groups.iter().map(|placings| converter(placings, cell_a, parts.adc_noise)).collect()
    };
    found.into_iter().map(of_groups).collect()
}

/// For each number of codes, thresholds of every group, one for each of its currents or one for all; `weight` is
/// that of a current by vector and output.
fn ladders(
    groups: &[GroupCurrents],
    shared_by: SharedBy,
    codes: &[usize],
    weight: impl Fn(usize, usize) -> f64,
) -> Result<Vec<Vec<Vec<Placing>>>, StudyError> {
    let weight = &weight;
    let of_column = |group: &GroupCurrents, column: usize| {
        let output = group.outputs[column];
        let column = group.currents_a.column(column).to_vec();
        column.into_iter().enumerate().map(move |(vector, a)| (a, weight(vector, output)))
    };
    let mut found = vec![Vec::with_capacity(groups.len()); codes.len()];
    for group in groups {
        let columns = 0..group.outputs.len();
        let all: Vec<Vec<Placing>> = match shared_by {
            SharedBy::Tile => {
                let all: Vec<_> = columns.flat_map(|column| of_column(group, column)).collect();
                vec![place_each(&histogram(&all), codes)?]
            }
            SharedBy::None => {
                let own = |column| {
                    let own: Vec<_> = of_column(group, column).collect();
                    place_each(&histogram(&own), codes)
                };
                columns.map(own).collect::<Result<_, OptError>>()?
            }
        };
        // By codes, then by column.
        let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
        for found in &mut found {
            found.push(all.iter_mut().filter_map(Iterator::next).collect());
        }
    }
    Ok(found)
}

/// Values with weights in bins of equal width, each at the weighted mean of its values.
fn histogram(values: &[(f64, f64)]) -> Vec<Bin> {
    let (least, most) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), (v, _)| (lo.min(*v), hi.max(*v)));
    let per_unit = if least < most { BINS as f64 / (most - least) } else { 0.0 };
    let mut bins = vec![Bin { value: 0.0, weight: 0.0 }; BINS];
    for &(value, weight) in values {
        let bin = &mut bins[(((value - least) * per_unit) as usize).min(BINS - 1)];
        bin.weight += weight;
        bin.value += weight * (value - least);
    }
    bins.retain(|bin| bin.weight > 0.0);
    bins.iter_mut().for_each(|bin| bin.value = least + bin.value / bin.weight);
    bins
}

/// Standard deviation (output units) of what rounding adds to every output, all tiles and phases together.
fn errors_of_outputs(
    parts: &Parts,
    outputs: usize,
    amps: f64,
    groups: &[GroupCurrents],
    placings: &[Vec<Placing>],
) -> Array1<f64> {
    let phases: f64 = parts.dac.phases().iter().map(|phase| phase.factor * phase.factor).sum();
    let mut variance = Array1::<f64>::zeros(outputs);
    for (group, placings) in groups.iter().zip(placings) {
        let vectors = group.currents_a.nrows() as f64;
        for (column, &output) in group.outputs.iter().enumerate() {
            let mean_square = match placings.as_slice() {
                [shared] => shared.squared_error / (vectors * group.outputs.len() as f64),
                own => own[column].squared_error / vectors,
            };
            let counts = group.counts[column] as f64;
            variance[output] += phases * counts * counts * mean_square / (amps * amps);
        }
    }
    // Where nothing is rounded any error is far from all decisions.
    variance.mapv(|variance| variance.sqrt().max(f64::MIN_POSITIVE))
}

/// The converter of a group. `cell_a` is the current of a full cell.
fn converter(placings: &[Placing], cell_a: f64, noise: Amps) -> Result<Placed, StudyError> {
    let amps = |list: &[f64]| list.iter().map(|a| Amps(*a)).collect();
    let ladder = |placing: &Placing| Ladder {
        thresholds: amps(&placing.thresholds),
        values: amps(&placing.values),
    };
    let silent = placings.iter().all(|placing| placing.values.iter().all(|value| *value == 0.0));
    let ladders: Vec<Ladder> = if silent {
        let (thresholds, values) = (amps(&[0.5 * cell_a]), amps(&[0.0, cell_a]));
        vec![Ladder { thresholds, values }]
    } else {
        placings.iter().map(ladder).collect()
    };
    Ok(Placed::new(&ladders, noise).map_err(cim_tile::TileError::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_keep_weights_and_means_and_whole_numbers_apart() {
        let values: Vec<(f64, f64)> = (0..900).map(|k| (f64::from(k * 7 % 257), 0.5)).collect();
        let bins = histogram(&values);
        assert_eq!(bins.len(), 257);
        for (k, bin) in bins.iter().enumerate() {
            assert!((bin.value - k as f64).abs() < 1e-9);
            let met = values.iter().filter(|(value, _)| *value == k as f64).count();
            assert!((bin.weight - 0.5 * met as f64).abs() < 1e-9);
        }
        let one = histogram(&[(3.0, 1.0), (3.0, 2.0)]);
        assert_eq!(one, [Bin { value: 3.0, weight: 3.0 }]);
    }
}
