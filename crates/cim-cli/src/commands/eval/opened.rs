//! What is asked of a network on chips, opened.

use std::path::Path;

use cim_chip::{ChipPreset, Moment, WrittenDesign};
use cim_core::Seconds;
use cim_graph::{Files, Network};
use cim_studies::own;

use super::chip::chip;
use super::network;
use crate::commands::preset::{self, Preset};
use crate::error::CliError;
use crate::eval_args::OnChips;

/// A preset with its chip, a design, and the files of a network.
pub struct Opened {
    pub preset: Preset,
    pub chip: ChipPreset,
    pub moment: Moment,
    pub written: Option<WrittenDesign>,
    pub files: Files,
    pub graph: Network,
}

impl Opened {
    /// Reads all of it, the preset first.
    ///
    /// # Errors
    /// [`CliError`] for the first that cannot be.
    pub fn read(args: &OnChips) -> Result<Self, CliError> {
        let preset = preset::open(&args.preset)?;
        let mut chip = chip(&preset)?;
        chip.seed = args.seed.unwrap_or(chip.seed);
        let moment = own::moment(&chip, args.after.unwrap_or(Seconds::ZERO), args.compensate)?;
        let written = args.config.as_deref().map(design).transpose()?;
        let (layers, weights) = (args.layers.as_deref(), args.weights.as_deref());
        let files = network::files(&args.network, layers, weights)?;
        let graph = network::read(&args.network, layers.or(weights), &files)?;
        Ok(Self { preset, chip, moment, written, files, graph })
    }
}

/// A design from a file.
fn design(path: &Path) -> Result<WrittenDesign, CliError> {
    let text = crate::config::read(path, || "give what `cim optimise NETWORK --out` wrote".into())?;
    let preset = Preset { name: path.display().to_string(), text };
    cim_studies::parse(&preset.text).map_err(|error| preset.refused(error))
}
