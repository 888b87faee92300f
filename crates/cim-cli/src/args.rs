//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::eval_args::Eval;
use crate::finetune_args::Finetune;
use crate::fit_args::DeviceFit;
use crate::map_args::Map;

/// Analog compute-in-memory: how accurate and how frugal a design will be, before silicon.
///
/// Quantities are written with their unit ("100 uS" or "100 µS", "1.5 Ohm" or "1.5 Ω", "10 MHz"); a bare
/// number is refused. What is printed has µ and Ω.
#[derive(Debug, Parser)]
#[command(name = "cim", version = crate::version::VERSION, arg_required_else_help = true)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Say more; twice for every step
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Print the result as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment: train, map, optimise, fine-tune, measure, report
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Reproduce(Reproduce),
    /// Evaluate a network of your own on chips: accuracy with its interval, product by product
    #[command(args_override_self = true)]
    Eval(Eval),
    /// Fine-tune a network of your own through the hardware of its chips: weights out, for PyTorch and cim eval
    ///
    /// Dense and convolutional layers are learned through; recurrent ones, attention and LayerNorm are refused, by node.
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Finetune(Finetune),
    /// Program cells to targets by pulses, and say what it took and what they hold
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Program(Program),
    /// Map whole weights onto cells: integers in, levels and currents to sense out
    #[command(args_override_self = true)]
    Map(Map),
    /// Print which effect works with which mapping, tried here and now
    Mappings,
    /// Optimise conductance window, read voltage and full scales for given weights
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Optimise(Optimise),
    /// Solve an array with its wires: conductances and voltages in, exact column currents out
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Solve(Solve),
    /// Write an array with its wires as a netlist for ngspice
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Netlist(Netlist),
    /// List, describe or sample the published devices, or fit one to measurements
    #[command(subcommand)]
    Device(Device),
    /// Explain the keys of presets: meaning, unit, range, source, built-in values
    Explain {
        /// A key (converters.adc_bits, adc_bits, g_off) or a section (converters); left out, those of chips are listed
        key: Option<String>,
    },
    /// Print a built-in preset as TOML, to start an own one from
    Preset {
        /// Name of the preset
        #[arg(default_value = "paper")]
        name: String,
    },
    /// Say what there is: version, threads, programs, data sets, where results go, what of the environment counts
    Doctor,
    /// Print the completions of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one a command
    Man {
        /// Folder of the pages, which is made if need be
        folder: PathBuf,
    },
}

/// Options of `cim reproduce`.
#[derive(Debug, Args)]
pub struct Reproduce {
    /// List the studies: name, system, paper, time
    #[arg(long)]
    pub list: bool,
    /// Built-in preset (see --list) or path of a TOML file
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// Seed of all randomness, instead of the preset's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Simulated chips per figure, instead of the preset's
    #[arg(long, value_parser = chips)]
    pub chips: Option<u64>,
    /// Fewer epochs and chips: about a minute
    #[arg(long)]
    pub quick: bool,
    /// Folder of the results; left out, target/reproduce, and below it the preset's name for all but paper
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder of the data set, instead of the preset's: four IDX files, plain or .gz, or the digits of openmena
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Folder with networks of others, before the preset's; may be given again. What is not there is left out
    #[arg(long, num_args = 1..)]
    pub networks: Vec<PathBuf>,
    /// Go on with the checkpoints of an interrupted run in the same --out
    #[arg(long)]
    pub resume: bool,
    /// Threads; 0 for all cores. Results do not depend on it
    #[arg(long, default_value_t = 0, value_parser = crate::parsers::threads)]
    pub threads: usize,
    /// Fail if a figure leaves its interval in this JSON file
    #[arg(long)]
    pub gate: Option<PathBuf>,
    /// Tell how long every stage took
    #[arg(long)]
    pub timing: bool,
}

/// Options of `cim program`.
#[derive(Debug, Args)]
pub struct Program {
    /// Targets, rows × columns, in siemens (.npy, f64 or f32)
    #[arg(long)]
    pub targets: PathBuf,
    /// How to program: one-shot, one-shot-verify, ispva, igvva, pulse-count, trim, vipi, vipi-20mv,
    /// vipi-fixed, relaxation, gdp
    #[arg(long)]
    pub programmer: String,
    /// Cells: openmena, synaptogen, or a published device, whose programming law pulses then draw from
    #[arg(long)]
    pub preset: String,
    /// Half-width of the acceptance band, such as "5 uS"; left out, the preset's
    #[arg(long, allow_hyphen_values = true)]
    pub band: Option<String>,
    /// One cell pitch of row and column wire: 1.5 (ohms) or "1.5 Ohm"; left out, ideal wires
    #[arg(long, allow_hyphen_values = true)]
    pub wires: Option<String>,
    /// Seed of all randomness
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// What the cells hold, rows × columns, in siemens (.npy, f64)
    #[arg(long)]
    pub out: PathBuf,
    /// Counts, errors, energy and time, of the array and of every cell (.json)
    #[arg(long)]
    pub report: Option<PathBuf>,
}

/// Options of `cim optimise`.
#[derive(Debug, Args)]
pub struct Optimise {
    /// A network (.onnx, or .safetensors with --layers), instead of --weights and --inputs
    #[arg(conflicts_with = "inputs", requires = "calibration")]
    pub network: Option<PathBuf>,
    /// Samples of the network (.npz, as of cim eval; no answers are needed)
    #[arg(long, requires = "network")]
    pub calibration: Option<PathBuf>,
    /// Layers of a .safetensors file (.toml)
    #[arg(long, requires = "network")]
    pub layers: Option<PathBuf>,
    /// Weights, inputs × outputs, one .npy file a layer (f32 or f64), first layer first: with ReLU between
    /// them, or those of the operations of the preset's section network. Of a network: tensors in place of
    /// its own, as of cim eval (.safetensors)
    #[arg(long, required_unless_present = "network", num_args = 1..)]
    pub weights: Vec<PathBuf>,
    /// Inputs of the network on calibration data, samples × inputs (.npy)
    #[arg(long, required_unless_present = "network")]
    pub inputs: Option<PathBuf>,
    /// Built-in preset paper, or path of a TOML file that began as it; of NETWORK any that describes a chip
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// ADC resolution, instead of the preset's
    #[arg(long)]
    pub adc_bits: Option<u32>,
    /// Greatest energy of cells and sense amplifiers per inference, such as "5 nJ"
    #[arg(long, allow_hyphen_values = true)]
    pub energy_budget: Option<String>,
    /// Write the result: as JSON, of a network as the TOML that cim eval --config takes
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Tell how long every stage took
    #[arg(long)]
    pub timing: bool,
    /// Threads; 0 for all cores. Results do not depend on it
    #[arg(long, default_value_t = 0, value_parser = crate::parsers::threads)]
    pub threads: usize,
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
    #[command(args_override_self = true, allow_negative_numbers = true)]
    Sample(DeviceSample),
    /// Fit a device to measurements of cells: a preset with intervals and residuals
    #[command(args_override_self = true)]
    Fit(DeviceFit),
}

/// Options of `cim device sample`.
#[derive(Debug, Args)]
pub struct DeviceSample {
    /// Name of the device, or path of a preset whose device it is (.toml)
    #[arg(long)]
    pub preset: String,
    /// Conductance to program, such as "5 uS"
    #[arg(long, allow_hyphen_values = true)]
    pub target: String,
    /// Number of cells
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub count: u64,
    /// Time since programming, such as "20 s", "1 h", "1 day", "1 month"
    #[arg(long, default_value = "0 s", allow_hyphen_values = true)]
    pub after: String,
    /// Save one noisy read of each cell instead of what it holds
    #[arg(long)]
    pub read: bool,
    /// Seed of all randomness
    #[arg(long)]
    pub seed: u64,
    /// Conductances in siemens as a one-dimensional .npy file of f64
    #[arg(long)]
    pub out: PathBuf,
}

/// Which ends of the lines are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WireEnds {
    /// The near end: left of a row, bottom of a column
    One,
    /// Both ends, through the same resistance
    Both,
}

/// What holds the lines of cells that are not selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SelectScheme {
    /// Nothing
    Floating,
    /// Half of the voltage on all
    Half,
    /// A third of the voltage on rows, two thirds on columns
    Third,
}

/// An array in files.
#[derive(Debug, Args)]
pub struct ArrayFiles {
    /// Conductances, rows × columns, in siemens (.npy, f64 or f32); 0 is an open cell, inf a short
    #[arg(long)]
    pub conductances: PathBuf,
    /// Voltages of the rows: (rows) or (vectors × rows), in volts (.npy, f64 or f32)
    #[arg(long, required_unless_present = "select", conflicts_with = "select")]
    pub volts: Option<PathBuf>,
    /// Voltages of the columns: (columns) or (vectors × columns); left out, virtual ground
    #[arg(long, conflicts_with = "select")]
    pub column_volts: Option<PathBuf>,
    /// Rows that nothing holds, counted from 0: 1,3
    #[arg(long, value_delimiter = ',')]
    pub float_rows: Vec<usize>,
    /// Columns that nothing holds, counted from 0
    #[arg(long, value_delimiter = ',')]
    pub float_columns: Vec<usize>,
    /// Write one cell, counted from 0, instead of reading: ROW,COLUMN
    #[arg(long, value_delimiter = ',', num_args = 1, requires = "write_voltage")]
    pub select: Option<Vec<usize>>,
    /// Voltage of the selected cell's row above its column: 1.2 (volts) or "1.2 V"
    #[arg(long, requires = "select", allow_hyphen_values = true)]
    pub write_voltage: Option<String>,
    /// What holds the lines of cells that are not selected
    #[arg(long, value_enum, default_value = "half")]
    pub scheme: SelectScheme,
    /// One cell pitch of row wire: 1.5 (ohms) or "1.5 Ohm"; 0 for an ideal wire
    #[arg(long, allow_hyphen_values = true, required_unless_present = "row_segments")]
    pub r_row: Option<String>,
    /// One cell pitch of column wire
    #[arg(long, allow_hyphen_values = true, required_unless_present = "column_segments")]
    pub r_col: Option<String>,
    /// Resistance of every segment of row wire instead, in ohms: rows × (columns + 1), from the left
    /// end to the right end (.npy); inf is a broken wire or an end that is not connected
    #[arg(long, conflicts_with_all = ["r_row", "r_source", "drive"])]
    pub row_segments: Option<PathBuf>,
    /// The same of column wire: (rows + 1) × columns, from the top end to the bottom end
    #[arg(long, conflicts_with_all = ["r_col", "r_sense", "sense"])]
    pub column_segments: Option<PathBuf>,
    /// All between the ideal driver and a row's first cell; left out, one pitch of row wire
    #[arg(long, allow_hyphen_values = true)]
    pub r_source: Option<String>,
    /// All between a column's last cell and virtual ground; left out, one pitch of column wire
    #[arg(long, allow_hyphen_values = true)]
    pub r_sense: Option<String>,
    /// Ends from which rows are driven
    #[arg(long, value_enum, default_value = "one")]
    pub drive: WireEnds,
    /// Ends at which columns are sensed
    #[arg(long, value_enum, default_value = "one")]
    pub sense: WireEnds,
    /// Current-voltage law of the cells, such as "sinh, scale = '0.2 V'"; left out, ohmic
    #[arg(long, allow_hyphen_values = true)]
    pub iv: Option<String>,
}

/// Options of `cim solve`.
#[derive(Debug, Args)]
pub struct Solve {
    /// The array.
    #[command(flatten)]
    pub array: ArrayFiles,
    /// Column currents: (columns) or (vectors × columns), in amperes (.npy, f64)
    #[arg(long)]
    pub out: PathBuf,
    /// Voltages and currents of all wires and cells (.npz)
    #[arg(long)]
    pub nodes: Option<PathBuf>,
    /// Picture of the voltages and currents of the first vector (.svg)
    #[arg(long)]
    pub plot: Option<PathBuf>,
    /// How far off currents may be at most, relative to the largest of their vector: faster on weak
    /// wires, with a proven bound; left out, exact up to rounding
    #[arg(long, conflicts_with_all = ["nodes", "plot"])]
    pub tolerance: Option<f64>,
}

/// Options of `cim netlist`.
#[derive(Debug, Args)]
pub struct Netlist {
    /// The array.
    #[command(flatten)]
    pub array: ArrayFiles,
    /// Which of many voltage vectors, counted from 0
    #[arg(long, default_value_t = 0)]
    pub vector: usize,
    /// File of the netlist; left out, it is printed
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Simulated chips: an interval needs two.
fn chips(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(chips) if (2..=100_000).contains(&chips) => Ok(chips),
        _ => Err("give 2 to 100000 chips".to_owned()),
    }
}

impl ArrayFiles {
    /// Files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let optional = [&self.volts, &self.column_volts, &self.row_segments, &self.column_segments];
        let mut inputs = vec![self.conductances.as_path()];
        inputs.extend(optional.into_iter().flatten().map(PathBuf::as_path));
        inputs.extend(self.iv.as_deref().map(Path::new).filter(|law| law.exists()));
        inputs
    }
}

/// The path of a preset that is a file and no folder that happens to have the name of a preset.
fn file(preset: &str) -> Option<&Path> {
    Some(Path::new(preset)).filter(|path| path.is_file())
}

/// An option that names a file, if it was given.
fn named<'a>(option: &'static str, path: &'a Option<PathBuf>) -> Option<(&'static str, &'a Path)> {
    path.as_deref().map(|path| (option, path))
}

impl Command {
    /// Files that are read, and options of files that are written with what they name.
    pub fn files(&self) -> (Vec<&Path>, Vec<(&'static str, &Path)>) {
        match self {
            Self::Solve(args) => (
                args.array.inputs(),
                [
                    Some(("--out", args.out.as_path())),
                    named("--nodes", &args.nodes),
                    named("--plot", &args.plot),
                ]
                .into_iter()
                .flatten()
                .collect(),
            ),
            Self::Netlist(args) => {
                (args.array.inputs(), named("--out", &args.out).into_iter().collect())
            }
            Self::Program(args) => (
                vec![args.targets.as_path()],
                [Some(("--out", args.out.as_path())), named("--report", &args.report)]
                    .into_iter()
                    .flatten()
                    .collect(),
            ),
            Self::Optimise(args) => (
                args.weights
                    .iter()
                    .chain(&args.inputs)
                    .chain([&args.network, &args.calibration, &args.layers].into_iter().flatten())
                    .map(PathBuf::as_path)
                    .chain(file(&args.preset))
                    .collect(),
                named("--out", &args.out).into_iter().collect(),
            ),
            Self::Reproduce(args) => (
                args.data
                    .iter()
                    .chain(&args.gate)
                    .map(PathBuf::as_path)
                    .chain(file(&args.preset))
                    .collect(),
                named("--out", &args.out).into_iter().collect(),
            ),
            Self::Device(Device::Sample(args)) => (Vec::new(), vec![("--out", args.out.as_path())]),
            Self::Device(Device::Fit(args)) => {
                let inputs = std::iter::once(args.measurements.as_path());
                (inputs.chain(file(&args.preset)).collect(), args.outputs())
            }
            Self::Eval(args) => {
                (args.inputs().into_iter().chain(file(&args.on.preset)).collect(), args.outputs())
            }
            Self::Finetune(args) => (
                args.inputs().into_iter().chain(file(&args.on.preset)).collect(),
                vec![("--out", args.out.as_path())],
            ),
            Self::Map(args) => (vec![args.weights.as_path()], args.outputs()),
            Self::Man { folder } => (Vec::new(), vec![("FOLDER", folder.as_path())]),
            Self::Device(_)
            | Self::Explain { .. }
            | Self::Mappings
            | Self::Preset { .. }
            | Self::Doctor
            | Self::Completions { .. } => (Vec::new(), Vec::new()),
        }
    }
}
