//! A chip adapts to a subject.

use cim_core::{Scratch, Seconds, Stream};
use cim_dynamics::spiking::learn::cross_entropy;
use cim_dynamics::spiking::{
    Arrays, Feedback, Network, Rule, Teacher, Work, Written, aligned, backward, count, feedback,
    random, run,
};

use super::chip::Chip;
use super::data::{Motion, Scale, shuffled};
use super::measured::{DFA, OfChip, OfWay, WAYS};
use super::pretrain::{Pretrained, correct};
use super::spec::Spec;
use crate::error::StudyError;

/// Windows that are read side by side.
const BATCH: usize = 32;

/// Adapts one chip to one subject by every way, from the same cells as they are so long after they were written.
pub fn adapt(
    spec: &Spec,
    sets: &Motion,
    pretrained: &Pretrained,
    subject: usize,
    (age, at): (Seconds, Stream),
) -> Result<OfChip, StudyError> {
    let [early, late] =
        [true, false].map(|early| sets.chosen(|w| w.subject == subject && w.early == early));
    let Pretrained { network, scale } = pretrained;
    let aged = || {
        let mut chip = Chip::new(spec, network, at)?;
        chip.wait(age)?;
        Ok::<_, StudyError>(chip)
    };
    let mut chip = aged()?;
    let arrays = chip.arrays()?;
    let before = accuracy(network, &arrays, sets, (&late, scale), &mut chip)?;
    let mut tally = chip.tally;
    let rates = spec.adaptation.rates.by_way();
    let mut ways = Vec::new();
    for (way, (_, _, rule)) in WAYS.iter().enumerate() {
        let mut chip = aged()?;
        let matrices = match way {
            DFA => random(network, at.child("random", 0)),
            _ => aligned(network),
        };
        let fixed = match rule {
            Rule::Backpropagation => None,
            Rule::FeedbackAlignment => Some(chip.feedback(&matrices)?),
        };
        let teacher = Teacher::new(network, rates[way]);
        let (adapted, work) =
            learn(spec, sets, (network, scale), &early, &mut chip, (fixed, teacher, at))?;
        let arrays = chip.arrays()?;
        let after = accuracy(&adapted, &arrays, sets, (&late, scale), &mut chip)?;
        let seen = work.written.sequences as f64;
        let (pairs, pulse_j) = (chip.pairs_written as f64 / seen, chip.energy_j / seen);
        ways.push(OfWay { after, work, pairs, pulse_j });
        tally += chip.tally;
    }
    let ways = ways.try_into().expect("as many as there are");
    Ok(OfChip { before, ways, tally })
}

/// Learns from some windows on the chip; without fixed matrices, by backpropagation. The work is that of one window, as
/// it was run.
fn learn(
    spec: &Spec,
    sets: &Motion,
    (network, scale): (&Network, &Scale),
    windows: &[usize],
    chip: &mut Chip<'_>,
    (fixed, mut teacher, at): (Option<Feedback>, Teacher, Stream),
) -> Result<(Network, Work), StudyError> {
    let adaptation = &spec.adaptation;
    let mut wanted = network.clone();
    let (mut scratch, mut block) = (Scratch::default(), 0);
    let rule = if fixed.is_none() { Rule::Backpropagation } else { Rule::FeedbackAlignment };
    let (mut work, mut event_rows) = (Work::default(), 0.0);
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
            work = count(&wanted, &record, rule);
            event_rows += work.event_rows * batch.len() as f64;
            teacher.step(&mut wanted, &gradient)?;
            chip.write(&wanted)?;
            block += 1;
        }
    }
    let sequences = (windows.len() * adaptation.epochs) as u64;
    let written = Written { sequences, ..chip.written };
    Ok((wanted, Work { event_rows: event_rows / sequences as f64, written, ..work }))
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
