//! `cim man`: the manual pages.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_mangen::Man;

use super::array::usage;
use crate::args::Cli;
use crate::error::CliError;
use crate::form::Form;

/// The pages that were written.
#[derive(serde::Serialize)]
struct Pages {
    files: Vec<PathBuf>,
}

/// Writes `cim.1` and a page a command (`cim-device-sample.1`) into a folder.
pub fn run(folder: &Path, form: Form) -> Result<String, CliError> {
    let mut cim = Cli::command().disable_help_subcommand(true);
    cim.build();
    let mut pages = Vec::new();
    gather(cim, &mut pages)?;
    let pages = Pages { files: cim_report::files::write_all(folder, &pages)? };
    form.print_as("man", &pages, || {
        format!("{} pages in {}: man -l FILE shows one\n", pages.files.len(), folder.display())
    })
}

/// The page of a command and, below it, those of its commands.
fn gather(command: clap::Command, pages: &mut Vec<(String, String)>) -> Result<(), CliError> {
    for below in command.get_subcommands() {
        gather(below.clone(), pages)?;
    }
    let man = Man::new(command);
    let mut page = Vec::new();
    let failed = |error: std::io::Error| usage(error.to_string(), "this is a fault of ours");
    man.render(&mut page).map_err(failed)?;
    let text = String::from_utf8(page).expect("names and texts of ours are UTF-8");
    pages.push((man.get_filename(), text));
    Ok(())
}
