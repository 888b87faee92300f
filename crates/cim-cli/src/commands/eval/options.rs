//! Options of `cim eval`.

use std::path::{Path, PathBuf};

use cim_chip::Metric;
use cim_core::Seconds;
use cim_device::compensation::Scope;
use clap::Args;

/// Options of `cim eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// The network: .onnx, or .safetensors with --layers
    pub network: PathBuf,
    /// Samples (.npz): x (samples × …), or one array for each input by its name, and y: a whole label a
    /// sample, or as many numbers as the network puts out; left out, what it puts out digitally
    #[arg(long)]
    pub data: PathBuf,
    /// Layers of a .safetensors file (.toml)
    #[arg(long)]
    pub layers: Option<PathBuf>,
    /// Built-in preset (paper, pcm) or path of a TOML file: the chip
    #[arg(long, default_value = "paper")]
    pub preset: String,
    /// Simulated chips, instead of the preset's; with --until, at most
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub chips: Option<u64>,
    /// Seed of all randomness, instead of the preset's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Make chips until the 95 % interval is this narrow: "accuracy ± 0.05 %", "± 0.001"
    #[arg(long, value_parser = width)]
    pub until: Option<f64>,
    /// How answers are judged: top1, top5, mse, cosine; left out, top1 for labels, mse for numbers, cosine
    /// without y
    #[arg(long, value_parser = metric)]
    pub metric: Option<Metric>,
    /// Samples on which full scales are set: a number, from the first of --data on, or an .npz file with
    /// samples of their own; left out, the preset's number
    #[arg(long)]
    pub calibration: Option<String>,
    /// Only the first so many samples of --data
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,
    /// Look at chips this long after programming, such as "1 day"
    #[arg(long, value_parser = time)]
    pub after: Option<Seconds>,
    /// Compensate drift with one factor for each array or each column, as section compensation says:
    /// global, per-column
    #[arg(long, value_parser = scope, requires = "after")]
    pub compensate: Option<Scope>,
    /// Tell the loss effect by effect: each alone, each removed, on the same chips
    #[arg(long)]
    pub budget: bool,
    /// Folder of the report
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder of what the tiles of the first chip hold and see (.npz, one file a product)
    #[arg(long)]
    pub dump: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Threads; 0 for all cores. Results do not depend on it
    #[arg(long, default_value_t = 0, value_parser = crate::args::threads)]
    pub threads: usize,
}

impl Eval {
    /// Files that are read.
    pub fn inputs(&self) -> Vec<&Path> {
        let mut inputs = vec![self.network.as_path(), self.data.as_path()];
        inputs.extend(self.layers.as_deref());
        inputs
    }

    /// Folders that are written.
    pub fn outputs(&self) -> Vec<(&'static str, &Path)> {
        let named = [("--out", self.out.as_deref()), ("--dump", self.dump.as_deref())];
        named.into_iter().filter_map(|(option, path)| Some((option, path?))).collect()
    }
}

fn metric(text: &str) -> Result<Metric, String> {
    let known = || Metric::ALL.map(Metric::name).join(", ");
    let found = Metric::ALL.into_iter().find(|metric| metric.name() == text);
    found.ok_or_else(|| format!("give one of {}", known()))
}

fn scope(text: &str) -> Result<Scope, String> {
    match text {
        "global" => Ok(Scope::Global),
        "per-column" => Ok(Scope::PerColumn),
        _ => Err("give global or per-column".into()),
    }
}

fn time(text: &str) -> Result<Seconds, String> {
    text.parse::<Seconds>().map_err(|error| error.to_string())
}

/// Half the width of an interval: what stands behind the last ±, in per cent or in the metric's unit.
fn width(text: &str) -> Result<f64, String> {
    let help =
        || "write half the width of the interval: \"accuracy ± 0.05 %\" or \"± 0.001\"".to_owned();
    let tail =
        text.rsplit(['±', '~']).next().unwrap_or(text).trim().trim_start_matches("+-").trim();
    let (number, scale) = match tail.strip_suffix('%') {
        Some(number) => (number.trim(), 0.01),
        None => (tail, 1.0),
    };
    let width = scale * number.parse::<f64>().map_err(|_| help())?;
    if 0.0 < width && width.is_finite() { Ok(width) } else { Err(help()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_read_in_per_cent_or_plain() {
        for (text, want) in
            [("accuracy ± 0.05 %", 0.0005), ("± 0.001", 0.001), ("0.5%", 0.005), ("+- 2e-3", 0.002)]
        {
            let got = width(text).expect(text);
            assert!((got / want - 1.0).abs() < 1e-12, "{text}: {got}");
        }
        for text in ["", "accuracy", "± 0 %", "± -1", "± nan", "± inf %"] {
            assert!(width(text).is_err(), "{text}");
        }
    }
}
