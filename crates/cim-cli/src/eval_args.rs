//! Options of `cim eval`.

use std::path::{Path, PathBuf};

use cim_chip::Metric;
use cim_core::Seconds;
use cim_device::compensation::Scope;
use clap::Args;

/// A network, samples and chips: options of `cim eval` and `cim finetune`.
#[derive(Debug, Args)]
pub struct OnChips {
    /// The network: .onnx, or .safetensors with --layers
    pub network: PathBuf,
    /// Samples (.npz): x (samples × …), or one array for each input by its name, and y: a whole label a
    /// sample, or as many numbers as the network puts out; left out, what it puts out digitally. cim finetune
    /// takes labels
    #[arg(long)]
    pub data: PathBuf,
    /// Layers of a .safetensors file (.toml)
    #[arg(long)]
    pub layers: Option<PathBuf>,
    /// Tensors in place of the initializers of an .onnx file that have their names (.safetensors), such as
    /// cim finetune writes
    #[arg(long, conflicts_with = "layers")]
    pub weights: Option<PathBuf>,
    /// Built-in preset (paper, pcm) or path of a TOML file: the chip
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// Design that `cim optimise NETWORK` wrote, instead of the preset's policy (.toml)
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Seed of all randomness, instead of the preset's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Look at chips this long after programming, such as "1 day"
    #[arg(long, value_parser = crate::parsers::time)]
    pub after: Option<Seconds>,
    /// Compensate drift with one factor for each array or each column, as section compensation says:
    /// global, per-column
    #[arg(long, value_parser = crate::parsers::scope, requires = "after")]
    pub compensate: Option<Scope>,
    /// Tell how long every stage took; cim eval also of a sample each part of the datapath: drive, product,
    /// noise, converter, sum
    #[arg(long)]
    pub timing: bool,
    /// Threads; 0 for all cores. Results do not depend on it
    #[arg(long, default_value_t = 0, value_parser = crate::parsers::threads)]
    pub threads: usize,
}

impl OnChips {
    /// Files that are read.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        let others = [&self.layers, &self.weights, &self.config];
        let others = others.into_iter().flatten().map(PathBuf::as_path);
        [self.network.as_path(), self.data.as_path()].into_iter().chain(others)
    }
}

/// Options of `cim eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// Network, samples and chips.
    #[command(flatten)]
    pub on: OnChips,
    /// Simulated chips, instead of the preset's; with --until, at most
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub chips: Option<u64>,
    /// Make chips until half the 95 % interval of the score is this narrow: "accuracy ± 0.05 %", "± 0.001". At
    /// least 10, at most --chips; left out, 1000
    #[arg(long, value_parser = cim_studies::own::width)]
    pub until: Option<cim_studies::own::Width>,
    /// How answers are judged: top1, top5, mse, cosine, nearest; left out, top1 for labels, mse for numbers, cosine
    /// without y
    #[arg(long, value_parser = crate::parsers::metric)]
    pub metric: Option<Metric>,
    /// Samples on which full scales are set: a number, from the first of --data on, or an .npz file with
    /// samples of their own; left out, the preset's number
    #[arg(long)]
    pub calibration: Option<String>,
    /// Only the first so many samples of --data
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,
    /// Folder of conductances measured on one chip, as --dump writes them, in place of programming; --chips
    /// then counts readings of that chip
    #[arg(long)]
    pub held: Option<PathBuf>,
    /// Tell the loss effect by effect: each alone, each removed, on the same chips
    #[arg(long)]
    pub budget: bool,
    /// Folder of the report
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder of the first chip: what its tiles are to hold, hold and see (.npz a product, .csv a tile), and
    /// how it is driven and read (chip.json)
    #[arg(long)]
    pub dump: Option<PathBuf>,
}

impl Eval {
    /// Files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        self.on.inputs().chain(self.held.as_deref()).collect()
    }

    /// Folders that are written.
    pub fn outputs(&self) -> Vec<(&'static str, &Path)> {
        let named = [("--out", self.out.as_deref()), ("--dump", self.dump.as_deref())];
        named.into_iter().filter_map(|(option, path)| Some((option, path?))).collect()
    }
}
