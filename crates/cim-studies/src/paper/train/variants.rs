//! From the naive mapping to the program, on a network that was trained as numbers.

use cim_nn::Network;

use super::rows::{Group, Row};
use crate::error::StudyError;
use crate::method::bench::Bench;
use crate::method::candidate::Candidate;
use crate::method::choose::design::{compose, programmed};
use crate::method::part::{Method, Part};

/// The naive mapping and the program on the network that was only trained as numbers.
pub fn variants(
    bench: &Bench<'_>,
    control: &Network,
    rows: &mut Vec<Row>,
) -> Result<(), StudyError> {
    let inputs = bench.inputs_of(control);
    let found = programmed(bench, control, &inputs, 1.0)?;
    let program = [Part::Window, Part::ReadVoltage, Part::Clip];
    let window = program.into_iter().fold(Method::NAIVE, Method::with);
    for (name, method) in [
        ("naive", Method::NAIVE),
        ("window", window),
        ("full_scale", Method::NAIVE.with(Part::FullScale)),
        ("window_full_scale", window.with(Part::FullScale)),
    ] {
        let inputs = bench.inputs_of(control);
        let design = compose(bench, method, &found, control, &inputs)?;
        let candidate = Candidate { network: control.clone(), design, inputs };
        let further_epochs = bench.job.further.epochs;
        rows.push(Row { group: Group::Variant, name, further_epochs, candidate, holdout: None });
    }
    Ok(())
}
