//! A chip adapts to a subject.

use cim_core::{Scratch, Stream};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, Network, Teacher, aligned, backward, feedback, random, run,
};

use super::chip::Chip;
use super::data::{Motion, Scale, shuffled};
use super::measured::{OfChip, WAYS};
use super::pretrain::{Pretrained, correct};
use super::spec::Spec;
use crate::error::StudyError;

/// Windows that are read side by side.
const BATCH: usize = 32;

/// Adapts one chip to one subject by every way, from the same cells.
pub fn adapt(
    spec: &Spec,
    sets: &Motion,
    pretrained: &Pretrained,
    subject: usize,
    at: Stream,
) -> Result<OfChip, StudyError> {
    let [early, late] =
        [true, false].map(|early| sets.chosen(|w| w.subject == subject && w.early == early));
    let Pretrained { network, scale } = pretrained;
    let mut chip = Chip::new(spec, network, at)?;
    let arrays = chip.arrays()?;
    let before = accuracy(network, &arrays, sets, (&late, scale), &mut chip)?;
    let (mut after, mut writes, mut pulse_j) =
        ([0.0; WAYS.len()], [0.0; WAYS.len()], [0.0; WAYS.len()]);
    let mut tally = chip.tally;
    for way in 0..WAYS.len() {
        let mut chip = Chip::new(spec, network, at)?;
        let matrices = match way {
            1 => random(network, at.child("random", 0)),
            _ => aligned(network),
        };
        let fixed = if way == 0 { None } else { Some(chip.feedback(&matrices)?) };
        let adapted = learn(spec, sets, (network, scale), &early, &mut chip, (fixed, at))?;
        let arrays = chip.arrays()?;
        after[way] = accuracy(&adapted, &arrays, sets, (&late, scale), &mut chip)?;
        let seen = (early.len() * spec.adaptation.epochs) as f64;
        writes[way] = chip.pairs_written as f64 / seen;
        pulse_j[way] = chip.energy_j / seen;
        tally += chip.tally;
    }
    Ok(OfChip { before, after, writes, pulse_j, tally })
}

/// Learns from some windows on the chip; without fixed matrices, by backpropagation.
fn learn(
    spec: &Spec,
    sets: &Motion,
    (network, scale): (&Network, &Scale),
    windows: &[usize],
    chip: &mut Chip<'_>,
    (fixed, at): (Option<Feedback>, Stream),
) -> Result<Network, StudyError> {
    let adaptation = &spec.adaptation;
    let mut wanted = network.clone();
    let mut teacher = Teacher::new(network, adaptation.rate);
    let (mut scratch, mut block) = (Scratch::default(), 0);
    for epoch in 0..adaptation.epochs {
        let order = shuffled(windows, at.child("order", epoch as u64));
        for batch in order.chunks(adaptation.batch) {
            let (inputs, labels) = sets.batch(batch, scale);
            let arrays = chip.arrays()?;
            let tally = &mut chip.tally;
            let record = run(&wanted, &arrays, &inputs, block, &mut scratch, tally)?;
            let (_, error) = cross_entropy(&record, &labels)?;
            let gradient = match &fixed {
                None => backward(&wanted, &arrays, &record, &error, block, &mut scratch, tally)?,
                Some(fixed) => {
                    feedback(&wanted, fixed, &record, &error, block, &mut scratch, tally)?
                }
            };
            teacher.step(&mut wanted, &gradient)?;
            chip.write(&wanted)?;
            block += 1;
        }
    }
    Ok(wanted)
}

/// Fraction of windows recognised by the chip as it is.
fn accuracy(
    network: &Network,
    arrays: &Arrays,
    sets: &Motion,
    (windows, scale): (&[usize], &Scale),
    chip: &mut Chip<'_>,
) -> Result<f64, StudyError> {
    let mut scratch = Scratch::default();
    let mut right = 0;
    for (block, batch) in windows.chunks(BATCH).enumerate() {
        let (inputs, labels) = sets.batch(batch, scale);
        let tally = &mut chip.tally;
        let record = run(network, arrays, &inputs, block as u64, &mut scratch, tally)?;
        right += correct(&record, &labels);
    }
    Ok(right as f64 / windows.len() as f64)
}
