//! All that is done with one network, from its first weights to the designs that will be measured.

use cim_chip::Optimised;
use cim_nn::Network;

use super::ablation::ablation;
use super::baselines::at_voltage;
use super::full::{at_all_bits, full};
use super::rows::{AtBits, Choice, Group, Row};
use super::variants::variants;
use crate::error::StudyError;
use crate::method::alone::training_alone;
use crate::method::bench::Bench;
use crate::method::choose::finish::Finished;
use crate::method::digital::{Digital, control};
use crate::method::untrained::{Untrained, untrained};
use crate::paper::spec::Spec;
use crate::shared::epoch::Epoch;

/// One network with everything made of it.
pub struct Trial {
    /// The digital network.
    pub digital: Network,
    /// Its training, on the held-out images.
    pub history: Vec<Epoch>,
    /// The digital network that trained as long as the full method.
    pub control: Network,
    /// What will be measured; the same rows in the same order for every network.
    pub rows: Vec<Row>,
    /// At each resolution: naive and full.
    pub bits: Vec<AtBits>,
    /// Program and best heuristic without training, with the bits of the column converters.
    pub untrained: Vec<(u32, Untrained)>,
    /// What was chosen on the held-out images, for the report.
    pub choices: Vec<Choice>,
    /// What the program found on the way to the full method's design.
    pub optimised: Optimised,
    /// Place of the naive mapping and of the full method among the rows.
    pub naive: usize,
    /// See `naive`.
    pub full: usize,
}

/// Everything with one network. Nothing here has seen the test set.
pub fn run(bench: &Bench<'_>, spec: &Spec) -> Result<Trial, StudyError> {
    let digital = Digital::train(bench)?;
    let control = control(bench, &digital)?.state.network;
    let mut rows = Vec::new();
    let mut choices = Vec::new();

    variants(bench, &control, &mut rows)?;
    let start = ablation(bench, &spec.training.ablation, &digital, &mut rows, &mut choices)?;
    let full = full(bench, &digital, &start)?;
    choices.push(Choice {
        what: "energy tolerance and full scales of the full method".to_owned(),
        chosen: match full.tolerance {
            Some(tolerance) => format!("{tolerance}, {}", full.scales.name()),
            None => format!("as trained, {}", full.scales.name()),
        },
    });
    let place = rows.len();
    let further = bench.job.further.epochs;
    let Finished { candidate, optimised, scales, .. } = full;
    let (nominal, chosen) = (bench.parts.read_voltage, candidate.design.parts.read_voltage);
    let alone = training_alone(bench, &digital)?;
    let mut equal = Vec::new();
    for (group, volts) in [(Group::AtNominal, nominal), (Group::AtOptimised, chosen)] {
        equal.extend(at_voltage(bench, group, volts, &control, &alone, &candidate, &mut choices)?);
    }
    let holdout = Some(bench.holdout(&candidate.design, &candidate.network)?);
    let name = "full";
    rows.push(Row { group: Group::Variant, name, further_epochs: further, candidate, holdout });
    rows.extend(equal);

    let bits = at_all_bits(bench, spec, &digital, &control, &rows[place].candidate, scales.name())?;
    let mut alone = Vec::new();
    for &bits in &spec.sweeps.program_bits {
        let found = untrained(&bench.at_bits(bits), &control)?;
        let what = format!("heuristic beside the program alone at {bits} bits");
        choices.push(Choice { what, chosen: found.name.to_owned() });
        alone.push((bits, found));
    }
    Ok(Trial {
        digital: digital.network,
        history: digital.history,
        control,
        rows,
        bits,
        untrained: alone,
        choices,
        optimised,
        naive: 0,
        full: place,
    })
}
