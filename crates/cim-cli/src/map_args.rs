//! Options of `cim map`.

use std::path::{Path, PathBuf};

use clap::Args;

/// Options of `cim map`.
#[derive(Debug, Args)]
pub struct Map {
    /// Weights, inputs × outputs, whole numbers (.npy, integers or floats)
    #[arg(long)]
    pub weights: PathBuf,
    /// Mapping: see `cim mappings`
    #[arg(long)]
    pub mapping: String,
    /// Bits of a weight: of its magnitude in pairs, sign included in two's complement and offset codes; left out,
    /// those of the largest weight
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub bits: Option<u32>,
    /// Bits of its parts, most significant first: 1,3,4; left out, one bit a cell
    #[arg(long, value_delimiter = ',')]
    pub split: Option<Vec<u32>>,
    /// Slices of a weight, of equal bits (bit-sliced-differential); left out, one bit a slice
    #[arg(long)]
    pub slices: Option<u32>,
    /// Rows of an array; left out, one array holds all
    #[arg(long)]
    pub rows: Option<usize>,
    /// Columns of an array; left out, one array holds all
    #[arg(long)]
    pub columns: Option<usize>,
    /// Write levels and senses to this file (.json); `json` prints them, as --json does
    #[arg(long)]
    pub report: Option<String>,
}

impl Map {
    /// The file that the report is written to; none where it is printed.
    pub fn report_file(&self) -> Option<&Path> {
        self.report.as_deref().filter(|to| *to != "json").map(Path::new)
    }

    /// Whether the report is printed.
    pub fn is_printed(&self) -> bool {
        self.report.as_deref() == Some("json")
    }

    /// Options of files that are written, with what they name.
    pub fn outputs(&self) -> Vec<(&'static str, &Path)> {
        self.report_file().map(|path| ("--report", path)).into_iter().collect()
    }
}
