//! Networks on arrays of bits with wires.

use cim_core::{Stream, Tally};
use cim_crossbar::{Sensed, Wires, wire_targets};
use cim_device::{Device, Window};
use cim_tile::placement::{Part, Placement, Slices};
use cim_tile::{TileError, quantize};
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::methods::Order;
use super::spec::Spec;
use crate::error::StudyError;
use crate::shared::bit_cells::states;
use crate::shared::subject::Subject;

/// A network cut into arrays of bits.
pub struct Laid<'a> {
    /// The network.
    pub subject: &'a Subject<'a>,
    /// Arrays of every product.
    pub slices: Vec<Slices>,
    /// One step of every product, in units of weights.
    steps: Vec<f32>,
}

impl<'a> Laid<'a> {
    /// Rounds every product to the largest of its weights, and cuts it.
    pub fn of(spec: &Spec, subject: &'a Subject<'a>) -> Result<Self, StudyError> {
        let slices = spec.slices()?;
        let top = (1 << slices.bits) - 1;
        let mut laid = Self { subject, slices: Vec::new(), steps: Vec::new() };
        for weights in &subject.products {
            let most = weights.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            let clip = if most == 0.0 { 1.0 } else { most };
            let integers = quantize::weights(weights.view(), clip, top, &mut Tally::default())?;
            laid.slices.push(slices.cut(integers.view()).map_err(TileError::from)?);
            laid.steps.push(clip / top as f32);
        }
        Ok(laid)
    }
}

/// Conductances that cells are asked to hold, and what digital gain makes up for.
pub struct Targets {
    placements: Vec<Vec<Placement>>,
    target_s: Vec<Vec<Array2<f64>>>,
    scale: Vec<Vec<f64>>,
}

impl Targets {
    /// Those of a placement; solved for the wires, if there are some given.
    pub fn of(
        laid: &Laid<'_>,
        order: &Order,
        window: Window,
        solved: Option<Wires>,
    ) -> Result<Self, StudyError> {
        let cells = states(window);
        let mut all = Self { placements: Vec::new(), target_s: Vec::new(), scale: Vec::new() };
        for slices in &laid.slices {
            let one = |part: &Part| {
                let placement = part.array.place(order.columns, order.rows, cells);
                let target_s = part.array.target_s(&placement, cells);
                let Some(wires) = solved else { return Ok((placement, target_s, 1.0)) };
                let sensed: Vec<Sensed> =
                    (0..target_s.ncols()).map(|plus| Sensed { plus, minus: None }).collect();
                let found = wire_targets(target_s.view(), &sensed, wires, window)?;
                Ok((placement, found.target_s, found.scale))
            };
            let parts =
                slices.parts().par_iter().map(one).collect::<Result<Vec<_>, TileError>>()?;
            all.scale.push(parts.iter().map(|part| part.2).collect());
            let (placements, target_s) = parts.into_iter().map(|part| (part.0, part.1)).unzip();
            all.placements.push(placements);
            all.target_s.push(target_s);
        }
        Ok(all)
    }
}

/// What inputs of every product are like: their second moments (inputs × inputs).
pub type Moments = Vec<Array2<f32>>;

/// Weights that one chip multiplies with, exactly, in units of the network: as they are, and with the gain
/// of every column of every array taken out.
pub struct OnChip {
    /// As they are.
    pub plain: Vec<Array2<f32>>,
    /// With gains of columns.
    pub gains: Vec<Array2<f32>>,
}

/// Programs one chip and solves all its arrays on `wires`.
pub fn on_chip(
    laid: &Laid<'_>,
    targets: &Targets,
    device: &dyn Device,
    wires: Wires,
    moments: &Moments,
    at: Stream,
) -> Result<OnChip, StudyError> {
    let cells = states(device.window());
    let step_s = cells.on.0 - cells.off.0;
    let mut chip = OnChip { plain: Vec::new(), gains: Vec::new() };
    for (layer, slices) in laid.slices.iter().enumerate() {
        let at = at.child("layer", layer as u64);
        let one = |(idx, part): (usize, &Part)| {
            let target_s = targets.target_s[layer][idx].view();
            let tally = &mut Tally::default();
            let held_s = device.program(target_s, at.child("array", idx as u64), tally);
            let placement = &targets.placements[layer][idx];
            let mut transfer_s = part.array.transfer_s(placement, held_s, wires)?;
            transfer_s /= targets.scale[layer][idx] * step_s;
            let nominal = part.array.nominal_s(cells) / step_s;
            let plain = part.array.joined(transfer_s.view());
            let inputs = part.first_input..part.first_input + nominal.nrows();
            let moments = moments[layer].slice(s![inputs.clone(), inputs]);
            take_out_gains(&mut transfer_s, nominal.view(), moments);
            Ok((plain, part.array.joined(transfer_s.view())))
        };
        let parts = slices.parts().par_iter().enumerate().map(one);
        let parts = parts.collect::<Result<Vec<_>, TileError>>()?;
        let (plain, gains): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let step = laid.steps[layer];
        let whole = |parts: &[Array2<f64>]| slices.whole(parts).mapv(|w| step * w as f32);
        chip.plain.push(whole(&plain));
        chip.gains.push(whole(&gains));
    }
    Ok(chip)
}

/// Divides every column of `transfer` by its gain: least squares against `nominal` on inputs with these
/// second moments. A column that nothing is wanted of keeps a gain of 1.
fn take_out_gains(
    transfer: &mut Array2<f64>,
    nominal: ArrayView2<'_, f64>,
    moments: ArrayView2<'_, f32>,
) {
    let moments = moments.mapv(f64::from);
    let seen = moments.dot(&nominal);
    for (column, mut own) in transfer.columns_mut().into_iter().enumerate() {
        let (seen, wanted) = (seen.column(column), nominal.column(column));
        let (cross, square) = (seen.dot(&own), seen.dot(&wanted));
        if 0.0 < cross && 0.0 < square {
            own *= square / cross;
        }
    }
}

/// Multiplies every matrix by one factor: least squares against the weights wanted, on such inputs.
pub fn one_factor(
    wanted: &[Array2<f32>],
    got: &[Array2<f32>],
    moments: &Moments,
) -> Vec<Array2<f32>> {
    let each = wanted.iter().zip(got).zip(moments);
    each.map(|((wanted, got), moments)| {
        let mut seen = Array2::zeros(got.dim());
        cim_core::matmul::product(moments.view(), got.view(), seen.view_mut());
        let sum = |other: &Array2<f32>| -> f64 {
            seen.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let (cross, square) = (sum(wanted), sum(got));
        if 0.0 < cross && 0.0 < square { got * (cross / square) as f32 } else { got.clone() }
    })
    .collect()
}

/// Second moments of what drives every product.
pub fn moments(drives: &[Array2<f32>]) -> Moments {
    let one = |x: &Array2<f32>| {
        let mut moments = Array2::zeros((x.ncols(), x.ncols()));
        cim_core::matmul::product(x.t(), x.view(), moments.view_mut());
        moments / x.nrows().max(1) as f32
    };
    drives.iter().map(one).collect()
}
