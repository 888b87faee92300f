//! Options of `cim device fit`.

use std::path::{Path, PathBuf};

use clap::Args;

/// Options of `cim device fit`.
#[derive(Debug, Args)]
pub struct DeviceFit {
    /// Measurements (.csv), one read a row below a header with units: target (uS), achieved (uS) and, where
    /// there are any, time (s) since programming, temperature (K), cell, cycle and read
    pub measurements: PathBuf,
    /// The preset with the fitted device (.toml), for --preset
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Folder of fit.md, its pictures (.svg) and residuals.csv
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Where the measurements come from: chip, date, publication; left out, the name of the file
    #[arg(long)]
    pub source: Option<String>,
    /// Built-in preset (paper, pcm) or path of a TOML file, of which all but the device is taken
    #[arg(long, default_value = "paper")]
    pub preset: String,
}

impl DeviceFit {
    /// Files and folders that are written.
    pub fn outputs(&self) -> Vec<(&'static str, &Path)> {
        let named = [("--out", self.out.as_deref()), ("--report", self.report.as_deref())];
        named.into_iter().filter_map(|(option, path)| Some((option, path?))).collect()
    }
}
