//! All that is done with one network on one device.

use cim_chip::{FullScale, InUse};
use cim_nn::Network;

use crate::error::StudyError;
use crate::method::alone::trained_through;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::design::tightened;
use crate::method::choose::finish::{Finished, finish};
use crate::method::choose::setting::Setting;
use crate::method::digital::Digital;
use crate::method::part::Method;
use crate::method::through::{Through, train};
use crate::method::untrained::{Untrained, untrained};

/// A network as numbers, before any device.
pub struct Numbers {
    /// The digital network.
    pub digital: Digital,
    /// The same after as many further epochs as are trained through a chip.
    pub control: Network,
}

/// Names of what is compared, in the order of every table.
pub const METHODS: [&str; 6] =
    ["naive", "fixed_rule", "best_heuristic", "program", "training_alone", "full"];

/// One network on one device, ready to be measured.
pub struct OnDevice {
    /// One for each of [`METHODS`].
    pub candidates: [Candidate; METHODS.len()],
    /// Which heuristic is best on the held-out images.
    pub heuristic: &'static str,
    /// Design of the full method against what is proven.
    pub in_use: InUse,
}

/// Maps, optimises and trains one network for the device of the bench. Nothing here has seen the test
/// set.
pub fn on_device(bench: &Bench<'_>, numbers: &Numbers) -> Result<OnDevice, StudyError> {
    let Numbers { digital, control } = numbers;
    let inputs = bench.inputs_of(control);
    let naive = bench.naive(control, &inputs, bench.parts.read_voltage)?;
    // What needs no choice at all, however many chips it could be judged by.
    let percentile = bench.job.choices.percentiles[0];
    let rule = Setting::of(FullScale::Percentile { percentile });
    let rule = rule.design(bench, control, &inputs, bench.parts.read_voltage)?;
    let [naive, rule] = [naive, rule].map(|design| Candidate {
        network: control.clone(),
        design,
        inputs: bench.inputs_of(control),
    });
    let Untrained { heuristic, name, program, .. } = untrained(bench, control)?;
    let alone = trained_through(bench, digital, &heuristic.design)?;
    let (accuracy_of, mut best) = (
        |full: &Finished| bench.holdout(&full.candidate.design, &full.candidate.network),
        None::<(f64, Finished)>,
    );
    for &share in &bench.job.choices.clip_shares {
        let full = full(bench, digital, &program, share)?;
        let accuracy = accuracy_of(&full)?;
        if best.as_ref().is_none_or(|(most, _)| *most < accuracy) {
            best = Some((accuracy, full));
        }
    }
    let (_, full) = best.expect("the list of the preset is not empty");
    let in_use = full.optimised.placed(&full.candidate.design)?;
    Ok(OnDevice {
        candidates: [naive, rule, heuristic, program, alone, full.candidate],
        heuristic: name,
        in_use,
    })
}

/// The full method: training through the program's design, its clips tightened to `share`.
fn full(
    bench: &Bench<'_>,
    digital: &Digital,
    program: &Candidate,
    share: f64,
) -> Result<Finished, StudyError> {
    let inputs = bench.inputs_of(&digital.network);
    let design = tightened(bench, &program.design, &digital.network, &inputs, share)?;
    let run = Through {
        stage: &format!("full-{share}"),
        recipe: &bench.job.further,
        method: Method::FULL,
        network: &digital.network,
        teacher: digital.teacher(),
        inputs: &inputs,
        design: &design,
        at: bench.at.child("further", 0),
    };
    let trained = train(bench, &run)?;
    finish(bench, &design, trained)
}
