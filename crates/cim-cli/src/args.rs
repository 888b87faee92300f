//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Analog compute-in-memory: how accurate and how frugal a design will be, before silicon.
///
/// Quantities are written with their unit ("100 uS", "0.2 V", "10 MHz"); a bare number is refused.
#[derive(Debug, Parser)]
#[command(name = "cim", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more; twice for every step.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment: train, map, optimise, fine-tune, measure, report
    #[command(args_override_self = true)]
    Reproduce(Reproduce),
    /// Optimise conductance window, read voltage and full scales for given weights
    #[command(args_override_self = true)]
    Optimise(Optimise),
    /// List the device models with their laws and sources
    Devices,
    /// Sample a published device, or say what is known of it
    #[command(subcommand)]
    Device(Device),
    /// Print a built-in preset as TOML, to start an own one from
    Preset {
        /// Name of the preset
        #[arg(default_value = "paper")]
        name: String,
    },
}

/// Options of `cim reproduce`.
#[derive(Debug, Args)]
pub struct Reproduce {
    /// Built-in preset (paper, ir-drop, pcm) or path of a TOML file
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// Seed of all randomness, instead of the preset's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulated chips per figure, instead of the preset's
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=100_000))]
    pub chips: Option<u64>,
    /// Fewer epochs and chips: about a minute
    #[arg(long)]
    pub quick: bool,
    /// Folder of the results
    #[arg(long, default_value = "target/reproduce")]
    pub out: PathBuf,
    /// Folder of the data set: four IDX files, plain or .gz
    #[arg(long, default_value = "data/mnist")]
    pub data: PathBuf,
    /// Go on with the checkpoints of an interrupted run in the same --out
    #[arg(long)]
    pub resume: bool,
    /// Threads; 0 for all cores. Results do not depend on it
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Fail if a figure leaves its interval in this JSON file
    #[arg(long)]
    pub gate: Option<PathBuf>,
}

/// Options of `cim optimise`.
#[derive(Debug, Args)]
pub struct Optimise {
    /// Weights, inputs × outputs, one .npy file a layer (f32 or f64), first layer first
    #[arg(long, required = true, num_args = 1..)]
    pub weights: Vec<PathBuf>,
    /// Inputs of the first layer on calibration data, samples × inputs (.npy); ReLU between layers
    #[arg(long)]
    pub inputs: PathBuf,
    /// Built-in preset (paper) or path of a TOML file
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// ADC resolution, instead of the preset's
    #[arg(long)]
    pub adc_bits: Option<u32>,
    /// Greatest energy of cells and sense amplifiers per inference, such as "5 nJ"
    #[arg(long)]
    pub energy_budget: Option<String>,
    /// Write the result as JSON
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Commands of `cim device`.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// List the published devices, one a line
    List,
    /// Print the card of a device: laws, range, source, fit, what is not modelled
    Describe {
        /// Name of the device
        name: String,
    },
    /// Program many cells to one target, let them age, and save what they hold
    #[command(args_override_self = true)]
    Sample(DeviceSample),
}

/// Options of `cim device sample`.
#[derive(Debug, Args)]
pub struct DeviceSample {
    /// Name of the device
    #[arg(long)]
    pub preset: String,
    /// Conductance to program, such as "5 uS"
    #[arg(long)]
    pub target: String,
    /// Number of cells
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub count: u64,
    /// Time since programming, such as "20 s", "1 h", "1 day", "1 month"
    #[arg(long, default_value = "0 s", allow_hyphen_values = true)]
    pub after: String,
    /// Seed of all randomness
    #[arg(long)]
    pub seed: u64,
    /// Conductances in siemens as a one-dimensional .npy file of f64
    #[arg(long)]
    pub out: PathBuf,
}
