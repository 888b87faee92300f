//! Chips of points that differ in their converters alone: programmed once, and sensed once as far as possible.

use cim_core::{MatMul, Scratch, Stream, Tally};
use cim_nn::accuracy;
use cim_tile::Grid;
use ndarray::{Array2, s};

use super::draft::{Converters, Draft};
use super::hand::Hand;
use super::points::{Point, Right};
use crate::error::StudyError;

/// Points that one set of chips serves, each with its converters.
pub type Family<'a> = [(Point, &'a Converters)];

/// Makes a chip for every hand of images and asks it under the converters of every point of a family. What a
/// point gets does not depend on the others: chip `k` of every point draws from the same addresses.
///
/// # Errors
/// [`StudyError`] for parts that cannot be.
pub fn measure(
    draft: &Draft<'_>,
    family: &Family<'_>,
    hands: &[&Hand],
    root: Stream,
) -> Result<Vec<Right>, StudyError> {
    let new = |(_, converters): &(Point, &Converters)| Right {
        accuracies: Vec::with_capacity(hands.len()),
        adc_conversions: 0,
        adc_clips: 0,
        cells: 0,
        images: hands.iter().map(|hand| hand.len() as u64).sum(),
        energy_j: converters.energy_j,
    };
    let mut rights: Vec<Right> = family.iter().map(new).collect();
    for (chip, hand) in hands.iter().enumerate() {
        let at = root.child("evaluate", 0).child("chip", chip as u64);
        let asked = ask(draft, family, hand, at)?;
        for (right, Asked { accuracy, counted, cells }) in rights.iter_mut().zip(asked) {
            right.accuracies.push(accuracy);
            right.adc_conversions += counted.adc_conversions;
            right.adc_clips += counted.adc_clips;
            right.cells = cells;
        }
    }
    Ok(rights)
}

/// What a chip said under the converters of a point.
struct Asked {
    accuracy: f64,
    counted: Tally,
    cells: u64,
}

fn ask(
    draft: &Draft<'_>,
    family: &Family<'_>,
    hand: &Hand,
    at: Stream,
) -> Result<Vec<Asked>, StudyError> {
    let Some((first, _)) = family.first() else { return Ok(Vec::new()) };
    let parts = draft.parts(first);
    let mut made = Tally::default();
    // The same cells with the converters of every point, product by product.
    let mut chips: Vec<Vec<Grid>> = vec![Vec::new(); family.len()];
    for (idx, layer) in draft.layers.iter().enumerate() {
        let (at, blueprint) = (at.child("layer", idx as u64), &layer.blueprint);
        let held = draft.cells(first, idx, at, &mut made);
        let held: Vec<_> = held.iter().map(|held| held.view()).collect();
        let cells = Grid::holding(&parts, &layer.design, blueprint, &held, at, &mut made)?;
        for (chip, (point, converters)) in chips.iter_mut().zip(family) {
            let own = &converters.layers[idx];
            chip.push(match &own.placed {
                Some(placed) => cells.with_placed(placed),
                None => {
                    let parts = draft.parts(point);
                    cells.with_converters(&parts, &own.design, blueprint, at)?
                }
            });
        }
    }
    let network = &draft.network.network;
    let firsts = hand.drives(draft.network.numbers).map(|drives| {
        let grids: Vec<&Grid> = chips.iter().map(|chip| &chip[0]).collect();
        sense_once(&grids, drives, network.block())
    });
    let mut asked = Vec::with_capacity(family.len());
    for (member, chip) in chips.iter().enumerate() {
        let (logits, counted) = match &firsts {
            Some(firsts) => {
                let (known, by_first) = &firsts[member];
                let (logits, mut counted) = network.outputs_behind(0, chip, known.view());
                counted += *by_first;
                (logits, counted)
            }
            None => network.outputs_on(chip, hand.images.view()),
        };
        let accuracy = accuracy(logits.view(), &hand.labels);
        asked.push(Asked { accuracy, counted, cells: made.cells_programmed });
    }
    Ok(asked)
}

/// What grids of the same cells put out, block by block as a network would ask them, and what was counted.
fn sense_once(grids: &[&Grid], drives: &Array2<f32>, block: usize) -> Vec<(Array2<f32>, Tally)> {
    let (vectors, outputs) = (drives.nrows(), grids[0].shape().1);
    let mut all = vec![(Array2::zeros((vectors, outputs)), Tally::default()); grids.len()];
    let mut tallies = vec![Tally::default(); grids.len()];
    let (mut own, mut scratch) = (Vec::new(), Scratch::default());
    for (call, first) in (0..vectors).step_by(block).enumerate() {
        let rows = first..vectors.min(first + block);
        own.resize_with(grids.len(), || Array2::zeros((0, 0)));
        let shape = (rows.len(), outputs);
        own.iter_mut().filter(|y| y.dim() != shape).for_each(|y| *y = Array2::zeros(shape));
        let x = drives.slice(s![rows.clone(), ..]);
        Grid::apply_each(grids, x, call as u64, &mut own, &mut scratch, &mut tallies);
        for ((all, _), own) in all.iter_mut().zip(&own) {
            all.slice_mut(s![rows.clone(), ..]).assign(own);
        }
    }
    all.iter_mut().zip(tallies).for_each(|((_, tally), own)| *tally = own);
    all
}
