//! What wires take from arrays of a network, by placement.

use cim_core::Stream;
use cim_tile::TileError;
use cim_tile::placement::{BitArray, Cells};
use rayon::prelude::*;

use super::measured::Factors;
use super::methods::ORDERS;
use super::networks::Laid;
use super::spec::Spec;
use crate::error::StudyError;

/// Factors of arrays drawn at `at`, those without an active cell left out.
pub fn measure(
    laid: &Laid<'_>,
    spec: &Spec,
    cells: Cells,
    at: Stream,
) -> Result<Factors, StudyError> {
    let parts = laid.slices.iter().flat_map(|slices| slices.parts());
    let arrays: Vec<&BitArray> =
        parts.map(|part| &part.array).filter(|array| 0.0 < array.density()).collect();
    let mut keys = vec![0.0_f32; arrays.len()];
    at.fill_uniform(0, &mut keys);
    let mut order: Vec<usize> = (0..arrays.len()).collect();
    order.sort_by(|a, b| keys[*a].total_cmp(&keys[*b]));
    order.truncate(spec.factors.arrays);
    let wires = spec.wires_of(spec.factors.wire);
    let one = |&idx: &usize| {
        let array = arrays[idx];
        let nominal = array.nominal_s(cells);
        let of = |order: &super::methods::Order| {
            let placement = array.place(order.columns, order.rows, cells);
            let target_s = array.target_s(&placement, cells);
            let transfer_s = array.transfer_s(&placement, target_s, wires)?;
            let taken = array.taken(transfer_s.view(), nominal.view());
            Ok((taken, array.predicted(&placement, cells, wires)[0]))
        };
        ORDERS.iter().map(of).collect::<Result<Vec<_>, TileError>>()
    };
    let all = order.par_iter().map(one).collect::<Result<Vec<_>, TileError>>()?;
    let mut factors = Factors {
        key: laid.subject.key,
        name: laid.subject.name.clone(),
        density: order.iter().map(|&idx| arrays[idx].density()).sum::<f64>() / order.len() as f64,
        taken: Default::default(),
        predicted: Default::default(),
    };
    for array in all {
        for (idx, (taken, predicted)) in array.into_iter().enumerate() {
            factors.taken[idx].push(taken);
            factors.predicted[idx].push(predicted);
        }
    }
    Ok(factors)
}
