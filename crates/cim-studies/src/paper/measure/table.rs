//! All rows of all networks on the test set.

use cim_chip::Task;
use cim_core::Stream;
use cim_nn::{Dataset, Network};
use rayon::prelude::*;

use crate::context::Context;
use crate::error::StudyError;
use crate::method::candidate::Candidate;
use crate::method::rows::{Asked, OnChips, Row};
use crate::method::untrained::Untrained;
use crate::paper::spec::Spec;
use crate::paper::train::rows::Group;
use crate::paper::train::trial::Trial;
use crate::shared::training::digital_accuracy;

/// Accuracies of the networks as numbers, one for each.
pub struct AsNumbers {
    /// The digital networks.
    pub digital: Vec<f64>,
    /// Those that trained as long as the full method.
    pub control: Vec<f64>,
}

/// Digital accuracies on the test set.
pub fn as_numbers(trials: &[Trial], test: &Dataset) -> AsNumbers {
    let of = |network: fn(&Trial) -> &Network| {
        trials.iter().map(|trial| digital_accuracy(network(trial), test)).collect()
    };
    AsNumbers { digital: of(|trial| &trial.digital), control: of(|trial| &trial.control) }
}

/// A row of a table.
pub struct Tabled {
    /// Which table.
    pub group: Group,
    /// The row.
    pub row: Row,
}

/// What was found without training at one resolution.
pub struct UntrainedRow {
    /// Bits of the column converters.
    pub bits: u32,
    /// The best heuristic of each network.
    pub heuristic: Row,
    /// The program alone.
    pub program: Row,
}

/// Address of a network's chips.
pub fn chips_of(spec: &Spec, network: usize) -> Stream {
    Stream::root(spec.seed).child("network", network as u64)
}

/// Program and best heuristic without training, on the test set, at every resolution that was asked for.
pub fn measure_untrained(
    spec: &Spec,
    trials: &[Trial],
    test: &Task,
    context: &Context<'_>,
) -> Result<Vec<UntrainedRow>, StudyError> {
    let (chips, points) = (spec.evaluation.chips, &spec.sweeps.program_bits);
    let steps = context.progress.begin("no training", 2 * chips * points.len() * trials.len());
    let row = |place: usize, name, candidate: fn(&Untrained) -> &Candidate| {
        let networks = trials.par_iter().enumerate().map(|(network, trial)| {
            let (own, at) = (candidate(&trial.untrained[place].1), chips_of(spec, network));
            OnChips::of(own, &mut Asked::new(test), chips, at, &spec.energy, || steps.step(1))
        });
        let networks = networks.collect::<Result<Vec<_>, _>>()?;
        Ok::<_, StudyError>(Row {
            name,
            further_epochs: spec.training.further.epochs,
            networks,
            holdout: None,
        })
    };
    let point = |(place, &bits): (usize, &u32)| {
        Ok(UntrainedRow {
            bits,
            heuristic: row(place, "best_heuristic", |found| &found.heuristic)?,
            program: row(place, "program", |found| &found.program)?,
        })
    };
    points.iter().enumerate().map(point).collect()
}

/// Measures every row of every network; networks have equal rows in equal order.
pub fn measure_all(
    spec: &Spec,
    trials: &[Trial],
    test: &Task,
    context: &Context<'_>,
) -> Result<Vec<Tabled>, StudyError> {
    let (chips, rows) = (spec.evaluation.chips, trials.first().map_or(0, |trial| trial.rows.len()));
    let steps = context.progress.begin("measure chips", chips * rows * trials.len());
    let by_network = trials
        .par_iter()
        .enumerate()
        .map(|(network, trial)| {
            let at = chips_of(spec, network);
            let (rows, mut asked) = (trial.rows.iter(), Asked::new(test));
            rows.map(|row| {
                OnChips::of(&row.candidate, &mut asked, chips, at, &spec.energy, || steps.step(1))
            })
            .collect::<Result<Vec<_>, _>>()
        })
        .collect::<Result<Vec<_>, StudyError>>()?;
    let mean = |values: Vec<Option<f64>>| {
        let count = values.len() as f64;
        values.into_iter().sum::<Option<f64>>().map(|sum| sum / count)
    };
    let tabled = |place: usize| {
        let first = &trials[0].rows[place];
        let row = Row {
            name: first.name,
            further_epochs: first.further_epochs,
            networks: by_network.iter().map(|rows| rows[place].clone()).collect(),
            holdout: mean(trials.iter().map(|trial| trial.rows[place].holdout).collect()),
        };
        Tabled { group: first.group, row }
    };
    Ok((0..rows).map(tabled).collect())
}
