//! Options of `cim finetune`.

use std::path::{Path, PathBuf};

use cim_studies::own::{EPOCHS, HOLDOUT};
use clap::Args;

use crate::eval_args::OnChips;

/// Options of `cim finetune`.
#[derive(Debug, Args)]
pub struct Finetune {
    /// Network, samples and chips.
    #[command(flatten)]
    pub on: OnChips,
    /// Share of the samples that nothing learns from: with one half choices are made, with the other the
    /// result is judged
    #[arg(long, default_value_t = HOLDOUT)]
    pub holdout: f64,
    /// Samples to judge with instead (.npz), looked at once; all that is held out then makes choices
    #[arg(long)]
    pub test: Option<PathBuf>,
    /// Passes over the samples that are learned from
    #[arg(long, default_value_t = EPOCHS as u64, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub epochs: u64,
    /// Largest learning rates to try, of which held-out samples choose: 0.0003,0.003 if nothing is said
    #[arg(long, value_delimiter = ',')]
    pub learning_rates: Vec<f32>,
    /// Simulated chips to judge with, instead of the preset's
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=100_000))]
    pub chips: Option<u64>,
    /// Weights to write (.safetensors): names and layouts are those of the network's file
    #[arg(long)]
    pub out: PathBuf,
}

impl Finetune {
    /// Files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        self.on.inputs().chain(self.test.as_deref()).collect()
    }
}
