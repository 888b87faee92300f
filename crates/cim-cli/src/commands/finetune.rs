//! `cim finetune`: a network of the user's, trained through the hardware of its chips.

use cim_studies::own::{self, CALIBRATION, RATES, Tuning};

use super::eval::{Opened, read_samples};
use crate::error::CliError;
use crate::files::{folder_of, write_atomic};
use crate::finetune_args::Finetune;
use crate::form::Form;
use crate::lock;
use crate::surroundings::within;

/// Trains, writes the weights and returns the table for the terminal.
pub fn run(args: &Finetune, form: Form) -> Result<String, CliError> {
    cim_report::files::prepare(folder_of(&args.out)).map_err(lock::unwritable)?;
    let Opened { chip, moment, written, files, graph, .. } = Opened::read(&args.on)?;
    let samples = read_samples(&args.on.data, &graph, usize::MAX)?;
    let test = args.test.as_deref().map(|path| read_samples(path, &graph, usize::MAX));
    let test = test.transpose()?;
    let rates =
        if args.learning_rates.is_empty() { RATES.to_vec() } else { args.learning_rates.clone() };
    let tuning = Tuning {
        files: &files,
        samples: &samples,
        test: test.as_ref(),
        holdout: args.holdout,
        calibration: chip.calibration.map_or(CALIBRATION, |section| section.images),
        chips: own::chips(&chip, args.chips.map(|chips| chips as usize), None).most,
        chip,
        written,
        moment,
        epochs: args.epochs as usize,
        rates,
    };
    let tuned = within(args.on.threads, |context| own::tuned(tuning, context))??;
    write_atomic(&args.out, &tuned.weights)?;
    let mut printed = form.print("finetune", &tuned)?;
    if form == Form::Words {
        printed += &format!("weights in {}\n", args.out.display());
    }
    Ok(printed + &form.stages(args.on.timing, &tuned.timing))
}
